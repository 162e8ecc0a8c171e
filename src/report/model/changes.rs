//! What changed.

use serde::Serialize;

use super::figures::Unit;

/// What differs from the previous period beyond chance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// At most three, the most certain first.
    pub findings: Vec<Finding>,
    /// How many comparisons were made.
    pub comparisons: u64,
    /// Why nothing was compared, if nothing was.
    pub missing: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Null over all jobs.
    pub job_id: Option<String>,
    /// Title of the job; null over all jobs.
    pub job: Option<String>,
    /// Page of the job; null over all jobs.
    pub page: Option<String>,
    /// As in `Card::name`, or `keyword`.
    pub figure: &'static str,
    /// For people: "median duration", "share of interviews that mention “react”".
    pub label: String,
    pub unit: Unit,
    /// Medians for numbers, shares for shares.
    pub value: f64,
    pub previous: f64,
    pub n: i64,
    pub previous_n: i64,
    /// "Mann-Whitney" or "Fisher".
    pub test: &'static str,
    pub p: f64,
    /// Adjusted by Benjamini and Hochberg over all comparisons.
    pub q: f64,
    /// Rank-biserial correlation for numbers, difference of shares for shares.
    pub effect: f64,
}
