//! A workbook of one sheet. Each row is written to disk as soon as the next one begins.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::caught::caught;
use super::cells::{Cell, Cells, ColumnName, names};
use crate::model::spreadsheet::{MOST_ROWS, fitting};
use crate::model::{Error, Result};

/// Days from day 0 of spreadsheets to 1970.
const DAY_OF_1970: f64 = 25_569.0;
const MICROS_A_DAY: f64 = 86_400e6;
/// The first day after 29 February 1900, which spreadsheets have although it never existed. Their last day is later
/// than any time here.
const FIRST_DAY: f64 = 61.0;

/// A workbook of one sheet.
pub struct Sheet {
    workbook: Workbook,
    sheet: Worksheet,
    /// Format of times, which spreadsheets store as days.
    time: Format,
    rows: usize,
    most_rows: usize,
    cut: u64,
}

impl Sheet {
    /// Makes a sheet with its header. Rows are kept in an unnamed file in a folder for temporary files until it is saved.
    ///
    /// # Errors
    /// When the file cannot be written, or there are more columns than a sheet has.
    pub fn new(schema: &SchemaRef, folder: &Path) -> Result<Self, XlsxError> {
        Self::of_at_most(schema, folder, MOST_ROWS)
    }

    fn of_at_most(schema: &SchemaRef, folder: &Path, most_rows: usize) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        // A fixed day, so that the same rows give the same bytes.
        let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_title("roundup").set_creation_datetime(&made));
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        let bold = Format::new().set_bold();
        for (column, name) in (0u16..).zip(names(schema).iter().map(ColumnName::flat)) {
            sheet.write_string_with_format(0, column, name, &bold)?;
            sheet.set_column_width(column, 20.0)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        Ok(Self { workbook, sheet, time, rows: 0, most_rows, cut: 0 })
    }

    /// # Errors
    /// When the sheet is full, or cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if self.rows + batch.num_rows() > self.most_rows {
            let message = format!("a sheet holds {} rows, and there are more", self.most_rows);
            return Err(Error::failed(message)
                .hint("narrow it with --job, --status, --from and --until, or write csv, jsonl or parquet"));
        }
        caught(|| self.write_rows(batch)).map_err(|error| cannot_make(&error))?.map_err(|error| cannot_make(&error))
    }

    fn write_rows(&mut self, batch: &RecordBatch) -> Result<(), XlsxError> {
        let cells = Cells::of(batch);
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let at = u32::try_from(self.rows).expect("a sheet has fewer than 2^32 rows");
            for (column, cell) in (0u16..).zip(cells.row(row)) {
                self.write_cell(at, column, cell)?;
            }
        }
        Ok(())
    }

    fn write_cell(&mut self, row: u32, column: u16, cell: Cell) -> Result<(), XlsxError> {
        let sheet = &mut self.sheet;
        let _sheet = match cell {
            Cell::Empty => return Ok(()),
            Cell::Text(text) => {
                let fits = fitting(text);
                self.cut += u64::from(fits.len() < text.len());
                sheet.write_string(row, column, fits)?
            }
            #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
            Cell::Integer(number) => sheet.write_number(row, column, number as f64)?,
            Cell::Float(number) => sheet.write_number(row, column, number)?,
            Cell::Flag(flag) => sheet.write_boolean(row, column, flag)?,
            Cell::Time(time) => match day(time) {
                Some(day) => sheet.write_number_with_format(row, column, day, &self.time)?,
                None => sheet.write_string(row, column, time.to_string())?,
            },
        };
        Ok(())
    }

    /// How many texts were too long for a cell.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// # Errors
    /// When it cannot be written.
    pub fn save(mut self, sink: &mut (dyn Write + Send)) -> Result<(), String> {
        self.workbook.push_worksheet(self.sheet);
        let mut sink = OneFailure { sink, has_failed: false };
        caught(|| self.workbook.save_to_writer(&mut sink))?.map_err(|error| error.to_string())
    }
}

/// A sink that fails once, and takes whatever comes after that without writing it: an archive that cannot be written is
/// ended all the same when it is dropped, and would print that it cannot be.
struct OneFailure<'a> {
    sink: &'a mut (dyn Write + Send),
    has_failed: bool,
}

impl OneFailure<'_> {
    fn once<T>(&mut self, swallowed: T, work: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<T>) -> io::Result<T> {
        if self.has_failed {
            return Ok(swallowed);
        }
        let done = work(self.sink);
        self.has_failed = done.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        done
    }
}

impl Write for OneFailure<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.once(bytes.len(), |sink| sink.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.once((), |sink| sink.flush())
    }
}

/// A time in UTC as a day number of spreadsheets. `None` for a time that they cannot represent.
#[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
fn day(time: Timestamp) -> Option<f64> {
    Some(time.as_microsecond() as f64 / MICROS_A_DAY + DAY_OF_1970).filter(|day| *day >= FIRST_DAY)
}

fn cannot_make(error: &dyn Display) -> Error {
    Error::failed(format!("cannot write the sheet: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::rows;
    use crate::lake::schema::RUNS;

    #[test]
    fn a_full_sheet_is_said_and_not_cut() {
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(vec![RUNS.arrow().field(0).clone()]));
        let batch = |count| {
            let column = rows::strings(std::iter::repeat_n(Some("x"), count));
            RecordBatch::try_new(schema.clone(), vec![column]).unwrap()
        };
        let mut sheet = Sheet::of_at_most(&schema, &std::env::temp_dir(), 5).unwrap();
        sheet.write(&batch(3)).unwrap();
        sheet.write(&batch(2)).unwrap();
        let error = sheet.write(&batch(1)).unwrap_err();
        assert_eq!(error.to_string(), "a sheet holds 5 rows, and there are more");
        assert!(error.hint_text().unwrap().contains("--until"));
    }

    #[test]
    fn a_sink_that_cannot_be_written_fails_the_sheet_and_is_not_tried_again() {
        /// Has room for so many bytes, and counts what comes after it is full.
        struct Full(usize, usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let taken = bytes.len().min(self.0);
                self.0 -= taken;
                self.1 += usize::from(taken == 0);
                if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(vec![RUNS.arrow().field(0).clone()]));
        for room in [0, 100, 1000] {
            let mut full = Full(room, 0);
            let error = Sheet::new(&schema, folder.path()).unwrap().save(&mut full).unwrap_err();
            assert!(error.contains("no storage space"), "{error}");
            assert_eq!(full.1, 1, "after {room} bytes");
        }
    }

    #[test]
    fn times_are_days_of_a_spreadsheet() {
        let day = |time: &str| day(time.parse().unwrap());
        assert_eq!(day("2000-01-01T12:00:00Z"), Some(36_526.5));
        assert_eq!(day("1900-02-28T00:00:00Z"), None);
        assert_eq!(day("9999-12-30T00:00:00Z"), Some(2_958_464.0));
    }
}
