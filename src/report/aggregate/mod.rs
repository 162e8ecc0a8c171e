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
use self::groups::{ALL, JOB, Raw, RawWeek, Tables, with_all, with_candidates};
use self::jobs::Hand;
use self::keywords::{Key, Parts, RawKeyword};
use self::questions::RawQuestion;
use super::frames::Frames;
use super::model::{Card, Count, Figures};
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
    /// Numbers of the jobs that the figures over all jobs are of: those that were asked for, less those that show no
    /// figures where not all were.
    pub counted: Vec<u32>,
    /// Settled interviews of the period and of the previous one, of these jobs.
    pub settled: [Count; 2],
    /// Settled interviews of the period, of all jobs, and whether they may be known.
    pub settled_of_all: Count,
    /// Open interviews of the jobs that were asked for.
    pub open_in_all: Count,
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
    let candidate = &frames.interviews.candidate;
    let responses = with_candidates(frames.responses.frame(), candidate)?;
    let everything = Tables {
        interviews: with_all(interviews(frames)?)?,
        cohort: with_all(frames.interviews.cohort.frame())?,
        hits: with_all(with_candidates(frames.hits.frame(&responses), candidate)?)?,
        responses: with_all(responses)?,
    };
    let raw = Counted::new(&everything, &all)?;
    let mut cells = Cells::default();
    let entered = Entered::new(&raw, frames, calendar, &mut cells);
    cells.solve();
    if wanted.len() == all.len() {
        let hand = Hand { frames, calendar, raw: &raw, entered: &entered, cells: &cells };
        return Ok(jobs::put_together(&hand, &raw.totals, &entered.totals, &all));
    }
    // A report of a few jobs shows of each what that of all jobs shows, and together only those that show figures:
    // else the two could be subtracted.
    let totals = raw.narrowed(&everything, &wanted)?;
    let narrowed = entered.narrowed(&totals, &wanted, &mut cells);
    let hand = Hand { frames, calendar, raw: &raw, entered: &entered, cells: &cells };
    Ok(jobs::put_together(&hand, &totals, &narrowed, &wanted))
}

/// Which groups of a period show their figures.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    jobs: BTreeSet<u32>,
    /// Whether the figures over all jobs do.
    all: bool,
}

/// A job below the floor shows nothing, and with it so many others that their sum gives nothing away. One candidate of
/// many jobs is one.
fn shown_groups(candidates: &BTreeMap<u32, i64>, of_all: i64) -> Shown {
    let mut cells = Cells::default();
    let parts: Vec<_> = candidates.iter().map(|(job, count)| (*job, cells.add(*count))).collect();
    let total = cells.add(candidates.values().sum());
    cells.sum(total, parts.iter().map(|(_, part)| *part));
    cells.solve();
    let is_shown = |cell| cells.shown(cell).is_some_and(|count| count >= PRIVACY_FLOOR);
    let jobs = parts.iter().filter(|(_, part)| is_shown(*part)).map(|(job, _)| *job).collect();
    Shown { jobs, all: is_shown(total) && of_all >= PRIVACY_FLOOR }
}

/// Everything that was counted, of all jobs.
struct Counted {
    current: Shown,
    previous: Shown,
    jobs: BTreeMap<u32, Raw>,
    jobs_previous: BTreeMap<u32, Raw>,
    weekly: BTreeMap<(u32, u32), RawWeek>,
    questions: BTreeMap<u32, RawQuestion>,
    asked_by_kind: BTreeMap<(u32, u32), i64>,
    keywords: BTreeMap<Key, RawKeyword>,
    keywords_previous: BTreeMap<Key, RawKeyword>,
    by_question: BTreeMap<Key, Parts>,
    by_kind: BTreeMap<Key, Parts>,
    by_week: BTreeMap<Key, Parts>,
    totals: Totals,
}

/// What was counted over some jobs together.
struct Totals {
    /// Which, sorted.
    jobs: Vec<u32>,
    /// Whether their figures of the period are shown, and those of the previous one.
    is_shown: [bool; 2],
    all: Raw,
    all_previous: Raw,
    weekly: BTreeMap<(u32, u32), RawWeek>,
    asked_by_kind: BTreeMap<(u32, u32), i64>,
    keywords: BTreeMap<Key, RawKeyword>,
    keywords_previous: BTreeMap<Key, RawKeyword>,
    by_kind: BTreeMap<Key, Parts>,
    by_week: BTreeMap<Key, Parts>,
}

