//! Writes Parquet files. The same rows give the same bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::access::denied;
use super::read::ParquetFile;
use super::schema::{Column, ColumnType, JOBS, SCHEMA, SCHEMA_VERSION, TABLE, Table, place_field, place_fields};
use crate::model::{Error, Result};

/// Most rows of a row group.
pub const ROW_GROUP_ROWS: usize = 32_768;
/// Most bytes of transcript in a row group. A single interview may be larger, because it is never split.
pub const ROW_GROUP_TRANSCRIPT_BYTES: usize = 16 << 20;

/// Approximate bytes of transcript in a page: small enough for a decompressed page to stay in the cache, and large
/// enough to compress well.
const PAGE_TRANSCRIPT_BYTES: usize = 256 << 10;
/// Most row groups that are encoded at once, for the sake of memory.
const MOST_AT_ONCE: usize = 4;
/// After how many rows the writer checks whether a page is full.
const PAGE_CHECKED_ROWS: usize = 64;

/// A file that was written: its rows, its size and its SHA-256 (hex).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    pub rows: u64,
    pub size: u64,
    pub sha256: String,
}

/// Writes a new file, with one row group for each batch that is not empty. The caller syncs it, because that takes long
/// and needs no processor.
///
/// `metadata` are key-value pairs besides the schema's version. They only state what the bytes depend on.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write_file(
    path: &Path,
    table: &Table,
    metadata: &[(&str, &str)],
    groups: impl IntoIterator<Item = RecordBatch>,
) -> Result<WrittenFile> {
    let mut writer = writer(path, table, metadata)?;
    let mut rows = 0;
    for group in groups {
        rows += group.num_rows() as u64;
        writer.write(&group).and_then(|()| writer.flush()).map_err(|error| cannot_write(path, &error))?;
    }
    writer.into_inner().map_err(|error| cannot_write(path, &error))?.finish(path, rows)
}

/// Writes a new file with the rows and row groups of `source`, extended by new columns. `groups` are the new columns of
/// each row group. The table's columns before them are copied from the source as they are stored, without decoding
/// them.
///
/// # Errors
/// As [`write_file`], and when the source cannot be read or lacks a column.
pub fn write_extended(
    path: &Path,
    table: &Table,
    metadata: &[(&str, &str)],
    source: &ParquetFile,
    groups: impl IntoIterator<Item = Vec<ArrayRef>>,
) -> Result<WrittenFile> {
    let fail = |error: ParquetError| cannot_write(path, &error);
    let fields = table.arrow().fields().clone();
    let mut groups = groups.into_iter().peekable();
    let (copied, new) = fields.split_at(fields.len() - groups.peek().map_or(0, Vec::len));
    let (mut writer, _) = writer(path, table, metadata)?.into_serialized_writer().map_err(fail)?;
    // For the new columns only: making an encoder takes longer than copying a column.
    let encoding = ArrowWriter::try_new(io::sink(), Schema::new(new).into(), Some(properties(table, metadata)));
    let (_, encoding) = encoding.and_then(ArrowWriter::into_serialized_writer).map_err(fail)?;
    let file = source.file()?;
    for (group, new_columns) in groups.enumerate() {
        let mut encoders = encoding.create_column_writers(group).map_err(fail)?.into_iter();
        let mut row_group = writer.next_row_group().map_err(fail)?;
        for field in copied {
            let chunk = source.column_chunk(&file, group, field.name())?;
            row_group.append_column(&file, chunk).map_err(fail)?;
        }
        for (field, values) in new.iter().zip(&new_columns) {
            for leaf in compute_leaves(field, values).map_err(fail)? {
                let mut encoder = encoders.next().expect("a writer for each leaf");
                encoder.write(&leaf).map_err(fail)?;
                encoder.close().and_then(|chunk| chunk.append_to_row_group(&mut row_group)).map_err(fail)?;
            }
        }
        row_group.close().map_err(fail)?;
    }
    writer.into_inner().map_err(fail)?.finish(path, source.rows())
}

/// As [`write_file`], with as many row groups encoded at once as there are threads, and the next ones made meanwhile. The
/// bytes are the same.
///
/// # Errors
/// As [`write_file`], and when a group is an error.
pub fn write_groups(
    path: &Path,
    table: &Table,
    metadata: &[(&str, &str)],
    groups: impl Iterator<Item = Result<RecordBatch>> + Send,
) -> Result<WrittenFile> {
    let fail = |error: ParquetError| cannot_write(path, &error);
    let fields = table.arrow().fields().clone();
    let (mut writer, encoding) = writer(path, table, metadata)?.into_serialized_writer().map_err(fail)?;
    let encode = |(group, rows): (usize, &RecordBatch)| -> parquet::errors::Result<Vec<ArrowColumnChunk>> {
        let mut encoders = encoding.create_column_writers(group)?;
        let mut leaves = encoders.iter_mut();
        for (field, values) in fields.iter().zip(rows.columns()) {
            for leaf in compute_leaves(field, values)? {
                leaves.next().expect("a writer for each leaf").write(&leaf)?;
            }
        }
        encoders.into_iter().map(ArrowColumnWriter::close).collect()
    };
    let mut groups = groups.filter(|group| group.as_ref().map_or(true, |group| group.num_rows() > 0));
    let at_once = rayon::current_num_threads().min(MOST_AT_ONCE);
    let mut taken: Vec<RecordBatch> = groups.by_ref().take(at_once).collect::<Result<_>>()?;
    let (mut rows, mut made) = (0, 0);
    while !taken.is_empty() {
        let (encoded, next) = rayon::join(
            || taken.par_iter().enumerate().map(|(index, rows)| encode((made + index, rows))).collect::<Vec<_>>(),
            || groups.by_ref().take(at_once).collect::<Result<Vec<RecordBatch>>>(),
        );
        for chunks in encoded {
            let mut row_group = writer.next_row_group().map_err(fail)?;
            for chunk in chunks.map_err(fail)? {
                chunk.append_to_row_group(&mut row_group).map_err(fail)?;
            }
            row_group.close().map_err(fail)?;
        }
        rows += taken.iter().map(|group| group.num_rows() as u64).sum::<u64>();
        made += taken.len();
        taken = next?;
    }
    writer.into_inner().map_err(fail)?.finish(path, rows)
}

