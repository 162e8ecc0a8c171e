//! What is expected of a night: the bounds of each figure, fixed or learnt.

use std::collections::{BTreeMap, BTreeSet};

use super::night::{Night, PastNight};
use crate::model::statistics::band::{Band, ENOUGH, LEAST_RATIO, NightlyCounts, measure_band, share_band, stop};
use crate::pipeline::{Bounds, ExpectPlan, Expectation};

/// Nights from which something is learnt, at least, and how long ago the first one has to be.
const ENOUGH_NIGHTS: usize = 24;
const ENOUGH_DAYS: usize = 42;
/// A job without an interview is silent if so many are usual, at least.
const LEAST_OF_JOB: f64 = 8.0;
/// Nights for which it is said that a job is silent. After a week the report says it.
const SAID_FOR_NIGHTS: usize = 3;
/// The least usual share of a type of question that can be missed.
const LEAST_SHARE_OF_TYPE: f64 = 0.02;

/// A figure of a night, and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounded {
    pub figure: Expectation,
    /// The job or type of question.
    pub name: Option<String>,
    pub value: f64,
    /// How many a share or median is of.
    pub of: u64,
    pub least: Option<f64>,
    pub most: Option<f64>,
    pub is_learnt: bool,
}

impl Bounded {
    pub fn is_met(&self) -> bool {
        self.least.is_none_or(|least| self.value >= least) && self.most.is_none_or(|most| self.value <= most)
    }
}

/// The nights before a night, and what is expected of it.
pub struct Expected<'a> {
    plan: &'a ExpectPlan,
    nights: &'a [PastNight],
}

impl<'a> Expected<'a> {
    /// `nights` are those of the last weeks, the latest first.
    pub fn new(plan: &'a ExpectPlan, nights: &'a [PastNight]) -> Self {
        Self { plan, nights }
    }

    /// Whether there are nights enough to learn from.
    pub fn is_learnt(&self) -> bool {
        self.plan.learn
            && self.nights.len() >= ENOUGH_NIGHTS
            && self.nights.iter().any(|night| night.ago >= ENOUGH_DAYS)
    }

    /// All that is expected of a night. Counts are judged only if it `is_whole`.
    pub fn of(&self, night: &Night, is_whole: bool) -> Vec<Bounded> {
        let mut all = Vec::new();
        if is_whole {
            all.extend(self.interviews(night));
            all.extend(self.jobs(night));
        }
        let answers = night.answers;
        all.extend(self.share(Expectation::Completed, [night.completed, night.settled()], |night| {
            [night.completed, night.settled()]
        }));
        all.extend(self.share(Expectation::WithoutTranscript, [night.without_transcript, answers], |night| {
            [night.without_transcript, night.answers]
        }));
        all.extend(self.share(Expectation::WithoutDuration, [night.without_duration, answers], |night| {
            [night.without_duration, night.answers]
        }));
        all.extend(
            self.share(Expectation::Events, [night.by_event, night.completed], |night| {
                [night.by_event, night.completed]
            }),
        );
        all.extend(self.duration(night));
        all.extend(self.question_types(night));
        all.retain(|one| !self.plan.ignore.contains(&one.figure));
        all
    }

    fn interviews(&self, night: &Night) -> Option<Bounded> {
        let value = night.settled() as f64;
        let bounded = |least, most, is_learnt| Bounded {
            figure: Expectation::Interviews,
            name: None,
            value,
            of: night.settled(),
            least,
            most,
            is_learnt,
        };
        if self.plan.interviews.are_fixed() {
            let Bounds { least, most } = self.plan.interviews;
            return Some(bounded(least, most, false));
        }
        if !self.is_learnt() {
            return None;
        }
        let counts = NightlyCounts::learn(&self.counts(|night| night.settled() as f64));
        let band = counts.band(0)?;
        let last = self.nights.iter().find(|night| night.ago == 1);
        let last_band = counts.band(1);
        let was_low =
            last.zip(last_band).is_some_and(|(last, band)| last.is_whole && (last.night.settled() as f64) < band.least);
        // A holiday may be like a Sunday, but it is no zero; two such nights in a row are said.
        let least = if was_low { band.least } else { band.least.min(counts.quietest().max(1.0)) };
        // After a night without a run, or one that fell short, there is more.
        let most = last.filter(|last| last.is_whole).map(|_| band.most);
        Some(bounded(Some(least), most, true))
    }

