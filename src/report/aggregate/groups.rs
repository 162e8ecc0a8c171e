//! Figures of a group of interviews, before any is held back: of each job, and of all jobs.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy, PolarsResult, QuantileMethod, col, len, lit};

use super::counted_tables::CountedTables;
use crate::report::frames::{COMPLETED, EXPIRED, OPEN};
use crate::report::model::{Count, Distribution, PRIVACY_FLOOR};

/// A figure of a group, before it is held back.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub n: i64,
    /// Number of candidates with a value.
    candidates: i64,
    summary: Distribution,
}

impl Measured {
    /// Whether enough candidates have a value for the figure to be shown, however many answers they gave.
    pub fn is_of_enough(&self) -> bool {
        self.candidates >= PRIVACY_FLOOR
    }

    pub fn median(&self) -> Option<f64> {
        self.summary.median.filter(|_| self.is_of_enough())
    }

    /// The summary if n is shown, otherwise n alone.
    pub fn shown(&self, n: Count) -> Distribution {
        match n {
            Count(Some(1..)) => self.summary.clone(),
            n => Distribution { n, ..Distribution::default() },
        }
    }
}

/// Counts and distributions of a group in a period.
#[derive(Debug, Clone, Default)]
pub struct GroupCounts {
    pub candidates: i64,
    pub completed: i64,
    pub expired: i64,
    pub responses: i64,
    pub answered: i64,
    /// Completed, expired and open interviews of the cohort.
    pub cohort: [i64; 3],
    /// Number of interviews without answers, and of answers without duration, without transcript, and with a blank
    /// transcript.
    pub missing: [i64; 4],
    pub total_duration_seconds: Measured,
    pub average_response_length: Measured,
    pub elapsed_seconds: Measured,
    pub days_to_complete: Measured,
    pub word_count: Measured,
    pub words_per_minute: Measured,
    pub question_count: Measured,
    pub answered_share: Measured,
    pub pooled_words_per_minute: Option<f64>,
}

impl GroupCounts {
    pub fn measured(&self) -> [&Measured; 8] {
        [
            &self.total_duration_seconds,
            &self.average_response_length,
            &self.elapsed_seconds,
            &self.days_to_complete,
            &self.word_count,
            &self.words_per_minute,
            &self.question_count,
            &self.answered_share,
        ]
    }
}

/// Figures of the current or the previous period by the number of the group.
pub fn figures(tables: &CountedTables, by: &str, period: &str) -> PolarsResult<BTreeMap<u32, GroupCounts>> {
    let mut groups: BTreeMap<u32, GroupCounts> = BTreeMap::new();
    let completed = || col("completed");
    let mut exprs = vec![
        count(completed()).alias("completed_count"),
        count(completed().not()).alias("expired_count"),
        candidates(completed()).alias("candidates"),
        col("response_count").filter(completed()).sum().alias("responses"),
        col("answered_count").filter(completed()).sum().alias("answered"),
        count(col("response_count").filter(completed()).eq(lit(0))).alias("without_answers"),
    ];
    const OF_INTERVIEWS: [&str; 6] = [
        "total_duration_seconds",
        "average_response_length",
        "elapsed_seconds",
        "days_to_complete",
        "question_count",
        "answered_share",
    ];
    for name in OF_INTERVIEWS {
        exprs.extend(distribution(name, Some(completed())));
    }
    let table = GroupTable::of(&tables.interviews, &[by], Some(period), exprs)?;
    for row in table.rows() {
        let group = groups.entry(table.number(by, row)?).or_default();
        group.completed = table.integer("completed_count", row)?;
        group.expired = table.integer("expired_count", row)?;
        group.candidates = table.integer("candidates", row)?;
        group.responses = table.integer("responses", row)?;
        group.answered = table.integer("answered", row)?;
        group.missing[0] = table.integer("without_answers", row)?;
        let [duration, length, elapsed, days, questions, answered] = OF_INTERVIEWS;
        group.total_duration_seconds = table.measured(duration, row)?;
        group.average_response_length = table.measured(length, row)?;
        group.elapsed_seconds = table.measured(elapsed, row)?;
        group.days_to_complete = table.measured(days, row)?;
        group.question_count = table.measured(questions, row)?;
        group.answered_share = table.measured(answered, row)?;
    }

    let is_answer = || col("position").is_not_null();
    let mut exprs = pooled_pace();
    exprs.extend([
        count(is_answer().and(col("duration_seconds").is_null())).alias("without_duration"),
        count(is_answer().and(col("has_transcript").not())).alias("without_transcript"),
        count(col("has_transcript").and(col("answered").not())).alias("with_empty_transcript"),
    ]);
    for name in ["word_count", "words_per_minute"] {
        exprs.extend(distribution(name, None));
    }
    let table = GroupTable::of(&tables.responses, &[by], Some(period), exprs)?;
    for row in table.rows() {
        let group = groups.entry(table.number(by, row)?).or_default();
        group.word_count = table.measured("word_count", row)?;
        group.words_per_minute = table.measured("words_per_minute", row)?;
        group.pooled_words_per_minute = table.pooled_pace(row)?;
        group.missing[1] = table.integer("without_duration", row)?;
        group.missing[2] = table.integer("without_transcript", row)?;
        group.missing[3] = table.integer("with_empty_transcript", row)?;
    }

    let table = GroupTable::of(&tables.cohort, &[by], Some(period), cohort())?;
    for row in table.rows() {
        groups.entry(table.number(by, row)?).or_default().cohort = table.cohort(row)?;
    }
    Ok(groups)
}

