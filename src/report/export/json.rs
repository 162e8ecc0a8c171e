//! JSON: the model as it is.

use crate::report::model::Report;

/// `summary.json`: the whole model but for words of people.
#[must_use]
pub fn json(report: &Report) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(report).expect("a report is plain data");
    bytes.push(b'\n');
    bytes
}
