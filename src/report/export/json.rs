//! JSON export of the model.

use crate::report::model::Report;

/// `summary.json`: the whole model, without candidates' words.
#[must_use]
pub fn json(report: &Report) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(report).expect("a report is plain data");
    bytes.push(b'\n');
    bytes
}
