//! Takes the files that units of work have made into the lake.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::unit::{MadeFile, UnitResult, is_made_at};
use crate::analyze::derived::{derived_path, has_own_definitions, is_made_from};
use crate::keywords::wrong_name;
use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::log::Version;
use crate::lake::place::{replace_derived, staged_path};
use crate::lake::publish::commit_derived;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{INTERVIEW_METRICS, INTERVIEWS, KEYWORD_HITS, RESPONSE_METRICS, RESPONSES, Table, table};
use crate::lake::sources::source_sha256;
use crate::ledger::{Ledger, LiveFile};
use crate::model::{Done, Error, Result, is_address};
use crate::objects::Places;

/// What was taken into the lake.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct CollectSummary {
    /// Files that the lake had not had yet.
    pub collected: u64,
    /// Files that it had already.
    pub fresh: u64,
    /// Files that were made from answers which the lake has in another form by now. They are to be made again.
    pub superseded: u64,
    /// Units that failed, and those whose files are not what their results say.
    pub failed: u64,
}

/// Takes the files of units into the lake, as one commit. A unit that failed stands in the errors, and the others are
/// taken all the same. What is taken, or too late, is deleted in the place where it was made.
///
/// # Errors
/// When the lake cannot be read or written.
pub fn collect(
    lake: &Lake,
    ledger: &mut Ledger,
    results: &[UnitResult],
    places: &Places,
) -> Result<Done<CollectSummary>> {
    let version = lake.version()?.ok_or_else(|| Error::failed("the lake has no log yet"))?;
    let mut done = Done { summary: CollectSummary::default(), errors: Vec::new() };
    let mut staged: BTreeMap<String, (PathBuf, LiveFile)> = BTreeMap::new();
    let mut made_at = Vec::new();
    for result in results {
        if let Some(error) = &result.error {
            done.summary.failed += 1;
            done.errors.push(Error::failed(error.clone()));
            continue;
        }
        for made in &result.files {
            match take(lake, &version, result, made, places) {
                Ok(Taken::New(path, file)) => {
                    made_at.push(made.at.as_str());
                    staged.insert(file.path.clone(), (path, file));
                }
                Ok(Taken::Fresh) => {
                    made_at.push(made.at.as_str());
                    done.summary.fresh += 1;
                }
                // Nobody will want it any more, and it may have rows that were erased.
                Ok(Taken::Superseded) => {
                    made_at.push(made.at.as_str());
                    done.summary.superseded += 1;
                }
                Err(error) => {
                    done.summary.failed += 1;
                    done.errors.push(error.prefix(&result.place));
                }
            }
        }
    }
    done.summary.collected = staged.len() as u64;
    let targets: Vec<(&Path, PathBuf)> =
        staged.values().map(|(path, file)| (path.as_path(), lake.root().join(&file.path))).collect();
    replace_derived(targets.iter().map(|(path, target)| (*path, target.as_path())))?;
    commit_derived(lake, ledger, staged.into_values().map(|(_, file)| file).collect(), Vec::new())?;
    made_at.into_iter().for_each(|at| delete(at, places));
    Ok(done)
}

/// What became of a file.
enum Taken {
    /// It is in the staging folder, or in its place already and in no commit.
    New(PathBuf, LiveFile),
    Fresh,
    Superseded,
}

