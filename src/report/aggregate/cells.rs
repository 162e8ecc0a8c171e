//! Every count that could give another away, entered as a cell, with the sums they are in.

use std::collections::BTreeMap;
use std::ops::Range;

use super::counted::{ReportCounts, ShownGroups, Totals};
use super::groups::{GroupCounts, Measured, WeekCounts};
use super::keywords::{Holding, Key, Parts, TermCounts};
use super::questions::QuestionCounts;
use crate::report::frames::Frames;
use crate::report::model::PRIVACY_FLOOR;
use crate::report::period::{Calendar, Span};
use crate::report::privacy::{Cell, Cells};

/// The cells of a report.
pub struct Entered {
    pub jobs: BTreeMap<u32, GroupCells>,
    pub jobs_previous: BTreeMap<u32, GroupCells>,
    pub weeks: BTreeMap<(u32, u32), FlowCells>,
    pub open: BTreeMap<u32, OpenCells>,
    pub questions: BTreeMap<u32, QuestionCells>,
    pub keywords: BTreeMap<Key, KeywordCells>,
    pub keywords_previous: BTreeMap<Key, Cell>,
    pub totals: TotalCells,
}

/// Those over all jobs, or over the ones that a narrowed report is of.
pub struct TotalCells {
    pub all: GroupCells,
    pub all_previous: GroupCells,
    pub weeks: BTreeMap<u32, FlowCells>,
    pub open: OpenCells,
    pub keywords: BTreeMap<u32, KeywordCells>,
    pub keywords_previous: BTreeMap<u32, Cell>,
}

/// What comes and ends in a time: completed and expired interviews, then completed, expired and open ones of the cohort.
#[derive(Debug, Clone, Copy)]
pub struct FlowCells {
    pub completed: Cell,
    pub expired: Cell,
    pub cohort: [Cell; 3],
}

#[derive(Debug, Clone, Copy)]
pub struct GroupCells {
    pub flow: FlowCells,
    pub responses: Cell,
    pub answered: Cell,
    pub missing: [Cell; 4],
    /// n of each of [`GroupCounts::measured`].
    pub measured: [Cell; 8],
}

/// Open interviews by the number of their status, all of them, and those that expire soon.
#[derive(Debug, Clone)]
pub struct OpenCells {
    pub by_status: BTreeMap<u32, Cell>,
    pub all: Cell,
    pub expiring: Cell,
}

/// Answers to a question that are not blank, and n of each of its figures.
#[derive(Debug, Clone, Copy)]
pub struct QuestionCells {
    pub answers: Cell,
    pub word_count: Cell,
    pub duration_seconds: Cell,
    pub words_per_minute: Cell,
    pub time_limit_share: Cell,
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
    pub fn new(raw: &ReportCounts, frames: &Frames, calendar: &Calendar, cells: &mut Cells) -> Self {
        let totals = &raw.totals;
        let group = |cells: &mut Cells, jobs: &BTreeMap<u32, GroupCounts>, all: &GroupCounts, shown: &ShownGroups| {
            let entered: BTreeMap<u32, GroupCells> =
                jobs.iter().map(|(job, raw)| (*job, enter_group(cells, raw, shown.jobs.contains(job)))).collect();
            let all = enter_group(cells, all, shown.all);
            sum_each(cells, all.list(), entered.values().map(GroupCells::list));
            (entered, all)
        };
        let (jobs, all) = group(cells, &raw.jobs, &totals.all, &raw.current);
        let (jobs_previous, all_previous) = group(cells, &raw.jobs_previous, &totals.all_previous, &raw.previous);
        let (weeks, weeks_all) = enter_weeks(raw, cells);
        let spans = Spans::new(calendar);
        for (job, now) in &jobs {
            let own = weeks.range((*job, 0)..=(*job, u32::MAX)).map(|((_, week), flow)| (*week, flow.list()));
            spans.sum(now.flow.list(), jobs_previous.get(job).map(|before| before.flow.list()), own, cells);
        }
        let own = weeks_all.iter().map(|(week, flow)| (*week, flow.list()));
        spans.sum(all.flow.list(), Some(all_previous.flow.list()), own, cells);
        let questions = enter_questions(raw, frames, &jobs, cells);
        let (open, open_all) = enter_open(frames, cells);
        let (keywords, keywords_all) = enter_keywords(raw, &spans, cells);
        let (keywords_previous, keywords_all_previous) = enter_keywords_previous(raw, cells);
        for (key, keyword) in &keywords {
            let own = keyword.by_week.iter().map(|(week, cell)| (*week, [*cell]));
            spans.sum_previous([keyword.interviews], keywords_previous.get(key).map(|cell| [*cell]), own, cells);
        }
        for (term, keyword) in &keywords_all {
            let own = keyword.by_week.iter().map(|(week, cell)| (*week, [*cell]));
            spans.sum_previous([keyword.interviews], keywords_all_previous.get(term).map(|cell| [*cell]), own, cells);
        }
        let totals = TotalCells {
            all,
            all_previous,
            weeks: weeks_all,
            open: open_all,
            keywords: keywords_all,
            keywords_previous: keywords_all_previous,
        };
        Self { jobs, jobs_previous, weeks, open, questions, keywords, keywords_previous, totals }
    }

