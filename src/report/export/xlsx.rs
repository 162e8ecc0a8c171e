//! `roundup.xlsx`: a workbook for people, with typed cells and a sheet for each table. A text stays a text, whatever it
//! begins with.

use rust_xlsxwriter::{
    Color, ConditionalFormatDataBar, ConditionalFormatType, DocProperties, ExcelDateTime, Sparkline, Workbook,
    Worksheet, XlsxError,
};

use super::formats::CellFormats;
use super::glance::glance;
use super::sheets::{Sheet, SheetColumn, Shown, sheets};
use super::tables::CellValue;
use crate::model::spreadsheet::{MOST_ROWS, fitting};
use crate::model::{Error, Result};
use crate::report::model::Report;

/// Height of the row of headings in points: three lines.
const HEADINGS: f64 = 46.0;
const BAR: Color = Color::RGB(0x9E_B1_C9);

/// Renders the workbook.
///
/// # Errors
/// When the workbook cannot be made, which would be a mistake in this program.
pub fn xlsx(report: &Report) -> Result<Vec<u8>> {
    work(report, MOST_ROWS).map_err(|error| Error::failed(format!("cannot make roundup.xlsx: {error}")))
}

/// Renders the workbook with at most `most_rows` rows per sheet.
pub(super) fn work(report: &Report, most_rows: usize) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The date is fixed so that the same figures give the same bytes.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title("roundup").set_creation_datetime(&made));
    let formats = CellFormats::new();
    let sheets = sheets(report);
    glance(workbook.add_worksheet(), report, &sheets, &formats)?;
    let mut cut = Vec::new();
    for mut of in sheets {
        let all = of.rows.len();
        if all > most_rows {
            of.rows.truncate(most_rows);
            let name = of.name;
            cut.push(format!(
                "{name}: the first {most_rows} of {all} rows, as a sheet takes no more; all are in summary.json"
            ));
        }
        write(workbook.add_worksheet(), &of, &formats)?;
    }
    about(workbook.add_worksheet().set_name("About")?, report, cut, &formats)?;
    workbook.save_to_buffer()
}

/// Writes a table whose headings and first column stay in sight, with a filter, and bars where shares are compared.
fn write(sheet: &mut Worksheet, of: &Sheet<'_>, formats: &CellFormats) -> std::result::Result<(), XlsxError> {
    sheet.set_name(of.name)?;
    let columns = (0u16..).zip(&of.columns);
    for (at, column) in columns.clone() {
        sheet.write_string_with_format(0, at, &column.heading, &formats.header)?;
        let width = match column.shown {
            Shown::LongText => 60.0,
            Shown::Text if at == 0 => 32.0,
            Shown::Text => 18.0,
            Shown::Number | Shown::Minutes | Shown::Fine => 12.0,
        };
        sheet.set_column_width(at, width)?;
    }
    sheet.set_row_height(0, HEADINGS)?;
    for (at, row) in (1u32..).zip(&of.rows) {
        for ((column, heading), value) in columns.clone().zip(row) {
            write_cell(sheet, (at, column), heading, value, formats)?;
        }
    }
    let last = u32::try_from(of.rows.len()).expect("a sheet has fewer than 2^32 rows");
    let width = u16::try_from(of.columns.len()).expect("a sheet has few columns");
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, last, width.saturating_sub(1))?;
    for (at, _) in columns.filter(|(_, column)| column.has_bars && last > 0) {
        let bar = ConditionalFormatDataBar::new()
            .set_fill_color(BAR)
            .set_solid_fill(true)
            .set_minimum(ConditionalFormatType::Number, 0)
            .set_maximum(ConditionalFormatType::Number, 1);
        sheet.add_conditional_format(1, at, last, at, &bar)?;
    }
    of.weeks_from.map_or(Ok(()), |from| sparklines(sheet, of, from))
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    heading: &SheetColumn,
    value: &CellValue<'_>,
    formats: &CellFormats,
) -> std::result::Result<(), XlsxError> {
    let _sheet = match value {
        CellValue::Empty => return Ok(()),
        CellValue::Text(text) if heading.shown == Shown::LongText => {
            sheet.write_string_with_format(row, column, fitting(text), &formats.wrapped)?
        }
        CellValue::Text(text) => sheet.write_string(row, column, fitting(text))?,
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
        CellValue::Integer(number) => sheet.write_number_with_format(row, column, *number as f64, &formats.integer)?,
        CellValue::Float(number) => match heading.shown {
            Shown::Minutes => sheet.write_number_with_format(row, column, number / 60.0, &formats.float)?,
            Shown::Fine => sheet.write_number_with_format(row, column, *number, &formats.fine)?,
            _ => sheet.write_number_with_format(row, column, *number, &formats.float)?,
        },
        CellValue::Share(share) => sheet.write_number_with_format(row, column, *share, &formats.share)?,
        CellValue::Flag(flag) => sheet.write_string(row, column, if *flag { "yes" } else { "no" })?,
    };
    Ok(())
}

