//! Compares a night with what is expected of it, and says what is not so.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use super::bounds::{Bounded, Expected};
use super::night::{Night, PastNight};
use crate::model::statistics::band::ENOUGH;
use crate::pipeline::{ExpectPlan, Expectation};

/// How many jobs or types are named one by one.
const MOST_NAMED: usize = 3;

/// What a run found of its night.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Whether what is not fixed is to be learnt, and whether there were nights enough for that.
    pub learns: bool,
    pub learnt: bool,
    /// Nights of the last eight weeks.
    pub nights: usize,
    /// How many of each expectation were judged.
    pub judged: BTreeMap<Expectation, usize>,
    pub unmet: Vec<Unmet>,
    /// Whether a run fails in which something is not as expected.
    pub fail: bool,
}

impl Judged {
    /// Adds what was judged elsewhere, and was not met if there is something.
    pub fn add(&mut self, expectation: Expectation, unmet: Option<Unmet>) {
        *self.judged.entry(expectation).or_default() += 1;
        self.unmet.extend(unmet);
    }

    /// How much was not met, by expectation, of each that was judged.
    pub fn unmet_by_expectation(&self) -> impl Iterator<Item = (Expectation, usize)> + use<'_> {
        let unmet = |expectation| self.unmet.iter().filter(|unmet| unmet.expectation == expectation).count();
        self.judged.keys().map(move |expectation| (*expectation, unmet(*expectation)))
    }

    /// Whether everything was as expected.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.unmet.is_empty()
    }
}

/// Something that is not as expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unmet {
    pub expectation: Expectation,
    /// Id of the job, type of question, or name of the account.
    pub name: Option<String>,
    /// A count, a share, seconds, or hours.
    pub value: Option<f64>,
    pub least: Option<f64>,
    pub most: Option<f64>,
    pub learnt: bool,
    pub text: String,
}

/// Judges a night. `nights` are those of the last eight weeks before it, the latest first; `title` is that of a job.
#[must_use]
pub fn judge(
    plan: &ExpectPlan,
    nights: &[PastNight],
    (night, is_whole): (&Night, bool),
    title: &dyn Fn(&str) -> String,
) -> Judged {
    let expected = Expected::new(plan, nights);
    let all = expected.of(night, is_whole);
    let mut judged = Judged {
        learns: plan.learn,
        learnt: expected.is_learnt(),
        nights: nights.len(),
        judged: BTreeMap::new(),
        unmet: Vec::new(),
        fail: plan.fail,
    };
    for one in &all {
        judged.add(one.figure, (!one.is_met()).then(|| unmet(one, title)));
    }
    judged
}

/// What would be expected of a night like the last one of the same weekday, a line each.
#[must_use]
pub fn expected(plan: &ExpectPlan, nights: &[PastNight], title: &dyn Fn(&str) -> String) -> Vec<String> {
    let expected = Expected::new(plan, nights);
    let like = nights.iter().min_by_key(|night| (night.ago % 7, night.ago)).map(|night| night.night.clone());
    let mut like = like.unwrap_or_default();
    // Bounds of a night of which shares and a median can be judged.
    like.completed = like.completed.max(ENOUGH);
    like.answers = like.answers.max(like.without_duration + ENOUGH);
    like.median_duration_seconds.get_or_insert_default();
    let all = expected.of(&like, true);
    let (named, others): (Vec<&Bounded>, Vec<&Bounded>) = all.iter().partition(|one| one.figure == Expectation::Jobs);
    let mut lines: Vec<String> = others.iter().map(|one| format!("{}: {}", subject(one), bounds(one))).collect();
    if !named.is_empty() {
        let mut names: Vec<String> =
            named.iter().take(MOST_NAMED).map(|one| title(one.name.as_deref().unwrap_or_default())).collect();
        if named.len() > MOST_NAMED {
            names.push(format!("{} more", named.len() - MOST_NAMED));
        }
        lines.push(format!("an interview of each job that has some every night: {}", names.join(", ")));
    }
    if let Some(within) = plan.events_within {
        lines.push(format!("an event of each inbox within {}", hours(within)));
    }
    if plan.learn && !expected.is_learnt() {
        lines.push(format!(
            "what is not fixed is learnt once there are six weeks of nights; there are {} nights so far",
            nights.len()
        ));
    }
    lines
}

