//! CSV export by RFC 4180, in UTF-8 with a byte-order mark as exports have it, and safe to open in a spreadsheet.

use super::tables::{self, CellValue, Table};
use crate::model::spreadsheet::neutral;
use crate::report::model::Report;

/// Without it, Excel takes the file for one of its old encodings.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// `jobs.csv`, `questions.csv` and `keywords.csv`.
#[must_use]
pub fn csv(report: &Report) -> Vec<(String, Vec<u8>)> {
    let mut keywords = tables::keywords(report);
    keywords.rows.extend(tables::keyword_parts(report).rows);
    let tables =
        [("jobs.csv", tables::jobs(report)), ("questions.csv", tables::questions(report)), ("keywords.csv", keywords)];
    tables.into_iter().map(|(name, table)| (name.to_owned(), bytes(&table))).collect()
}

fn bytes(table: &Table<'_>) -> Vec<u8> {
    let mut writer =
        ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.to_vec());
    writer.write_record(table.columns.iter().map(|column| column.name.as_str())).expect("memory takes every row");
    for row in &table.rows {
        writer.write_record(row.iter().map(text)).expect("memory takes every row of the same length");
    }
    writer.into_inner().expect("memory takes every row")
}

/// Writes a cell as text. A number is the shortest text that reads back as the same number; an empty cell is empty.
fn text(value: &CellValue<'_>) -> String {
    match value {
        CellValue::Empty => String::new(),
        CellValue::Text(text) => neutral(text).into_owned(),
        CellValue::Integer(number) => number.to_string(),
        CellValue::Float(number) | CellValue::Share(number) => number.to_string(),
        CellValue::Flag(flag) => flag.to_string(),
    }
}