/// Adds a sparkline of the weeks after the last column of each row. All begin at zero, and those of jobs share a scale.
fn sparklines(sheet: &mut Worksheet, of: &Sheet<'_>, from: usize) -> std::result::Result<(), XlsxError> {
    let place = |at: usize| u16::try_from(at).expect("a sheet has few columns");
    let (from, columns) = (place(from), place(of.columns.len()));
    if columns <= from {
        return Ok(());
    }
    sheet.set_column_width(columns, 24.0)?;
    let highest = |rows: &[Vec<CellValue<'_>>]| {
        let counts = rows.iter().flatten().map(|cell| if let CellValue::Integer(count) = cell { *count } else { 0 });
        counts.max().unwrap_or_default().max(1)
    };
    // The first row is that of all jobs.
    let (all, jobs) = of.rows.split_at(of.rows.len().min(1));
    let scales = std::iter::once(highest(all)).chain(std::iter::repeat_n(highest(jobs), jobs.len()));
    for ((row, _), highest) in (1u32..).zip(&of.rows).zip(scales) {
        let line = Sparkline::new().set_range((of.name, row, from, row, columns - 1)).show_high_point(true);
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
        let line = line.set_custom_min(0).set_custom_max(highest as f64);
        sheet.add_sparkline(row, columns, &line)?;
    }
    Ok(())
}

/// Writes the last sheet, which says what the figures are made from and how to read them.
fn about(
    sheet: &mut Worksheet,
    report: &Report,
    cut: Vec<String>,
    formats: &CellFormats,
) -> std::result::Result<(), XlsxError> {
    sheet.set_column_width(0, 28.0)?.set_column_width(1, 100.0)?;
    let period = &report.period;
    let mut lines = vec![(
        "Period",
        format!("{} to {}, {} days, time zone {}", period.from, period.last, period.days, period.time_zone),
    )];
    if let Some(previous) = &report.previous_period {
        lines.push(("Compared with", format!("{} to {}", previous.from, previous.last)));
    }
    let provenance = &report.provenance;
    lines.push(("Data until", provenance.data_until.clone().unwrap_or_else(|| "no interview yet".to_owned())));
    if let Some(run) = &provenance.run {
        lines.push(("Run", format!("{}, begun {}", run.run_id, run.started_at)));
    }
    lines.push(("Inputs, SHA-256", provenance.inputs_sha256.clone()));
    for set in &provenance.keyword_sets {
        lines.push(("Keyword set", format!("{}, SHA-256 {}", set.name, set.sha256)));
    }
    for left_out in &provenance.left_out {
        let count = left_out.count.map_or_else(String::new, |count| format!("{count} "));
        lines.push(("Left out", format!("{count}{}: {}", left_out.what, left_out.why)));
    }
    lines.extend(cut.into_iter().map(|text| ("Cut", text)));
    let selection = report.selection.jobs.iter().chain(&report.selection.departments);
    lines.extend(selection.map(|name| ("Narrowed to", name.clone())));
    let look = &report.needs_a_look;
    let compared = || format!("{} comparisons, Benjamini-Hochberg at 5 %", look.comparisons);
    lines.push(("Compared", look.not_compared.clone().unwrap_or_else(compared)));
    lines.push((
        "Small groups",
        format!(
            "Counts of interviews are shown as they are. What was said is of {} persons or more: jobs and weeks of fewer are counted with others",
            report.smallest_group
        ),
    ));
    if let Some(newest) = &provenance.newest {
        lines.push((
            "Nothing in the period",
            format!("the newest interview is in a report with --until {}", newest.until),
        ));
    }
    lines
        .push(("Intended use", "This report describes answers. It scores and ranks nobody; people decide.".to_owned()));
    for (row, (name, text)) in (0u32..).zip(&lines) {
        sheet.write_string_with_format(row, 0, *name, &formats.header)?;
        sheet.write_string_with_format(row, 1, fitting(text), &formats.wrapped)?;
    }
    Ok(())
}
