//! `roundup.xlsx`: one sheet per table, with typed cells. A text stays a text, whatever it begins with.

use rust_xlsxwriter::{
    Color, ConditionalFormatDataBar, ConditionalFormatType, DocProperties, ExcelDateTime, Format, FormatAlign,
    Sparkline, Workbook, Worksheet, XlsxError,
};

use super::tables::{self, CellValue, Table};
use crate::model::spreadsheet::{MOST_ROWS, fitting};
use crate::model::{Error, Result};
use crate::report::model::Report;

/// Number of leading columns, which name the job.
const NAMES: u16 = 3;
/// Name of the sheet that has a sparkline after each row.
const WEEKS: &str = "Weeks";
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
    workbook.add_worksheet();
    let mut cut = Vec::new();
    for (name, table) in [
        ("Overall", tables::overall(report)),
        ("Jobs", tables::jobs(report)),
        ("Departments", tables::departments(report)),
        ("Questions", tables::questions(report)),
        ("Keywords", tables::keywords(report)),
        ("Keywords by part", tables::keyword_parts(report)),
        ("Distinctive", tables::distinctive(report)),
        ("Needs a look", tables::needs_a_look(report)),
        (WEEKS, tables::weeks(report)),
    ] {
        let sheet = workbook.add_worksheet().set_name(name)?;
        cut.extend(write(sheet, name, table, most_rows, &formats)?);
    }
    about(workbook.worksheet_from_index(0)?, report, cut, &formats)?;
    workbook.save_to_buffer()
}

struct CellFormats {
    header: Format,
    integer: Format,
    float: Format,
    share: Format,
    wrapped: Format,
}

impl CellFormats {
    fn new() -> Self {
        Self {
            header: Format::new().set_bold().set_background_color(Color::RGB(0xF2_F3_F5)),
            integer: Format::new().set_num_format("0"),
            float: Format::new().set_num_format("0.00"),
            share: Format::new().set_num_format("0.0%"),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }
}

/// Writes a table with a fixed header, a filter, and bars where shares are compared. Returns a note if rows did not
/// fit.
fn write(
    sheet: &mut Worksheet,
    name: &str,
    mut table: Table,
    most_rows: usize,
    formats: &CellFormats,
) -> std::result::Result<Option<String>, XlsxError> {
    let all = table.rows.len();
    table.rows.truncate(most_rows);
    let columns = (0u16..).zip(&table.columns);
    for (at, column) in columns.clone() {
        sheet.write_string_with_format(0, at, &column.name, &formats.header)?;
        sheet.set_column_width(at, if at < NAMES { 24.0 } else { 14.0 })?;
    }
    for (at, row) in (1u32..).zip(&table.rows) {
        for (column, value) in (0u16..).zip(row) {
            write_cell(sheet, at, column, value, formats)?;
        }
    }
    let last = u32::try_from(table.rows.len()).expect("a sheet has fewer than 2^32 rows");
    let width = u16::try_from(table.columns.len()).expect("a table has few columns");
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, last, width.saturating_sub(1))?;
    for (at, _) in columns.filter(|(_, column)| column.has_bars && last > 0) {
        let bar = ConditionalFormatDataBar::new()
            .set_fill_color(BAR)
            .set_solid_fill(true)
            .set_minimum(ConditionalFormatType::Number, 0)
            .set_maximum(ConditionalFormatType::Number, 1);
        sheet.add_conditional_format(1, at, last, at, &bar)?;
    }
    if name == WEEKS {
        sparklines(sheet, name, &table)?;
    }
    let cut =
        || format!("{name}: the first {most_rows} of {all} rows, as a sheet takes no more; all are in summary.json");
    Ok((all > most_rows).then(cut))
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    value: &CellValue,
    formats: &CellFormats,
) -> std::result::Result<(), XlsxError> {
    let _sheet = match value {
        CellValue::Empty => return Ok(()),
        CellValue::Text(text) => sheet.write_string(row, column, fitting(text))?,
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
        CellValue::Integer(number) => sheet.write_number_with_format(row, column, *number as f64, &formats.integer)?,
        CellValue::Float(number) => sheet.write_number_with_format(row, column, *number, &formats.float)?,
        CellValue::Share(share) => sheet.write_number_with_format(row, column, *share, &formats.share)?,
        CellValue::Flag(flag) => sheet.write_boolean(row, column, *flag)?,
    };
    Ok(())
}

/// Adds a sparkline of the weeks after the last column of each row. All begin at zero, and those of jobs share a scale.
fn sparklines(sheet: &mut Worksheet, name: &str, table: &Table) -> std::result::Result<(), XlsxError> {
    let columns = u16::try_from(table.columns.len()).expect("a table has few columns");
    if columns <= NAMES {
        return Ok(());
    }
    sheet.set_column_width(columns, 24.0)?;
    let highest = |rows: &[Vec<CellValue>]| {
        let counts = rows.iter().flatten().map(|cell| if let CellValue::Integer(count) = cell { *count } else { 0 });
        counts.max().unwrap_or_default().max(1)
    };
    // The first row is that of all jobs.
    let (all, jobs) = table.rows.split_at(table.rows.len().min(1));
    let scales = std::iter::once(highest(all)).chain(std::iter::repeat_n(highest(jobs), jobs.len()));
    for ((row, _), highest) in (1u32..).zip(&table.rows).zip(scales) {
        let line = Sparkline::new().set_range((name, row, NAMES, row, columns - 1)).show_high_point(true);
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
        let line = line.set_custom_min(0).set_custom_max(highest as f64);
        sheet.add_sparkline(row, columns, &line)?;
    }
    Ok(())
}

/// Writes the first sheet, which says what the other sheets contain and how to read them.
fn about(
    sheet: &mut Worksheet,
    report: &Report,
    cut: Vec<String>,
    formats: &CellFormats,
) -> std::result::Result<(), XlsxError> {
    sheet.set_name("About")?.set_column_width(0, 28.0)?.set_column_width(1, 100.0)?;
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
