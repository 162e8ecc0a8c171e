//! All counts before any is held back, and the groups that show figures at all.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::PolarsResult;

use super::counted_tables::{ALL, CountedTables, JOB};
use super::groups::{self, GroupCounts, WeekCounts};
use super::keywords::{self, Key, Parts, TermCounts};
use super::questions::{self, QuestionCounts};
use crate::report::model::PRIVACY_FLOOR;
use crate::report::privacy::Cells;

/// The groups that show their figures of a period.
#[derive(Debug, Default, PartialEq)]
pub struct ShownGroups {
    pub jobs: BTreeSet<u32>,
    /// Whether the figures over all jobs are shown.
    pub all: bool,
}

/// Decides which groups show figures. A job below the privacy floor shows nothing. Other jobs are held back with it,
/// until the sum over all jobs does not give it away. A candidate of several jobs counts once over all jobs.
fn shown_groups(candidates: &BTreeMap<u32, i64>, of_all: i64) -> ShownGroups {
    let mut cells = Cells::default();
    let parts: Vec<_> = candidates.iter().map(|(job, count)| (*job, cells.add(*count))).collect();
    let total = cells.add(candidates.values().sum());
    cells.sum(total, parts.iter().map(|(_, part)| *part));
    cells.solve();
    let is_shown = |cell| cells.shown(cell).is_some_and(|count| count >= PRIVACY_FLOOR);
    let jobs = parts.iter().filter(|(_, part)| is_shown(*part)).map(|(job, _)| *job).collect();
    ShownGroups { jobs, all: is_shown(total) && of_all >= PRIVACY_FLOOR }
}

/// All counts, of all jobs.
pub struct ReportCounts {
    pub current: ShownGroups,
    pub previous: ShownGroups,
    pub jobs: BTreeMap<u32, GroupCounts>,
    pub jobs_previous: BTreeMap<u32, GroupCounts>,
    pub weekly: BTreeMap<(u32, u32), WeekCounts>,
    pub questions: BTreeMap<u32, QuestionCounts>,
    pub asked_by_question_type: BTreeMap<(u32, u32), i64>,
    pub keywords: BTreeMap<Key, TermCounts>,
    pub keywords_previous: BTreeMap<Key, TermCounts>,
    pub by_question: BTreeMap<Key, Parts>,
    pub by_question_type: BTreeMap<Key, Parts>,
    pub by_week: BTreeMap<Key, Parts>,
    pub totals: Totals,
}

/// Counts over several jobs together.
pub struct Totals {
    /// Numbers of the jobs, sorted.
    pub jobs: Vec<u32>,
    /// Whether the figures of the period are shown, and whether those of the previous period are.
    pub is_shown: [bool; 2],
    pub all: GroupCounts,
    pub all_previous: GroupCounts,
    pub weekly: BTreeMap<(u32, u32), WeekCounts>,
    pub asked_by_question_type: BTreeMap<(u32, u32), i64>,
    pub keywords: BTreeMap<Key, TermCounts>,
    pub keywords_previous: BTreeMap<Key, TermCounts>,
    pub by_question_type: BTreeMap<Key, Parts>,
    pub by_week: BTreeMap<Key, Parts>,
}

impl ReportCounts {
    pub fn new(tables: &CountedTables, all: &[u32]) -> PolarsResult<Self> {
        let mut totals = Totals::new(tables, all)?;
        let jobs = groups::figures(tables, JOB, "current")?;
        let jobs_previous = groups::figures(tables, JOB, "previous")?;
        let shown = |jobs: &BTreeMap<u32, GroupCounts>, all: &GroupCounts| {
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
            asked_by_question_type: questions::asked_by_question_type(tables, JOB)?,
            keywords: keywords::keywords(tables, JOB, "current")?,
            keywords_previous: keywords::keywords(tables, JOB, "previous")?,
            by_question: keywords::split(tables, JOB, "question")?,
            by_question_type: keywords::split(tables, JOB, "question_type")?,
            by_week: keywords::split(tables, JOB, "week")?,
            totals,
        })
    }

    /// Counts over the wanted jobs that show figures.
    pub fn narrowed(&self, tables: &CountedTables, wanted: &[u32]) -> PolarsResult<Totals> {
        let counted: Vec<u32> = wanted.iter().copied().filter(|job| self.current.jobs.contains(job)).collect();
        let before = |job: &u32| self.jobs_previous.get(job).map_or(0, |raw| raw.candidates);
        let are_shown_before = counted.iter().all(|job| before(job) == 0 || self.previous.jobs.contains(job));
        let totals = Totals::new(&tables.of_jobs(&counted)?, &counted)?;
        let is_shown = [!counted.is_empty(), are_shown_before && counted.iter().any(|job| before(job) > 0)];
        Ok(Totals { is_shown, ..totals })
    }
}

impl Totals {
    fn new(tables: &CountedTables, jobs: &[u32]) -> PolarsResult<Self> {
        Ok(Self {
            jobs: jobs.to_vec(),
            is_shown: [false; 2],
            all: groups::figures(tables, ALL, "current")?.remove(&0).unwrap_or_default(),
            all_previous: groups::figures(tables, ALL, "previous")?.remove(&0).unwrap_or_default(),
            weekly: groups::weekly(tables, ALL)?,
            asked_by_question_type: questions::asked_by_question_type(tables, ALL)?,
            keywords: keywords::keywords(tables, ALL, "current")?,
            keywords_previous: keywords::keywords(tables, ALL, "previous")?,
            by_question_type: keywords::split(tables, ALL, "question_type")?,
            by_week: keywords::split(tables, ALL, "week")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The jobs that are shown, and whether the sum over them is, if nobody applied for two jobs.
    fn shown(candidates: &[i64]) -> (Vec<u32>, bool) {
        let by_job: BTreeMap<u32, i64> = (0u32..).zip(candidates.iter().copied()).collect();
        let ShownGroups { jobs, all } = shown_groups(&by_job, candidates.iter().sum());
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
