//! Every count that could give another away, entered as a cell, with the sums they are in.

use std::collections::BTreeMap;

use super::Counted;
use super::groups::Raw;
use super::keywords::{Key, RawKeyword};
use crate::report::frames::Frames;
use crate::report::model::PRIVACY_FLOOR;
use crate::report::period::{Calendar, Span};
use crate::report::privacy::{Cell, Cells};

/// The cells of a report.
pub struct Entered {
    pub jobs: BTreeMap<u32, GroupCells>,
    pub jobs_previous: BTreeMap<u32, GroupCells>,
    pub all: GroupCells,
    pub all_previous: GroupCells,
    pub weeks: BTreeMap<(u32, u32), WeekCells>,
    pub weeks_all: BTreeMap<u32, WeekCells>,
    pub open: BTreeMap<u32, OpenCells>,
    pub open_all: OpenCells,
    pub keywords: BTreeMap<Key, KeywordCells>,
    pub keywords_all: BTreeMap<u32, KeywordCells>,
    pub keywords_previous: BTreeMap<Key, Cell>,
    pub keywords_all_previous: BTreeMap<u32, Cell>,
}

#[derive(Debug, Clone, Copy)]
pub struct GroupCells {
    pub completed: Cell,
    pub expired: Cell,
    pub responses: Cell,
    pub answered: Cell,
    pub cohort: [Cell; 3],
    pub missing: [Cell; 4],
}

#[derive(Debug, Clone, Copy)]
pub struct WeekCells {
    pub completed: Cell,
    pub expired: Cell,
    pub cohort: [Cell; 3],
}

/// Open interviews by the number of their status, and those that expire soon.
#[derive(Debug, Clone)]
pub struct OpenCells {
    pub by_status: BTreeMap<u32, Cell>,
    pub expiring: Cell,
}

#[derive(Debug, Clone)]
pub struct KeywordCells {
    pub interviews: Cell,
    pub negated: Cell,
    pub by_question: BTreeMap<u32, Cell>,
    pub by_kind: BTreeMap<u32, Cell>,
    pub by_week: BTreeMap<u32, Cell>,
}

impl Entered {
    pub fn new(raw: &Counted, frames: &Frames, calendar: &Calendar, cells: &mut Cells) -> Self {
        let group = |cells: &mut Cells, jobs: &BTreeMap<u32, Raw>, all: &Raw, shown: &super::Shown| {
            let entered: BTreeMap<u32, GroupCells> =
                jobs.iter().map(|(job, raw)| (*job, enter_group(cells, raw, shown.jobs.contains(job)))).collect();
            let all = enter_group(cells, all, shown.all);
            for at in 0..all.list().len() {
                cells.sum(all.list()[at], entered.values().map(|job| job.list()[at]));
            }
            (entered, all)
        };
        let (jobs, all) = group(cells, &raw.jobs, &raw.all, &raw.current);
        let (jobs_previous, all_previous) = group(cells, &raw.jobs_previous, &raw.all_previous, &raw.previous);
        let (weeks, weeks_all) = enter_weeks(raw, cells);
        for (span, jobs, all) in
            [(Some(calendar.current), &jobs, &all), (calendar.previous, &jobs_previous, &all_previous)]
        {
            sum_weeks(span, calendar, (jobs, all), (&weeks, &weeks_all), cells);
        }
        let (open, open_all) = enter_open(raw, frames, cells);
        let (keywords, keywords_all) = enter_keywords(raw, calendar, cells);
        let (keywords_previous, keywords_all_previous) = enter_keywords_previous(raw, cells);
        Self {
            jobs,
            jobs_previous,
            all,
            all_previous,
            weeks,
            weeks_all,
            open,
            open_all,
            keywords,
            keywords_all,
            keywords_previous,
            keywords_all_previous,
        }
    }
}

