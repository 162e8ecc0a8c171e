//! Turns counts and cells into the model of each job, and of all jobs.

use jiff::Timestamp;

use super::bins::bins;
use super::builder::ModelBuilder;
use super::cells::{FlowCells, GroupCells, OpenCells, TotalCells};
use super::counted::Totals;
use super::groups::{GroupCounts, Measured, WeekCounts};
use super::questions::QuestionCounts;
use super::share::share;
use super::terms::KeywordDimensions;
use crate::report::anchors;
use crate::report::model::{
    Completion, Count, Distribution, Figures, JobReport, OpenFigures, PRIVACY_FLOOR, Quality, QuestionReport,
    StatusCount, WeekFigures,
};
use crate::report::period::PeriodMembership;
use crate::report::privacy::{Cell, alone};

impl ModelBuilder<'_> {
    pub fn job(&self, job: u32, order: &[u32]) -> JobReport {
        let named = &self.frames.jobs[job as usize];
        let mut report = JobReport {
            job_id: named.id.clone(),
            job_title: named.title.clone(),
            department: named.department.clone(),
            slug: named.slug.clone(),
            page: format!("jobs/{}.html", named.slug),
            open: self.entered.open.get(&job).map_or_else(OpenFigures::default, |cells| self.open(cells, &[job])),
            ..JobReport::default()
        };
        if !self.raw.current.jobs.contains(&job) {
            return report;
        }
        let cells = &self.entered.jobs[&job];
        let figures = self.figures(&self.raw.jobs[&job], cells, &[job], |membership| membership.current);
        if self.raw.previous.jobs.contains(&job) {
            let (raw, cells) = (&self.raw.jobs_previous[&job], &self.entered.jobs_previous[&job]);
            report.previous = Some(self.figures(raw, cells, &[job], |membership| membership.previous));
        }
        report.weekly = self.weekly(|week| self.raw.weekly.get(&(job, week)).zip(self.entered.weeks.get(&(job, week))));
        report.cards = self.cards(Some(&figures), report.previous.as_ref(), &report.weekly, cells);
        report.quality = Some(self.quality(cells));
        let questions = self.questions(job);
        let question_types = self.question_types(job);
        let dimensions =
            KeywordDimensions { questions: &questions, question_types: &question_types, weekly: &report.weekly };
        report.keywords = self.keywords_of_job(job, &dimensions, order);
        report.distinctive = self.distinctive(job, &report.keywords);
        report.questions = questions.into_iter().map(|(_, question)| question).collect();
        report.question_types =
            question_types.iter().map(|(question_type, _)| self.question_type(*question_type)).collect();
        report.figures = Some(figures);
        report
    }

    /// The figures of several jobs together, over the interviews that `counts` accepts.
    pub fn figures(
        &self,
        raw: &GroupCounts,
        cells: &GroupCells,
        jobs: &[u32],
        counts: fn(&PeriodMembership) -> bool,
    ) -> Figures {
        let count = |cell| self.cells.count(cell);
        let interviews = &self.frames.interviews;
        let [duration, length, elapsed, days, words, pace, questions, answered] = {
            let mut counts = cells.measured.into_iter().map(count);
            raw.measured().map(|measured| measured.shown(counts.next().expect("one a figure")))
        };
        let bins_of = |figure: &Distribution, column: &[Option<f64>]| {
            if figure.median.is_some() { bins(interviews.values(column, jobs, counts)) } else { Vec::new() }
        };
        Figures {
            completed: count(cells.flow.completed),
            expired: count(cells.flow.expired),
            completion: self.completion(cells.flow.cohort),
            responses: count(cells.responses),
            answered: count(cells.answered),
            duration_bins: bins_of(&duration, &interviews.total_duration_seconds),
            length_bins: bins_of(&length, &interviews.average_response_length),
            pooled_words_per_minute: raw.pooled_words_per_minute.filter(|_| pace.median.is_some()),
            total_duration_seconds: duration,
            average_response_length: length,
            elapsed_seconds: elapsed,
            days_to_complete: days,
            word_count: words,
            words_per_minute: pace,
            question_count: questions,
            answered_share: answered,
        }
    }

    /// The completion rate and its cohort, or the reason why there is no rate. There is none if a count of 1 to 4 would
    /// follow from it.
    fn completion(&self, cohort: [Cell; 3]) -> Completion {
        let missing = |why| Completion { completion_rate_missing: Some(why), ..Completion::default() };
        let [Some(completed), Some(expired), Some(open)] = cohort.map(|cell| self.cells.shown(cell)) else {
            let cohort = Count(None);
            let why = "1 to 4 of those created in the period were completed, expired or are open";
            return Completion { completion_cohort: cohort, ..missing(why) };
        };
        let settled = completed + expired;
        if settled + open == 0 {
            return missing("none that was created in the period was first seen through an id list");
        }
        let cohort = Count(Some(settled + open));
        if settled < PRIVACY_FLOOR {
            return Completion {
                completion_cohort: cohort,
                ..missing("none of those created in the period has settled")
            };
        }
        Completion {
            completion_cohort: cohort,
            completion_rate: share(completed, settled),
            still_open_share: share(open, settled + open),
            completion_rate_missing: None,
        }
    }

    pub fn weekly_of_all(&self, totals: &Totals, entered: &TotalCells) -> Vec<WeekFigures> {
        self.weekly(|week| totals.weekly.get(&(0, week)).zip(entered.weeks.get(&week)))
    }

    fn weekly<'a>(&self, of: impl Fn(u32) -> Option<(&'a WeekCounts, &'a FlowCells)>) -> Vec<WeekFigures> {
        let one = |week: u32| {
            let Some((raw, cells)) = of(week) else { return WeekFigures::default() };
            let enough = raw.candidates >= PRIVACY_FLOOR && self.cells.shown(cells.completed).is_some();
            let median = |figure: &Measured| figure.median().filter(|_| enough);
            WeekFigures {
                completed: self.cells.count(cells.completed),
                expired: self.cells.count(cells.expired),
                completion_rate: self.completion(cells.cohort).completion_rate,
                median_duration_seconds: median(&raw.total_duration_seconds),
                median_response_length: median(&raw.average_response_length),
                median_words_per_minute: median(&raw.words_per_minute),
            }
        };
        (0u32..).take(self.calendar.weeks.len()).map(one).collect()
    }

    pub fn open(&self, cells: &OpenCells, jobs: &[u32]) -> OpenFigures {
        let open = &self.frames.interviews.open;
        let mut by_status: Vec<StatusCount> = cells
            .by_status
            .iter()
            .map(|(status, cell)| StatusCount {
                status: open.statuses.texts[*status as usize].clone(),
                interviews: self.cells.count(*cell),
            })
            .collect();
        by_status.sort_by(|a, b| a.status.cmp(&b.status));
        let expiring = self.cells.count(cells.expiring);
        let is_of = |job: &u32| jobs.binary_search(job).is_ok();
        let soon = open.job.iter().zip(&open.expires_soon).filter(|(job, _)| is_of(job)).filter_map(|(_, at)| *at);
        let first = soon.min().filter(|_| expiring.0.is_some()).and_then(|at| Timestamp::from_microsecond(at).ok());
        OpenFigures { by_status, expiring, first_expiry: first.map(|at| at.to_string()), stale: None, gone: None }
    }

    pub fn quality(&self, cells: &GroupCells) -> Quality {
        let [without_answers, without_duration, without_transcript, empty] =
            cells.missing.map(|cell| self.cells.count(cell));
        Quality {
            interviews_without_answers: without_answers,
            answers_without_duration: without_duration,
            answers_without_transcript: without_transcript,
            answers_with_empty_transcript: empty,
            quarantined: None,
        }
    }

    /// The questions of a job that were asked often enough to be shown, in the order in which they are asked.
    fn questions(&self, job: u32) -> Vec<(u32, QuestionReport)> {
        let mut questions: Vec<(u32, &QuestionCounts)> = (0u32..)
            .zip(&self.frames.responses.questions)
            .filter(|(_, question)| question.job == job)
            .filter_map(|(number, _)| Some((number, self.raw.questions.get(&number)?)))
            .filter(|(_, raw)| raw.is_common())
            .collect();
        let text = |number: u32| &self.frames.responses.questions[number as usize].text;
        questions.sort_by(|(a, left), (b, right)| {
            let place = |question: &QuestionCounts| question.place.unwrap_or(f64::INFINITY);
            place(left).total_cmp(&place(right)).then_with(|| text(*a).cmp(text(*b)))
        });
        let shown = |(number, raw): (u32, &QuestionCounts)| {
            let cells = &self.entered.questions[&number];
            let asked = alone(raw.asked);
            let answered = Count(self.cells.shown(cells.answers).map(|_| raw.answered));
            let measured = |measured: &Measured, cell| measured.shown(self.cells.count(cell));
            let words_per_minute = measured(&raw.words_per_minute, cells.words_per_minute);
            let coverage = answered.0.and_then(|answered| share(answered, raw.asked));
            let question = QuestionReport {
                question_text: text(number).clone(),
                question_type: raw.question_type.map(|question_type| self.question_type(question_type)),
                anchor: anchors::question(text(number).as_deref()),
                asked,
                answered,
                coverage,
                word_count: measured(&raw.word_count, cells.word_count),
                duration_seconds: measured(&raw.duration_seconds, cells.duration_seconds),
                pooled_words_per_minute: raw.pooled_words_per_minute.filter(|_| words_per_minute.median.is_some()),
                words_per_minute,
                time_limit_seconds: raw.time_limit_seconds,
                time_limit_share: measured(&raw.time_limit_share, cells.time_limit_share),
            };
            (number, question)
        };
        questions.into_iter().map(shown).collect()
    }

    /// The question types of a job, sorted, each with the number of interviews in which it was asked.
    fn question_types(&self, job: u32) -> Vec<(u32, i64)> {
        let own = self.raw.asked_by_question_type.range((job, 0)..=(job, u32::MAX));
        self.common_question_types(own.map(|((_, question_type), asked)| (*question_type, *asked)).collect())
    }
}
