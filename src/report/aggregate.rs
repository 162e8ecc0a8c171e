//! Per-job and overall aggregates, once, through Polars; every format is rendered from the result.
//!
//! A group of fewer than [`PRIVACY_FLOOR`] candidates shows nothing but that it is there, and a keyword that 1 to 4
//! interviews have shows neither how many nor how often.

use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, LazyFrame, PolarsResult, QuantileMethod, SortMultipleOptions, col, len, lit,
};
use serde::Serialize;

use super::frames::{Frames, JobName};
use crate::model::{Error, Result};

/// Fewest candidates of a group whose figures are shown.
pub const PRIVACY_FLOOR: i64 = 5;

/// n and the usual summary of one figure; all but n are null when nothing could be computed. Quantiles are linear,
/// the standard deviation has n − 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distribution {
    pub n: i64,
    pub median: Option<f64>,
    pub quartile_1: Option<f64>,
    pub quartile_3: Option<f64>,
    pub mean: Option<f64>,
    pub standard_deviation: Option<f64>,
}

/// How many of those who were asked came to the end: over the interviews that were created in the period and first
/// seen through an id list, whenever they settled.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Completion {
    /// Interviews of the cohort, open ones too.
    pub completion_cohort: i64,
    /// completed / (completed + expired)
    pub completion_rate: Option<f64>,
    /// Those neither completed nor expired yet, of the cohort.
    pub still_open_share: Option<f64>,
    /// Why there is no rate, if there is none.
    pub completion_rate_missing: Option<&'static str>,
}

impl Completion {
    fn of(completed: i64, expired: i64, open: i64) -> Self {
        let settled = completed + expired;
        let missing = if settled + open == 0 {
            Some("none that was created in the period was first seen through an id list")
        } else if settled < PRIVACY_FLOOR {
            Some("fewer than 5 of those created in the period have settled")
        } else {
            None
        };
        let shown = |value: Option<f64>| value.filter(|_| missing.is_none());
        Self {
            completion_cohort: settled + open,
            completion_rate: shown(share(completed, settled)),
            still_open_share: shown(share(open, settled + open)),
            completion_rate_missing: missing,
        }
    }
}

/// Figures of a group of interviews. n is interviews, except for the words and pace of answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub completed: i64,
    pub expired: i64,
    #[serde(flatten)]
    pub completion: Completion,
    pub responses: i64,
    /// Answers whose transcript is not blank.
    pub answered: i64,
    /// Seconds of answers in an interview.
    pub total_duration_seconds: Distribution,
    /// Mean UTF-16 length of an interview's answers.
    pub average_response_length: Distribution,
    /// Words of an answer.
    pub word_count: Distribution,
    /// Words a minute of an answer.
    pub words_per_minute: Distribution,
    /// Σ words / Σ minutes over the answers that have both.
    pub pooled_words_per_minute: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobFigures {
    pub job_id: String,
    pub job_title: Option<String>,
    pub department: Option<String>,
    /// Null for a group below the privacy floor.
    pub figures: Option<Figures>,
}

/// A keyword over completed interviews, of one job or of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeywordFigures {
    /// Null over all jobs.
    pub job_id: Option<String>,
    pub set: String,
    pub term: String,
    pub category: Option<String>,
    /// Null: fewer than 5, and not none.
    pub counts: Option<KeywordCounts>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeywordCounts {
    /// Completed interviews in which it occurs.
    pub interviews: i64,
    /// Of the completed interviews of the group.
    pub share: f64,
    /// Answers in which it occurs.
    pub responses: i64,
    pub mentions: i64,
    /// Mentions with a negation shortly before.
    pub negated: i64,
}

/// All that a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregates {
    pub overall: Option<Figures>,
    pub jobs: Vec<JobFigures>,
    pub keywords: Vec<KeywordFigures>,
}

/// Computes every figure of a report.
///
/// # Errors
/// When Polars fails, which would be a mistake in this program.
pub fn aggregate(frames: &Frames) -> Result<Aggregates> {
    work(frames).map_err(|error| Error::failed(format!("cannot aggregate: {error}")))
}

fn work(frames: &Frames) -> PolarsResult<Aggregates> {
    let jobs = figures(frames, "job_id")?;
    let overall = figures_over_all(frames)?;
    let mut named: Vec<JobFigures> = jobs
        .into_iter()
        .map(|(job_id, candidates, figures)| {
            let JobName { title, department } = frames.jobs.get(&job_id).cloned().unwrap_or_default();
            let figures = (candidates >= PRIVACY_FLOOR).then_some(figures);
            JobFigures { job_id, job_title: title, department, figures }
        })
        .collect();
    named.sort_by(|a, b| (&a.department, &a.job_title, &a.job_id).cmp(&(&b.department, &b.job_title, &b.job_id)));
    let mut keywords = keywords_over_all(frames, overall.as_ref())?;
    keywords.extend(keywords_by_job(frames, &named)?);
    Ok(Aggregates { overall, jobs: named, keywords })
}