    /// What was counted in the nights whose runs were whole, by how long ago it was.
    fn counts(&self, count: impl Fn(&Night) -> f64) -> Vec<(usize, f64)> {
        let whole = self.nights.iter().filter(|night| night.is_whole);
        whole.map(|PastNight { ago, night, .. }| (*ago, count(night))).collect()
    }

    /// Jobs that are expected to have an interview.
    fn jobs(&self, night: &Night) -> Vec<Bounded> {
        if !self.is_learnt() {
            return Vec::new();
        }
        let jobs: BTreeSet<&'a String> =
            self.nights.iter().flat_map(|night| night.night.completed_by_job.keys()).collect();
        let usual = |job: &'a String| (job, NightlyCounts::learn(&self.counts(|night| of_job(night, job))));
        let usual: BTreeMap<&String, NightlyCounts> = jobs.into_iter().map(usual).collect();
        usual.keys().filter_map(|job| self.job(job, night, &usual)).collect()
    }

    /// A job is judged by how many come to the others: on a holiday all have few. Of these, what is usual is that of each,
    /// so that batches of invitations to some make no other night unusual.
    fn job(&self, job: &str, night: &Night, usual: &BTreeMap<&String, NightlyCounts>) -> Option<Bounded> {
        let usual_of_others = |ago: usize| {
            let others = usual.iter().filter(|(other, _)| other.as_str() != job);
            others.filter_map(|(_, counts)| counts.usual(ago)).sum::<f64>()
        };
        if usual_of_others(0) < LEAST_OF_JOB {
            return None;
        }
        let scale = |night: &Night, ago: usize| {
            let ratio = (night.completed as f64 - of_job(night, job)) / usual_of_others(ago).max(1.0);
            if ratio * LEAST_RATIO < 1.0 { ratio } else { 1.0 }
        };
        let whole = self.nights.iter().filter(|night| night.is_whole);
        let scaled: Vec<(usize, f64, f64)> =
            whole.map(|PastNight { ago, night, .. }| (*ago, of_job(night, job), scale(night, *ago))).collect();
        let counts = NightlyCounts::learn_scaled(&scaled);
        let expected = counts.usual(0)? * scale(night, 0);
        let was_expected = scaled
            .iter()
            .filter(|(ago, _, scale)| counts.usual(*ago).is_some_and(|usual| usual * scale >= LEAST_OF_JOB))
            .take(SAID_FOR_NIGHTS);
        let is_known = was_expected.filter(|(_, count, _)| *count == 0.0).count() == SAID_FOR_NIGHTS;
        let is_steady = expected >= LEAST_OF_JOB && counts.band_around(expected).least > 0.0 && !is_known;
        is_steady.then(|| Bounded {
            figure: Expectation::Jobs,
            name: Some(job.to_owned()),
            value: of_job(night, job),
            of: expected.round() as u64,
            least: Some(1.0),
            most: None,
            is_learnt: true,
        })
    }

