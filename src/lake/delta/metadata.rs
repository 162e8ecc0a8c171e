//! The schema of a table as Delta Lake writes it, and the rest of its metadata.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field, Fields};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::action::{Action, FileFormat, MetaData, PROTOCOL};
use crate::lake::schema::Table;
use crate::model::{Error, Result};

/// The lines that begin a table that has no metadata yet, or that give it the columns that it has now; none if it has them.
///
/// # Errors
/// When the system gives no random bytes.
pub fn changed_metadata(table: &Table, before: Option<&MetaData>) -> Result<Vec<Action>> {
    let Some(before) = before else {
        let metadata = metadata(table, Timestamp::now().as_millisecond())?;
        return Ok(vec![Action::Protocol(PROTOCOL), Action::MetaData(metadata)]);
    };
    let schema_string = schema_string(table);
    let is_other = before.schema_string != schema_string;
    Ok(is_other.then(|| Action::MetaData(MetaData { schema_string, ..before.clone() })).into_iter().collect())
}

/// The metadata of a table that is begun, with a new id.
fn metadata(table: &Table, created_time: i64) -> Result<MetaData> {
    Ok(MetaData {
        id: random_uuid()?,
        name: table.name.to_owned(),
        description: format!("A row is {}", table.row),
        format: FileFormat { provider: "parquet".to_owned(), options: BTreeMap::new() },
        schema_string: schema_string(table),
        partition_columns: table.partitions.iter().map(|column| (*column).to_owned()).collect(),
        configuration: BTreeMap::new(),
        created_time,
    })
}

/// The table's columns, those of the partitions last.
pub fn schema_string(table: &Table) -> String {
    let mut fields = fields(table.arrow().fields());
    fields.extend(table.partitions.iter().map(|column| field(column, json!("string"), true, json!({}))));
    json!({"type": "struct", "fields": fields}).to_string()
}

fn fields(fields: &Fields) -> Vec<Value> {
    let described = |it: &Field| match it.metadata().get("description") {
        Some(description) => json!({"comment": description}),
        None => json!({}),
    };
    fields.iter().map(|it| field(it.name(), type_of(it.data_type()), it.is_nullable(), described(it))).collect()
}

fn field(name: &str, data_type: Value, nullable: bool, metadata: Value) -> Value {
    json!({"name": name, "type": data_type, "nullable": nullable, "metadata": metadata})
}

fn type_of(data_type: &DataType) -> Value {
    match data_type {
        DataType::Utf8 => json!("string"),
        DataType::Int64 => json!("long"),
        DataType::Float64 => json!("double"),
        DataType::Boolean => json!("boolean"),
        DataType::Timestamp(_, Some(_)) => json!("timestamp"),
        DataType::List(element) => json!({
            "type": "array",
            "elementType": type_of(element.data_type()),
            "containsNull": element.is_nullable(),
        }),
        DataType::Struct(inner) => json!({"type": "struct", "fields": fields(inner)}),
        other => unreachable!("no table has a column of {other}"),
    }
}

/// A random UUID (version 4).
fn random_uuid() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::failed(format!("cannot make an id: {error}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::schema::{KEYWORD_HITS, TABLES};

    #[test]
    fn every_table_has_a_schema_with_its_partitions() {
        for table in TABLES {
            let schema: Value = serde_json::from_str(&schema_string(table)).unwrap();
            let names: Vec<&str> =
                schema["fields"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
            assert_eq!(names, [table.column_names(), table.partitions.to_vec()].concat());
        }
        let schema: Value = serde_json::from_str(&schema_string(&KEYWORD_HITS)).unwrap();
        let places = schema["fields"].as_array().unwrap().iter().find(|it| it["name"] == "places").unwrap();
        assert_eq!(places["type"]["type"], "array");
        assert_eq!(places["type"]["elementType"]["fields"][0]["name"], "start");
        assert_eq!(places["type"]["elementType"]["fields"][0]["type"], "long");
        assert!(places["metadata"]["comment"].is_string());
    }

    #[test]
    fn ids_are_uuids() {
        let id = random_uuid().unwrap();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert_ne!(id, random_uuid().unwrap());
    }
}
