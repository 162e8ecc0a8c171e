//! What `search` and `discover` have in common: filters, the lake, and files that they write.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::commands::terminal::{self, FilterFlags};
use crate::deliver::export::ExportSummary;
use crate::lake::Lake;
use crate::lake::job_list::{list, warn_of_unknown_in};
use crate::lake::outputs::OutputKind;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Result};
use crate::pipeline::{ExportFormat, midnight, parse_date, parse_time_zone};
use crate::search::Filters;

/// What a command's flags select, and the time zone in which their days begin.
pub fn filters(flags: &FilterFlags, statuses: &[String]) -> Result<(Filters, TimeZone)> {
    let time_zone = parse_time_zone(&flags.time_zone)?;
    let day = |text: &Option<String>| text.as_deref().map(parse_date).transpose();
    let (from, until) = (day(&flags.from)?, day(&flags.until)?);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(Error::usage("there is no day from --from on that is before --until"));
    }
    let beginning = |day| midnight(day, &time_zone).map(Timestamp::as_microsecond);
    let filters = Filters {
        jobs: flags.job.clone(),
        departments: flags.department.clone(),
        questions: flags.question.clone(),
        types: flags.question_type.clone(),
        statuses: statuses.to_vec(),
        from: from.map(beginning).transpose()?,
        until: until.map(beginning).transpose()?,
    };
    Ok((filters, time_zone))
}

/// Looks into a lake, which should have these jobs and departments, and once more if that fails before anything is shown and
/// the lake has changed meanwhile: a file that was there may be replaced by now. Where the output will lie is recorded.
pub fn on_lake(
    folder: &Path,
    Filters { jobs, departments, .. }: &Filters,
    output: Option<&Path>,
    look: impl Fn(&Lake, &Cell<bool>) -> Result<()>,
) -> Result<()> {
    let lake = Lake::open(folder)?;
    warn_of_unknown_in(&lake, jobs, departments)?;
    if let Some(path) = output {
        refuse_inside("the output", path, lake.root())?;
        lake.record_output(OutputKind::Export, path)?;
    }
    let is_shown = Cell::new(false);
    // Asked for before: a lake says which version is the newest now.
    let before = number(&lake)?;
    let looked = look(&lake, &is_shown);
    if looked.is_err() && !is_shown.get() {
        let now = Lake::open(folder)?;
        if number(&now)? != before {
            return look(&now, &is_shown);
        }
    }
    looked
}

fn number(lake: &Lake) -> Result<Option<u64>> {
    Ok(lake.version()?.map(|version| version.number))
}

/// The format of a file, by its name.
pub fn format_of(path: &Path) -> Result<ExportFormat> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(ExportFormat::Csv),
        Some("jsonl") => Ok(ExportFormat::Jsonl),
        Some("xlsx") => Ok(ExportFormat::Xlsx),
        Some("parquet") => Ok(ExportFormat::Parquet),
        _ => Err(Error::usage(format!("the name of {} does not say in which format to write it", path.display()))
            .hint("end it with .csv, .jsonl, .xlsx or .parquet")),
    }
}

/// Says what was written to a file.
pub fn say_written(path: &Path, summary: &ExportSummary) {
    let ExportSummary { rows, cut } = *summary;
    tracing::info!(rows, "wrote {} to {}", terminal::counted(rows, "row", "rows"), path.display());
    if cut > 0 {
        tracing::warn!(cut, "{cut} texts are longer than a cell holds and were cut; other formats have them whole");
    }
}

/// The titles of jobs, by their ids.
pub fn titles(lake: &Lake) -> Result<HashMap<String, String>> {
    let titled = list(lake)?.into_iter().filter_map(|job| Some((job.id?, job.title?.to_string())));
    Ok(titled.collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::dispatch;
    use crate::commands::terminal::Arguments;

    /// Adds an interview to a lake, which gets a new version.
    fn import(folder: &Path, id: &str) {
        let body =
            format!(r#"{{"id":"{id}","status":"completed","completed_at":"2026-05-10T00:00:00Z","responses":[]}}"#);
        let path = folder.join("body.jsonl");
        std::fs::write(&path, body).unwrap();
        let [lake, path] = [folder.join("lake"), path].map(|path| path.to_str().unwrap().to_owned());
        dispatch(Arguments::parse_from(["roundup", "--quiet", "import", "--lake", &lake, &path])).unwrap();
    }

    /// Looks into a lake that gets `news` during the first look, which fails. Returns the looks, and whether the last one
    /// did not fail.
    fn looks(folder: &Path, news: Option<&str>, shows: bool) -> (usize, bool) {
        let looks = Cell::new(0);
        let looked = on_lake(&folder.join("lake"), &Filters::default(), None, |lake, is_shown| {
            looks.set(looks.get() + 1);
            is_shown.set(shows);
            if looks.get() > 1 {
                assert_ne!(number(lake)?, Some(1), "the lake is that of now");
                return Ok(());
            }
            news.into_iter().for_each(|id| import(folder, id));
            Err(Error::failed("a file is gone"))
        });
        (looks.get(), looked.is_ok())
    }

    #[test]
    fn a_lake_that_changes_under_a_reader_is_read_once_more() {
        let folder = tempfile::tempdir().unwrap();
        import(folder.path(), "i-1");
        assert_eq!(looks(folder.path(), Some("i-2"), false), (2, true));
        assert_eq!(looks(folder.path(), None, false), (1, false), "nothing is new, so it would fail again");
        assert_eq!(looks(folder.path(), Some("i-3"), true), (1, false), "what is shown cannot be taken back");
    }
}
