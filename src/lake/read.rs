//! Reading the lake's files: which there are, and their columns by name.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, BooleanArray, DictionaryArray, Float64Array, Int64Array, StringArray, StringViewArray,
    TimestampMicrosecondArray, TypedDictionaryArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use bytes::{Buf, Bytes};
use jiff::Timestamp;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::index_reader::{decode_column_index, decode_offset_index};
use parquet::file::reader::{ChunkReader, Length};

use crate::model::{Error, Result};

/// A Parquet file of the lake with its footer read.
pub struct ParquetFile {
    path: PathBuf,
    footer: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// When the file is missing or is no Parquet.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::path("open", path, error))?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| Error::path("read", path, error))?;
        Ok(Self { path: path.to_owned(), footer })
    }

    /// Reads the footer; the strings of some columns will be read as other arrays than [`StringArray`]: as views of the
    /// pages they are in, or as a dictionary.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(path: &Path, columns: &[(&str, DataType)]) -> Result<Self> {
        let Self { path, footer } = Self::open(path)?;
        let read_as = |field: &Field| match columns.iter().find(|(name, _)| name == field.name()) {
            Some((_, array)) if *field.data_type() == DataType::Utf8 => field.clone().with_data_type(array.clone()),
            _ => field.clone(),
        };
        let fields: Vec<Field> = footer.schema().fields().iter().map(|field| read_as(field)).collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(footer.schema().metadata().clone()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        let footer = ArrowReaderMetadata::try_new(Arc::clone(footer.metadata()), options)
            .map_err(|error| Error::path("read", &path, error))?;
        Ok(Self { path, footer })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.footer.metadata().num_row_groups()
    }

    /// Rows of the whole file.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.footer.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// A value of the file's key-value metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let pairs = self.footer.metadata().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// The named columns of one row group, in one batch. Columns come in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read or lacks one of the columns.
    pub fn row_group(&self, group: usize, columns: &[&str]) -> Result<RecordBatch> {
        self.one_batch(Part::Group(group), self.rows_in_group(group), columns)
    }

    /// Rows of one row group.
    #[must_use]
    pub fn rows_in_group(&self, group: usize) -> usize {
        usize::try_from(self.footer.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// The named columns of some rows of a row group, which are sorted and differ, in one batch.
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn rows_of_group(&self, group: usize, rows: &[usize], columns: &[&str]) -> Result<RecordBatch> {
        let ranges = rows.iter().map(|row| *row..*row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, self.rows_in_group(group));
        self.one_batch(Part::Rows(group, selection), rows.len(), columns)
    }

    /// The named columns of the whole file, in one batch.
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn all(&self, columns: &[&str]) -> Result<RecordBatch> {
        let rows = usize::try_from(self.rows()).unwrap_or(usize::MAX);
        self.one_batch(Part::All, rows, columns)
    }

    /// The named columns of one row group, in batches of at most so many rows.
    ///
    /// # Errors
    /// As [`Self::row_group`]; each batch may fail, too.
    pub fn batches(
        &self,
        group: usize,
        columns: &[&str],
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
        let reader = self.reader(Part::Group(group), rows, columns)?;
        Ok(reader.map(|batch| batch.map_err(|error| self.cannot_read(&error))))
    }

    /// The file itself, opened to be read.
    ///
    /// # Errors
    /// When it is not there any more.
    pub fn file(&self) -> Result<File> {
        File::open(&self.path).map_err(|error| self.cannot_read(&error))
    }

    /// What the footer says of a column of a row group, so that it can be copied as it is stored from [`Self::file`].
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn column_chunk(&self, file: &File, group: usize, column: &str) -> Result<ColumnCloseResult> {
        let fail = |error: &dyn std::fmt::Display| self.cannot_read(error);
        let row_group = self.footer.metadata().row_group(group);
        let is_it = |chunk: &&ColumnChunkMetaData| chunk.column_path().string() == column;
        let metadata = row_group.columns().iter().find(is_it).ok_or_else(|| fail(&lacks(column)))?.clone();
        let bytes = |range: Option<Range<u64>>| -> Result<Option<_>> {
            let Some(range) = range else { return Ok(None) };
            let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            file.get_bytes(range.start, length).map(Some).map_err(|error| fail(&error))
        };
        let column_index = bytes(metadata.column_index_range())?
            .map(|bytes| decode_column_index(&bytes, metadata.column_type()))
            .transpose()
            .map_err(|error| fail(&error))?;
        let offset_index = bytes(metadata.offset_index_range())?
            .map(|bytes| decode_offset_index(&bytes))
            .transpose()
            .map_err(|error| fail(&error))?;
        let bloom_filter = Sbbf::read_from_column_chunk(&metadata, file).map_err(|error| fail(&error))?;
        Ok(ColumnCloseResult {
            bytes_written: metadata.compressed_size().unsigned_abs(),
            rows_written: row_group.num_rows().unsigned_abs(),
            metadata,
            bloom_filter,
            column_index,
            offset_index,
        })
    }

    fn one_batch(&self, part: Part, rows: usize, columns: &[&str]) -> Result<RecordBatch> {
        let mut reader = self.reader(part, rows.max(1), columns)?;
        let schema = reader.schema();
        match reader.next() {
            Some(batch) => batch.map_err(|error| self.cannot_read(&error)),
            None => Ok(RecordBatch::new_empty(schema)),
        }
    }

    fn reader(&self, part: Part, rows: usize, columns: &[&str]) -> Result<ParquetRecordBatchReader> {
        let schema = self.footer.schema();
        if let Some(missing) = columns.iter().find(|name| schema.field_with_name(name).is_err()) {
            return Err(self.cannot_read(&lacks(missing)));
        }
        let file = self.file()?;
        let mask = ProjectionMask::columns(self.footer.parquet_schema(), columns.iter().copied());
        let footer = self.footer.clone();
        let of_file = |file| {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.clone());
            builder.with_projection(mask.clone()).with_batch_size(rows)
        };
        let reader = match part {
            Part::All => of_file(file).build(),
            Part::Rows(group, selection) => {
                of_file(file).with_row_groups(vec![group]).with_row_selection(selection).build()
            }
            Part::Group(group) => {
                let stored = self.stored(&file, group, columns).map_err(|error| self.cannot_read(&error))?;
                let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(stored, footer.clone());
                builder.with_projection(mask).with_batch_size(rows).with_row_groups(vec![group]).build()
            }
        };
        reader.map_err(|error| self.cannot_read(&error))
    }

    /// The part of the file that holds some columns of a row group, in one read.
    fn stored(&self, file: &File, group: usize, columns: &[&str]) -> io::Result<Stored> {
        let row_group = self.footer.metadata().row_group(group);
        let wanted = row_group.columns().iter().filter(|chunk| {
            let root = chunk.column_path().parts().first();
            root.is_some_and(|root| columns.contains(&root.as_str()))
        });
        let ranges = wanted.map(ColumnChunkMetaData::byte_range);
        let (begin, end) =
            ranges.fold((u64::MAX, 0), |(begin, end), (at, length)| (begin.min(at), end.max(at + length)));
        let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(usize::MAX);
        let mut bytes = SPARE.take();
        if bytes.len() < length {
            bytes = vec![0; length.next_power_of_two()];
        }
        file.read_exact_at(&mut bytes[..length], begin)?;
        Ok(Stored { begin, bytes: Bytes::from_owner(Reused(bytes)).slice(..length) })
    }

    fn cannot_read(&self, error: &dyn std::fmt::Display) -> Error {
        Error::path("read", &self.path, error)
    }
}

