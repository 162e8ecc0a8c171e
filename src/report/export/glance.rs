//! The first sheet of the workbook: the report's figures in one look, and where the others are.

use rust_xlsxwriter::{Url, Worksheet, XlsxError};

use super::formats::CellFormats;
use super::sheets::Sheet;
use crate::model::spreadsheet::fitting;
use crate::report::model::{Card, Report, Unit};

/// Headings and widths of the columns.
const COLUMNS: [(&str, f64); 7] = [
    ("Figure", 34.0),
    ("This period", 14.0),
    ("Unit", 14.0),
    ("Before", 14.0),
    ("Change", 14.0),
    ("n", 10.0),
    ("Note", 60.0),
];

pub fn glance(
    sheet: &mut Worksheet,
    report: &Report,
    sheets: &[Sheet<'_>],
    formats: &CellFormats,
) -> Result<(), XlsxError> {
    sheet.set_name("At a glance")?;
    for (at, (_, width)) in (0u16..).zip(COLUMNS) {
        sheet.set_column_width(at, width)?;
    }
    let period = &report.period;
    let before = report.previous_period.as_ref();
    let compared =
        before.map_or_else(String::new, |before| format!(", compared with {} to {}", before.from, before.last));
    sheet.write_string_with_format(0, 0, "Screening interviews", &formats.title)?;
    sheet.write_string(1, 0, format!("{} to {} ({}){compared}", period.from, period.last, period.time_zone))?;
    let mut row = 3;
    for (at, (heading, _)) in (0u16..).zip(COLUMNS) {
        sheet.write_string_with_format(row, at, heading, &formats.header)?;
    }
    for card in &report.cards {
        row += 1;
        write_card(sheet, row, card, formats)?;
    }
    row += 1;
    sheet.write_string(row, 0, "Open interviews that expire within 72 hours")?;
    sheet.write_number_with_format(row, 1, whole(report.open.expiring), &formats.integer)?;
    sheet.write_string(row, 2, "interviews")?;
    row += 2;
    for (at, heading) in [(0, "Sheet"), (1, "Rows"), (2, "A row is")] {
        sheet.write_string_with_format(row, at, heading, &formats.header)?;
    }
    for of in sheets {
        row += 1;
        sheet.write_url_with_text(row, 0, Url::new(format!("internal:'{}'!A1", of.name)), of.name)?;
        sheet.write_number_with_format(
            row,
            1,
            whole(i64::try_from(of.rows.len()).unwrap_or(i64::MAX)),
            &formats.integer,
        )?;
        sheet.write_string(row, 2, of.holds)?;
    }
    sheet.write_url_with_text(row + 1, 0, Url::new("internal:'About'!A1"), "About")?;
    sheet.write_string(row + 1, 2, "what the figures are made from, and what is left out")?;
    Ok(())
}

fn write_card(sheet: &mut Worksheet, row: u32, card: &Card, formats: &CellFormats) -> Result<(), XlsxError> {
    let (unit, divisor, format) = match card.unit {
        Unit::Interviews => ("interviews", 1.0, &formats.integer),
        Unit::Share => ("share", 1.0, &formats.share),
        Unit::Seconds => ("minutes", 60.0, &formats.float),
        Unit::Characters => ("characters", 1.0, &formats.float),
        Unit::WordsPerMinute => ("words a minute", 1.0, &formats.float),
        Unit::Words => ("words", 1.0, &formats.float),
    };
    sheet.write_string(row, 0, card.label)?;
    sheet.write_string(row, 2, unit)?;
    for (column, value) in [(1, card.value), (3, card.previous)] {
        if let Some(value) = value {
            sheet.write_number_with_format(row, column, value / divisor, format)?;
        }
    }
    if let Some(change) = card.change {
        let (value, format) =
            if card.unit == Unit::Share { (change * 100.0, &formats.points) } else { (change, &formats.change) };
        sheet.write_number_with_format(row, 4, value, format)?;
    }
    if let Some(n) = card.n {
        sheet.write_number_with_format(row, 5, whole(n), &formats.integer)?;
    }
    if let Some(note) = &card.note {
        sheet.write_string(row, 6, fitting(note))?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
fn whole(count: i64) -> f64 {
    count as f64
}
