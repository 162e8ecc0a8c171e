//! `schema`: the tables as Markdown, JSON or SQL views; the files a user writes as JSON Schemas.

mod settings;

use std::path::Path;

use schemars::schema_for;
use serde_json::{Value, json};

use super::terminal::{self, SchemaFlags, SchemaFormat};
use crate::keywords::KeywordSetFile;
use crate::lake::Lake;
use crate::lake::schema::{TABLES, Table, table};
use crate::model::{Error, Result};
use crate::pipeline::file::PipelineFile;

pub fn run(flags: &SchemaFlags) -> Result<()> {
    let tables: Vec<&Table> = match flags.what.as_deref() {
        Some("pipeline") => {
            terminal::data(&terminal::json(&schema_for!(PipelineFile)))?;
            return Ok(());
        }
        Some("settings") => {
            terminal::data(&settings::settings())?;
            return Ok(());
        }
        Some("keywords") => {
            terminal::data(&terminal::json(&schema_for!(KeywordSetFile)))?;
            return Ok(());
        }
        Some(name) => vec![table(name).ok_or_else(|| {
            let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            Error::usage(format!("there is no table {name}"))
                .hint(format!("one of {}, or `pipeline`, `keywords`, `settings`", names.join(", ")))
        })?],
        None => TABLES.to_vec(),
    };
    terminal::data(&match flags.format {
        SchemaFormat::Markdown => tables.iter().map(|table| markdown(table)).collect::<Vec<_>>().join("\n"),
        SchemaFormat::Json => terminal::json(&tables.iter().map(|table| as_json(table)).collect::<Vec<_>>()),
        SchemaFormat::Sql => views(&tables, &flags.lake)?,
    })?;
    Ok(())
}

fn markdown(table: &Table) -> String {
    let mut text = format!("## {}\n\nA row is {}. Key: `{}`.", table.name, table.row, table.key.join("`, `"));
    if !table.partitions.is_empty() {
        text += &format!(" Partitions (in the path only): `{}`.", table.partitions.join("`, `"));
    }
    text += "\n\n| column | type | null | what it is |\n| --- | --- | --- | --- |\n";
    for column in table.columns {
        let (name, kind) = (column.name, column.column_type.sql());
        let null = if column.nullable { "yes" } else { "no" };
        text += &format!("| `{name}` | {kind} | {null} | {} |\n", column.description);
    }
    text
}

fn as_json(table: &Table) -> Value {
    let column = |column: &crate::lake::schema::Column| {
        json!({
            "name": column.name,
            "type": column.column_type.sql(),
            "nullable": column.nullable,
            "description": column.description,
        })
    };
    json!({
        "table": table.name,
        "row": table.row,
        "key": table.key,
        "sorted_by": table.sorted_by,
        "partitions": table.partitions,
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
    })
}

/// Views of the tables that a lake has. A view of one without files would be an error.
fn views(tables: &[&Table], lake: &Path) -> Result<String> {
    let lake = Lake::open(lake)?;
    let mut text = String::new();
    for table in tables {
        text += &if lake.files(table)?.is_empty() {
            format!("-- There is nothing in {} yet.\n", table.name)
        } else {
            view(table, lake.root())?
        };
    }
    Ok(text)
}

fn view(table: &Table, lake: &Path) -> Result<String> {
    let folder = lake.join(table.name);
    let folder = folder.to_str().ok_or_else(|| Error::usage(format!("{} is not UTF-8 text", folder.display())))?;
    // What a glob gives a meaning stands for itself in brackets.
    let mut pattern = String::new();
    for character in folder.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            '\'' => pattern += "''",
            _ => pattern.push(character),
        }
    }
    let hive = if table.partitions.is_empty() {
        "hive_partitioning = false"
    } else {
        "hive_partitioning = true, hive_types_autocast = false"
    };
    Ok(format!(
        "CREATE OR REPLACE VIEW {} AS SELECT * FROM read_parquet('{pattern}/**/*.parquet', {hive});\n",
        table.name
    ))
}
