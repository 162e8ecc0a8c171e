//! Writes batches in each of the formats. Text formats are written row by row; the others keep their state on disk.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::cells::{Cell, Cells, ColumnName, names};
use super::sheet::Sheet;
use crate::lake::write::{ROW_GROUP_ROWS, ROW_GROUP_TRANSCRIPT_BYTES};
use crate::model::spreadsheet::neutral;
use crate::model::{Error, Result};
use crate::pipeline::ExportFormat;

/// Tells a spreadsheet that a CSV file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where bytes are written to.
pub type Sink = Box<dyn Write + Send>;

/// What an export did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportSummary {
    pub rows: u64,
    /// Texts that were cut because they were too long for a cell of a spreadsheet.
    pub cut: u64,
}

/// Writes batches of one schema in a format.
pub struct RowWriter {
    format: FormatWriter,
    rows: u64,
    /// The name of the target in messages.
    target: PathBuf,
}

enum FormatWriter {
    Csv { rows: Box<csv::Writer<Sink>>, raw: bool },
    Jsonl { sink: Sink, names: Vec<ColumnName> },
    Parquet(Box<ArrowWriter<Sink>>),
    Xlsx { sheet: Box<Sheet>, sink: Sink },
}

impl RowWriter {
    /// Begins the output, with a header if the format has one. `folder` is for temporary files. CSV that is `raw` has no
    /// byte-order mark, and no apostrophe before what could be a formula.
    ///
    /// # Errors
    /// When the target cannot be written.
    pub fn new(
        format: ExportFormat,
        raw: bool,
        schema: &SchemaRef,
        mut sink: Sink,
        target: &Path,
        folder: &Path,
    ) -> Result<Self> {
        let fail = |error: &dyn Display| cannot_write(target, error);
        let format = match format {
            ExportFormat::Csv => {
                if !raw {
                    sink.write_all(BYTE_ORDER_MARK).map_err(|error| fail(&error))?;
                }
                let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(sink);
                rows.write_record(names(schema).iter().map(ColumnName::flat)).map_err(|error| fail(&error))?;
                FormatWriter::Csv { rows: Box::new(rows), raw }
            }
            ExportFormat::Jsonl => FormatWriter::Jsonl { sink, names: names(schema) },
            ExportFormat::Parquet => {
                let writer = ArrowWriter::try_new(sink, Arc::clone(schema), Some(properties(schema)));
                FormatWriter::Parquet(Box::new(writer.map_err(|error| fail(&error))?))
            }
            ExportFormat::Xlsx => {
                FormatWriter::Xlsx { sheet: Box::new(Sheet::new(schema, folder).map_err(|error| fail(&error))?), sink }
            }
        };
        Ok(Self { format, rows: 0, target: target.to_owned() })
    }

    /// # Errors
    /// When the target cannot be written, or a sheet is full.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let target = &self.target;
        let fail = |error: &dyn Display| cannot_write(target, error);
        match &mut self.format {
            FormatWriter::Csv { rows, raw } => csv_rows(rows, batch, *raw).map_err(|error| fail(&error)),
            FormatWriter::Jsonl { sink, names } => json_rows(sink, names, batch).map_err(|error| fail(&error)),
            FormatWriter::Parquet(writer) => writer.write(batch).map_err(|error| fail(&error)),
            FormatWriter::Xlsx { sheet, .. } => {
                sheet.write(batch).map_err(|error| error.prefix(&target.display().to_string()))
            }
        }
    }

    /// Ends the output.
    ///
    /// # Errors
    /// When the target cannot be written.
    pub fn finish(self) -> Result<ExportSummary> {
        let Self { format, rows, target } = self;
        let fail = |error: &dyn Display| cannot_write(&target, error);
        let mut cut = 0;
        match format {
            FormatWriter::Csv { mut rows, .. } => rows.flush().map_err(|error| fail(&error))?,
            FormatWriter::Jsonl { mut sink, .. } => sink.flush().map_err(|error| fail(&error))?,
            FormatWriter::Parquet(mut writer) => {
                writer.finish().map_err(|error| fail(&error))?;
                writer.inner_mut().flush().map_err(|error| fail(&error))?;
            }
            FormatWriter::Xlsx { sheet, mut sink } => {
                cut = sheet.cut();
                sheet.save(&mut sink).map_err(|error| fail(&error))?;
                sink.flush().map_err(|error| fail(&error))?;
            }
        }
        Ok(ExportSummary { rows, cut })
    }
}

fn cannot_write(target: &Path, error: &dyn Display) -> Error {
    Error::path("write", target, error)
}

fn properties(schema: &SchemaRef) -> WriterProperties {
    let level = ZstdLevel::try_new(3).expect("3 is a zstd level");
    let mut properties = WriterProperties::builder()
        .set_created_by("roundup".to_owned())
        .set_compression(Compression::ZSTD(level))
        // A whole row group is held in memory.
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_TRANSCRIPT_BYTES));
    if schema.field_with_name("transcript").is_ok() {
        // As in the lake: no two answers are alike, and a footer must not repeat people's words.
        let column = ColumnPath::from("transcript");
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    properties.build()
}

/// Writes rows as CSV (RFC 4180). A number is the shortest text that reads back as the same number; null is empty.
fn csv_rows(rows: &mut csv::Writer<Sink>, batch: &RecordBatch, raw: bool) -> csv::Result<()> {
    let cells = Cells::of(batch);
    for row in 0..batch.num_rows() {
        for cell in cells.row(row) {
            let text = match cell {
                Cell::Empty => Cow::Borrowed(""),
                Cell::Text(text) if raw => text.into(),
                Cell::Text(text) => neutral(text),
                Cell::Integer(number) => number.to_string().into(),
                Cell::Float(number) => number.to_string().into(),
                Cell::Flag(flag) => flag.to_string().into(),
                Cell::Time(time) => time.to_string().into(),
            };
            rows.write_field(text.as_bytes())?;
        }
        rows.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// Writes rows as JSON Lines: one object a line, with every column. A struct column is a nested object.
fn json_rows(sink: &mut Sink, names: &[ColumnName], batch: &RecordBatch) -> io::Result<()> {
    let cells = Cells::of(batch);
    for row in 0..batch.num_rows() {
        sink.write_all(b"{")?;
        let mut group: Option<&str> = None;
        let mut comma = false;
        for (name, cell) in names.iter().zip(cells.row(row)) {
            if name.group.as_deref() != group {
                if group.is_some() {
                    sink.write_all(b"}")?;
                }
                group = name.group.as_deref();
                if let Some(group) = group {
                    separate(sink, &mut comma)?;
                    serde_json::to_writer(&mut *sink, group)?;
                    sink.write_all(b":{")?;
                    comma = false;
                }
            }
            separate(sink, &mut comma)?;
            serde_json::to_writer(&mut *sink, &name.field)?;
            sink.write_all(b":")?;
            match cell {
                Cell::Empty => sink.write_all(b"null")?,
                Cell::Text(text) => serde_json::to_writer(&mut *sink, text)?,
                Cell::Integer(number) => write!(sink, "{number}")?,
                Cell::Float(number) => serde_json::to_writer(&mut *sink, &number)?,
                Cell::Flag(flag) => write!(sink, "{flag}")?,
                Cell::Time(time) => write!(sink, "\"{time}\"")?,
            }
        }
        sink.write_all(if group.is_some() { b"}}\n" } else { b"}\n" })?;
    }
    Ok(())
}

fn separate(sink: &mut Sink, comma: &mut bool) -> io::Result<()> {
    if std::mem::replace(comma, true) { sink.write_all(b",") } else { Ok(()) }
}