/// Figures of a group in a week.
#[derive(Debug, Clone, Default)]
pub struct WeekCounts {
    pub candidates: i64,
    pub completed: i64,
    pub expired: i64,
    pub cohort: [i64; 3],
    pub total_duration_seconds: Measured,
    pub average_response_length: Measured,
    pub words_per_minute: Measured,
}

/// Figures of each week by the numbers of the group and the week.
pub fn weekly(tables: &CountedTables, by: &str) -> PolarsResult<BTreeMap<(u32, u32), WeekCounts>> {
    let mut weeks: BTreeMap<(u32, u32), WeekCounts> = BTreeMap::new();
    let completed = || col("completed");
    let mut exprs = vec![
        count(completed()).alias("completed_count"),
        count(completed().not()).alias("expired_count"),
        candidates(completed()).alias("candidates"),
    ];
    for name in ["total_duration_seconds", "average_response_length"] {
        exprs.extend(distribution(name, Some(completed())));
    }
    let table = GroupTable::of(&tables.interviews, &[by, "week"], None, exprs)?;
    for row in table.rows() {
        let Some(key) = table.week(by, row)? else { continue };
        let week = weeks.entry(key).or_default();
        week.candidates = table.integer("candidates", row)?;
        week.completed = table.integer("completed_count", row)?;
        week.expired = table.integer("expired_count", row)?;
        week.total_duration_seconds = table.measured("total_duration_seconds", row)?;
        week.average_response_length = table.measured("average_response_length", row)?;
    }
    let exprs = distribution("words_per_minute", None);
    let table = GroupTable::of(&tables.responses, &[by, "week"], None, exprs)?;
    for row in table.rows() {
        let Some(key) = table.week(by, row)? else { continue };
        weeks.entry(key).or_default().words_per_minute = table.measured("words_per_minute", row)?;
    }
    let table = GroupTable::of(&tables.cohort, &[by, "week"], None, cohort())?;
    for row in table.rows() {
        let Some(key) = table.week(by, row)? else { continue };
        weeks.entry(key).or_default().cohort = table.cohort(row)?;
    }
    Ok(weeks)
}

/// Number of different values in a column.
pub fn distinct(name: &str) -> Expr {
    col(name).n_unique().cast(DataType::Int64)
}

/// Number of candidates in the rows that meet a condition.
pub fn candidates(condition: Expr) -> Expr {
    col("candidate").filter(condition).n_unique().cast(DataType::Int64)
}

/// Number of rows that meet a condition.
pub fn count(condition: Expr) -> Expr {
    condition.sum().cast(DataType::Int64)
}

/// Summary of a figure over all rows, or over those that meet a condition.
pub fn distribution(name: &str, condition: Option<Expr>) -> Vec<Expr> {
    let values = condition.iter().fold(col(name), |values, condition| values.filter(condition.clone()));
    let is_known = condition.into_iter().fold(col(name).is_not_null(), Expr::and);
    let float = values.cast(DataType::Float64);
    let quantile = |share: f64| float.clone().quantile(lit(share), QuantileMethod::Linear);
    vec![
        float.clone().count().cast(DataType::Int64).alias(format!("{name}.n")),
        candidates(is_known).alias(format!("{name}.candidates")),
        quantile(0.5).alias(format!("{name}.median")),
        quantile(0.25).alias(format!("{name}.quartile_1")),
        quantile(0.75).alias(format!("{name}.quartile_3")),
        float.clone().mean().alias(format!("{name}.mean")),
        float.clone().std(1).alias(format!("{name}.standard_deviation")),
    ]
}

