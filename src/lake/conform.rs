//! Columns of files that an older version of the program has written, as the tables have them now. Within lists and
//! structs, too, fields may have come since, which are null then; and the name of a list's field is no part of its type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, new_null_array};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;

/// Whether values of a file's type can be read as a table's.
#[must_use]
pub fn reads_as(is: &DataType, wanted: &DataType) -> bool {
    let fits = |is: &Field, wanted: &Field| {
        (wanted.is_nullable() || !is.is_nullable()) && reads_as(is.data_type(), wanted.data_type())
    };
    match (is, wanted) {
        (DataType::List(is), DataType::List(wanted)) => fits(is, wanted),
        (DataType::Struct(is), DataType::Struct(wanted)) => {
            is.iter().all(|field| wanted.find(field.name()).is_some())
                && wanted.iter().all(|field| match is.find(field.name()) {
                    Some((_, is)) => fits(is, field),
                    None => field.is_nullable(),
                })
        }
        (is, wanted) => is.equals_datatype(wanted),
    }
}

/// Values of a file as values of a table's type.
///
/// # Errors
/// When they cannot be read as such.
pub fn conformed(values: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    match (values.data_type(), wanted) {
        (is, wanted) if is == wanted => Ok(Arc::clone(values)),
        (DataType::List(_), DataType::List(field)) => {
            let list = values.as_list::<i32>();
            let inner = conformed(list.values(), field.data_type())?;
            let list = ListArray::try_new(Arc::clone(field), list.offsets().clone(), inner, list.nulls().cloned())?;
            Ok(Arc::new(list))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let values = values.as_struct();
            let column = |field: &Arc<Field>| match values.column_by_name(field.name()) {
                Some(column) => conformed(column, field.data_type()),
                None => Ok(new_null_array(field.data_type(), values.len())),
            };
            let columns = fields.iter().map(column).collect::<Result<Vec<_>, _>>()?;
            let all = StructArray::try_new_with_length(fields.clone(), columns, values.nulls().cloned(), values.len())?;
            Ok(Arc::new(all))
        }
        _ => Ok(Arc::clone(values)),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Fields, Schema};

    use super::*;
    use crate::lake::schema::{ColumnType, KEYWORD_HITS};

    /// Places as version 1 of the tables has them: of two mentions in the first row, and of one in the second.
    fn of_version_1() -> ArrayRef {
        let fields = Fields::from(["start", "end"].map(|name| Field::new(name, DataType::Int64, false)).to_vec());
        let ends = [vec![0, 7, 3], vec![2, 9, 5]].map(|ends| Arc::new(Int64Array::from(ends)) as ArrayRef);
        let item = Arc::new(Field::new("item", DataType::Struct(fields.clone()), false));
        let places = Arc::new(StructArray::new(fields, ends.to_vec(), None));
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([2, 1]), places, None))
    }

    #[test]
    fn places_of_an_older_version_have_what_they_have() {
        let old = of_version_1();
        let wanted = ColumnType::Places.arrow();
        assert!(reads_as(old.data_type(), &wanted) && !reads_as(&wanted, old.data_type()));
        let new = conformed(&old, &wanted).unwrap();
        assert_eq!(new.data_type(), &wanted);
        let places = new.as_list::<i32>().values().as_struct().clone();
        assert_eq!(new.as_list::<i32>().value_length(0), 2);
        for name in ["start", "end"] {
            let before = old.as_list::<i32>().values().as_struct().column_by_name(name).unwrap().clone();
            assert_eq!(places.column_by_name(name), Some(&before));
        }
        for name in ["start_char", "end_char", "negated"] {
            assert_eq!(places.column_by_name(name).unwrap().null_count(), 3, "{name}");
        }
    }

    #[test]
    fn a_row_of_an_older_version_is_one_of_the_table() {
        let schema = Schema::new(vec![Field::new("places", of_version_1().data_type().clone(), false)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![of_version_1()]).unwrap();
        // The other columns are never null, so they must be there.
        let error = KEYWORD_HITS.conform(&batch).unwrap_err();
        assert!(error.to_string().contains("interview_id"), "{error}");
    }

    #[test]
    fn what_is_lost_or_other_is_refused() {
        let wanted = ColumnType::Places.arrow();
        let of = |name: &str, data_type: DataType, nullable: bool| {
            let place = |name: &str| Field::new(name, DataType::Int64, false);
            let place = vec![place("start"), Field::new(name, data_type, nullable)];
            DataType::List(Arc::new(Field::new("item", DataType::Struct(Fields::from(place)), false)))
        };
        assert!(reads_as(&of("end", DataType::Int64, false), &wanted));
        assert!(!reads_as(&of("end", DataType::Int32, false), &wanted));
        assert!(!reads_as(&of("end", DataType::Int64, true), &wanted));
        assert!(!reads_as(&of("start_char", DataType::Int64, false), &wanted), "a place has an end");
        assert!(!reads_as(&DataType::Int64, &wanted));
    }
}
