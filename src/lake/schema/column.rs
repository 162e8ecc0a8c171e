//! Columns and tables: what they are made of, in Arrow and in SQL.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use crate::lake::conform::conformed;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Integer,
    Float,
    Flag,
    /// UTC, microseconds.
    Time,
    /// A list of ranges of the original transcript with an exclusive end, in bytes and in Unicode scalar values, each with
    /// whether it is negated.
    Places,
    /// A list of names, each with a count.
    Counts,
}

impl ColumnType {
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Places => DataType::List(place_field()),
            Self::Counts => DataType::List(count_field()),
        }
    }

    /// The type's name in SQL (DuckDB's dialect).
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "VARCHAR",
            Self::Integer => "BIGINT",
            Self::Float => "DOUBLE",
            Self::Flag => "BOOLEAN",
            Self::Time => "TIMESTAMP WITH TIME ZONE",
            Self::Places => {
                "STRUCT(\"start\" BIGINT, \"end\" BIGINT, start_char BIGINT, end_char BIGINT, negated BOOLEAN)[]"
            }
            Self::Counts => "STRUCT(\"name\" VARCHAR, \"count\" BIGINT)[]",
        }
    }
}

/// The field of a list of places. It has the name that the Parquet format gives it.
#[must_use]
pub fn place_field() -> FieldRef {
    Arc::new(Field::new("element", DataType::Struct(place_fields()), false))
}

/// The fields of one place of a hit. Files of version 1 have only the first two.
#[must_use]
pub fn place_fields() -> Fields {
    Fields::from(vec![
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("start_char", DataType::Int64, true),
        Field::new("end_char", DataType::Int64, true),
        Field::new("negated", DataType::Boolean, true),
    ])
}

/// The field of a list of counts.
fn count_field() -> FieldRef {
    Arc::new(Field::new("element", DataType::Struct(count_fields()), false))
}

/// The fields of one count.
#[must_use]
pub fn count_fields() -> Fields {
    Fields::from(vec![Field::new("name", DataType::Utf8, false), Field::new("count", DataType::Int64, false)])
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub column_type: ColumnType,
    pub nullable: bool,
    pub description: &'static str,
}

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// What a row is.
    pub row: &'static str,
    pub key: &'static [&'static str],
    /// Columns by which the rows of a file are sorted, ascending, nulls first.
    pub sorted_by: &'static [&'static str],
    /// Partition columns, which are in the path and never in the file.
    pub partitions: &'static [&'static str],
    pub columns: &'static [Column],
}

impl Table {
    #[must_use]
    pub fn column_names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    #[must_use]
    pub fn arrow(&self) -> SchemaRef {
        let field = |column: &Column| {
            let metadata = HashMap::from([("description".to_owned(), column.description.to_owned())]);
            Field::new(column.name, column.column_type.arrow(), column.nullable).with_metadata(metadata)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The values of the partition columns at a place below the table; null where its path has none.
    #[must_use]
    pub fn partition_values(&self, place: &str) -> BTreeMap<String, Option<String>> {
        let value = |column: &str| {
            place.split('/').find_map(|part| Some(part.strip_prefix(column)?.strip_prefix('=')?.to_owned()))
        };
        self.partitions.iter().map(|column| ((*column).to_owned(), value(column))).collect()
    }

    /// Rows of a file under the table's own schema. The file may be older: its descriptions may differ, and a column
    /// that it lacks is null, and so is what the places of its hits lack.
    ///
    /// # Errors
    /// When a column has another type, or one that is never null is missing.
    pub fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let column = |column: &Column| match batch.column_by_name(column.name) {
            Some(values) => conformed(values, &column.column_type.arrow()),
            None => Ok(new_null_array(&column.column_type.arrow(), batch.num_rows())),
        };
        RecordBatch::try_new(self.arrow(), self.columns.iter().map(column).collect::<Result<_, _>>()?)
    }
}

pub(super) const fn needed(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: false, description }
}

pub(super) const fn optional(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: true, description }
}
