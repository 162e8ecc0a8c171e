//! What a night should look like, resolved from a pipeline file.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Error, Section};

/// How long ago the last event may be that is asked for, at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What is expected of a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// Interviews that settled.
    Interviews,
    /// Each job that usually has interviews has some.
    Jobs,
    /// The share of settled interviews that were completed.
    Completed,
    /// The share of answers without a transcript.
    WithoutTranscript,
    /// The share of answers without a duration.
    WithoutDuration,
    /// The median duration of answers.
    Duration,
    /// The share of answers to questions of a type.
    QuestionType,
    /// Interviews come through events, and events come.
    Events,
}

impl Expectation {
    pub const ALL: [Self; 8] = [
        Self::Interviews,
        Self::Jobs,
        Self::Completed,
        Self::WithoutTranscript,
        Self::WithoutDuration,
        Self::Duration,
        Self::QuestionType,
        Self::Events,
    ];

    /// The word for it, as in a pipeline file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interviews => "interviews",
            Self::Jobs => "jobs",
            Self::Completed => "completed",
            Self::WithoutTranscript => "without-transcript",
            Self::WithoutDuration => "without-duration",
            Self::Duration => "duration",
            Self::QuestionType => "question-type",
            Self::Events => "events",
        }
    }
}

/// What is not fixed here is learnt from the last eight weeks, once there are six.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExpectSection {
    /// Whether a run ends with exit code 3 if something is not as expected; it is a warning in any case.
    pub fail: bool,
    /// Whether what is not fixed is learnt; without it, only what is fixed is judged.
    pub learn: bool,
    /// What is not judged, so that nothing is learnt of it: ["jobs"].
    pub ignore: Vec<Expectation>,
    /// Interviews that settle in a night: { least = 20, most = 500 }.
    pub interviews: Option<BoundsSection>,
    /// Share of settled interviews that were completed: { least = 0.4 }.
    pub completed: Option<BoundsSection>,
    /// Share of answers without a transcript: { most = 0.05 }.
    pub without_transcript: Option<BoundsSection>,
    /// Share of answers without a duration: { most = 0.05 }.
    pub without_duration: Option<BoundsSection>,
    /// Median duration of answers in seconds: { least = 20, most = 180 }.
    pub duration: Option<BoundsSection>,
    /// Share of answers to questions of a type, by the vendor's word for it: { technical = { least = 0.2 } }.
    pub question_type: BTreeMap<String, BoundsSection>,
    /// How long ago the last event of each inbox may be: "36h".
    pub events_within: Option<String>,
}

impl Default for ExpectSection {
    fn default() -> Self {
        Self {
            fail: false,
            learn: true,
            ignore: Vec::new(),
            interviews: None,
            completed: None,
            without_transcript: None,
            without_duration: None,
            duration: None,
            question_type: BTreeMap::new(),
            events_within: None,
        }
    }
}

/// The least and the most that is as expected, ends included.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BoundsSection {
    /// The least.
    pub least: Option<f64>,
    /// The most.
    pub most: Option<f64>,
}

/// The least and the most that is expected, as far as it is fixed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    pub least: Option<f64>,
    pub most: Option<f64>,
}

impl Bounds {
    /// Whether a figure is judged by these, and not by what was learnt.
    #[must_use]
    pub fn are_fixed(&self) -> bool {
        self.least.is_some() || self.most.is_some()
    }
}

/// What a night should look like. What is not fixed is learnt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpectPlan {
    /// Whether the run ends with exit code 3 if something is not as expected.
    pub fail: bool,
    pub learn: bool,
    /// What is not judged.
    pub ignore: Vec<Expectation>,
    pub interviews: Bounds,
    /// Shares, from 0 to 1.
    pub completed: Bounds,
    pub without_transcript: Bounds,
    pub without_duration: Bounds,
    /// Median in seconds.
    pub duration: Bounds,
    /// Shares by type.
    pub question_types: BTreeMap<String, Bounds>,
    /// How long ago the last event may be.
    pub events_within: Option<SignedDuration>,
}

pub(super) fn resolve(expect: ExpectSection, at: &mut Section<'_>) -> ExpectPlan {
    let mut bounds = |key: &str, section: Option<BoundsSection>, largest: f64| {
        let bounds = section.map_or_else(Bounds::default, |BoundsSection { least, most }| Bounds { least, most });
        if let Some(error) = wrong(&bounds, section.is_some(), largest) {
            at.add(key, error);
        }
        bounds
    };
    let interviews = bounds("interviews", expect.interviews, f64::INFINITY);
    let completed = bounds("completed", expect.completed, 1.0);
    let without_transcript = bounds("without-transcript", expect.without_transcript, 1.0);
    let without_duration = bounds("without-duration", expect.without_duration, 1.0);
    let duration = bounds("duration", expect.duration, f64::INFINITY);
    let types = expect.question_type.into_iter();
    let question_types = types
        .map(|(name, section)| {
            let key = format!("question-type.{name}");
            let of_type = bounds(&key, Some(section), 1.0);
            (name, of_type)
        })
        .collect();
    let events_within = expect.events_within.and_then(|text| {
        let span = text.parse::<SignedDuration>().ok().filter(|span| *span > SignedDuration::ZERO && *span <= LONGEST);
        let wrong = || Error::usage(format!("`{text}` is no time within which events come"));
        at.keep("events-within", span.ok_or_else(|| wrong().hint("for example 36h; at most 1440h, which is 60 days")))
    });
    ExpectPlan {
        fail: expect.fail,
        learn: expect.learn,
        ignore: expect.ignore,
        interviews,
        completed,
        without_transcript,
        without_duration,
        duration,
        question_types,
        events_within,
    }
}

/// What is wrong with bounds, if anything.
fn wrong(bounds: &Bounds, is_there: bool, largest: f64) -> Option<Error> {
    let (least, most) = (bounds.least.unwrap_or(0.0), bounds.most.unwrap_or(largest));
    let is_outside = |bound: f64| !(0.0..=largest).contains(&bound);
    if is_there && !bounds.are_fixed() {
        let error = Error::usage("it has neither `least` nor `most`");
        return Some(error.hint("write { least = 20 } or { most = 500 } or both; left out, it is learnt"));
    }
    if is_outside(least) || is_outside(most) {
        let (what, hint) = if largest == 1.0 {
            ("a share is from 0 to 1", "0.05 is 5 %")
        } else {
            ("it is a number, not below 0", "for example { least = 20 }")
        };
        return Some(Error::usage(what).hint(hint));
    }
    (least > most).then(|| Error::usage("`least` is above `most`").hint("nothing could be as expected"))
}
