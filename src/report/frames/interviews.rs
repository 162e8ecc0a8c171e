//! Interviews: settled ones as rows with their figures, open ones as counts.

use std::path::Path;

use foldhash::HashMap;

use super::input_files::InputFiles;
use super::interner::Interner;
use super::jobs::Jobs;
use super::packed::{MOST_RESERVED, Packed};
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, float_at, floats, integers, string_at, strings, time_at, times};
use crate::lake::schema;
use crate::model::{Result, Via};
use crate::report::period::Calendar;

/// Settled interviews that a figure is made from. The vectors are columns of equal length, with one entry per
/// interview.
#[derive(Default)]
pub struct Interviews {
    /// Their ids, of which those of completed interviews can be looked up.
    pub ids: Interner,
    pub job: Vec<u32>,
    /// When it was settled, in microseconds since 1970.
    pub settled_at: Vec<i64>,
    /// Segment of the calendar in which it was settled.
    pub segment: Vec<u32>,
    pub completed: Vec<bool>,
    /// A number for each candidate. Interviews without a candidate id count as one candidate each.
    pub candidate: Vec<u32>,
    pub total_duration_seconds: Packed<f64>,
    pub average_response_length: Packed<f64>,
    pub elapsed_seconds: Packed<f64>,
    pub days_to_complete: Packed<f64>,
    pub response_count: Vec<i64>,
    pub answered_count: Vec<i64>,
    pub cohort: Cohort,
    /// Completed interviews of the days that the calendar knows, which no series need show.
    pub completions: Vec<Completion>,
    pub open: OpenInterviews,
    /// Number of settled interviews in the lake.
    pub settled: u64,
    /// Number of settled interviews in the lake whose time is not known.
    pub without_time: u64,
    /// When the first interview of the lake was settled, in microseconds since 1970.
    pub first_settled: Option<i64>,
    /// When the last interview before the end of the period was settled, in microseconds since 1970.
    pub last_settled: Option<i64>,
    /// When the last interview of each job was settled, also after the end of the period.
    pub newest: HashMap<u32, i64>,
    candidates: Interner,
}

/// When an interview was completed.
#[derive(Debug, Clone, Copy)]
pub struct Completion {
    pub job: u32,
    /// In microseconds since 1970.
    pub at: i64,
    /// Whether it was first seen through an event.
    pub by_event: bool,
}

/// Interviews that were first seen through an id list, with when they were created. Interviews that came through events
/// are left out: an event reports only an interview that has ended well, so they would bias the rate.
#[derive(Default)]
pub struct Cohort {
    pub job: Vec<u32>,
    /// In microseconds since 1970.
    pub created_at: Vec<i64>,
    pub state: Vec<State>,
    /// How long interviews are open, as far as it is known: the job, and microseconds from creation to expiry.
    pub validity: Vec<(u32, i64)>,
}

/// What has become of an interview.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    Completed,
    Expired,
    #[default]
    Open,
}

/// Interviews that are not settled. The vectors are columns of equal length, with one entry per interview.
#[derive(Default)]
pub struct OpenInterviews {
    pub job: Vec<u32>,
    pub status: Vec<u32>,
    /// When the interview expires, if that is within 72 hours after the end of the period.
    pub expires_soon: Vec<Option<i64>>,
    pub statuses: Interner,
}

impl Interviews {
    pub fn read(lake: &Lake, calendar: &Calendar, jobs: &mut Jobs<'_>, inputs: &mut InputFiles) -> Result<Self> {
        let mut interviews = Self::default();
        // The log says how many there are.
        let version = lake.version()?;
        let files = version.iter().flat_map(|version| version.files());
        let rows = files.filter(|file| file.table == schema::INTERVIEWS.name).map(|file| file.rows);
        interviews.reserve(usize::try_from(rows.sum::<u64>()).unwrap_or(0).min(MOST_RESERVED));
        for path in lake.files(&schema::INTERVIEWS)? {
            let metrics = lake.derived(&schema::INTERVIEWS, &schema::INTERVIEW_METRICS, &path)?;
            inputs.add(lake, &path, &metrics);
            interviews.read_settled(&path, &metrics, calendar, jobs)?;
        }
        for path in lake.files(&schema::OPEN_INTERVIEWS)? {
            inputs.add_bytes(lake, &path)?;
            interviews.read_open(&path, calendar, jobs)?;
        }
        // Their numbers are all that is needed of the keys from now on, and there may be millions.
        interviews.candidates = Interner::default();
        Ok(interviews)
    }

    /// Makes room for so many, so that columns of millions are not copied as they grow.
    fn reserve(&mut self, rows: usize) {
        self.job.reserve(rows);
        self.settled_at.reserve(rows);
        self.segment.reserve(rows);
        self.completed.reserve(rows);
        self.candidate.reserve(rows);
        self.total_duration_seconds.reserve(rows);
        self.average_response_length.reserve(rows);
        self.elapsed_seconds.reserve(rows);
        self.days_to_complete.reserve(rows);
        self.response_count.reserve(rows);
        self.answered_count.reserve(rows);
        self.cohort.job.reserve(rows);
        self.cohort.created_at.reserve(rows);
        self.cohort.state.reserve(rows);
        self.completions.reserve(rows);
    }

