//! An export: which rows are written, and how. The `export` command and pipelines share it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::choices::{ExportFormat, ExportRows};
use super::file::ExportSection;
use super::place::{place, resolve_set};
use super::times::{parse_date, parse_days};
use crate::model::{Error, Result};

/// The keyword set of the vendor's sample, which finds terms as the sample does.
const SAMPLE_SET: &str = "builtin:vendor-sample";

/// The rows and the format of an export.
#[derive(Debug, Clone)]
pub struct ExportPlan {
    pub what: ExportRows,
    pub format: ExportFormat,
    /// Ids or titles of the jobs to export; empty for all.
    pub jobs: Vec<String>,
    /// Statuses to export, in the vendor's words; empty for all.
    pub statuses: Vec<String>,
    /// First day in UTC on which exported interviews settled.
    pub from: Since,
    /// First day after those on which exported interviews settled; `None` for no limit.
    pub until: Option<Date>,
    pub raw: bool,
    /// The keyword set whose terms an export of the analysis counts; `None` for that of the vendor's sample.
    pub keywords: Option<String>,
}

/// The start of an export's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Always,
    Day(Date),
    /// This number of days before the end of the period, which is today by default.
    DaysBefore(u32),
}

/// An export of a pipeline, with the file that it writes.
#[derive(Debug, Clone)]
pub struct ExportTo {
    pub plan: ExportPlan,
    pub output: PathBuf,
}

impl ExportPlan {
    /// Checks that the settings go together.
    ///
    /// # Errors
    /// A usage error for settings that do not go together.
    pub fn check(&self) -> Result<()> {
        if self.raw && self.format != ExportFormat::Csv {
            return Err(Error::usage("`raw` is for csv: the other formats say what is a text"));
        }
        if self.keywords.is_some() && self.what != ExportRows::Analysis {
            return Err(Error::usage("`keywords` is for an export of the analysis"));
        }
        if let (Since::Day(from), Some(until)) = (self.from, self.until)
            && from >= until
        {
            return Err(Error::usage("there is no day from `from` on that is before `until`"));
        }
        Ok(())
    }

    /// The keyword set whose terms are counted, as a pipeline or a flag names it.
    #[must_use]
    pub fn set(&self) -> &str {
        self.keywords.as_deref().unwrap_or(SAMPLE_SET)
    }
}

/// Resolves the exports of a pipeline. `searched` is the list of keyword sets that the pipeline analyses with; `None`
/// if it does not analyse.
pub(super) fn resolve_all(
    sections: Vec<ExportSection>,
    folder: &Path,
    searched: Option<&[String]>,
) -> Result<Vec<ExportTo>> {
    let mut exports: Vec<ExportTo> = Vec::new();
    for section in sections {
        let name = section.output.clone();
        let export = resolve(section, folder, searched).map_err(|error| error.prefix(&format!("[export] {name}")))?;
        if exports.iter().any(|earlier| earlier.output == export.output) {
            return Err(Error::usage(format!("two exports are written to {name}")));
        }
        exports.push(export);
    }
    Ok(exports)
}

fn resolve(section: ExportSection, folder: &Path, searched: Option<&[String]>) -> Result<ExportTo> {
    let day = |text: Option<String>| text.map(|text| parse_date(&text)).transpose();
    let from = match (section.from, section.period) {
        (None, None) => Since::Always,
        (Some(from), None) => Since::Day(parse_date(&from)?),
        (None, Some(period)) => Since::DaysBefore(parse_days(&period)?),
        (Some(_), Some(_)) => return Err(Error::usage("name `from` or `period`, not both")),
    };
    let plan = ExportPlan {
        what: section.what,
        format: section.format,
        jobs: section.job,
        statuses: section.status,
        from,
        until: day(section.until)?,
        raw: section.raw,
        keywords: section.keywords.map(|set| resolve_set(set, folder)),
    };
    plan.check()?;
    if let (ExportRows::Analysis, Some(searched)) = (plan.what, searched)
        && !searched.iter().any(|set| set == plan.set())
    {
        let set = plan.set();
        let message = format!("it counts the terms of {set}, which [analyze] does not search for");
        return Err(Error::usage(message).hint(format!("add \"{set}\" to `keywords` under [analyze]")));
    }
    Ok(ExportTo { plan, output: place(folder, &section.output) })
}
