//! Checkpoints of a Delta log: a Parquet file with a row for each line that is still of use, so that a reader need not
//! read every commit.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, ListBuilder, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field as Value, Row};
use serde_json::{Map, Value as Json};

use super::action::{Action, Add, MetaData, PROTOCOL, Remove};
use crate::model::{Error, Result};

/// The bytes of a checkpoint.
///
/// # Errors
/// When it cannot be encoded.
pub fn to_bytes(metadata: &MetaData, live: &[&Add], removed: &[&Remove]) -> Result<Vec<u8>> {
    let rows = 2 + live.len() + removed.len();
    let adds = 2..2 + live.len();
    let removes = adds.end..rows;
    let columns = [
        Column::new(
            "protocol",
            0..1,
            vec![
                ("minReaderVersion", Arc::new(Int32Array::from(vec![PROTOCOL.min_reader_version])) as ArrayRef),
                ("minWriterVersion", Arc::new(Int32Array::from(vec![PROTOCOL.min_writer_version]))),
            ],
        ),
        Column::new("metaData", 1..2, metadata_columns(metadata)),
        Column::new("add", adds, add_columns(live)),
        Column::new("remove", removes, remove_columns(removed)),
    ];
    let fail = |error: &dyn std::fmt::Display| Error::failed(format!("cannot make a checkpoint: {error}"));
    let arrays = columns.map(|column| (column.name, column.spread(rows)));
    let batch = RecordBatch::try_from_iter_with_nullable(arrays.map(|(name, array)| (name, array, true)));
    let batch = batch.map_err(|error| fail(&error))?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).map_err(|error| fail(&error))?;
    writer.write(&batch).map_err(|error| fail(&error))?;
    writer.close().map_err(|error| fail(&error))?;
    Ok(bytes)
}

/// The columns of one kind of line, for the rows that have it.
struct Column {
    name: &'static str,
    rows: std::ops::Range<usize>,
    fields: Vec<(&'static str, ArrayRef)>,
}

impl Column {
    fn new(name: &'static str, rows: std::ops::Range<usize>, fields: Vec<(&'static str, ArrayRef)>) -> Self {
        Self { name, rows, fields }
    }

    /// The column over all rows, null where another kind of line is.
    fn spread(self, rows: usize) -> ArrayRef {
        let indices: Int64Array =
            (0..rows).map(|row| self.rows.contains(&row).then(|| (row - self.rows.start) as i64)).collect();
        let field = |(name, values): &(&str, ArrayRef)| Field::new(*name, values.data_type().clone(), true);
        let fields: Fields = self.fields.iter().map(field).collect();
        let taken = |(_, values): (_, ArrayRef)| arrow::compute::take(&values, &indices, None).expect("rows are there");
        let arrays: Vec<ArrayRef> = self.fields.into_iter().map(taken).collect();
        let is_there = NullBuffer::from_iter((0..rows).map(|row| self.rows.contains(&row)));
        Arc::new(StructArray::new(fields, arrays, Some(is_there)))
    }
}

fn metadata_columns(metadata: &MetaData) -> Vec<(&'static str, ArrayRef)> {
    let MetaData { id, name, description, format, schema_string, partition_columns, configuration, created_time } =
        metadata;
    let provider = texts([&format.provider]);
    let options = maps([&of_some(&format.options)]);
    let of_format = Fields::from(vec![
        Field::new("provider", DataType::Utf8, true),
        Field::new("options", options.data_type().clone(), true),
    ]);
    let mut columns = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    columns.append_value(partition_columns.iter().map(Some));
    vec![
        ("id", texts([id])),
        ("name", texts([name])),
        ("description", texts([description])),
        ("format", Arc::new(StructArray::new(of_format, vec![provider, options], None))),
        ("schemaString", texts([schema_string])),
        ("partitionColumns", Arc::new(columns.finish())),
        ("configuration", maps([&of_some(configuration)])),
        ("createdTime", Arc::new(Int64Array::from(vec![*created_time]))),
    ]
}

fn add_columns(live: &[&Add]) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("path", texts(live.iter().map(|add| &add.path))),
        ("partitionValues", maps(live.iter().map(|add| &add.partition_values))),
        ("size", Arc::new(live.iter().map(|add| Some(add.size)).collect::<Int64Array>())),
        ("modificationTime", Arc::new(live.iter().map(|add| Some(add.modification_time)).collect::<Int64Array>())),
        ("dataChange", Arc::new(live.iter().map(|add| Some(add.data_change)).collect::<BooleanArray>())),
        ("stats", texts(live.iter().map(|add| &add.stats))),
        ("tags", maps(live.iter().map(|add| of_some(&add.tags)).collect::<Vec<_>>().iter())),
    ]
}

fn remove_columns(removed: &[&Remove]) -> Vec<(&'static str, ArrayRef)> {
    let integers = |of: fn(&Remove) -> i64| -> ArrayRef {
        Arc::new(removed.iter().map(|remove| Some(of(remove))).collect::<Int64Array>())
    };
    let flags = |of: fn(&Remove) -> bool| -> ArrayRef {
        Arc::new(removed.iter().map(|remove| Some(of(remove))).collect::<BooleanArray>())
    };
    vec![
        ("path", texts(removed.iter().map(|remove| &remove.path))),
        ("deletionTimestamp", integers(|remove| remove.deletion_timestamp)),
        ("dataChange", flags(|remove| remove.data_change)),
        ("extendedFileMetadata", flags(|remove| remove.extended_file_metadata)),
        ("partitionValues", maps(removed.iter().map(|remove| &remove.partition_values))),
        ("size", integers(|remove| remove.size)),
    ]
}

fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn of_some(map: &BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
    map.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect()
}

fn maps<'a>(values: impl IntoIterator<Item = &'a BTreeMap<String, Option<String>>>) -> ArrayRef {
    // As the Parquet format names them.
    let names = MapFieldNames { entry: "key_value".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    let mut maps = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for map in values {
        for (key, value) in map {
            maps.keys().append_value(key);
            maps.values().append_option(value.as_ref());
        }
        maps.append(true).expect("as many keys as values");
    }
    Arc::new(maps.finish())
}

/// Reads a checkpoint that this program wrote. `None` if it is not whole.
pub fn read(path: &Path) -> Option<Vec<Action>> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let rows = reader.get_row_iter(None).ok()?;
    // In each row, one kind of line is not null.
    let line = |row: Row| {
        let (name, value) = row.get_column_iter().find(|(_, value)| !matches!(value, Value::Null))?;
        let line = Map::from_iter([(name.clone(), to_json(value)?)]);
        serde_json::from_value(Json::Object(line)).ok()
    };
    rows.map(|row| line(row.ok()?)).collect()
}

/// A value of one of the types that a checkpoint has.
fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Long(value) => (*value).into(),
        Value::Str(value) => value.as_str().into(),
        Value::Group(row) => {
            let field = |(name, value): (&String, &Value)| Some((name.clone(), to_json(value)?));
            Json::Object(row.get_column_iter().map(field).collect::<Option<_>>()?)
        }
        Value::ListInternal(list) => Json::Array(list.elements().iter().map(to_json).collect::<Option<_>>()?),
        Value::MapInternal(map) => {
            let entry = |(key, value): &(Value, Value)| match key {
                Value::Str(key) => Some((key.clone(), to_json(value)?)),
                _ => None,
            };
            Json::Object(map.entries().iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