    fn read_settled(
        &mut self,
        path: &Path,
        metrics: &ParquetFile,
        calendar: &Calendar,
        jobs: &mut Jobs<'_>,
    ) -> Result<()> {
        let rows = ParquetFile::open(path)?.all(&[
            "interview_id",
            "status",
            "job_id",
            "job_title",
            "department",
            "candidate_key",
            "created_at",
            "expires_at",
            "settled_at",
            "first_seen_via",
        ])?;
        let figures = ["total_duration_seconds", "average_response_length", "elapsed_seconds", "days_to_complete"];
        let metrics = metrics.all(&[&figures[..], &["response_count", "answered_count"]].concat())?;
        let text = |name: &str| strings(&rows, name);
        let (ids, statuses, vias) = (text("interview_id"), text("status"), text("first_seen_via"));
        let (job_ids, titles, departments) = (text("job_id"), text("job_title"), text("department"));
        let keys = text("candidate_key");
        let (created, expires) = (times(&rows, "created_at"), times(&rows, "expires_at"));
        let settled = times(&rows, "settled_at");
        let figures = figures.map(|name| floats(&metrics, name));
        let [responses, answered] = ["response_count", "answered_count"].map(|name| integers(&metrics, name));
        self.settled += rows.num_rows() as u64;
        for row in 0..rows.num_rows() {
            let at = time_at(settled, row);
            let job = jobs.number(string_at(job_ids, row).unwrap_or_default());
            jobs.record_names(job, at.unwrap_or(i64::MIN), string_at(titles, row), string_at(departments, row));
            self.without_time += u64::from(at.is_none());
            self.first_settled = self.first_settled.into_iter().chain(at).min();
            self.last_settled = self.last_settled.max(at.filter(|at| *at < calendar.current.until));
            if let Some(at) = at {
                let newest = self.newest.entry(job).or_insert(at);
                *newest = at.max(*newest);
            }
            let completed = statuses.value(row) == "completed";
            let created = time_at(created, row);
            // A body that was completed does not say when it would have expired.
            if !completed {
                self.cohort.add_validity(job, created, time_at(expires, row));
            }
            if vias.value(row) == "list" {
                self.cohort.add(job, created, if completed { State::Completed } else { State::Expired });
            }
            if let Some(at) = at.filter(|at| completed && calendar.day(*at).is_some()) {
                self.completions.push(Completion { job, at, by_event: vias.value(row) == Via::Webhook.as_str() });
            }
            let Some((at, segment)) = at.zip(calendar.segment(at)) else { continue };
            let number = self.ids.push(ids.value(row));
            if completed {
                self.ids.know(number);
            }
            self.candidate.push(string_at(keys, row).map_or(number * 2 + 1, |key| self.candidates.number(key) * 2));
            self.job.push(job);
            self.settled_at.push(at);
            self.segment.push(segment);
            self.completed.push(completed);
            let [duration, length, elapsed, days] = figures.map(|column| float_at(column, row));
            self.total_duration_seconds.push(duration);
            self.average_response_length.push(length);
            self.elapsed_seconds.push(elapsed);
            self.days_to_complete.push(days);
            self.response_count.push(responses.value(row));
            self.answered_count.push(answered.value(row));
        }
        Ok(())
    }

    fn read_open(&mut self, path: &Path, calendar: &Calendar, jobs: &mut Jobs<'_>) -> Result<()> {
        let columns = ["status", "job_id", "job_title", "department", "created_at", "expires_at", "first_seen_via"];
        let rows = ParquetFile::open(path)?.all(&columns)?;
        let text = |name: &str, row: usize| string_at(strings(&rows, name), row);
        let (created, expires) = (times(&rows, "created_at"), times(&rows, "expires_at"));
        for row in 0..rows.num_rows() {
            let job = jobs.number(text("job_id", row).unwrap_or_default());
            // The names in open interviews count as older than those in any settled one.
            jobs.record_names(job, i64::MIN, text("job_title", row), text("department", row));
            let (created, expires) = (time_at(created, row), time_at(expires, row));
            self.cohort.add_validity(job, created, expires);
            if text("first_seen_via", row) == Some(Via::List.as_str()) {
                self.cohort.add(job, created, State::Open);
            }
            self.open.job.push(job);
            let status = self.open.statuses.number(text("status", row).unwrap_or_default());
            self.open.status.push(status);
            self.open.expires_soon.push(expires.filter(|at| calendar.soon.contains(*at)));
        }
        Ok(())
    }

    /// Number of answers in completed interviews, as far as it can be true.
    pub fn answers(&self) -> usize {
        let counts = self.response_count.iter().zip(&self.completed).filter(|(_, completed)| **completed);
        let sum = counts.fold(0i64, |sum, (count, _)| sum.saturating_add(*count));
        usize::try_from(sum).unwrap_or(0).min(MOST_RESERVED)
    }

    /// Replaces the number that each job got when it was met by its position in `order`.
    pub fn renumber(&mut self, order: &[u32]) {
        let of_cohort = self.cohort.job.iter_mut().chain(self.cohort.validity.iter_mut().map(|(job, _)| job));
        let completions = self.completions.iter_mut().map(|one| &mut one.job);
        for job in self.job.iter_mut().chain(of_cohort).chain(completions).chain(&mut self.open.job) {
            *job = order[*job as usize];
        }
        self.newest = self.newest.drain().map(|(job, at)| (order[job as usize], at)).collect();
    }
}

impl Cohort {
    fn add(&mut self, job: u32, created_at: Option<i64>, state: State) {
        let Some(created_at) = created_at else { return };
        self.job.push(job);
        self.created_at.push(created_at);
        self.state.push(state);
    }

    fn add_validity(&mut self, job: u32, created_at: Option<i64>, expires_at: Option<i64>) {
        let span = created_at.zip(expires_at).map(|(created, expires)| expires.saturating_sub(created));
        self.validity.extend(span.filter(|span| *span > 0).map(|span| (job, span)));
    }
}
