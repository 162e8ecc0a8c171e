//! What was found, as it is told, and as rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::Serialize;

use super::plan::Against;
use crate::lake::rows::{floats, integers, strings};

/// A word or phrase that candidates of a job use more often or more rarely than those of all others, or those of a
/// period than those of the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `None` for a period.
    pub job_id: Option<String>,
    pub term: String,
    /// Whether it is in a question that the job was asked.
    pub echoes: bool,
    /// Candidates that use it, of how many.
    pub candidates: u64,
    pub of: u64,
    /// Candidates of other jobs, or of the period before, that use it, of how many.
    pub other_candidates: u64,
    pub other_of: u64,
    pub log_odds_ratio: f64,
    pub signed_root_g2: f64,
    pub p: f64,
    pub q: f64,
    /// How often it is said in the job or the period.
    pub uses: u64,
    /// The share of these uses that the candidate has who uses it most; null where nobody does.
    pub largest_share: Option<f64>,
}

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DiscoverTotals {
    /// All that were found, also those beyond the limit.
    pub findings: u64,
    /// Tests that were made of all jobs, for which findings are adjusted.
    pub tests: u64,
    pub of: DiscoverTotalsOf,
}

/// What there is under the filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DiscoverTotalsOf {
    pub answers: u64,
    pub interviews: u64,
    pub candidates: u64,
}

impl Finding {
    #[must_use]
    pub fn share(&self) -> f64 {
        share(self.candidates, self.of)
    }

    #[must_use]
    pub fn other_share(&self) -> f64 {
        share(self.other_candidates, self.other_of)
    }

    #[must_use]
    pub fn g2(&self) -> f64 {
        self.signed_root_g2 * self.signed_root_g2
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The columns of findings.
#[must_use]
pub fn finding_schema(against: Against) -> SchemaRef {
    let float = |name: &str| Field::new(name, DataType::Float64, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let mut columns = vec![];
    if against == Against::Others {
        columns.push(Field::new("job_id", DataType::Utf8, true));
    }
    columns.extend([Field::new("term", DataType::Utf8, true), Field::new("echoes", DataType::Boolean, false)]);
    columns.extend(["candidates", "of"].map(number));
    columns.push(float("share"));
    columns.extend(["other_candidates", "other_of"].map(number));
    columns.extend(["other_share", "g2", "log_odds_ratio", "p", "q"].map(float));
    columns.extend([number("uses"), float("largest_share")]);
    Arc::new(Schema::new(columns))
}

/// Findings as rows of [`finding_schema`].
///
/// # Panics
/// Never: the columns are those of the schema.
#[must_use]
pub fn finding_rows(against: Against, findings: &[Finding]) -> RecordBatch {
    let number = |of: fn(&Finding) -> u64| integers(findings.iter().map(|finding| i64::try_from(of(finding)).ok()));
    let float = |of: fn(&Finding) -> f64| floats(findings.iter().map(|finding| Some(of(finding))));
    let mut columns: Vec<ArrayRef> = Vec::new();
    if against == Against::Others {
        columns.push(strings(findings.iter().map(|finding| finding.job_id.as_deref())));
    }
    columns.extend([
        strings(findings.iter().map(|finding| Some(finding.term.as_str()))),
        Arc::new(findings.iter().map(|finding| Some(finding.echoes)).collect::<BooleanArray>()),
        number(|finding| finding.candidates),
        number(|finding| finding.of),
        float(Finding::share),
        number(|finding| finding.other_candidates),
        number(|finding| finding.other_of),
        float(Finding::other_share),
        float(Finding::g2),
        float(|finding| finding.log_odds_ratio),
        float(|finding| finding.p),
        float(|finding| finding.q),
        number(|finding| finding.uses),
        floats(findings.iter().map(|finding| finding.largest_share)),
    ]);
    RecordBatch::try_new(finding_schema(against), columns).expect("the columns are those of the schema")
}
