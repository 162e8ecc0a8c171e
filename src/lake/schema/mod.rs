//! The lake's tables: an explicit schema with a description of every column. Changes may only add nullable columns.

mod column;
mod runs;
mod tables;

pub use column::{Column, ColumnType, Table, count_fields, place_field, place_fields};
pub use runs::RUNS;
pub use tables::{
    AUDIO, CANDIDATES, DELIVERIES, ERASURES, INTERVIEW_METRICS, INTERVIEWS, JOBS, KEYWORD_HITS, OPEN_INTERVIEWS,
    QUESTIONS, RESPONSE_METRICS, RESPONSES,
};

/// Metadata key of every file: the name of its table.
pub const TABLE: &str = "roundup.table";
/// Metadata key of every file: the version of the tables.
pub const SCHEMA: &str = "roundup.schema";
/// Metadata key of a derived file: the month and name of what it was made from.
pub const SOURCE: &str = "roundup.source";
/// Metadata key of a derived file: the SHA-256 of what it was made from.
pub const SOURCE_SHA256: &str = "roundup.source_sha256";
/// Metadata key of a derived file: the hash of the keyword set that it was made with.
pub const SET_SHA256: &str = "roundup.set_sha256";

/// Version of the tables, which is written into every file.
pub const SCHEMA_VERSION: &str = "2";

/// Every table, in the order of the data.
pub const TABLES: &[&Table] = &[
    &INTERVIEWS,
    &OPEN_INTERVIEWS,
    &JOBS,
    &RESPONSES,
    &QUESTIONS,
    &CANDIDATES,
    &RESPONSE_METRICS,
    &INTERVIEW_METRICS,
    &KEYWORD_HITS,
    &AUDIO,
    &DELIVERIES,
    &ERASURES,
    &RUNS,
];

#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// Tables that are not derived from others, in the order in which they are published: a visible interview always has its
/// answers and its candidate.
pub const SOURCES: &[&str] = &[
    "candidates",
    "responses",
    "questions",
    "audio",
    "deliveries",
    "erasures",
    "runs",
    "interviews",
    "open_interviews",
];

/// The place of a table in the order in which files are published; those of derived tables are last.
#[must_use]
pub fn rank(table: &str) -> usize {
    SOURCES.iter().position(|name| *name == table).unwrap_or(SOURCES.len())
}

/// Whether a table is not derived from others.
#[must_use]
pub fn is_source(table: &str) -> bool {
    SOURCES.contains(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_can_be_null_say_when() {
        for table in TABLES {
            for column in table.columns.iter().filter(|column| column.nullable) {
                let Column { name, description, .. } = column;
                assert!(description.contains("null "), "{}.{name}: {description}", table.name);
            }
        }
    }
}
