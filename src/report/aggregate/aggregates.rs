//! The figures of a report, from the frames to the figures that are shown.

use std::collections::BTreeMap;

use polars::prelude::PolarsResult;

use super::builder::ModelBuilder;
use super::cells::{Entered, GroupCells, TotalCells};
use super::comparable::Comparable;
use super::counted::{ReportCounts, Totals};
use super::counted_tables::CountedTables;
use super::groups::GroupCounts;
use super::terms;
use crate::model::{Error, Result};
use crate::report::frames::Frames;
use crate::report::model::{Card, Count, Figures, JobReport, Keyword, OpenFigures, Quality, WeekFigures};
use crate::report::period::Calendar;
use crate::report::privacy::Cells;

/// The figures that a report shows, and those that may be compared.
pub struct Aggregates {
    pub overall: Option<Figures>,
    pub overall_previous: Option<Figures>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: OpenFigures,
    pub jobs: Vec<JobReport>,
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    pub comparable: Comparable,
    /// Number of jobs with interviews in the period that show no figures.
    pub jobs_held_back: u64,
    /// Numbers of the jobs in the frames, in the order of `jobs`.
    pub numbers: Vec<u32>,
    /// Numbers of the jobs that the figures over all jobs cover: the wanted jobs. In a narrowed report, those that show
    /// no figures are left out.
    pub counted: Vec<u32>,
    /// Settled interviews of the period and of the previous one, over the jobs that the figures over all jobs cover.
    pub settled: [Count; 2],
    /// Settled interviews of the period, over all jobs of the lake.
    pub settled_of_all: Count,
    /// Open interviews of the wanted jobs.
    pub open_in_all: Count,
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
    let tables = CountedTables::new(frames)?;
    let raw = ReportCounts::new(&tables, &all)?;
    let mut cells = Cells::default();
    let entered = Entered::new(&raw, frames, calendar, &mut cells);
    cells.solve();
    // A narrowed report shows of each job what the whole report shows. Its totals cover only the jobs that show
    // figures: otherwise the totals of the two reports could be subtracted.
    let narrowed = if wanted.len() < all.len() {
        let totals = raw.narrowed(&tables, &wanted)?;
        let entered = entered.narrowed(&totals, &wanted, &mut cells);
        Some((totals, entered))
    } else {
        None
    };
    let (totals, total_cells) = narrowed.as_ref().map_or((&raw.totals, &entered.totals), |(raw, cells)| (raw, cells));
    let builder = ModelBuilder { frames, calendar, raw: &raw, entered: &entered, cells: &cells };
    Ok(build(&builder, totals, total_cells, &wanted))
}

/// The figures of the wanted jobs, and those over all of them.
fn build(builder: &ModelBuilder<'_>, totals: &Totals, entered: &TotalCells, wanted: &[u32]) -> Aggregates {
    let ModelBuilder { frames, raw, cells, .. } = *builder;
    let [is_shown, previous_is_shown] = totals.is_shown;
    let overall =
        is_shown.then(|| builder.figures(&totals.all, &entered.all, &totals.jobs, |membership| membership.current));
    let overall_previous = previous_is_shown.then(|| {
        builder.figures(&totals.all_previous, &entered.all_previous, &totals.jobs, |membership| membership.previous)
    });
    let weekly = if is_shown { builder.weekly_of_all(totals, entered) } else { Vec::new() };
    let order = terms::order(&frames.hits);
    let has_rows = |job: &u32| {
        raw.jobs.get(job).is_some_and(|raw| raw.completed + raw.expired > 0) || builder.entered.open.contains_key(job)
    };
    let numbers: Vec<u32> = wanted.iter().copied().filter(has_rows).collect();
    let jobs: Vec<JobReport> = numbers.iter().map(|job| builder.job(*job, &order)).collect();
    // If none of the wanted jobs shows figures, 0 would be wrong.
    let settled = |jobs: &BTreeMap<u32, GroupCounts>, group: &GroupCells| {
        let is_any = totals.jobs.is_empty()
            && wanted.iter().filter_map(|job| jobs.get(job)).any(|raw| raw.completed + raw.expired > 0);
        if is_any { Count(None) } else { builder.settled(group.flow.completed, group.flow.expired) }
    };
    Aggregates {
        cards: builder.cards(overall.as_ref(), overall_previous.as_ref(), &weekly, &entered.all),
        keywords: if is_shown { builder.keywords_of_all(&order, totals, entered, &weekly) } else { Vec::new() },
        quality: is_shown.then(|| builder.quality(&entered.all)),
        open: builder.open(&entered.open, wanted),
        open_in_all: cells.count(entered.open.all),
        jobs_held_back: jobs.iter().filter(|job| job.figures.is_none()).count() as u64,
        comparable: builder.comparable(totals, entered, &numbers),
        settled: [settled(&raw.jobs, &entered.all), settled(&raw.jobs_previous, &entered.all_previous)],
        settled_of_all: {
            let all = builder.entered.totals.all.flow;
            builder.settled(all.completed, all.expired)
        },
        overall,
        overall_previous,
        weekly,
        jobs,
        numbers,
        counted: totals.jobs.clone(),
    }
}
