//! How long what is kept, resolved from a pipeline file.

use super::file::RetainSection;
use crate::model::{Error, Section};

/// For how many days after an interview has settled something of it is kept; `None` for always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetainPlan {
    pub audio_days: Option<u32>,
    pub transcripts_days: Option<u32>,
    /// Names and addresses.
    pub candidates_days: Option<u32>,
    pub interviews_days: Option<u32>,
}

impl RetainPlan {
    /// Whether everything is kept always.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn resolve(retain: RetainSection, at: &mut Section<'_>) -> RetainPlan {
    let RetainSection { audio_days, transcripts_days, candidates_days, interviews_days } = retain;
    let mut days = |key: &str, days: Option<u32>| days.map(|days| at.at_least_1(key, days));
    let plan = RetainPlan {
        audio_days: days("audio-days", audio_days),
        transcripts_days: days("transcripts-days", transcripts_days),
        candidates_days: days("candidates-days", candidates_days),
        interviews_days: days("interviews-days", interviews_days),
    };
    if plan.is_empty() {
        at.add("audio-days", Error::usage("[retain] does not say how long what is kept"));
    }
    plan
}