/// Copies a file into the staging folder, and checks that it is what its result says and that the lake wants it.
fn take(lake: &Lake, version: &Version, result: &UnitResult, made: &MadeFile, places: &Places) -> Result<Taken> {
    let UnitResult { unit, place, .. } = result;
    let table = table(&made.table).filter(|table| is_derived(table, made.set.as_deref()));
    let table = table.ok_or_else(|| Error::failed(format!("`{}` is no table that is made", made.table)))?;
    let path = derived_path(table.name, made.set.as_deref(), place);
    // What is taken, or too late, is deleted there: it must be nothing else that the line names.
    if !is_made_at(&made.at, unit, &path) {
        let message = format!("{} is not where unit `{unit}` makes {path}", made.at);
        return Err(Error::failed(message).hint("collect what `--work-from` printed, as it is"));
    }
    let hash = |source: &Table| version.file(&format!("{}/{place}", source.name)).map(|file| file.sha256.as_str());
    let Some(source) = source_sha256(table, hash(&INTERVIEWS), hash(&RESPONSES)) else { return Ok(Taken::Superseded) };
    let file = LiveFile {
        table: table.name.to_owned(),
        path: path.clone(),
        rows: made.rows,
        bytes: made.bytes,
        sha256: made.sha256.clone(),
    };
    let target = lake.root().join(&path);
    let is_in_place = || sha256_of(&target).is_ok_and(|sha256| sha256 == made.sha256);
    if version.file(&path) == Some(&file) && is_in_place() {
        return Ok(Taken::Fresh);
    }
    let staged = staged_path(&lake.staging_folder(), &path);
    // The result of a line before may be staged already, and this one may be of older answers.
    let fetched = staged.with_extension("fetched");
    if !fetch(&made.at, &fetched, places)? {
        // Collected before, by a program that was killed before its commit.
        if !is_in_place() {
            return Err(Error::failed(format!("{} is missing", made.at)));
        }
        copy(&target, &fetched).map_err(|error| Error::path("read", &target, error))?;
    }
    match checked(&fetched, file, made, place, &source) {
        Ok(Some(file)) => {
            fs::rename(&fetched, &staged).map_err(|error| Error::path("write", &staged, error))?;
            Ok(Taken::New(staged, file))
        }
        other => {
            let _is_for_the_next_opening = fs::remove_file(&fetched);
            other.map(|_| Taken::Superseded)
        }
    }
}

/// Checks a file that was copied into the staging folder. `None` if it was made from other answers than the lake has.
fn checked(fetched: &Path, file: LiveFile, made: &MadeFile, place: &str, source: &str) -> Result<Option<LiveFile>> {
    let sha256 = sha256_of(fetched).map_err(|error| Error::path("read", fetched, error))?;
    if sha256 != made.sha256 {
        return Err(Error::failed(format!("{} is not what its result says", made.at)));
    }
    let there = ParquetFile::open(fetched)?;
    if !has_own_definitions(&there) {
        let message = format!("{} was made under other definitions than this program's", made.at);
        return Err(Error::failed(message).hint("give every machine the same program"));
    }
    if !is_made_from(&there, place, source) {
        return Ok(None);
    }
    Ok(Some(LiveFile { rows: there.rows(), ..file }))
}

/// Whether a table is one that an analysis makes, and a set is given where it has one.
fn is_derived(table: &Table, set: Option<&str>) -> bool {
    let is_made = [&RESPONSE_METRICS, &INTERVIEW_METRICS, &KEYWORD_HITS].iter().any(|made| made.name == table.name);
    let has_set = table.name == KEYWORD_HITS.name;
    is_made && has_set == set.is_some() && set.is_none_or(|set| wrong_name(set).is_none())
}

/// Copies a file from where it was made. `false` if it is not there.
fn fetch(at: &str, to: &Path, places: &Places) -> Result<bool> {
    if is_address(at) {
        let (objects, name) = places.of(at)?;
        return Ok(objects.download(&name, to)?.is_some());
    }
    match copy(Path::new(at), to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        copied => copied.map(|()| true).map_err(|error| Error::path("read", Path::new(at), error)),
    }
}

/// Copies a file without its permissions: those are of the worker's umask, and the lake's are of this program's.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    io::copy(&mut from, &mut File::create(to)?).map(|_| ())
}

/// Deletes a file where it was made, and its folder if it was the last one. What cannot be deleted does no harm.
fn delete(at: &str, places: &Places) {
    if is_address(at) {
        let _stays = places.of(at).and_then(|(objects, name)| objects.delete(&name));
        return;
    }
    let path = Path::new(at);
    let _stays = fs::remove_file(path);
    if let Some(folder) = path.parent() {
        let _not_empty = fs::remove_dir(folder);
    }
}