pub fn pooled_pace() -> Vec<Expr> {
    let has_pace = || col("words_per_minute").is_not_null();
    vec![
        col("word_count").filter(has_pace()).sum().cast(DataType::Float64).alias("paced_words"),
        col("duration_seconds").filter(has_pace()).sum().alias("paced_seconds"),
    ]
}

fn cohort() -> Vec<Expr> {
    let named = [("cohort_completed", COMPLETED), ("cohort_expired", EXPIRED), ("cohort_open", OPEN)];
    named.into_iter().map(|(name, state)| count(col("state").eq(lit(state))).alias(name)).collect()
}

/// The groups of a frame, a row each, with their aggregates.
pub struct GroupTable(DataFrame);

impl GroupTable {
    /// Groups the rows of a frame, only those of a period if one is named. The order of the groups is not specified.
    pub fn of(frame: &DataFrame, by: &[&str], period: Option<&str>, exprs: Vec<Expr>) -> PolarsResult<Self> {
        let keys: Vec<Expr> = by.iter().map(|name| col(*name)).collect();
        let rows = frame.clone().lazy();
        let rows = if let Some(period) = period { rows.filter(col(period)) } else { rows };
        rows.group_by(keys).agg(exprs).collect().map(Self)
    }

    pub fn rows(&self) -> std::ops::Range<usize> {
        0..self.0.height()
    }

    pub fn number(&self, name: &str, row: usize) -> PolarsResult<u32> {
        Ok(self.0.column(name)?.u32()?.get(row).unwrap_or(0))
    }

    pub fn number_or_none(&self, name: &str, row: usize) -> PolarsResult<Option<u32>> {
        Ok(self.0.column(name)?.u32()?.get(row))
    }

    pub fn integer(&self, name: &str, row: usize) -> PolarsResult<i64> {
        Ok(self.0.column(name)?.i64()?.get(row).unwrap_or(0))
    }

    /// The value of a figure; `None` if it is not a finite number.
    pub fn float(&self, name: &str, row: usize) -> PolarsResult<Option<f64>> {
        Ok(self.0.column(name)?.f64()?.get(row).filter(|value| value.is_finite()))
    }

    /// The numbers of the group and the week; `None` for a row outside of all weeks.
    fn week(&self, by: &str, row: usize) -> PolarsResult<Option<(u32, u32)>> {
        let group = self.number(by, row)?;
        Ok(self.number_or_none("week", row)?.map(|week| (group, week)))
    }

    pub fn measured(&self, name: &str, row: usize) -> PolarsResult<Measured> {
        let n = self.integer(&format!("{name}.n"), row)?;
        let part = |part: &str| self.float(&format!("{name}.{part}"), row);
        Ok(Measured {
            n,
            candidates: self.integer(&format!("{name}.candidates"), row)?,
            summary: Distribution {
                n: Count(Some(n)),
                median: part("median")?,
                quartile_1: part("quartile_1")?,
                quartile_3: part("quartile_3")?,
                mean: part("mean")?,
                standard_deviation: part("standard_deviation")?,
            },
        })
    }

    /// Σ words / Σ minutes.
    pub fn pooled_pace(&self, row: usize) -> PolarsResult<Option<f64>> {
        let minutes = self.float("paced_seconds", row)?.filter(|seconds| *seconds > 0.0).map(|seconds| seconds / 60.0);
        let pace = self.float("paced_words", row)?.zip(minutes).map(|(words, minutes)| words / minutes);
        Ok(pace.filter(|pace| pace.is_finite()))
    }

    fn cohort(&self, row: usize) -> PolarsResult<[i64; 3]> {
        let of = |name| self.integer(name, row);
        Ok([of("cohort_completed")?, of("cohort_expired")?, of("cohort_open")?])
    }
}

/// Number of rows in a group.
pub fn rows() -> Expr {
    len().cast(DataType::Int64)
}