    /// Totals over some jobs, of counts that were settled: each is held back where any part of it is, so that it says
    /// nothing that the report of all jobs does not.
    pub fn narrowed(&self, totals: &Totals, wanted: &[u32], cells: &mut Cells) -> TotalCells {
        let counted = |job: &u32| totals.jobs.binary_search(job).is_ok();
        let group = |cells: &mut Cells, jobs: &BTreeMap<u32, GroupCells>| {
            let parts: Vec<_> = jobs.iter().filter(|(job, _)| counted(job)).map(|(_, group)| group.list()).collect();
            GroupCells::from_list(add_each(cells, &parts))
        };
        let (all, all_previous) = (group(cells, &self.jobs), group(cells, &self.jobs_previous));
        let week = |week: &u32| {
            let of_week = self.weeks.iter().filter(|((job, at), _)| at == week && counted(job));
            let parts: Vec<_> = of_week.map(|(_, flow)| flow.list()).collect();
            (*week, FlowCells::from_list(add_each(cells, &parts)))
        };
        let weeks = self.totals.weeks.keys().map(week).collect();
        let open: Vec<&OpenCells> =
            self.open.iter().filter(|(job, _)| wanted.binary_search(job).is_ok()).map(|(_, open)| open).collect();
        let statuses = self
            .totals
            .open
            .by_status
            .keys()
            .filter(|status| open.iter().any(|job| job.by_status.contains_key(status)));
        let status = |status: &u32| {
            (*status, cells.add_settled_sum(open.iter().filter_map(|job| job.by_status.get(status).copied())))
        };
        let by_status = statuses.map(status).collect();
        let open = OpenCells {
            by_status,
            all: cells.add_settled_sum(open.iter().map(|job| job.all)),
            expiring: cells.add_settled_sum(open.iter().map(|job| job.expiring)),
        };
        let mut keywords = BTreeMap::new();
        let mut keywords_previous = BTreeMap::new();
        for term in self.totals.keywords.keys() {
            let of_jobs: Vec<&KeywordCells> = self
                .keywords
                .iter()
                .filter(|((job, of), _)| of == term && counted(job))
                .map(|(_, keyword)| keyword)
                .collect();
            if !of_jobs.is_empty() {
                keywords.insert(*term, narrowed_keyword(&of_jobs, cells));
            }
            let of_jobs = self.keywords_previous.iter().filter(|((job, of), _)| of == term && counted(job));
            keywords_previous.insert(*term, cells.add_settled_sum(of_jobs.map(|(_, cell)| *cell)));
        }
        TotalCells { all, all_previous, weeks, open, keywords, keywords_previous }
    }
}

fn narrowed_keyword(of_jobs: &[&KeywordCells], cells: &mut Cells) -> KeywordCells {
    let interviews = cells.add_settled_sum(of_jobs.iter().map(|job| job.interviews));
    let negated = cells.add_settled_sum(of_jobs.iter().map(|job| job.negated));
    let mut parts = |of: fn(&KeywordCells) -> &BTreeMap<u32, Cell>| -> BTreeMap<u32, Cell> {
        let mut by_part: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
        for (part, cell) in of_jobs.iter().flat_map(|job| of(job)) {
            by_part.entry(*part).or_default().push(*cell);
        }
        by_part.into_iter().map(|(part, of_jobs)| (part, cells.add_settled_sum(of_jobs))).collect()
    };
    let (by_kind, by_week) = (parts(|job| &job.by_kind), parts(|job| &job.by_week));
    KeywordCells { interviews, negated, by_question: BTreeMap::new(), by_kind, by_week }
}

impl FlowCells {
    fn list(&self) -> [Cell; 5] {
        let [completed, expired, open] = self.cohort;
        [self.completed, self.expired, completed, expired, open]
    }

