//! An export: which rows are written, and how. The `export` command and pipelines share it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::choices::{ExportFormat, ExportRows};
use super::file::ExportSection;
use super::place::{place, resolve_set};
use super::times::{parse_date, parse_days, parse_time_zone};
use crate::model::{Error, Problems, Section};

/// The rows and the format of an export.
#[derive(Debug, Clone)]
pub struct ExportPlan {
    pub what: ExportRows,
    pub format: ExportFormat,
    /// Ids or titles of the jobs to export; empty for all.
    pub jobs: Vec<String>,
    /// Statuses to export, in the vendor's words; empty for all.
    pub statuses: Vec<String>,
    /// First day on which exported interviews settled.
    pub from: Since,
    /// First day after those on which exported interviews settled; `None` for no limit.
    pub until: Option<Date>,
    /// Time zone in which days begin.
    pub time_zone: TimeZone,
    pub raw: bool,
    /// The keyword sets whose terms an export of the analysis counts; empty for those that the lake was analysed with.
    pub keywords: Vec<String>,
}

/// The start of an export's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Always,
    Day(Date),
    /// This number of days before the end of the period, which is today by default, as for a report.
    DaysBefore(u32),
}

/// An export of a pipeline, with the file that it writes.
#[derive(Debug, Clone)]
pub struct ExportTo {
    pub plan: ExportPlan,
    pub output: PathBuf,
}

impl ExportPlan {
    /// The settings that do not go together, each with its key and what is wrong.
    #[must_use]
    pub fn check(&self) -> Vec<(&'static str, Error)> {
        let mut wrong = Vec::new();
        if self.raw && self.format != ExportFormat::Csv {
            wrong.push(("raw", Error::usage("`raw` is for csv: the other formats say what is a text")));
        }
        if !self.keywords.is_empty() && self.what != ExportRows::Analysis {
            wrong.push(("keywords", Error::usage("`keywords` is for an export of the analysis")));
        }
        if let (Since::Day(from), Some(until)) = (self.from, self.until)
            && from >= until
        {
            wrong.push(("from", Error::usage("there is no day from `from` on that is before `until`")));
        }
        wrong
    }
}

/// Resolves the exports of a pipeline. `searched` is the list of keyword sets that the pipeline analyses with; `None`
/// if it does not analyse.
pub(super) fn resolve_all(
    sections: Vec<ExportSection>,
    folder: &Path,
    searched: Option<&[String]>,
    problems: &mut Problems,
) -> Vec<ExportTo> {
    let mut exports: Vec<ExportTo> = Vec::new();
    for (number, section) in sections.into_iter().enumerate() {
        let mut at = problems.section(format!("export[{number}]"));
        let export = resolve(section, folder, searched, &mut at);
        if exports.iter().any(|earlier| earlier.output == export.output) {
            at.add("output", Error::usage(format!("two exports are written to {}", export.output.display())));
        }
        exports.push(export);
    }
    exports
}

fn resolve(section: ExportSection, folder: &Path, searched: Option<&[String]>, at: &mut Section<'_>) -> ExportTo {
    let from = section.from.and_then(|day| at.keep("from", parse_date(&day)));
    let period = section.period.and_then(|period| at.keep("period", parse_days(&period)));
    let mut plan = ExportPlan {
        what: section.what,
        format: section.format,
        jobs: section.job,
        statuses: section.status,
        from: from.map_or(Since::Always, Since::Day),
        until: section.until.and_then(|text| at.keep("until", parse_date(&text))),
        time_zone: at.or("time-zone", parse_time_zone(&section.time_zone), TimeZone::UTC),
        raw: section.raw,
        keywords: section.keywords.map(|set| vec![resolve_set(set, folder)]).unwrap_or_default(),
    };
    match (from, period) {
        (Some(_), Some(_)) => at.add("period", Error::usage("name `from` or `period`, not both")),
        (None, Some(days)) => plan.from = Since::DaysBefore(days),
        (_, None) => {}
    }
    plan.check().into_iter().for_each(|(key, error)| at.add(key, error));
    if let (ExportRows::Analysis, Some(searched)) = (plan.what, searched) {
        match plan.keywords.iter().find(|set| !searched.contains(set)) {
            Some(set) => {
                let message = format!("it counts the terms of {set}, which [analyze] does not search for");
                at.add("keywords", Error::usage(message).hint(format!("add \"{set}\" to `keywords` under [analyze]")));
            }
            None if searched.is_empty() => {
                let message = "it counts the terms of keyword sets, which [analyze] does not search for";
                at.add("what", Error::usage(message).hint("name some with `keywords` under [analyze]"));
            }
            None if plan.keywords.is_empty() => plan.keywords = searched.to_vec(),
            None => {}
        }
    }
    ExportTo { plan, output: place(folder, &section.output) }
}