impl Entered {
    /// Holds back every count of a job that a report of all jobs holds back.
    pub fn hold_back_as(&self, whole: &Self, whole_cells: &Cells, cells: &mut Cells) {
        let mut hold_back = |own: Cell, whole: Cell| {
            if whole_cells.shown(whole).is_none() {
                cells.hold_back(own);
            }
        };
        for (own, whole) in [(&self.jobs, &whole.jobs), (&self.jobs_previous, &whole.jobs_previous)] {
            for (job, group) in own {
                group.list().into_iter().zip(whole[job].list()).for_each(|(own, whole)| hold_back(own, whole));
            }
        }
        for (key, week) in &self.weeks {
            let whole = &whole.weeks[key];
            hold_back(week.completed, whole.completed);
            hold_back(week.expired, whole.expired);
            week.cohort.into_iter().zip(whole.cohort).for_each(|(own, whole)| hold_back(own, whole));
        }
        for (job, open) in &self.open {
            let whole = &whole.open[job];
            hold_back(open.expiring, whole.expiring);
            open.by_status.iter().for_each(|(status, own)| hold_back(*own, whole.by_status[status]));
        }
        for (key, keyword) in &self.keywords {
            let whole = &whole.keywords[key];
            hold_back(keyword.interviews, whole.interviews);
            hold_back(keyword.negated, whole.negated);
            for (own, whole) in [
                (&keyword.by_question, &whole.by_question),
                (&keyword.by_kind, &whole.by_kind),
                (&keyword.by_week, &whole.by_week),
            ] {
                own.iter().for_each(|(part, own)| hold_back(*own, whole[part]));
            }
        }
        for (key, own) in &self.keywords_previous {
            hold_back(*own, whole.keywords_previous[key]);
        }
    }
}

impl GroupCells {
    fn list(&self) -> [Cell; 11] {
        let [completed, expired, open] = self.cohort;
        let [a, b, c, d] = self.missing;
        [self.completed, self.expired, self.responses, self.answered, completed, expired, open, a, b, c, d]
    }
}

/// Enters a count of a group that is shown or not.
fn enter(cells: &mut Cells, value: i64, is_shown: bool) -> Cell {
    if is_shown { cells.add(value) } else { cells.add_hidden(value) }
}

fn enter_group(cells: &mut Cells, raw: &Raw, is_shown: bool) -> GroupCells {
    GroupCells {
        completed: enter(cells, raw.completed, is_shown),
        expired: enter(cells, raw.expired, is_shown),
        responses: enter(cells, raw.responses, is_shown),
        answered: enter(cells, raw.answered, is_shown),
        cohort: raw.cohort.map(|count| enter(cells, count, is_shown)),
        missing: raw.missing.map(|count| enter(cells, count, is_shown)),
    }
}

type WeeksOfJobs = BTreeMap<(u32, u32), WeekCells>;

fn enter_weeks(raw: &Counted, cells: &mut Cells) -> (WeeksOfJobs, BTreeMap<u32, WeekCells>) {
    let enter_week = |cells: &mut Cells, week: &super::RawWeek, is_shown: bool| WeekCells {
        completed: enter(cells, week.completed, is_shown),
        expired: enter(cells, week.expired, is_shown),
        cohort: week.cohort.map(|count| enter(cells, count, is_shown)),
    };
    let jobs: WeeksOfJobs = raw
        .weekly
        .iter()
        .map(|(key, week)| (*key, enter_week(cells, week, raw.current.jobs.contains(&key.0))))
        .collect();
    let all: BTreeMap<u32, WeekCells> = raw
        .weekly_all
        .iter()
        .map(|((_, week), raw_week)| (*week, enter_week(cells, raw_week, raw.current.all)))
        .collect();
    for (week, total) in &all {
        let of_week = || jobs.iter().filter(|((_, at), _)| at == week).map(|(_, cells)| cells);
        cells.sum(total.completed, of_week().map(|job| job.completed));
        cells.sum(total.expired, of_week().map(|job| job.expired));
        for state in 0..3 {
            cells.sum(total.cohort[state], of_week().map(|job| job.cohort[state]));
        }
    }
    (jobs, all)
}