/// An account whose last event was too long ago.
#[must_use]
pub fn late_events(source: &str, ago: Option<SignedDuration>, within: SignedDuration) -> Option<Unmet> {
    if ago.is_some_and(|ago| ago <= within) {
        return None;
    }
    let text = match ago {
        Some(ago) => format!(
            "the last event of source {source} came {} ago, where {} are expected at most",
            hours(ago),
            hours(within)
        ),
        None => format!("no event of source {source} has ever come, where one is expected within {}", hours(within)),
    };
    Some(Unmet {
        expectation: Expectation::Events,
        name: Some(source.to_owned()),
        value: ago.map(|ago| ago.as_secs_f64() / 3600.0),
        least: None,
        most: Some(within.as_secs_f64() / 3600.0),
        learnt: false,
        text,
    })
}

fn unmet(one: &Bounded, title: &dyn Fn(&str) -> String) -> Unmet {
    let Bounded { figure, ref name, value, least, most, is_learnt, of } = *one;
    let text = if figure == Expectation::Jobs {
        let job = title(name.as_deref().unwrap_or_default());
        format!("no interview of {job} was completed, where {of} are usual")
    } else {
        let is = match figure {
            Expectation::Interviews | Expectation::Jobs => String::new(),
            Expectation::Completed => format!("{} of {of}", percent(value)),
            Expectation::WithoutTranscript | Expectation::WithoutDuration | Expectation::QuestionType => {
                format!("{} of {of}", percent(value))
            }
            Expectation::Events => format!("{} of {of}", percent(value)),
            Expectation::Duration => format!("{} s", value.round()),
        };
        let is = if figure == Expectation::Interviews { format!("{value}") } else { is };
        format!("{}: {is}, where {}", subject(one), bounds(one))
    };
    Unmet { expectation: figure, name: name.clone(), value: Some(value), least, most, learnt: is_learnt, text }
}

/// What a figure is of.
fn subject(one: &Bounded) -> String {
    match one.figure {
        Expectation::Interviews => "interviews that settled".to_owned(),
        Expectation::Jobs => "completed interviews of a job".to_owned(),
        Expectation::Completed => "settled interviews that were completed".to_owned(),
        Expectation::WithoutTranscript => "answers without a transcript".to_owned(),
        Expectation::WithoutDuration => "answers without a duration".to_owned(),
        Expectation::Duration => "the median duration of an answer".to_owned(),
        Expectation::QuestionType => {
            format!("answers to questions of the type {}", one.name.as_deref().unwrap_or_default().escape_debug())
        }
        Expectation::Events => "completed interviews that an event told of".to_owned(),
    }
}

/// `20 to 310 are usual`, `at most 5 % are expected`.
fn bounds(one: &Bounded) -> String {
    let number = |bound: f64, up: bool| match one.figure {
        Expectation::Interviews | Expectation::Jobs => {
            let whole = if up { bound.floor() } else { bound.ceil() };
            format!("{whole}")
        }
        Expectation::Duration => format!("{} s", bound.round()),
        _ => percent(bound),
    };
    let range = match (one.least, one.most) {
        (Some(least), Some(most)) => format!("{} to {}", number(least, false), number(most, true)),
        (Some(least), None) => format!("at least {}", number(least, false)),
        (None, Some(most)) => format!("at most {}", number(most, true)),
        (None, None) => "anything".to_owned(),
    };
    let word = if one.is_learnt { "usual" } else { "expected" };
    let verb = if one.figure == Expectation::Duration { "is" } else { "are" };
    format!("{range} {verb} {word}")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn hours(span: SignedDuration) -> String {
    let hours = span.as_secs_f64() / 3600.0;
    if hours < 10.0 { format!("{hours:.1} hours") } else { format!("{hours:.0} hours") }
}
