//! The cells of a batch, by type. Each field of a struct column is a column of its own.

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use jiff::Timestamp;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Empty,
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Time(Timestamp),
}

/// The name of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// The struct column that it is a field of.
    pub group: Option<String>,
    pub field: String,
}

impl ColumnName {
    /// The name as one text: `group.field`, or the field alone.
    pub fn flat(&self) -> String {
        match &self.group {
            Some(group) => format!("{group}.{}", self.field),
            None => self.field.clone(),
        }
    }
}

/// The names of the columns, in order.
pub fn names(schema: &SchemaRef) -> Vec<ColumnName> {
    let mut names = Vec::new();
    for field in schema.fields() {
        match field.data_type() {
            DataType::Struct(fields) => names.extend(
                fields
                    .iter()
                    .map(|inner| ColumnName { group: Some(field.name().clone()), field: inner.name().clone() }),
            ),
            _ => names.push(ColumnName { group: None, field: field.name().clone() }),
        }
    }
    names
}

enum TypedColumn<'a> {
    Texts(&'a StringArray),
    Integers(&'a Int64Array),
    Floats(&'a Float64Array),
    Flags(&'a BooleanArray),
    Times(&'a TimestampMicrosecondArray),
}

/// The columns of a batch, by type.
pub struct Cells<'a> {
    columns: Vec<TypedColumn<'a>>,
}

impl<'a> Cells<'a> {
    /// # Panics
    /// When a column has a type that no export has.
    pub fn of(batch: &'a RecordBatch) -> Self {
        let mut columns = Vec::new();
        for array in batch.columns() {
            match array.as_struct_opt() {
                Some(group) => columns.extend(group.columns().iter().map(|array| typed(array))),
                None => columns.push(typed(array)),
            }
        }
        Self { columns }
    }

    pub fn row(&self, row: usize) -> impl Iterator<Item = Cell<'a>> {
        self.columns.iter().map(move |column| column.at(row))
    }
}

fn typed(array: &dyn Array) -> TypedColumn<'_> {
    match array.data_type() {
        DataType::Utf8 => TypedColumn::Texts(array.as_string()),
        DataType::Int64 => TypedColumn::Integers(array.as_primitive::<Int64Type>()),
        DataType::Float64 => TypedColumn::Floats(array.as_primitive::<Float64Type>()),
        DataType::Boolean => TypedColumn::Flags(array.as_boolean()),
        DataType::Timestamp(..) => TypedColumn::Times(array.as_primitive::<TimestampMicrosecondType>()),
        other => panic!("no export has a column of {other}"),
    }
}

impl<'a> TypedColumn<'a> {
    fn at(&self, row: usize) -> Cell<'a> {
        fn cell<A: Array + ?Sized, T>(array: &A, row: usize, value: impl FnOnce() -> T) -> Option<T> {
            array.is_valid(row).then(value)
        }
        let found = match *self {
            Self::Texts(array) => cell(array, row, || Cell::Text(array.value(row))),
            Self::Integers(array) => cell(array, row, || Cell::Integer(array.value(row))),
            Self::Floats(array) => cell(array, row, || Cell::Float(array.value(row))),
            Self::Flags(array) => cell(array, row, || Cell::Flag(array.value(row))),
            Self::Times(array) => cell(array, row, || array.value(row))
                .and_then(|at| Timestamp::from_microsecond(at).ok())
                .map(Cell::Time),
        };
        found.unwrap_or(Cell::Empty)
    }
}
