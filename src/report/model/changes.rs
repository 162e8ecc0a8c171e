//! Changes since the previous period.

use serde::Serialize;

use super::figures::Unit;

/// The figures that differ from the previous period beyond chance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// At most three findings, the most certain first.
    pub findings: Vec<Finding>,
    /// Number of comparisons that were made.
    pub comparisons: u64,
    /// Reason why nothing was compared; null if something was.
    pub missing: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id of the job; null for a finding over all jobs.
    pub job_id: Option<String>,
    /// Title of the job; null for a finding over all jobs.
    pub job: Option<String>,
    /// Page of the job; null for a finding over all jobs.
    pub page: Option<String>,
    /// Name of the figure: one of `Card::name`, or `keyword`.
    pub figure: &'static str,
    /// The figure in words: "median duration", "share of interviews that mention “react”".
    pub label: String,
    pub unit: Unit,
    /// Value in this period: a median for a number, or a share.
    pub value: f64,
    pub previous: f64,
    pub n: i64,
    pub previous_n: i64,
    /// The test that was used: "Mann-Whitney" or "Fisher".
    pub test: &'static str,
    pub p: f64,
    /// The p-value, adjusted by Benjamini and Hochberg over all comparisons.
    pub q: f64,
    /// Size of the effect: the rank-biserial correlation for numbers, the difference for shares.
    pub effect: f64,
}