fn writer(path: &Path, table: &Table, metadata: &[(&str, &str)]) -> Result<ArrowWriter<HashingWriter>> {
    let file = OpenOptions::new().create_new(true).write(true).mode(0o666 & !denied(table.name)).open(path);
    let file = file.map_err(|error| cannot_write(path, &error))?;
    let sink = HashingWriter { inner: BufWriter::with_capacity(1 << 17, file), hash: Sha256::new(), size: 0 };
    ArrowWriter::try_new(sink, table.arrow(), Some(properties(table, metadata)))
        .map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::path("write", path, error)
}

fn properties(table: &Table, metadata: &[(&str, &str)]) -> WriterProperties {
    let pairs = [(TABLE, table.name), (SCHEMA, SCHEMA_VERSION)];
    let pairs = pairs.iter().chain(metadata).map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
    let level = ZstdLevel::try_new(3).expect("3 is a zstd level");
    let mut properties = WriterProperties::builder()
        // A fixed name, because the version of the parquet crate must not change the bytes.
        .set_created_by("roundup".to_owned())
        .set_compression(Compression::ZSTD(level))
        // The caller splits row groups, because it knows where an interview ends.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting(table)))
        .set_key_value_metadata(Some(pairs.collect()));
    for Column { name, column_type, .. } in table.columns {
        let column = ColumnPath::from(*name);
        if *name == "interview_id" {
            properties = properties.set_column_bloom_filter_max_ndv(column, ROW_GROUP_ROWS as u64);
        } else if *name == "transcript" {
            // No two answers are alike, so a dictionary would only be built and thrown away. Statistics would repeat
            // people's words in the footer.
            properties = properties
                .set_write_batch_size(PAGE_CHECKED_ROWS)
                .set_column_data_page_size_limit(column.clone(), PAGE_TRANSCRIPT_BYTES)
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column.clone(), Encoding::PLAIN)
                .set_column_statistics_enabled(column, EnabledStatistics::None);
        } else if *name == "job_title" {
            // Rows are sorted by the job's id, whose extremes tell as much. A title may be huge, and would be held several
            // times for its own.
            properties = properties
                .set_column_dictionary_enabled(column.clone(), table.name != JOBS.name)
                .set_column_statistics_enabled(column, EnabledStatistics::None);
        } else if *column_type == ColumnType::Places {
            let element = place_field();
            for field in &place_fields() {
                let parts = [*name, "list", element.name(), field.name()].map(str::to_owned);
                let leaf = ColumnPath::new(parts.to_vec());
                properties = properties.set_column_statistics_enabled(leaf.clone(), EnabledStatistics::None);
                properties = match field.data_type() {
                    DataType::Boolean => properties.set_column_compression(leaf, Compression::UNCOMPRESSED),
                    _ => packed(properties, &leaf),
                };
            }
        } else if *column_type == ColumnType::Integer && !table.sorted_by.contains(name) {
            properties = packed(properties, &column);
        }
    }
    properties.build()
}

/// Encodes a column as packed differences, for counts and offsets. Neighbouring values hardly ever repeat, so this is
/// as small as a compressed dictionary, and faster to make.
fn packed(properties: WriterPropertiesBuilder, column: &ColumnPath) -> WriterPropertiesBuilder {
    properties
        .set_column_dictionary_enabled(column.clone(), false)
        .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
        .set_column_compression(column.clone(), Compression::UNCOMPRESSED)
}

/// The sorting columns by their index among the leaf columns. Every sorted column is a leaf of its own.
fn sorting(table: &Table) -> Vec<SortingColumn> {
    let place = |name: &&str| {
        let index = table.columns.iter().position(|column| column.name == *name).expect("sorted by its own column");
        let column_idx = i32::try_from(index).expect("few columns");
        SortingColumn { column_idx, descending: false, nulls_first: true }
    };
    table.sorted_by.iter().map(place).collect()
}

/// Writes to a file, and hashes the bytes.
struct HashingWriter {
    inner: BufWriter<File>,
    hash: Sha256,
    size: u64,
}

impl HashingWriter {
    fn finish(self, path: &Path, rows: u64) -> Result<WrittenFile> {
        let written = WrittenFile { rows, size: self.size, sha256: hex::encode(self.hash.finalize()) };
        self.inner.into_inner().map_err(|error| cannot_write(path, &error.into_error()))?;
        Ok(written)
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
