//! Views in DuckDB's SQL: one of each table, and some of what people ask of several.

use std::fmt::Write as _;
use std::path::Path;

use crate::lake::Lake;
use crate::lake::schema::Table;
use crate::model::{Error, Result};

/// How many characters of the transcript stand on either side of a mention.
const CONTEXT: usize = 40;

/// The views of tables. Each has all columns of its table: those that no file has are null, and a table without files has
/// no rows.
///
/// # Errors
/// When the lake cannot be read, or its path is not text.
pub fn of_tables(tables: &[&Table], lake: &Path) -> Result<String> {
    let lake = Lake::open(lake)?;
    let mut text = String::new();
    for table in tables {
        if lake.files(table)?.is_empty() {
            let name = table.name;
            let _infallible = writeln!(text, "-- There is nothing in {name} yet. Make the views again when there is.");
            let _infallible = writeln!(text, "CREATE OR REPLACE VIEW {name} AS {};", no_rows(table));
        } else {
            text += &of_files(table, lake.root())?;
        }
    }
    Ok(text)
}

fn of_files(table: &Table, lake: &Path) -> Result<String> {
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
        "CREATE OR REPLACE VIEW {} AS SELECT * FROM read_parquet('{pattern}/**/*.parquet', {hive}, union_by_name = true) \
         UNION ALL BY NAME {};\n",
        table.name,
        no_rows(table)
    ))
}

/// A relation with all columns of a table and no rows.
fn no_rows(table: &Table) -> String {
    let column = |(name, kind): (&str, &str)| format!("NULL::{kind} AS \"{name}\"");
    let columns = table.columns.iter().map(|column| (column.name, column.column_type.sql()));
    let partitions = table.partitions.iter().map(|name| (*name, "VARCHAR"));
    format!("SELECT {} WHERE false", columns.chain(partitions).map(column).collect::<Vec<_>>().join(", "))
}

/// Views of what people ask of several tables, made of the views of tables.
#[must_use]
pub fn of_questions() -> String {
    format!(
        r#"-- Every interview, settled or not.
CREATE OR REPLACE VIEW all_interviews AS
SELECT *, true AS is_settled FROM interviews
UNION ALL BY NAME
SELECT *, false AS is_settled FROM open_interviews;
-- Every mention of a term, with the words around it. `mention` and `context` are null without a transcript, and in hits of
-- an older version until the next analysis.
CREATE OR REPLACE VIEW mentions AS
SELECT hit."set", hit.term, hit.category, hit.interview_id, hit.position, hit.job_id, hit.settled_at, hit.month,
    response.question_id, response.question_text,
    hit.place."start" AS "start", hit.place."end" AS "end", hit.place.start_char AS start_char,
    hit.place.end_char AS end_char, hit.place.negated AS negated,
    substring(response.transcript, hit.place.start_char + 1, hit.place.end_char - hit.place.start_char) AS mention,
    substring(response.transcript, greatest(hit.place.start_char - {CONTEXT}, 0) + 1,
        hit.place.end_char + {CONTEXT} - greatest(hit.place.start_char - {CONTEXT}, 0)) AS context
FROM (SELECT * EXCLUDE (mentions, negated, places), unnest(places) AS place FROM keyword_hits) AS hit
LEFT JOIN responses AS response USING (interview_id, position);
-- The completion rate of the interviews that were first seen through an id list, by job and the month (UTC) in which they
-- were created; null where none has settled. For several rows add up the counts. Of months that have not had their time yet
-- it still changes: reports take those that have.
CREATE OR REPLACE VIEW completion AS
SELECT job_id, any_value(job.job_title) AS job_title, any_value(job.department) AS department, created_month,
    count(*) FILTER (status = 'completed') AS completed, count(*) FILTER (status = 'expired') AS expired,
    count(*) FILTER (NOT is_settled) AS still_open,
    completed / nullif(completed + expired, 0) AS completion_rate,
    still_open / count(*) AS still_open_share
FROM (
    SELECT job_id, status, is_settled, strftime(created_at AT TIME ZONE 'UTC', '%Y-%m') AS created_month
    FROM all_interviews WHERE first_seen_via = 'list' AND created_at IS NOT NULL
) AS interview
LEFT JOIN (SELECT job_id AS id, job_title, department FROM jobs) AS job ON job.id IS NOT DISTINCT FROM job_id
GROUP BY job_id, created_month;
"#
    )
}
