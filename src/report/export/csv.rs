//! CSV as RFC 4180 has it, UTF-8, and safe to open in a spreadsheet.

use super::tables::{self, Table, Value};
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
        Value::Text(text) => neutral(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) | Value::Share(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Hidden => HIDDEN.to_owned(),
    }
}

/// What spreadsheets take for the beginning of a formula, the fullwidth forms too.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A text that a spreadsheet could take for a formula gets an apostrophe in front; so does what stands after `;`, a tab
/// or the end of a line, where spreadsheets that do not separate by commas begin another cell. Control characters, at
/// which readers of CSV stop or stumble, become U+FFFD.
fn neutral(text: &str) -> String {
    let mut neutral = String::with_capacity(text.len() + 1);
    let mut begins_cell = true;
    for (at, letter) in text.char_indices() {
        let is_white = ['\t', '\r', '\n'].contains(&letter);
        if begins_cell && SIGNS.contains(&letter) || at == 0 && is_white {
            neutral.push('\'');
        }
        neutral.push(if letter.is_control() && !is_white { '\u{fffd}' } else { letter });
        begins_cell = is_white || letter == ';' || begins_cell && letter == '"';
    }
    neutral
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_as_a_formula_however_cells_are_separated() {
        for (text, written) in [
            ("=1", "'=1"),
            ("＝1＋1", "'＝1＋1"),
            ("＠SUM", "'＠SUM"),
            ("a;=1+1", "a;'=1+1"),
            ("a\t-1", "a\t'-1"),
            ("a\r\n@x", "a\r\n'@x"),
            ("a;\"=1", "a;\"'=1"),
            ("\t=1", "'\t'=1"),
            ("a - b = c; d", "a - b = c; d"),
            ("\u{1}x", "\u{fffd}x"),
            ("", ""),
        ] {
            assert_eq!(neutral(text), written);
        }
    }
}