    fn from_list([completed, expired, cohort_completed, cohort_expired, open]: [Cell; 5]) -> Self {
        Self { completed, expired, cohort: [cohort_completed, cohort_expired, open] }
    }
}

impl GroupCells {
    fn list(&self) -> [Cell; 19] {
        let mut list = [self.responses; 19];
        list[1] = self.answered;
        list[2..6].copy_from_slice(&self.missing);
        list[6..11].copy_from_slice(&self.flow.list());
        list[11..].copy_from_slice(&self.measured);
        list
    }

    fn from_list(list: [Cell; 19]) -> Self {
        let [responses, answered, a, b, c, d, e, f, g, h, i, measured @ ..] = list;
        Self { responses, answered, missing: [a, b, c, d], flow: FlowCells::from_list([e, f, g, h, i]), measured }
    }
}

/// Enters a count of a group that is shown or not.
fn enter(cells: &mut Cells, value: i64, is_shown: bool) -> Cell {
    if is_shown { cells.add(value) } else { cells.add_hidden(value) }
}

fn enter_measured(cells: &mut Cells, measured: &Measured, is_shown: bool) -> Cell {
    enter(cells, measured.n, is_shown && measured.is_of_enough())
}

fn enter_holding(cells: &mut Cells, holding: Holding, is_shown: bool) -> Cell {
    enter(cells, holding.interviews, is_shown && holding.candidates >= PRIVACY_FLOOR)
}

fn enter_group(cells: &mut Cells, raw: &GroupCounts, is_shown: bool) -> GroupCells {
    let group = GroupCells {
        flow: FlowCells {
            completed: enter(cells, raw.completed, is_shown),
            expired: enter(cells, raw.expired, is_shown),
            cohort: raw.cohort.map(|count| enter(cells, count, is_shown)),
        },
        responses: enter(cells, raw.responses, is_shown),
        answered: enter(cells, raw.answered, is_shown),
        missing: raw.missing.map(|count| enter(cells, count, is_shown)),
        measured: raw.measured().map(|measured| enter_measured(cells, measured, is_shown)),
    };
    let [_, _, without_transcript, blank] = group.missing;
    cells.sum(group.responses, [group.answered, without_transcript, blank]);
    group
}

/// Says of each of some totals that it is the sum of its parts.
fn sum_each<const N: usize>(cells: &mut Cells, totals: [Cell; N], parts: impl Iterator<Item = [Cell; N]>) {
    let parts: Vec<[Cell; N]> = parts.collect();
    for (at, total) in totals.into_iter().enumerate() {
        cells.sum(total, parts.iter().map(|part| part[at]));
    }
}

/// Sums of settled counts, each with each.
fn add_each<const N: usize>(cells: &mut Cells, parts: &[[Cell; N]]) -> [Cell; N] {
    std::array::from_fn(|at| cells.add_settled_sum(parts.iter().map(|part| part[at])))
}

type WeeksOfJobs = BTreeMap<(u32, u32), FlowCells>;

fn enter_weeks(raw: &ReportCounts, cells: &mut Cells) -> (WeeksOfJobs, BTreeMap<u32, FlowCells>) {
    let enter_week = |cells: &mut Cells, week: &WeekCounts, is_shown: bool| FlowCells {
        completed: enter(cells, week.completed, is_shown),
        expired: enter(cells, week.expired, is_shown),
        cohort: week.cohort.map(|count| enter(cells, count, is_shown)),
    };
    let jobs: WeeksOfJobs = raw
        .weekly
        .iter()
        .map(|(key, week)| (*key, enter_week(cells, week, raw.current.jobs.contains(&key.0))))
        .collect();
    let all: BTreeMap<u32, FlowCells> = raw
        .totals
        .weekly
        .iter()
        .map(|((_, week), raw_week)| (*week, enter_week(cells, raw_week, raw.current.all)))
        .collect();
    for (week, total) in &all {
        let of_week = jobs.iter().filter(|((_, at), _)| at == week).map(|(_, flow)| flow.list());
        sum_each(cells, total.list(), of_week);
    }
    (jobs, all)
}

/// Weeks that make up exactly the period, the previous one, or the two together where one follows the other.
pub struct Spans {
    current: Option<Range<usize>>,
    previous: Option<Range<usize>>,
    both: Option<Range<usize>>,
}

