//! Reports that quote somebody who is erased: they are made anew in their places.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::clear::is_page;
use super::evidence::{QuotingReport, quoting};
use super::make::write;
use super::publish;
use crate::lake::Lake;
use crate::lake::durable::sync;
use crate::model::{Error, Result};

/// What became of reports, by their folders.
#[derive(Debug, Default)]
pub struct Again {
    pub made_anew: BTreeSet<String>,
    /// Those that could not be made anew, and have no pages any more. Their other files quote nobody.
    pub without_pages: BTreeSet<String>,
    /// Those whose folder of reports is away. The records of whom they quote stay.
    pub away: BTreeSet<String>,
}

impl Again {
    /// # Errors
    /// When a report is away: it still quotes who is erased.
    pub fn all_there(&self) -> Result<()> {
        let Some(report) = self.away.first() else { return Ok(()) };
        let message =
            format!("the folder of the report {report} is not there, and the report may quote who was erased");
        let hint = "bring it back, and run any command that writes to the lake; if you gave its reports up, delete the files in \
                    `_roundup/quotes` that name them";
        Err(Error::failed(message).hint(hint))
    }
}

/// The folders of the reports that quote one of some interviews.
///
/// # Errors
/// When the records of quotes cannot be read.
pub fn quoted_in(lake: &Lake, interviews: &HashSet<&str>) -> Result<BTreeSet<String>> {
    Ok(quoting(lake, interviews)?.into_iter().map(|quoting| quoting.report.display().to_string()).collect())
}

/// Makes the reports anew that quote one of some interviews, which the lake does not have any more. Of one that cannot be
/// made, its pages are deleted, with a warning. `latest` stays where it leads to. One that was deleted is forgotten, if the
/// others beside it, or `latest`, show that their folder is there.
///
/// # Errors
/// When the records of quotes cannot be read, or pages cannot be deleted.
pub fn make_anew(lake: &Lake, interviews: &HashSet<&str>) -> Result<Again> {
    let mut again = Again::default();
    for quoting in quoting(lake, interviews)? {
        let folder = quoting.report.display().to_string();
        if !quoting.report.is_dir() {
            if quoting.report.parent().is_some_and(publish::has_reports) {
                // Where it was, nothing is left: it was deleted or moved.
                tracing::warn!("the report {folder} is not there any more; look whether it was moved");
                quoting.forget()?;
            } else {
                again.away.insert(folder);
            }
            continue;
        }
        match remade(lake, &quoting) {
            Ok(()) => _ = again.made_anew.insert(folder),
            Err(error) => {
                tracing::warn!("the report {folder} cannot be made anew, and loses its pages: {error}");
                delete_pages(&quoting.report)?;
                quoting.forget()?;
                again.without_pages.insert(folder);
            }
        }
    }
    Ok(again)
}

fn remade(lake: &Lake, quoting: &QuotingReport) -> Result<()> {
    let QuotingReport { report, plan, .. } = quoting;
    let plan = plan.as_ref().ok_or_else(|| Error::failed("it was written by an older version"))?;
    let plan = plan.plan(report.parent().unwrap_or(Path::new("")))?;
    let is_it = |name: &str| report.file_name().is_some_and(|own| own == name);
    let until = plan.until.map(|until| until.to_string()).unwrap_or_default();
    if !is_it(&publish::name_of(&until, &plan.narrow)) {
        return Err(Error::failed("its folder has another name"));
    }
    write(lake, &plan, Timestamp::now(), None, false).map(drop)
}

fn delete_pages(report: &Path) -> Result<()> {
    for folder in [report.to_owned(), report.join("jobs")] {
        let fail = |error: io::Error| Error::path("delete the pages in", &folder, error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(fail)?,
        };
        for entry in entries {
            let path = entry.map_err(fail)?.path();
            let name = path.strip_prefix(report).ok().and_then(Path::to_str);
            if name.is_some_and(is_page) {
                fs::remove_file(&path).map_err(fail)?;
            }
        }
        sync(&folder).map_err(fail)?;
    }
    Ok(())
}
