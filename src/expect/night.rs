//! What a night brought.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What settled in a night. The names are those of columns of the table `runs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Night {
    pub completed: u64,
    pub expired: u64,
    /// Completed interviews that were first seen through an event.
    pub by_event: u64,
    /// Answers of completed interviews.
    pub answers: u64,
    pub without_transcript: u64,
    pub without_duration: u64,
    /// Median duration of answers; `None` if none has one.
    pub median_duration_seconds: Option<f64>,
    /// Completed interviews by the id of the job.
    pub completed_by_job: BTreeMap<String, u64>,
    /// Answers by the vendor's word for the type of question.
    pub answers_by_type: BTreeMap<String, u64>,
}

/// A night of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastNight {
    /// How many nights before the one that is judged.
    pub ago: usize,
    /// Whether its runs reached all that was due, so that its counts are those of a night.
    pub is_whole: bool,
    pub night: Night,
}

impl Night {
    /// Interviews that settled.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.completed + self.expired
    }

    /// Adds what another run of the same night brought. The median of both is taken to be the mean of their medians,
    /// weighted by answers.
    pub fn add(&mut self, other: Self) {
        self.median_duration_seconds = match (self.median_duration_seconds, other.median_duration_seconds) {
            (Some(one), Some(another)) => {
                let [n, m] = [self.answers, other.answers].map(|answers| answers as f64);
                Some((one * n + another * m) / (n + m))
            }
            (one, another) => one.or(another),
        };
        self.completed += other.completed;
        self.expired += other.expired;
        self.by_event += other.by_event;
        self.answers += other.answers;
        self.without_transcript += other.without_transcript;
        self.without_duration += other.without_duration;
        for (job, count) in other.completed_by_job {
            *self.completed_by_job.entry(job).or_default() += count;
        }
        for (question_type, count) in other.answers_by_type {
            *self.answers_by_type.entry(question_type).or_default() += count;
        }
    }
}