impl Spans {
    fn new(calendar: &Calendar) -> Self {
        let current = calendar.weeks_of(calendar.current);
        let before = calendar.previous.filter(|previous| previous.until == calendar.current.from);
        // Of whole weeks each, the two say all that both together do.
        let both = before
            .filter(|_| current.is_none())
            .and_then(|previous| calendar.weeks_of(Span { from: previous.from, until: calendar.current.until }));
        Self { current, previous: calendar.previous.and_then(|span| calendar.weeks_of(span)), both }
    }

    /// Says that weeks are parts of the periods they make up.
    fn sum<const N: usize>(
        &self,
        now: [Cell; N],
        before: Option<[Cell; N]>,
        weeks: impl Iterator<Item = (u32, [Cell; N])> + Clone,
        cells: &mut Cells,
    ) {
        if let Some(span) = &self.current {
            sum_each(cells, now, within(span, weeks.clone()));
        }
        self.sum_previous(now, before, weeks, cells);
    }

    /// The same of the previous period, and of both together.
    fn sum_previous<const N: usize>(
        &self,
        now: [Cell; N],
        before: Option<[Cell; N]>,
        weeks: impl Iterator<Item = (u32, [Cell; N])> + Clone,
        cells: &mut Cells,
    ) {
        if let Some((span, before)) = self.previous.as_ref().zip(before) {
            sum_each(cells, before, within(span, weeks.clone()));
        }
        if let Some(span) = &self.both {
            let both = std::array::from_fn(|at| {
                let parts: Vec<Cell> = [Some(now), before].into_iter().flatten().map(|period| period[at]).collect();
                cells.add_sum(&parts)
            });
            sum_each(cells, both, within(span, weeks));
        }
    }
}

fn within<const N: usize>(
    span: &Range<usize>,
    weeks: impl Iterator<Item = (u32, [Cell; N])>,
) -> impl Iterator<Item = [Cell; N]> {
    weeks.filter(|(week, _)| span.contains(&(*week as usize))).map(|(_, week)| week)
}

/// Questions are parts of their job.
fn enter_questions(
    raw: &ReportCounts,
    frames: &Frames,
    jobs: &BTreeMap<u32, GroupCells>,
    cells: &mut Cells,
) -> BTreeMap<u32, QuestionCells> {
    let mut questions = BTreeMap::new();
    let mut by_job: BTreeMap<u32, Vec<[Cell; 4]>> = BTreeMap::new();
    for (number, question) in &raw.questions {
        let job = frames.responses.questions[*number as usize].job;
        let entered = enter_question(cells, question, raw.current.jobs.contains(&job));
        let QuestionCells { answers, word_count, duration_seconds, words_per_minute, .. } = entered;
        by_job.entry(job).or_default().push([answers, word_count, words_per_minute, duration_seconds]);
        questions.insert(*number, entered);
    }
    for (job, questions) in by_job {
        let Some((group, raw)) = jobs.get(&job).zip(raw.jobs.get(&job)) else { continue };
        let [_, without_duration, ..] = group.missing;
        // Nobody reads how many have one, but responses less those that have none are these.
        let with_duration = cells.add(raw.responses - raw.missing[1]);
        cells.sum(group.responses, [with_duration, without_duration]);
        let [_, _, _, _, word_count, words_per_minute, _, _] = group.measured;
        let totals = [group.answered, word_count, words_per_minute, with_duration];
        sum_each(cells, totals, questions.into_iter());
    }
    questions
}

fn enter_question(cells: &mut Cells, question: &QuestionCounts, is_shown: bool) -> QuestionCells {
    let is_shown = is_shown && question.is_common();
    QuestionCells {
        answers: enter(cells, question.answers, is_shown && question.answering >= PRIVACY_FLOOR),
        word_count: enter_measured(cells, &question.word_count, is_shown),
        duration_seconds: enter_measured(cells, &question.duration_seconds, is_shown),
        words_per_minute: enter_measured(cells, &question.words_per_minute, is_shown),
        time_limit_share: enter_measured(cells, &question.time_limit_share, is_shown),
    }
}