    fn share(&self, figure: Expectation, now: [u64; 2], of_night: impl Fn(&Night) -> [u64; 2]) -> Option<Bounded> {
        let [with, of] = now;
        let fixed = match figure {
            Expectation::Completed => self.plan.completed,
            Expectation::WithoutTranscript => self.plan.without_transcript,
            Expectation::WithoutDuration => self.plan.without_duration,
            _ => Bounds::default(),
        };
        if of < ENOUGH || !(fixed.are_fixed() || self.plan.learn) {
            return None;
        }
        let bounded =
            |least, most, is_learnt| Bounded { figure, name: None, value: share(now), of, least, most, is_learnt };
        if fixed.are_fixed() {
            return Some(bounded(fixed.least, fixed.most, false));
        }
        let spans: Vec<[u64; 2]> = self.nights.iter().rev().map(|night| of_night(&night.night)).collect();
        let is_lack = matches!(figure, Expectation::WithoutTranscript | Expectation::WithoutDuration);
        if !self.is_learnt() {
            // What nearly all had and hardly any has now takes no weeks to see.
            let having = |[with, all]: [u64; 2]| if is_lack { [all - with, all] } else { [with, all] };
            let all: Vec<[u64; 2]> = spans.into_iter().chain([[with, of]]).map(having).collect();
            let stopped = figure != Expectation::Completed && stop(&all).is_some();
            let (least, most) = if is_lack { (None, Some(0.9)) } else { (Some(0.1), None) };
            return stopped.then(|| bounded(least, most, true)).filter(|one| !one.is_met());
        }
        let Band { least, most, .. } = share_band(&spans, of)?;
        let is_possible = |bound: f64| (0.0..=1.0).contains(&bound);
        let least = Some(least).filter(|least| !is_lack && is_possible(*least));
        let most = Some(most).filter(|most| figure != Expectation::Events && is_possible(*most));
        (least.is_some() || most.is_some()).then(|| bounded(least, most, true))
    }

    fn duration(&self, night: &Night) -> Option<Bounded> {
        let value = night.median_duration_seconds?;
        let of = night.answers - night.without_duration;
        let bounded = |least, most, is_learnt| Bounded {
            figure: Expectation::Duration,
            name: None,
            value,
            of,
            least,
            most,
            is_learnt,
        };
        if of < ENOUGH {
            return None;
        }
        if self.plan.duration.are_fixed() {
            return Some(bounded(self.plan.duration.least, self.plan.duration.most, false));
        }
        let enough = self.nights.iter().filter(|one| one.night.answers - one.night.without_duration >= ENOUGH);
        let spans: Vec<f64> = enough.filter_map(|one| one.night.median_duration_seconds).collect();
        let band = measure_band(&spans).filter(|_| self.is_learnt())?;
        Some(bounded(Some(band.least), Some(band.most), true))
    }

    fn question_types(&self, night: &Night) -> Vec<Bounded> {
        if night.answers < ENOUGH {
            return Vec::new();
        }
        let of_type = |night: &Night, name: &str| night.answers_by_type.get(name).copied().unwrap_or_default();
        let bounded = |name: &String, least, most, is_learnt| Bounded {
            figure: Expectation::QuestionType,
            name: Some(name.clone()),
            value: share([of_type(night, name), night.answers]),
            of: night.answers,
            least,
            most,
            is_learnt,
        };
        let fixed = self.plan.question_types.iter();
        let mut all: Vec<Bounded> =
            fixed.map(|(name, Bounds { least, most })| bounded(name, *least, *most, false)).collect();
        if self.is_learnt() {
            let names: BTreeSet<&String> =
                self.nights.iter().flat_map(|night| night.night.answers_by_type.keys()).collect();
            for name in names.into_iter().filter(|name| !self.plan.question_types.contains_key(*name)) {
                let spans: Vec<[u64; 2]> =
                    self.nights.iter().map(|past| [of_type(&past.night, name), past.night.answers]).collect();
                let band = share_band(&spans, night.answers).filter(|band| band.usual >= LEAST_SHARE_OF_TYPE);
                let bounds =
                    band.map(|band| [Some(band.least).filter(|it| *it > 0.0), Some(band.most).filter(|it| *it < 1.0)]);
                if let Some([least, most]) = bounds.filter(|bounds| bounds.iter().any(Option::is_some)) {
                    all.push(bounded(name, least, most, true));
                }
            }
        }
        all
    }
}

/// Completed interviews of a job.
fn of_job(night: &Night, job: &str) -> f64 {
    night.completed_by_job.get(job).copied().unwrap_or_default() as f64
}

fn share([with, all]: [u64; 2]) -> f64 {
    with as f64 / all as f64
}
