//! The figures of a report, once, through Polars: counted, then held back where they must be, then put into the model.

mod bins;
mod cells;
mod groups;
mod jobs;
mod keywords;
mod questions;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, PolarsResult};

use self::cells::Entered;
use self::groups::{ALL, JOB, Raw, RawWeek, Tables, with_all};
use self::keywords::{Key, RawKeyword};
use self::questions::RawQuestion;
use super::frames::Frames;
use super::model::{Card, Figures};
use super::model::{JobReport, Keyword, Open, PRIVACY_FLOOR, Quality, WeekFigures};
use super::period::Calendar;
use super::privacy::Cells;
use crate::model::{Error, Result};

/// What a report shows of figures, and what of them may be compared.
pub struct Aggregates {
    pub overall: Option<Figures>,
    pub overall_previous: Option<Figures>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: Open,
    pub jobs: Vec<JobReport>,
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    pub comparable: Comparable,
    /// Jobs with interviews in the period that show no figures.
    pub jobs_held_back: u64,
    /// By job: the number that the frames know it by, as `jobs`.
    pub numbers: Vec<u32>,
    /// Numbers of all jobs that were asked for.
    pub wanted: Vec<u32>,
}

/// Counts that are shown for both periods, by (job, or none for all jobs; term).
#[derive(Default)]
pub struct Comparable {
    /// Completed interviews of the period and of the previous one.
    pub completed: BTreeMap<Option<u32>, [i64; 2]>,
    /// Completed and expired interviews of both cohorts.
    pub cohorts: BTreeMap<Option<u32>, [[i64; 2]; 2]>,
    /// Interviews with the term in both.
    pub keywords: BTreeMap<(Option<u32>, u32), [i64; 2]>,
}

/// Computes every figure of a report.
///
/// # Errors
/// When Polars fails, which would be a mistake in this program.
pub fn aggregate(frames: &Frames, calendar: &Calendar) -> Result<Aggregates> {
    work(frames, calendar).map_err(|error| Error::failed(format!("cannot aggregate: {error}")))
}

fn work(frames: &Frames, calendar: &Calendar) -> PolarsResult<Aggregates> {
    let all: Vec<u32> = (0u32..).take(frames.jobs.len()).collect();
    let wanted: Vec<u32> = all.iter().copied().filter(|job| frames.jobs[*job as usize].is_wanted).collect();
    let responses = frames.responses.frame();
    let everything = Tables {
        interviews: with_all(interviews(frames)?)?,
        cohort: with_all(frames.interviews.cohort.frame())?,
        hits: with_all(frames.hits.frame(&responses))?,
        responses: with_all(responses)?,
    };
    let (raw, entered, cells) = count(frames, calendar, &everything, &all, &all, None)?;
    if wanted.len() == all.len() {
        return Ok(jobs::put_together(frames, calendar, &raw, &entered, &cells));
    }
    // What a report of all jobs holds back, one of a few holds back as well: else the two could be subtracted.
    let narrowed = everything.of_jobs(&wanted)?;
    let (raw, entered, cells) = count(frames, calendar, &narrowed, &wanted, &all, Some((&raw, &entered, &cells)))?;
    Ok(jobs::put_together(frames, calendar, &raw, &entered, &cells))
}

type Whole<'a> = (&'a Counted, &'a Entered, &'a Cells);

/// Counts, and holds back what must be, and what the report of all jobs does.
fn count(
    frames: &Frames,
    calendar: &Calendar,
    tables: &Tables,
    wanted: &[u32],
    all: &[u32],
    whole: Option<Whole<'_>>,
) -> PolarsResult<(Counted, Entered, Cells)> {
    let shown = |period, of: fn(&Counted) -> &Shown| -> PolarsResult<Shown> {
        let candidates = groups::candidates(&tables.interviews, period)?;
        let allowed = whole.map_or_else(|| all.iter().copied().collect(), |(whole, ..)| of(whole).jobs.clone());
        Ok(shown_groups(&candidates, &allowed))
    };
    let raw = Counted {
        current: shown("current", |whole| &whole.current)?,
        previous: shown("previous", |whole| &whole.previous)?,
        jobs: groups::figures(tables, JOB, "current")?,
        jobs_previous: groups::figures(tables, JOB, "previous")?,
        all: groups::figures(tables, ALL, "current")?.remove(&0).unwrap_or_default(),
        all_previous: groups::figures(tables, ALL, "previous")?.remove(&0).unwrap_or_default(),
        weekly: groups::weekly(tables, JOB)?,
        weekly_all: groups::weekly(tables, ALL)?,
        questions: questions::questions(tables)?,
        asked_by_kind: questions::asked_by_kind(tables, JOB)?,
        asked_by_kind_all: questions::asked_by_kind(tables, ALL)?,
        keywords: keywords::keywords(tables, JOB, "current")?,
        keywords_previous: keywords::keywords(tables, JOB, "previous")?,
        keywords_all: keywords::keywords(tables, ALL, "current")?,
        keywords_all_previous: keywords::keywords(tables, ALL, "previous")?,
        by_question: keywords::split(tables, JOB, "question")?,
        by_kind: keywords::split(tables, JOB, "kind")?,
        by_kind_all: keywords::split(tables, ALL, "kind")?,
        by_week: keywords::split(tables, JOB, "week")?,
        by_week_all: keywords::split(tables, ALL, "week")?,
        wanted: wanted.to_vec(),
    };
    let mut cells = Cells::default();
    let entered = Entered::new(&raw, frames, calendar, &mut cells);
    if let Some((_, whole, whole_cells)) = whole {
        entered.hold_back_as(whole, whole_cells, &mut cells);
    }
    cells.solve();
    Ok((raw, entered, cells))
}

