//! Figures of questions, before any is held back.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use polars::prelude::{DataType, IntoLazy, PolarsResult, col};

use super::counted_tables::CountedTables;
use super::groups::{GroupTable, Measured, candidates, count, distinct, distribution, pooled_pace, rows};
use crate::report::model::PRIVACY_FLOOR;

/// Counts and figures of a question over the completed interviews of a period.
#[derive(Debug, Clone, Default)]
pub struct QuestionCounts {
    pub asked: i64,
    /// Interviews with an answer that is not blank.
    pub answered: i64,
    /// Answers that are not blank.
    pub answers: i64,
    /// Candidates with an answer that is not blank.
    pub answering: i64,
    /// Candidates who were asked the question.
    candidates: i64,
    /// Mean position in the interview; `None` if nobody answered the question.
    pub place: Option<f64>,
    /// Number of the question's most frequent type.
    pub question_type: Option<u32>,
    pub word_count: Measured,
    pub duration_seconds: Measured,
    pub words_per_minute: Measured,
    pub pooled_words_per_minute: Option<f64>,
    pub time_limit_seconds: Option<f64>,
    pub time_limit_share: Measured,
}

impl QuestionCounts {
    /// Whether enough candidates were asked the question for it to be shown.
    pub fn is_common(&self) -> bool {
        self.candidates >= PRIVACY_FLOOR
    }
}

/// Questions of the current period, by number.
pub fn questions(tables: &CountedTables) -> PolarsResult<BTreeMap<u32, QuestionCounts>> {
    let mut exprs = vec![
        distinct("interview").alias("asked"),
        col("interview").filter(col("answered")).n_unique().cast(DataType::Int64).alias("answered_count"),
        count(col("answered")).alias("answers"),
        candidates(col("answered")).alias("answering"),
        distinct("candidate").alias("candidates"),
        col("position").mean().alias("place"),
        col("time_limit_seconds").median().alias("limit"),
    ];
    exprs.extend(pooled_pace());
    for name in ["word_count", "duration_seconds", "words_per_minute", "time_limit_share"] {
        exprs.extend(distribution(name, None));
    }
    let table = GroupTable::of(&tables.responses, &["question"], Some("current"), exprs)?;
    let mut questions = BTreeMap::new();
    for row in table.rows() {
        let question = QuestionCounts {
            asked: table.integer("asked", row)?,
            answered: table.integer("answered_count", row)?,
            answers: table.integer("answers", row)?,
            answering: table.integer("answering", row)?,
            candidates: table.integer("candidates", row)?,
            place: table.float("place", row)?,
            question_type: None,
            word_count: table.measured("word_count", row)?,
            duration_seconds: table.measured("duration_seconds", row)?,
            words_per_minute: table.measured("words_per_minute", row)?,
            pooled_words_per_minute: table.pooled_pace(row)?,
            time_limit_seconds: table.float("limit", row)?,
            time_limit_share: table.measured("time_limit_share", row)?,
        };
        questions.insert(table.number("question", row)?, question);
    }
    let table =
        GroupTable::of(&tables.responses, &["question", "question_type"], Some("current"), vec![rows().alias("rows")])?;
    let mut question_types: BTreeMap<u32, (i64, Reverse<u32>)> = BTreeMap::new();
    for row in table.rows() {
        let Some(question_type) = table.number_or_none("question_type", row)? else { continue };
        let this = (table.integer("rows", row)?, Reverse(question_type));
        let most = question_types.entry(table.number("question", row)?).or_insert(this);
        *most = this.max(*most);
    }
    for (question, (_, question_type)) in question_types {
        questions.entry(question).or_default().question_type = Some(question_type.0);
    }
    Ok(questions)
}

/// Completed interviews of the period in which a type of question was asked, by the numbers of the group and the type.
/// `by` is the group's column: `job` or `all`.
pub fn asked_by_question_type(tables: &CountedTables, by: &str) -> PolarsResult<BTreeMap<(u32, u32), i64>> {
    let asked = distinct("interview").alias("asked");
    let rows = tables.responses.clone().lazy().filter(col("question_type").is_not_null()).collect()?;
    let table = GroupTable::of(&rows, &[by, "question_type"], Some("current"), vec![asked])?;
    table
        .rows()
        .map(|row| Ok(((table.number(by, row)?, table.number("question_type", row)?), table.integer("asked", row)?)))
        .collect()
}
