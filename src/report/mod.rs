//! Reports: the figures of a period as a folder that needs nothing else, the same in every format.

mod aggregate;
pub mod charts;
mod csv;
mod frames;
mod html;
pub mod model;
mod publish;

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

pub use aggregate::{Aggregates, Distribution, Figures, JobFigures, KeywordCounts, KeywordFigures, PRIVACY_FLOOR};

use crate::lake::Lake;
use crate::model::{Error, Result};
use crate::pipeline::{Format, ReportPlan};
use frames::Span;

/// The period of a report: whole days `[from, until)` in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Date,
    /// The first day that is no longer in it.
    pub until: Date,
    pub days: u32,
    pub time_zone: String,
}

/// A report before it is rendered. Holds no time of its making: the same lake and flags give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub period: Period,
    /// Null for fewer candidates than [`PRIVACY_FLOOR`].
    pub overall: Option<Figures>,
    pub jobs: Vec<JobFigures>,
    /// Names of the keyword sets that were searched for.
    pub keyword_sets: Vec<String>,
    /// Sets of which not every answer has an up-to-date result.
    pub keyword_sets_left_out: Vec<String>,
    /// Over all jobs first, then by job; most interviews first.
    pub keywords: Vec<KeywordFigures>,
    /// Settled interviews of the lake that are outside the period or have no time.
    pub interviews_outside: u64,
    pub privacy_floor: i64,
}

/// Computes and writes a report; returns its folder.
///
/// # Errors
/// When the lake cannot be read, was not analysed, or the folder cannot be written.
pub fn report(lake: &Lake, plan: &ReportPlan, now: Timestamp) -> Result<PathBuf> {
    let until = plan.until.unwrap_or_else(|| plan.time_zone.to_datetime(now).date());
    let (period, span) = period(until, plan.days, &plan.time_zone)?;
    let frames = frames::read(lake, span)?;
    let Aggregates { overall, jobs, keywords } = aggregate::aggregate(&frames)?;
    let report = Report {
        period,
        overall,
        jobs,
        keyword_sets: frames.sets,
        keyword_sets_left_out: frames.sets_left_out,
        keywords,
        interviews_outside: frames.outside,
        privacy_floor: PRIVACY_FLOOR,
    };
    let files = render(&report, &plan.formats)?;
    publish::publish(&plan.out, &report.period.until.to_string(), &files)
}

/// Every file of the report, by name.
fn render(report: &Report, formats: &[Format]) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut files = Vec::new();
    for format in Format::all().into_iter().filter(|format| formats.contains(format)) {
        match format {
            Format::Html => files.push(("index.html", html::index(report)?)),
            Format::Csv => files.push(("jobs.csv", csv::jobs(report))),
            Format::Json => files.push(("summary.json", json(report))),
        }
    }
    Ok(files)
}

fn json(report: &Report) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(report).expect("a report is plain data");
    bytes.push(b'\n');
    bytes
}

fn period(until: Date, days: u32, time_zone: &TimeZone) -> Result<(Period, Span)> {
    let wrong = |error: jiff::Error| Error::usage(format!("there is no period of {days} days before {until}: {error}"));
    let from = until.checked_sub(i64::from(days).days()).map_err(wrong)?;
    let midnight = |day: Date| -> Result<i64> {
        let time = time_zone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).map_err(wrong)?;
        Ok(time.as_microsecond())
    };
    let span = Span { from: midnight(from)?, until: midnight(until)? };
    let time_zone = time_zone.iana_name().unwrap_or("UTC").to_owned();
    Ok((Period { from, until, days, time_zone }, span))
}
