//! A finding before its job is named.

use jiff::civil::Date;

use crate::model::statistics::FALSE_DISCOVERIES;
use crate::pipeline::FindingKind;
use crate::report::model::Unit;

/// Accepted share of false findings of each of the two families, volumes and comparisons: so it is of both together.
pub const OF_EACH_FAMILY: f64 = FALSE_DISCOVERIES / 2.0;

/// A day of the last weeks, whose year is known: `17 May`.
pub fn day(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

/// A finding of a job, or of all jobs.
#[derive(Debug, Clone)]
pub struct Found {
    /// Number of the job; `None` for all jobs.
    pub job: Option<u32>,
    pub kind: FindingKind,
    pub is_new: bool,
    pub anchor: String,
    pub text: String,
    /// What tells it from others of its kind and job: a keyword or question, without case. Else empty.
    pub about: String,
    /// Order among findings of one kind, the largest first.
    pub weight: f64,
    pub measured: Measured,
}

/// The figures of a finding.
#[derive(Debug, Clone)]
pub struct Measured {
    pub unit: Unit,
    pub value: f64,
    pub previous: Option<f64>,
    pub n: usize,
    pub previous_n: Option<usize>,
    pub test: &'static str,
    pub p: Option<f64>,
    pub q: Option<f64>,
    pub effect: Option<f64>,
}

impl Measured {
    /// A count or share without a test.
    pub fn plain(unit: Unit, value: f64, n: usize) -> Self {
        Self { unit, value, previous: None, n, previous_n: None, test: "count", p: None, q: None, effect: None }
    }
}

impl Found {
    /// Whether the value rose.
    pub fn rose(&self) -> bool {
        self.measured.previous.is_some_and(|previous| self.measured.value > previous)
    }
}