/// What is read of a file.
enum Part {
    All,
    /// One row group.
    Group(usize),
    /// Some rows of a row group.
    Rows(usize, RowSelection),
}

thread_local! {
    /// Memory for the next part of a file that the thread reads: new memory, which the system has to clear first, takes
    /// longer than reading into it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Memory that is kept for the next read once nothing of it is in use.
struct Reused(Vec<u8>);

impl AsRef<[u8]> for Reused {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Reused {
    fn drop(&mut self) {
        // A thread that is ending keeps nothing.
        let _ending = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
    }
}

/// A part of a file in memory: without it, every page would be a handful of calls to the system.
struct Stored {
    begin: u64,
    bytes: Bytes,
}

impl Stored {
    fn from(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let at = start.checked_sub(self.begin).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..)).ok_or_else(|| ParquetError::EOF("beyond what was read".to_owned()))
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }
}

impl ChunkReader for Stored {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut rest = self.from(start)?;
        if rest.len() < length {
            return Err(ParquetError::EOF("beyond what was read".to_owned()));
        }
        rest.truncate(length);
        Ok(rest)
    }
}

fn lacks(column: &str) -> String {
    format!("it has no column {column}")
}

/// Every Parquet file below a folder, sorted by path; none if there is no such folder.
///
/// # Errors
/// When a folder cannot be listed.
pub fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::path("list", folder, error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| Error::path("list", folder, error))?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    Ok(())
}

/// A column of a batch by name and type.
///
/// # Panics
/// When the batch was read without that column or the column has another type: both are mistakes in this program,
/// as [`ParquetFile`] has checked the columns and the schema fixes their types.
pub fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> &'a T {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("column {name} was not read"));
    column.as_any().downcast_ref().unwrap_or_else(|| panic!("column {name} has type {}", column.data_type()))
}

pub fn strings<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringArray {
    column(batch, name)
}

pub fn views<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringViewArray {
    column(batch, name)
}

/// A column that is read as a dictionary.
///
/// # Panics
/// As [`column`].
pub fn dictionary<'a>(batch: &'a RecordBatch, name: &str) -> TypedDictionaryArray<'a, Int32Type, StringArray> {
    let column: &DictionaryArray<Int32Type> = column(batch, name);
    column.downcast_dict().unwrap_or_else(|| panic!("column {name} has type {}", column.data_type()))
}

pub fn integers<'a>(batch: &'a RecordBatch, name: &str) -> &'a Int64Array {
    column(batch, name)
}

pub fn floats<'a>(batch: &'a RecordBatch, name: &str) -> &'a Float64Array {
    column(batch, name)
}

pub fn flags<'a>(batch: &'a RecordBatch, name: &str) -> &'a BooleanArray {
    column(batch, name)
}

pub fn times<'a>(batch: &'a RecordBatch, name: &str) -> &'a TimestampMicrosecondArray {
    column(batch, name)
}

/// A string of a column, if it is not null.
#[must_use]
pub fn string_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// A string of a column that is read as views, if it is not null.
#[must_use]
pub fn view_at(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// An integer of a column, if it is not null.
#[must_use]
pub fn integer_at(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// A float of a column, if it is not null.
#[must_use]
pub fn float_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

/// A time of a column, if it is not null.
#[must_use]
pub fn timestamp_at(column: &TimestampMicrosecondArray, row: usize) -> Option<Timestamp> {
    Timestamp::from_microsecond(time_at(column, row)?).ok()
}

/// A time of a column in microseconds since 1970, if it is not null.
#[must_use]
pub fn time_at(column: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}
