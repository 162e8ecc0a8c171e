//! What needs a look.

use serde::Serialize;

use super::figures::Unit;
use crate::pipeline::FindingKind;

/// What needs a look, the most urgent first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NeedsALook {
    /// At most five findings.
    pub findings: Vec<Finding>,
    /// Number of further findings. Those of a job are in its own.
    pub others: usize,
    /// Number of findings that were dismissed.
    pub dismissed: usize,
    /// Number of comparisons with the previous period, and of wordings, among which false findings are held down.
    pub comparisons: usize,
    /// Reason why nothing was compared with the previous period; null if something was.
    pub not_compared: Option<String>,
}

/// A finding in one plain sentence, and its figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// Whether it was not so a week or period before.
    pub is_new: bool,
    /// Id of the job; null for a finding over all jobs.
    pub job_id: Option<String>,
    /// Title of the job; null for a finding over all jobs.
    pub job: Option<String>,
    /// Page of the job; null for a finding over all jobs.
    pub page: Option<String>,
    /// Anchor on that page, or on the index, where the figures are.
    pub anchor: String,
    /// What is so, to be read after the name of the job.
    pub text: String,
    pub unit: Unit,
    /// The figure that was tested: a count, a share or a median.
    pub value: f64,
    /// What it was before; null if it is not compared.
    pub previous: Option<f64>,
    /// Of how many the value is: persons, or interviews in a count of these.
    pub n: i64,
    pub previous_n: Option<i64>,
    /// How it was found: `count`, `t`, `bound`, `Mann-Whitney` or `Fisher`.
    pub test: &'static str,
    /// p-value of a test; null without one.
    pub p: Option<f64>,
    /// The p-value, adjusted by Benjamini and Hochberg over its family; null without a test.
    pub q: Option<f64>,
    /// Size of the effect: the rank-biserial correlation for numbers, the difference for shares, the ratio for counts;
    /// for a bound, the bound.
    pub effect: Option<f64>,
}

impl Finding {
    /// The finding as one line, without characters that break or control it.
    #[must_use]
    pub fn line(&self) -> String {
        let name = self.job.as_deref().or(self.job_id.as_deref()).filter(|name| !name.trim().is_empty());
        let of = if self.job_id.is_some() { name.unwrap_or("No job named") } else { "All jobs" };
        let line = format!("{of}: {}", self.text);
        let words: Vec<&str> =
            line.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty()).collect();
        words.join(" ")
    }
}