/// Where weeks make up a period exactly, they are parts of it.
fn sum_weeks(
    span: Option<Span>,
    calendar: &Calendar,
    (jobs, all): (&BTreeMap<u32, GroupCells>, &GroupCells),
    (weeks, weeks_all): (&WeeksOfJobs, &BTreeMap<u32, WeekCells>),
    cells: &mut Cells,
) {
    let Some(range) = span.and_then(|span| calendar.weeks_of(span)) else { return };
    let is_in = |week: u32| range.contains(&(week as usize));
    let mut sum = |total: &GroupCells, weeks: Vec<&WeekCells>| {
        cells.sum(total.completed, weeks.iter().map(|week| week.completed));
        cells.sum(total.expired, weeks.iter().map(|week| week.expired));
        for state in 0..3 {
            cells.sum(total.cohort[state], weeks.iter().map(|week| week.cohort[state]));
        }
    };
    for (job, total) in jobs {
        let own = weeks.range((*job, 0)..=(*job, u32::MAX));
        sum(total, own.filter(|((_, week), _)| is_in(*week)).map(|(_, week)| week).collect());
    }
    sum(all, weeks_all.iter().filter(|(week, _)| is_in(**week)).map(|(_, week)| week).collect());
}

fn enter_open(raw: &Counted, frames: &Frames, cells: &mut Cells) -> (BTreeMap<u32, OpenCells>, OpenCells) {
    let open = &frames.interviews.open;
    let mut counts: BTreeMap<u32, (BTreeMap<u32, i64>, i64)> = BTreeMap::new();
    let mut all: (BTreeMap<u32, i64>, i64) = Default::default();
    for ((job, status), expires) in open.job.iter().zip(&open.status).zip(&open.expires_soon) {
        if raw.wanted.binary_search(job).is_err() {
            continue;
        }
        for count in [counts.entry(*job).or_default(), &mut all] {
            *count.0.entry(*status).or_default() += 1;
            count.1 += i64::from(expires.is_some());
        }
    }
    let enter_one = |cells: &mut Cells, (statuses, expiring): &(BTreeMap<u32, i64>, i64), is_shown: bool| OpenCells {
        by_status: statuses.iter().map(|(status, count)| (*status, enter(cells, *count, is_shown))).collect(),
        expiring: enter(cells, *expiring, is_shown),
    };
    let jobs: BTreeMap<u32, OpenCells> =
        counts.iter().map(|(job, counts)| (*job, enter_one(cells, counts, raw.current.jobs.contains(job)))).collect();
    // Open interviews are there before any is completed, so that their sum needs no completed ones.
    let all = enter_one(cells, &all, true);
    for (status, total) in &all.by_status {
        cells.sum(*total, jobs.values().filter_map(|job| job.by_status.get(status).copied()));
    }
    cells.sum(all.expiring, jobs.values().map(|job| job.expiring));
    (jobs, all)
}

