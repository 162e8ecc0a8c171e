//! Exporters: tables to bytes. The tables are made once; CSV and XLSX write the same cells.

mod csv;
mod tables;
#[cfg(test)]
mod tests;
mod xlsx;

use super::model::Report;

pub use self::csv::csv;
pub use self::xlsx::xlsx;

/// `summary.json`: the whole model but for words of people.
#[must_use]
pub fn json(report: &Report) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(report).expect("a report is plain data");
    bytes.push(b'\n');
    bytes
}
