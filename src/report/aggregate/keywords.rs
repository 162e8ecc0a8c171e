//! Counts of keywords, before any is held back.

use std::collections::BTreeMap;

use polars::prelude::{Expr, PolarsResult, col};

use super::counted_tables::CountedTables;
use super::groups::{GroupTable, distinct, rows};

/// The completed interviews that contain a term.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holding {
    pub interviews: i64,
    /// Number of candidates in these interviews.
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

/// Counts of a term in the completed interviews of a group.
#[derive(Debug, Clone, Copy, Default)]
pub struct TermCounts {
    pub holding: Holding,
    pub responses: i64,
    pub mentions: i64,
    pub negated: i64,
}

/// Numbers of a group and a term.
pub type Key = (u32, u32);

/// Counts of terms in a period, by the numbers of the group and the term. `by` is the group's column: `job` or `all`.
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

/// Interviews that contain a term, by the number of a question, a question type or a week.
pub type Parts = BTreeMap<u32, Holding>;

/// Interviews that contain a term in each question, question type or week, which `of` names. The key is the numbers of
/// the group and the term; `by` is the group's column: `job` or `all`. Only the current period is counted, except by
/// week.
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