fn enter_keywords(
    raw: &Counted,
    calendar: &Calendar,
    cells: &mut Cells,
) -> (BTreeMap<Key, KeywordCells>, BTreeMap<u32, KeywordCells>) {
    let none = BTreeMap::new();
    let enter_one = |cells: &mut Cells, counts: &RawKeyword, parts: [&BTreeMap<u32, i64>; 3], is_shown: bool| {
        let interviews = enter(cells, counts.interviews, is_shown);
        let mut enter_parts = |parts: &BTreeMap<u32, i64>| -> BTreeMap<u32, Cell> {
            parts.iter().map(|(part, count)| (*part, enter(cells, *count, is_shown))).collect()
        };
        let [by_question, by_kind, by_week] = parts.map(&mut enter_parts);
        KeywordCells { interviews, negated: enter(cells, counts.negated, is_shown), by_question, by_kind, by_week }
    };
    let weeks = calendar.weeks_of(calendar.current);
    let is_in_period = |week: u32| weeks.as_ref().is_some_and(|weeks| weeks.contains(&(week as usize)));
    let within = |cells: &mut Cells, keyword: &KeywordCells| {
        cells.sum_or_nothing(keyword.interviews, keyword.by_question.values().copied());
        cells.sum_or_nothing(keyword.interviews, keyword.by_kind.values().copied());
        let of_period = keyword.by_week.iter().filter(|(week, _)| is_in_period(**week));
        cells.sum_or_nothing(keyword.interviews, of_period.map(|(_, cell)| *cell));
        cells.follow(keyword.interviews, keyword.by_week.values().copied().chain([keyword.negated]));
    };
    let mut jobs: BTreeMap<Key, KeywordCells> = BTreeMap::new();
    for (key, counts) in &raw.keywords {
        let parts = [&raw.by_question, &raw.by_kind, &raw.by_week].map(|split| split.get(key).unwrap_or(&none));
        let keyword = enter_one(cells, counts, parts, raw.current.jobs.contains(&key.0));
        within(cells, &keyword);
        // Questions of a type are parts of it.
        for (kind, total) in &keyword.by_kind {
            let is_of_kind =
                |question: &u32| raw.questions.get(question).and_then(|question| question.kind) == Some(*kind);
            let questions = keyword.by_question.iter().filter(|(question, _)| is_of_kind(question));
            cells.sum(*total, questions.map(|(_, cell)| *cell));
        }
        jobs.insert(*key, keyword);
    }
    let mut all: BTreeMap<u32, KeywordCells> = BTreeMap::new();
    let mut by_term: BTreeMap<u32, Vec<&KeywordCells>> = BTreeMap::new();
    for ((_, term), keyword) in &jobs {
        by_term.entry(*term).or_default().push(keyword);
    }
    for ((group, term), counts) in &raw.keywords_all {
        let parts = [&raw.by_kind_all, &raw.by_week_all].map(|split| split.get(&(*group, *term)).unwrap_or(&none));
        let keyword = enter_one(cells, counts, [&none, parts[0], parts[1]], raw.current.all);
        within(cells, &keyword);
        let of_jobs = by_term.get(term).map_or(&[][..], Vec::as_slice);
        cells.sum(keyword.interviews, of_jobs.iter().map(|job| job.interviews));
        cells.sum(keyword.negated, of_jobs.iter().map(|job| job.negated));
        for (kind, total) in &keyword.by_kind {
            cells.sum(*total, of_jobs.iter().filter_map(|job| job.by_kind.get(kind).copied()));
        }
        for (week, total) in &keyword.by_week {
            cells.sum(*total, of_jobs.iter().filter_map(|job| job.by_week.get(week).copied()));
        }
        all.insert(*term, keyword);
    }
    (jobs, all)
}

fn enter_keywords_previous(raw: &Counted, cells: &mut Cells) -> (BTreeMap<Key, Cell>, BTreeMap<u32, Cell>) {
    let jobs: BTreeMap<Key, Cell> = raw
        .keywords_previous
        .iter()
        .map(|(key, counts)| (*key, enter(cells, counts.interviews, raw.previous.jobs.contains(&key.0))))
        .collect();
    let mut by_term: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    for ((_, term), cell) in &jobs {
        by_term.entry(*term).or_default().push(*cell);
    }
    let mut all = BTreeMap::new();
    for ((_, term), counts) in &raw.keywords_all_previous {
        let total = enter(cells, counts.interviews, raw.previous.all);
        cells.sum(total, by_term.remove(term).unwrap_or_default());
        all.insert(*term, total);
    }
    (jobs, all)
}

/// Whether a question is asked of enough to be shown.
pub fn is_common(asked: i64) -> bool {
    asked >= PRIVACY_FLOOR
}
