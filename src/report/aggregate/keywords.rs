//! Counts of keywords, before anything is held back.

use std::collections::BTreeMap;

use polars::prelude::{Expr, PolarsResult, col};

use super::counted_tables::CountedTables;
use super::groups::{GroupTable, distinct, rows};

/// Completed interviews that hold a term.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holding {
    pub interviews: i64,
    /// Whose they are.
    pub candidates: i64,
}

impl Holding {
    fn exprs() -> Vec<Expr> {
        vec![distinct("interview").alias("interviews"), distinct("candidate").alias("candidates")]
    }

    fn of(table: &GroupTable, row: usize) -> PolarsResult<Self> {
        Ok(Self { interviews: table.integer("interviews", row)?, candidates: table.integer("candidates", row)? })
    }
}

/// A term in the completed interviews of a group.
#[derive(Debug, Clone, Copy, Default)]
pub struct TermCounts {
    pub holding: Holding,
    pub responses: i64,
    pub mentions: i64,
    pub negated: i64,
}

/// Numbers of a group and a term.
pub type Key = (u32, u32);

/// Counts of a period, by (`job` or `all`, term).
pub fn keywords(tables: &CountedTables, by: &str, period: &str) -> PolarsResult<BTreeMap<Key, TermCounts>> {
    let mut exprs = Holding::exprs();
    exprs.extend([rows().alias("responses"), col("mentions").sum(), col("negated").sum()]);
    let table = GroupTable::of(&tables.hits, &[by, "term"], Some(period), exprs)?;
    let read = |row| {
        let counts = TermCounts {
            holding: Holding::of(&table, row)?,
            responses: table.integer("responses", row)?,
            mentions: table.integer("mentions", row)?,
            negated: table.integer("negated", row)?,
        };
        Ok(((table.number(by, row)?, table.number("term", row)?), counts))
    };
    table.rows().map(read).collect()
}

/// By the number of a question, a type or a week.
pub type Parts = BTreeMap<u32, Holding>;

/// Interviews that hold a term in each question, type or week (`of`): by (`job` or `all`, term), then by the number of
/// that. Only of the current period, unless it is weeks.
pub fn split(tables: &CountedTables, by: &str, of: &str) -> PolarsResult<BTreeMap<Key, Parts>> {
    let period = (of != "week").then_some("current");
    let table = GroupTable::of(&tables.hits, &[by, "term", of], period, Holding::exprs())?;
    let mut split: BTreeMap<Key, Parts> = BTreeMap::new();
    for row in table.rows() {
        let Some(part) = table.number_or_none(of, row)? else { continue };
        let key = (table.number(by, row)?, table.number("term", row)?);
        split.entry(key).or_default().insert(part, Holding::of(&table, row)?);
    }
    Ok(split)
}
