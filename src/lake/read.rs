//! Reading the lake's files: which there are, and their columns by name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, BooleanArray, Float64Array, Int64Array, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};

use crate::model::{Error, Result};

/// Row groups, and which of their rows if not all.
type Part = (Vec<usize>, Option<RowSelection>);

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

    /// Reads the footer; the strings of `column` will be read as views of the pages they are in, not copied.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_viewing(path: &Path, column: &str) -> Result<Self> {
        let Self { path, footer } = Self::open(path)?;
        let viewed = |field: &Field| {
            let is_viewed = field.name() == column && *field.data_type() == DataType::Utf8;
            if is_viewed { field.clone().with_data_type(DataType::Utf8View) } else { field.clone() }
        };
        let fields: Vec<Field> = footer.schema().fields().iter().map(|field| viewed(field)).collect();
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
        self.read(Some((vec![group], None)), self.rows_in_group(group), columns)
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
        self.read(Some((vec![group], Some(selection))), rows.len(), columns)
    }

    /// The named columns of the whole file, in one batch.
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn all(&self, columns: &[&str]) -> Result<RecordBatch> {
        let rows = usize::try_from(self.rows()).unwrap_or(usize::MAX);
        self.read(None, rows, columns)
    }

    fn read(&self, part: Option<Part>, rows: usize, columns: &[&str]) -> Result<RecordBatch> {
        let fail = |error: &dyn std::fmt::Display| Error::path("read", &self.path, error);
        let schema = self.footer.schema();
        if let Some(missing) = columns.iter().find(|name| schema.field_with_name(name).is_err()) {
            return Err(fail(&format!("it has no column {missing}")));
        }
        let file = File::open(&self.path).map_err(|error| fail(&error))?;
        let mask = ProjectionMask::columns(self.footer.parquet_schema(), columns.iter().copied());
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.footer.clone())
            .with_projection(mask)
            .with_batch_size(rows.max(1));
        if let Some((groups, selection)) = part {
            builder = builder.with_row_groups(groups);
            if let Some(selection) = selection {
                builder = builder.with_row_selection(selection);
            }
        }
        let mut reader = builder.build().map_err(|error| fail(&error))?;
        let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
        match reader.next() {
            Some(batch) => batch.map_err(|error| fail(&error)),
            None => Ok(RecordBatch::new_empty(schema)),
        }
    }
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
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
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

/// A time of a column in microseconds since 1970, if it is not null.
#[must_use]
pub fn time_at(column: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}
