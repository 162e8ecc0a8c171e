//! Typed access to the columns of a batch and their values.

use arrow::array::{
    Array, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TypedDictionaryArray,
};
use arrow::datatypes::Int32Type;
use jiff::Timestamp;

/// A column of a batch by name and type.
///
/// # Panics
/// When the batch was read without that column or the column has another type. Both are mistakes in this program,
/// because [`ParquetFile`](super::ParquetFile) checks the columns and the schema fixes their types.
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

/// A column that was read as a dictionary.
///
/// # Panics
/// As [`column`](fn@column).
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

/// A string of a column that was read as views, if it is not null.
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