const DISTRIBUTIONS_OF_INTERVIEWS: [&str; 2] = ["total_duration_seconds", "average_response_length"];
const DISTRIBUTIONS_OF_RESPONSES: [&str; 2] = ["word_count", "words_per_minute"];

/// Key, number of candidates and figures of each group.
fn figures(frames: &Frames, by: &str) -> PolarsResult<Vec<(String, i64, Figures)>> {
    let completed = || col("status").eq(lit("completed"));
    let mut of_interviews = vec![
        completed().sum().cast(DataType::Int64).alias("completed"),
        col("status").eq(lit("expired")).sum().cast(DataType::Int64).alias("expired"),
        // Interviews without a candidate's id count as one person each.
        (col("candidate_key").filter(completed()).drop_nulls().n_unique()
            + col("candidate_key").filter(completed()).null_count())
        .cast(DataType::Int64)
        .alias("candidates"),
        col("response_count").filter(completed()).sum().alias("responses"),
        col("answered_count").filter(completed()).sum().alias("answered"),
    ];
    for name in DISTRIBUTIONS_OF_INTERVIEWS {
        of_interviews.extend(distribution(name, &col(name).filter(completed())));
    }
    let interviews = frames.interviews.clone().lazy().group_by_stable([col(by)]).agg(of_interviews).collect()?;

    let has_pace = || col("words_per_minute").is_not_null();
    let mut of_responses = vec![
        col("word_count").filter(has_pace()).sum().cast(DataType::Float64).alias("paced_words"),
        col("duration_seconds").filter(has_pace()).sum().alias("paced_seconds"),
    ];
    for name in DISTRIBUTIONS_OF_RESPONSES {
        of_responses.extend(distribution(name, &col(name)));
    }
    let responses = frames.responses.clone().lazy().group_by_stable([col(by)]).agg(of_responses);
    let is = |status: &str| col("status").eq(lit(status.to_owned()));
    let cohort = frames.cohort.clone().lazy().group_by_stable([col(by)]).agg([
        is("completed").sum().cast(DataType::Int64).alias("cohort_completed"),
        is("expired").sum().cast(DataType::Int64).alias("cohort_expired"),
        len().cast(DataType::Int64).alias("cohort"),
    ]);
    let all = interviews.lazy().left_join(responses, col(by), col(by)).left_join(cohort, col(by), col(by)).collect()?;
    (0..all.height()).map(|row| read_figures(&all, by, row)).collect()
}

/// The same over all jobs: everything is in one group.
fn figures_over_all(frames: &Frames) -> PolarsResult<Option<Figures>> {
    let one = |frame: &DataFrame| frame.clone().lazy().with_column(lit("").alias("all")).collect();
    let frames = Frames {
        interviews: one(&frames.interviews)?,
        cohort: one(&frames.cohort)?,
        responses: one(&frames.responses)?,
        hits: DataFrame::empty(),
        sets: Vec::new(),
        sets_left_out: Vec::new(),
        jobs: std::collections::BTreeMap::new(),
        outside: 0,
    };
    let group = figures(&frames, "all")?.into_iter().next();
    Ok(group.filter(|(_, candidates, _)| *candidates >= PRIVACY_FLOOR).map(|(.., figures)| figures))
}

fn distribution(name: &str, values: &Expr) -> Vec<Expr> {
    let float = values.clone().cast(DataType::Float64);
    let quantile = |share: f64| float.clone().quantile(lit(share), QuantileMethod::Linear);
    vec![
        float.clone().count().cast(DataType::Int64).alias(format!("{name}.n")),
        quantile(0.5).alias(format!("{name}.median")),
        quantile(0.25).alias(format!("{name}.quartile_1")),
        quantile(0.75).alias(format!("{name}.quartile_3")),
        float.clone().mean().alias(format!("{name}.mean")),
        float.clone().std(1).alias(format!("{name}.standard_deviation")),
    ]
}

