//! A Parquet file of the lake: its footer, and the columns of its row groups.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};
use parquet::file::page_index::index_reader::{decode_column_index, decode_offset_index};
use parquet::file::reader::ChunkReader;

use super::slice::FileSlice;
use crate::lake::retired;
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
    /// When the file is missing or is not Parquet.
    pub fn open(path: &Path) -> Result<Self> {
        let file = retired::open(path).map_err(|error| damaged("open", path, &error))?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| damaged("read", path, &error))?;
        Ok(Self { path: path.to_owned(), footer })
    }

    /// Reads the footer of a file that is elsewhere, so that its rows cannot be read. `end` returns so many of its last
    /// bytes.
    ///
    /// # Errors
    /// When it is not Parquet, and those of `end`.
    pub fn of_end(name: &Path, size: u64, end: impl Fn(u64) -> Result<Bytes>) -> Result<Self> {
        /// Bytes that are read at first. Few footers are larger.
        const AT_FIRST: u64 = 64 << 10;
        let mut reader = ParquetMetaDataReader::new();
        let mut read = reader.try_parse_sized(&end(AT_FIRST.min(size))?, size);
        if let Err(ParquetError::NeedMoreData(needed)) = read {
            read = reader.try_parse_sized(&end((needed as u64).min(size))?, size);
        }
        let metadata = read.and_then(|()| reader.finish()).map_err(|error| damaged("read", name, &error))?;
        let footer = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new());
        Ok(Self { path: name.to_owned(), footer: footer.map_err(|error| damaged("read", name, &error))? })
    }

    /// Reads the footer. The strings of some columns will be read as other arrays than
    /// [`StringArray`](arrow::array::StringArray): as views of their pages, or as a dictionary.
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

    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.footer.schema()
    }

    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.footer.metadata().num_row_groups()
    }

    /// The number of rows in the file.
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

    /// The size of all columns before they were compressed.
    #[must_use]
    pub fn uncompressed_bytes(&self) -> u64 {
        self.footer.metadata().row_groups().iter().map(|group| group.total_byte_size().unsigned_abs()).sum()
    }

    /// The pairs of the file's key-value metadata that this program has written, sorted as they are there.
    pub fn own_metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.footer.metadata().file_metadata().key_value_metadata();
        let pairs =
            pairs.into_iter().flatten().map(|pair| (pair.key.as_str(), pair.value.as_deref().unwrap_or_default()));
        pairs.filter(|(key, _)| key.starts_with("roundup."))
    }

    /// Whether a column of a row group is null in all rows, as far as its statistics tell.
    #[must_use]
    pub fn is_all_null(&self, group: usize, column: &str) -> bool {
        let row_group = self.footer.metadata().row_group(group);
        let chunk = row_group.columns().iter().find(|chunk| chunk.column_path().string() == column);
        let nulls = chunk.and_then(|chunk| chunk.statistics()?.null_count_opt());
        nulls == Some(row_group.num_rows().unsigned_abs())
    }

    /// Whether a row group may have one of these values in a text column, as far as its bloom filter tells.
    ///
    /// # Errors
    /// When the filter cannot be read.
    pub fn may_have<'a>(&self, group: usize, column: &str, mut values: impl Iterator<Item = &'a str>) -> Result<bool> {
        let row_group = self.footer.metadata().row_group(group);
        let chunk = row_group.columns().iter().find(|chunk| chunk.column_path().string() == column);
        let chunk = chunk.ok_or_else(|| self.cannot_read(&lacks(column)))?;
        let filter = Sbbf::read_from_column_chunk(chunk, &self.file()?).map_err(|error| self.cannot_read(&error))?;
        Ok(filter.is_none_or(|filter| values.any(|value| filter.check(&value))))
    }

    /// Reads the named columns of a row group into one batch. The columns are in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read or lacks one of the columns.
    pub fn row_group(&self, group: usize, columns: &[&str]) -> Result<RecordBatch> {
        self.one_batch(ReadScope::Group(group), self.rows_in_group(group), columns)
    }

    /// Those of some columns that the file has. One that was written by an older version may lack the latest.
    #[must_use]
    pub fn present(&self, columns: &[&'static str]) -> Vec<&'static str> {
        columns.iter().copied().filter(|name| self.footer.schema().field_with_name(name).is_ok()).collect()
    }

    /// The number of rows in a row group.
    #[must_use]
    pub fn rows_in_group(&self, group: usize) -> usize {
        usize::try_from(self.footer.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// Reads the named columns of some rows of a row group into one batch. `rows` is sorted and has no duplicates.
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn rows_of_group(&self, group: usize, rows: &[usize], columns: &[&str]) -> Result<RecordBatch> {
        let ranges = rows.iter().map(|row| *row..*row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, self.rows_in_group(group));
        self.one_batch(ReadScope::Rows(group, selection), rows.len(), columns)
    }

    /// Reads the named columns of the whole file into one batch.
    ///
    /// # Errors
    /// As [`Self::row_group`].
    pub fn all(&self, columns: &[&str]) -> Result<RecordBatch> {
        let rows = usize::try_from(self.rows()).unwrap_or(usize::MAX);
        self.one_batch(ReadScope::All, rows, columns)
    }

    /// Reads the named columns of a row group in batches of at most `rows` rows.
    ///
    /// # Errors
    /// As [`Self::row_group`]. Each batch can also fail.
    pub fn batches(
        &self,
        group: usize,
        columns: &[&str],
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
        let reader = self.reader(ReadScope::Group(group), rows, columns)?;
        Ok(reader.map(|batch| batch.map_err(|error| self.cannot_read(&error))))
    }

    /// Reads the named columns of the whole file in batches of at most `rows` rows, page by page, so that little of it is
    /// in memory.
    ///
    /// # Errors
    /// As [`Self::row_group`]. Each batch can also fail.
    pub fn stream(
        &self,
        columns: &[&str],
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<'_>> {
        let reader = self.reader(ReadScope::All, rows, columns)?;
        Ok(reader.map(|batch| batch.map_err(|error| self.cannot_read(&error))))
    }

    /// Opens the file itself for reading.
    ///
    /// # Errors
    /// When it does not exist any more.
    pub fn file(&self) -> Result<File> {
        retired::open(&self.path).map_err(|error| self.cannot_read(&error))
    }

    /// The metadata of a column chunk, with which it can be copied from [`Self::file`] without decoding it.
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

    fn one_batch(&self, part: ReadScope, rows: usize, columns: &[&str]) -> Result<RecordBatch> {
        let mut reader = self.reader(part, rows.max(1), columns)?;
        let schema = reader.schema();
        match reader.next() {
            Some(batch) => batch.map_err(|error| self.cannot_read(&error)),
            None => Ok(RecordBatch::new_empty(schema)),
        }
    }

    fn reader(&self, part: ReadScope, rows: usize, columns: &[&str]) -> Result<ParquetRecordBatchReader> {
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
            ReadScope::All => of_file(file).build(),
            ReadScope::Rows(group, selection) => {
                of_file(file).with_row_groups(vec![group]).with_row_selection(selection).build()
            }
            ReadScope::Group(group) => {
                let slice = self.slice(&file, group, columns).map_err(|error| self.cannot_read(&error))?;
                let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(slice, footer.clone());
                builder.with_projection(mask).with_batch_size(rows).with_row_groups(vec![group]).build()
            }
        };
        reader.map_err(|error| self.cannot_read(&error))
    }

    /// Reads the part of the file that holds some columns of a row group, in one read.
    fn slice(&self, file: &File, group: usize, columns: &[&str]) -> io::Result<FileSlice> {
        let row_group = self.footer.metadata().row_group(group);
        let wanted = row_group.columns().iter().filter(|chunk| {
            let root = chunk.column_path().parts().first();
            root.is_some_and(|root| columns.contains(&root.as_str()))
        });
        let ranges = wanted.map(ColumnChunkMetaData::byte_range);
        let (begin, end) =
            ranges.fold((u64::MAX, 0), |(begin, end), (at, length)| (begin.min(at), end.max(at + length)));
        let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(usize::MAX);
        FileSlice::read(file, begin, length)
    }

    fn cannot_read(&self, error: &dyn std::fmt::Display) -> Error {
        damaged("read", &self.path, error)
    }
}

/// The part of a file that is read.
enum ReadScope {
    All,
    /// One row group.
    Group(usize),
    /// Some rows of a row group.
    Rows(usize, RowSelection),
}

fn damaged(doing: &str, path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::path(doing, path, why)
        .hint("`roundup status --check` says what is wrong with the files of a lake, and what to do")
}

fn lacks(column: &str) -> String {
    format!("it has no column {column}")
}
