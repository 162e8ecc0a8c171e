//! The report, resolved from a pipeline file.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::choices::Format;
use super::dismiss::Dismissal;
use super::file::ReportSection;
use super::place::place;
use super::times::{parse_date, parse_days, parse_time_zone};
use crate::model::{Error, Result, Section};

#[derive(Debug, Clone)]
pub struct ReportPlan {
    pub out: PathBuf,
    pub formats: Vec<Format>,
    pub days: u32,
    /// First day after the period; `None` for today.
    pub until: Option<Date>,
    pub time_zone: TimeZone,
    pub compare: Compare,
    pub narrow: Narrow,
    /// File that merges and renames jobs.
    pub jobs_file: Option<PathBuf>,
    /// Whether pages quote answers around keywords.
    pub quotes: bool,
    /// Whether pages show some whole answers of each question.
    pub whole_answers: bool,
    /// Findings that are not named for a time.
    pub dismiss: Vec<Dismissal>,
}

impl ReportPlan {
    /// The plan of a report on the seven days before today, on everything and in every format.
    #[must_use]
    pub fn new(out: PathBuf) -> Self {
        Self {
            out,
            formats: Format::all(),
            days: 7,
            until: None,
            time_zone: TimeZone::UTC,
            compare: Compare::Previous,
            narrow: Narrow::default(),
            jobs_file: None,
            quotes: true,
            whole_answers: false,
            dismiss: Vec::new(),
        }
    }
}

/// The period that figures are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    None,
    /// The period of equal length right before the report's period.
    Previous,
    /// The period of equal length right before this day.
    Until(Date),
}

/// The jobs and departments that a report is narrowed to; empty lists for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Jobs by id, slug or title.
    pub jobs: Vec<String>,
    pub departments: Vec<String>,
    /// Whether names that no job of the lake has are left out: a job may not have opened yet.
    pub may_be_missing: bool,
}

pub(super) fn resolve(report: ReportSection, folder: &Path, at: &mut Section<'_>) -> ReportPlan {
    let default = ReportPlan::new(PathBuf::new());
    ReportPlan {
        out: place(folder, &report.out),
        formats: report.formats,
        days: at.or("period", parse_days(&report.period), default.days),
        until: report.until.and_then(|text| at.keep("until", parse_date(&text))),
        time_zone: at.or("time-zone", parse_time_zone(&report.time_zone), default.time_zone),
        compare: at.or("compare", parse_compare(&report.compare), default.compare),
        narrow: Narrow { jobs: report.job, departments: report.department, may_be_missing: true },
        jobs_file: report.jobs_file.map(|path| place(folder, &path)),
        quotes: report.quotes,
        whole_answers: report.whole_answers,
        dismiss: report.dismiss.iter().filter_map(|one| at.keep("dismiss", one.resolve())).collect(),
    }
}

/// Parses the period to compare with: `previous`, `none`, or the first day after that period.
///
/// # Errors
/// A usage error for anything else.
pub fn parse_compare(text: &str) -> Result<Compare> {
    let wrong = || Error::usage(format!("`{text}` is nothing to compare with"));
    match text {
        "none" => Ok(Compare::None),
        "previous" => Ok(Compare::Previous),
        day => day.parse().map(Compare::Until).map_err(|_| wrong().hint("write previous, none, or a day: 2025-06-01")),
    }
}