impl Counted {
    fn new(tables: &Tables, all: &[u32]) -> PolarsResult<Self> {
        let mut totals = Totals::new(tables, all)?;
        let jobs = groups::figures(tables, JOB, "current")?;
        let jobs_previous = groups::figures(tables, JOB, "previous")?;
        let shown = |jobs: &BTreeMap<u32, Raw>, all: &Raw| {
            shown_groups(&jobs.iter().map(|(job, raw)| (*job, raw.candidates)).collect(), all.candidates)
        };
        let (current, previous) = (shown(&jobs, &totals.all), shown(&jobs_previous, &totals.all_previous));
        totals.is_shown = [current.all, previous.all];
        Ok(Self {
            current,
            previous,
            jobs,
            jobs_previous,
            weekly: groups::weekly(tables, JOB)?,
            questions: questions::questions(tables)?,
            asked_by_kind: questions::asked_by_kind(tables, JOB)?,
            keywords: keywords::keywords(tables, JOB, "current")?,
            keywords_previous: keywords::keywords(tables, JOB, "previous")?,
            by_question: keywords::split(tables, JOB, "question")?,
            by_kind: keywords::split(tables, JOB, "kind")?,
            by_week: keywords::split(tables, JOB, "week")?,
            totals,
        })
    }

    /// The same over those of the wanted jobs that show figures.
    fn narrowed(&self, tables: &Tables, wanted: &[u32]) -> PolarsResult<Totals> {
        let counted: Vec<u32> = wanted.iter().copied().filter(|job| self.current.jobs.contains(job)).collect();
        let before = |job: &u32| self.jobs_previous.get(job).map_or(0, |raw| raw.candidates);
        let are_shown_before = counted.iter().all(|job| before(job) == 0 || self.previous.jobs.contains(job));
        let totals = Totals::new(&tables.of_jobs(&counted)?, &counted)?;
        let is_shown = [!counted.is_empty(), are_shown_before && counted.iter().any(|job| before(job) > 0)];
        Ok(Totals { is_shown, ..totals })
    }
}

impl Totals {
    fn new(tables: &Tables, jobs: &[u32]) -> PolarsResult<Self> {
        Ok(Self {
            jobs: jobs.to_vec(),
            is_shown: [false; 2],
            all: groups::figures(tables, ALL, "current")?.remove(&0).unwrap_or_default(),
            all_previous: groups::figures(tables, ALL, "previous")?.remove(&0).unwrap_or_default(),
            weekly: groups::weekly(tables, ALL)?,
            asked_by_kind: questions::asked_by_kind(tables, ALL)?,
            keywords: keywords::keywords(tables, ALL, "current")?,
            keywords_previous: keywords::keywords(tables, ALL, "previous")?,
            by_kind: keywords::split(tables, ALL, "kind")?,
            by_week: keywords::split(tables, ALL, "week")?,
        })
    }
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

    /// Which jobs are shown, and whether all together are, where nobody applied to two.
    fn shown(candidates: &[i64]) -> (Vec<u32>, bool) {
        let by_job: BTreeMap<u32, i64> = (0u32..).zip(candidates.iter().copied()).collect();
        let Shown { jobs, all } = shown_groups(&by_job, candidates.iter().sum());
        (jobs.into_iter().collect(), all)
    }

    #[test]
    fn a_small_job_takes_another_with_it() {
        assert_eq!(shown(&[30, 3, 12, 40]), (vec![0, 3], true));
        assert_eq!(shown(&[30, 6, 12]), (vec![0, 1, 2], true));
        assert_eq!(shown(&[3]), (vec![], false));
        assert_eq!(shown(&[3, 20]), (vec![], true));
    }

    #[test]
    fn one_candidate_of_many_jobs_is_one() {
        assert!(!shown_groups(&(0..5).map(|job| (job, 1)).collect(), 1).all);
    }
}