/// Which groups of a period show their figures.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    jobs: BTreeSet<u32>,
    /// Whether the figures over all jobs do.
    all: bool,
}

/// A job below the floor shows nothing, and with it so many others that their sum gives nothing away; nor does one that is
/// not allowed to.
fn shown_groups(candidates: &BTreeMap<u32, i64>, allowed: &BTreeSet<u32>) -> Shown {
    let mut cells = Cells::default();
    let mut enter = |(job, count): (&u32, &i64)| {
        let cell = if allowed.contains(job) { cells.add(*count) } else { cells.add_hidden(*count) };
        (*job, cell)
    };
    let parts: Vec<_> = candidates.iter().map(&mut enter).collect();
    let total = cells.add(candidates.values().sum());
    cells.sum(total, parts.iter().map(|(_, part)| *part));
    cells.solve();
    let is_shown = |cell| cells.shown(cell).is_some_and(|count| count >= PRIVACY_FLOOR);
    let jobs = parts.iter().filter(|(_, part)| is_shown(*part)).map(|(job, _)| *job).collect();
    Shown { jobs, all: is_shown(total) }
}

/// Everything that was counted.
struct Counted {
    wanted: Vec<u32>,
    current: Shown,
    previous: Shown,
    jobs: BTreeMap<u32, Raw>,
    jobs_previous: BTreeMap<u32, Raw>,
    all: Raw,
    all_previous: Raw,
    weekly: BTreeMap<(u32, u32), RawWeek>,
    weekly_all: BTreeMap<(u32, u32), RawWeek>,
    questions: BTreeMap<u32, RawQuestion>,
    asked_by_kind: BTreeMap<(u32, u32), i64>,
    asked_by_kind_all: BTreeMap<(u32, u32), i64>,
    keywords: BTreeMap<Key, RawKeyword>,
    keywords_previous: BTreeMap<Key, RawKeyword>,
    keywords_all: BTreeMap<Key, RawKeyword>,
    keywords_all_previous: BTreeMap<Key, RawKeyword>,
    by_question: BTreeMap<Key, BTreeMap<u32, i64>>,
    by_kind: BTreeMap<Key, BTreeMap<u32, i64>>,
    by_kind_all: BTreeMap<Key, BTreeMap<u32, i64>>,
    by_week: BTreeMap<Key, BTreeMap<u32, i64>>,
    by_week_all: BTreeMap<Key, BTreeMap<u32, i64>>,
}

/// All settled interviews with their figures, and what is known of the questions they were asked.
fn interviews(frames: &Frames) -> PolarsResult<polars::prelude::DataFrame> {
    let mut frame = frames.interviews.frame();
    let rows = &frames.interviews;
    let counts: Vec<Option<i64>> =
        (0u32..).take(rows.ids.len()).map(|row| frames.responses.question_count.get(&row).copied()).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
    let share = |(asked, answered): (&Option<i64>, &i64)| asked.map(|asked| *answered as f64 / asked as f64);
    let shares: Vec<Option<f64>> = counts.iter().zip(&rows.answered_count).map(share).collect();
    frame.with_column(Column::new("question_count".into(), counts))?;
    frame.with_column(Column::new("answered_share".into(), shares))?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of the wanted jobs, as a report of all jobs and then one of these would.
    fn shown(candidates: &[i64], wanted: &[u32]) -> (Vec<u32>, bool) {
        let mut candidates: BTreeMap<u32, i64> = (0u32..).zip(candidates.iter().copied()).collect();
        let whole = shown_groups(&candidates, &candidates.keys().copied().collect());
        candidates.retain(|job, _| wanted.contains(job));
        let Shown { jobs, all } = shown_groups(&candidates, &whole.jobs);
        (jobs.into_iter().collect(), all)
    }

    #[test]
    fn a_small_job_takes_another_with_it() {
        assert_eq!(shown(&[30, 3, 12, 40], &[0, 1, 2, 3]), (vec![0, 3], true));
        assert_eq!(shown(&[30, 6, 12], &[0, 1, 2]), (vec![0, 1, 2], true));
        assert_eq!(shown(&[3], &[0]), (vec![], false));
        assert_eq!(shown(&[3, 20], &[0, 1]), (vec![], true));
    }

    #[test]
    fn a_narrowed_report_holds_back_what_that_of_all_jobs_does() {
        assert_eq!(shown(&[30, 3, 12, 40], &[2]), (vec![], false));
        assert_eq!(shown(&[30, 3, 12, 40], &[0]), (vec![0], true));
        assert_eq!(shown(&[30, 3, 12, 40], &[0, 2]), (vec![], true));
    }
}