/// Open interviews are there before any is completed, so that their counts need no completed ones.
fn enter_open(frames: &Frames, cells: &mut Cells) -> (BTreeMap<u32, OpenCells>, OpenCells) {
    let open = &frames.interviews.open;
    let mut counts: BTreeMap<u32, (BTreeMap<u32, i64>, i64)> = BTreeMap::new();
    let mut all: (BTreeMap<u32, i64>, i64) = Default::default();
    for ((job, status), expires) in open.job.iter().zip(&open.status).zip(&open.expires_soon) {
        for count in [counts.entry(*job).or_default(), &mut all] {
            *count.0.entry(*status).or_default() += 1;
            count.1 += i64::from(expires.is_some());
        }
    }
    let mut enter_one = |(statuses, expiring): &(BTreeMap<u32, i64>, i64)| {
        let by_status: BTreeMap<u32, Cell> =
            statuses.iter().map(|(status, count)| (*status, cells.add(*count))).collect();
        let all = cells.add_sum(&by_status.values().copied().collect::<Vec<_>>());
        OpenCells { by_status, all, expiring: cells.add(*expiring) }
    };
    let jobs: BTreeMap<u32, OpenCells> = counts.iter().map(|(job, counts)| (*job, enter_one(counts))).collect();
    let all = enter_one(&all);
    for (status, total) in &all.by_status {
        cells.sum(*total, jobs.values().filter_map(|job| job.by_status.get(status).copied()));
    }
    cells.sum(all.all, jobs.values().map(|job| job.all));
    cells.sum(all.expiring, jobs.values().map(|job| job.expiring));
    (jobs, all)
}

fn enter_keywords(
    raw: &ReportCounts,
    spans: &Spans,
    cells: &mut Cells,
) -> (BTreeMap<Key, KeywordCells>, BTreeMap<u32, KeywordCells>) {
    let none = Parts::new();
    let enter_one = |cells: &mut Cells, counts: &TermCounts, parts: [&Parts; 3], is_shown: bool| {
        let interviews = enter_holding(cells, counts.holding, is_shown);
        let mut enter_parts = |parts: &Parts| -> BTreeMap<u32, Cell> {
            parts.iter().map(|(part, holding)| (*part, enter_holding(cells, *holding, is_shown))).collect()
        };
        let [by_question, by_kind, by_week] = parts.map(&mut enter_parts);
        KeywordCells { interviews, negated: enter(cells, counts.negated, is_shown), by_question, by_kind, by_week }
    };
    let parts_of = |cells: &mut Cells, keyword: &KeywordCells| {
        cells.sum_or_nothing(keyword.interviews, keyword.by_question.values().copied());
        cells.sum_or_nothing(keyword.interviews, keyword.by_kind.values().copied());
        if let Some(span) = &spans.current {
            let weeks = keyword.by_week.iter().map(|(week, cell)| (*week, [*cell]));
            sum_each(cells, [keyword.interviews], within(span, weeks));
        }
        cells.follow(keyword.interviews, keyword.by_week.values().copied().chain([keyword.negated]));
    };
    let mut jobs: BTreeMap<Key, KeywordCells> = BTreeMap::new();
    for (key, counts) in &raw.keywords {
        let parts =
            [&raw.by_question, &raw.by_question_type, &raw.by_week].map(|split| split.get(key).unwrap_or(&none));
        let keyword = enter_one(cells, counts, parts, raw.current.jobs.contains(&key.0));
        parts_of(cells, &keyword);
        // Questions of a type are parts of it.
        for (kind, total) in &keyword.by_kind {
            let is_of_kind =
                |question: &u32| raw.questions.get(question).and_then(|question| question.question_type) == Some(*kind);
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
    for ((group, term), counts) in &raw.totals.keywords {
        let parts = [&raw.totals.by_question_type, &raw.totals.by_week];
        let [by_kind, by_week] = parts.map(|split| split.get(&(*group, *term)).unwrap_or(&none));
        let keyword = enter_one(cells, counts, [&none, by_kind, by_week], raw.current.all);
        parts_of(cells, &keyword);
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

fn enter_keywords_previous(raw: &ReportCounts, cells: &mut Cells) -> (BTreeMap<Key, Cell>, BTreeMap<u32, Cell>) {
    let jobs: BTreeMap<Key, Cell> = raw
        .keywords_previous
        .iter()
        .map(|(key, counts)| (*key, enter_holding(cells, counts.holding, raw.previous.jobs.contains(&key.0))))
        .collect();
    let mut by_term: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    for ((_, term), cell) in &jobs {
        by_term.entry(*term).or_default().push(*cell);
    }
    let mut all = BTreeMap::new();
    for ((_, term), counts) in &raw.totals.keywords_previous {
        let total = enter_holding(cells, counts.holding, raw.previous.all);
        cells.sum(total, by_term.remove(term).unwrap_or_default());
        all.insert(*term, total);
    }
    (jobs, all)
}
