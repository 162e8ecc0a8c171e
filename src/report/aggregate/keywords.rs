//! Counts of keywords, before anything is held back.

use std::collections::BTreeMap;

use polars::prelude::{DataType, PolarsResult, col};

use super::groups::{Table, Tables, rows};

/// A term in the completed interviews of a group.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawKeyword {
    pub interviews: i64,
    pub responses: i64,
    pub mentions: i64,
    pub negated: i64,
}

/// Numbers of a group and a term.
pub type Key = (u32, u32);

/// Counts of a period, by (`job` or `all`, term).
pub fn keywords(tables: &Tables, by: &str, period: &str) -> PolarsResult<BTreeMap<Key, RawKeyword>> {
    let exprs = vec![
        col("interview").n_unique().cast(DataType::Int64).alias("interviews"),
        rows().alias("responses"),
        col("mentions").sum(),
        col("negated").sum(),
    ];
    let table = Table::of(&tables.hits, &[by, "term"], Some(period), exprs)?;
    let read = |row| {
        let counts = RawKeyword {
            interviews: table.integer("interviews", row)?,
            responses: table.integer("responses", row)?,
            mentions: table.integer("mentions", row)?,
            negated: table.integer("negated", row)?,
        };
        Ok(((table.number(by, row)?, table.number("term", row)?), counts))
    };
    table.rows().map(read).collect()
}

/// Interviews that hold a term in each question, type or week (`of`): by (`job` or `all`, term), then by the number of
/// that. Only of the current period, unless it is weeks.
pub fn split(tables: &Tables, by: &str, of: &str) -> PolarsResult<BTreeMap<Key, BTreeMap<u32, i64>>> {
    let interviews = col("interview").n_unique().cast(DataType::Int64).alias("interviews");
    let period = (of != "week").then_some("current");
    let table = Table::of(&tables.hits, &[by, "term", of], period, vec![interviews])?;
    let mut split: BTreeMap<Key, BTreeMap<u32, i64>> = BTreeMap::new();
    for row in table.rows() {
        let Some(part) = table.number_or_none(of, row)? else { continue };
        let key = (table.number(by, row)?, table.number("term", row)?);
        split.entry(key).or_default().insert(part, table.integer("interviews", row)?);
    }
    Ok(split)
}
