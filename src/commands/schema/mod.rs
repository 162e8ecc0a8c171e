//! `schema`: the tables as Markdown, JSON or SQL views; the files a user writes as JSON Schemas.

mod settings;
mod views;

use schemars::schema_for;
use serde_json::{Value, json};

use super::terminal::{self, SchemaFlags, SchemaFormat};
use crate::keywords::KeywordSetFile;
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
        SchemaFormat::Sql => {
            let mut text = views::of_tables(&tables, &flags.lake)?;
            if flags.what.is_none() {
                text += &views::of_questions();
            }
            text
        }
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
