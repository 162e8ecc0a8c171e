//! CSV as RFC 4180 has it, UTF-8, and safe to open in a spreadsheet.

use super::tables::{self, Table, Value};
use crate::model::spreadsheet::neutral;
use crate::report::model::{HIDDEN, Report};

/// `jobs.csv`, `questions.csv` and `keywords.csv`.
#[must_use]
pub fn csv(report: &Report) -> Vec<(String, Vec<u8>)> {
    let mut keywords = tables::keywords(report);
    keywords.rows.extend(tables::keyword_parts(report).rows);
    let tables =
        [("jobs.csv", tables::jobs(report)), ("questions.csv", tables::questions(report)), ("keywords.csv", keywords)];
    tables.into_iter().map(|(name, table)| (name.to_owned(), bytes(&table))).collect()
}

fn bytes(table: &Table) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| column.name.as_str())).expect("memory takes every row");
    for row in &table.rows {
        writer.write_record(row.iter().map(text)).expect("memory takes every row of the same length");
    }
    writer.into_inner().expect("memory takes every row")
}

/// A number is the shortest text that reads back as the same; null is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) => neutral(text).into_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) | Value::Share(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Hidden => HIDDEN.to_owned(),
    }
}