fn read_figures(frame: &DataFrame, by: &str, row: usize) -> PolarsResult<(String, i64, Figures)> {
    let integer = |name: &str| -> PolarsResult<i64> { Ok(frame.column(name)?.i64()?.get(row).unwrap_or(0)) };
    let float = |name: &str| -> PolarsResult<Option<f64>> { Ok(frame.column(name)?.f64()?.get(row)) };
    let distribution = |name: &str| -> PolarsResult<Distribution> {
        Ok(Distribution {
            n: integer(&format!("{name}.n"))?,
            median: float(&format!("{name}.median"))?,
            quartile_1: float(&format!("{name}.quartile_1"))?,
            quartile_3: float(&format!("{name}.quartile_3"))?,
            mean: float(&format!("{name}.mean"))?,
            standard_deviation: float(&format!("{name}.standard_deviation"))?,
        })
    };
    let (completed, expired) = (integer("completed")?, integer("expired")?);
    let (cohort_completed, cohort_expired) = (integer("cohort_completed")?, integer("cohort_expired")?);
    let open = integer("cohort")? - cohort_completed - cohort_expired;
    let minutes = float("paced_seconds")?.filter(|seconds| *seconds > 0.0).map(|seconds| seconds / 60.0);
    let key = frame.column(by)?.str()?.get(row).unwrap_or_default().to_owned();
    let figures = Figures {
        completed,
        expired,
        completion: Completion::of(cohort_completed, cohort_expired, open),
        responses: integer("responses")?,
        answered: integer("answered")?,
        total_duration_seconds: distribution("total_duration_seconds")?,
        average_response_length: distribution("average_response_length")?,
        word_count: distribution("word_count")?,
        words_per_minute: distribution("words_per_minute")?,
        pooled_words_per_minute: float("paced_words")?.zip(minutes).map(|(words, minutes)| words / minutes),
    };
    Ok((key, integer("candidates")?, figures))
}

fn keywords_over_all(frames: &Frames, overall: Option<&Figures>) -> PolarsResult<Vec<KeywordFigures>> {
    let Some(overall) = overall else { return Ok(Vec::new()) };
    let found = count_keywords(frames.hits.clone().lazy(), &["set", "term", "category"])?;
    (0..found.height()).map(|row| read_keyword(&found, row, None, overall.completed)).collect()
}

fn keywords_by_job(frames: &Frames, jobs: &[JobFigures]) -> PolarsResult<Vec<KeywordFigures>> {
    let found = count_keywords(frames.hits.clone().lazy(), &["job_id", "set", "term", "category"])?;
    let ids = found.column("job_id")?.str()?;
    let mut keywords = Vec::new();
    for row in 0..found.height() {
        let job = jobs.iter().find(|job| Some(job.job_id.as_str()) == ids.get(row));
        if let Some(JobFigures { job_id, figures: Some(figures), .. }) = job {
            keywords.push(read_keyword(&found, row, Some(job_id), figures.completed)?);
        }
    }
    Ok(keywords)
}

/// Counts by group, the most frequent first, then by name.
fn count_keywords(rows: LazyFrame, by: &[&str]) -> PolarsResult<DataFrame> {
    let integer = DataType::Int64;
    let keys: Vec<Expr> = by.iter().map(|name| col(*name)).collect();
    let mut order: Vec<Expr> = keys.clone();
    order.insert(by.len() - 2, col("interviews"));
    let descending = order.iter().enumerate().map(|(index, _)| index == by.len() - 2).collect::<Vec<_>>();
    rows.group_by_stable(keys)
        .agg([
            col("interview_id").n_unique().cast(integer.clone()).alias("interviews"),
            len().cast(integer).alias("responses"),
            col("mentions").sum(),
            col("negated").sum(),
        ])
        .sort_by_exprs(order, SortMultipleOptions::default().with_order_descending_multi(descending))
        .collect()
}

fn read_keyword(frame: &DataFrame, row: usize, job_id: Option<&str>, completed: i64) -> PolarsResult<KeywordFigures> {
    let integer = |name: &str| -> PolarsResult<i64> { Ok(frame.column(name)?.i64()?.get(row).unwrap_or(0)) };
    let text =
        |name: &str| -> PolarsResult<Option<String>> { Ok(frame.column(name)?.str()?.get(row).map(str::to_owned)) };
    let interviews = integer("interviews")?;
    let counts = KeywordCounts {
        interviews,
        share: share(interviews, completed).unwrap_or(0.0),
        responses: integer("responses")?,
        mentions: integer("mentions")?,
        negated: integer("negated")?,
    };
    Ok(KeywordFigures {
        job_id: job_id.map(str::to_owned),
        set: text("set")?.unwrap_or_default(),
        term: text("term")?.unwrap_or_default(),
        category: text("category")?,
        counts: (interviews >= PRIVACY_FLOOR).then_some(counts),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of interviews are far below 2^53")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
