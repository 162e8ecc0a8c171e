//! Takes a lake that has no log into one: its first commit names the files that are there. No file is rewritten.

use std::collections::{BTreeMap, HashSet};

use super::catch_up::{catch_up, ids_of};
use super::log::CommitKind;
use super::place::{clear, live_file, place_all};
use super::places::Lake;
use super::publish::Staging;
use super::read::parquet_files;
use super::schema::{CANDIDATES, INTERVIEWS, TABLES, is_source};
use crate::ledger::{BatchFile, Change, Ledger, LiveFile, UnfinishedBatch};
use crate::model::{Error, Result};

/// Makes the first commit of a lake: that of a new one is empty.
///
/// A lake of an older version of the program is checked against its ledger, and what it had half published is finished
/// first. If its ledger is new, it was lost, and is rebuilt from the tables.
///
/// # Errors
/// When the tables are not as the ledger has them.
pub fn adopt(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    for UnfinishedBatch { id, files } in ledger.unfinished_batches()? {
        finish_batch(lake, &id, &files)?;
    }
    let mut files = Vec::new();
    for table in TABLES {
        for path in parquet_files(&lake.root().join(table.name))? {
            files.push(live_file(lake, table.name, &path)?);
        }
    }
    let recorded = ledger.batch_files()?;
    let is_lost = recorded.is_empty() && files.iter().any(|file| is_source(&file.table));
    if is_lost {
        refuse_doubled(lake)?;
        tracing::warn!("the lake at {} has no ledger; it is rebuilt from the tables", lake.root().display());
    } else {
        refuse_other(lake, &files, &recorded)?;
    }
    let has_candidates = files.iter().any(|file| file.table == CANDIDATES.name && file.rows > 0);
    let key = lake.adopted_candidate_key(has_candidates)?;
    let mut staging = Staging::begin_at(lake, CommitKind::Adopt)?;
    staging.name(files.clone());
    let commit = staging.commit(Vec::new(), Some(key))?;
    clear(&lake.staging_folder().join(&commit.batch))?;
    let version = lake.version()?.expect("it was just made");
    if is_lost {
        return catch_up(lake, ledger, &version, &[], None);
    }
    let add = files.into_iter().filter(|file| is_source(&file.table)).collect();
    ledger.apply(None, &version.applied(), &Change { add, ..Change::default() })?;
    ledger.forget_batches()
}

/// Finishes what an older version had published half.
fn finish_batch(lake: &Lake, batch: &str, files: &[BatchFile]) -> Result<()> {
    tracing::info!(batch, "finishing a batch that was left half published");
    let live = |file: &BatchFile| LiveFile {
        table: file.path.split('/').next().unwrap_or_default().to_owned(),
        path: file.path.clone(),
        rows: 0,
        bytes: file.size,
        sha256: file.sha256.clone(),
    };
    let add: Vec<LiveFile> = files.iter().map(live).collect();
    let replaced = files.iter().filter(|file| file.replaces).map(|file| file.path.clone()).collect();
    place_all(lake, batch, &add, &replaced)?;
    clear(&lake.staging_folder().join(batch))
}

/// Checks that the files are those that the ledger has.
fn refuse_other(lake: &Lake, files: &[LiveFile], recorded: &[BatchFile]) -> Result<()> {
    let of = |path: &str| format!("the lake at {} is not as its ledger has it: {path}", lake.root().display());
    let there: BTreeMap<&str, &LiveFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    for BatchFile { path, sha256, .. } in recorded {
        match there.get(path.as_str()) {
            None => return Err(way_out(of(&format!("{path} is missing")), lake)),
            Some(file) if file.sha256 != *sha256 => return Err(way_out(of(&format!("{path} has changed")), lake)),
            Some(_) => {}
        }
    }
    let known: HashSet<&str> = recorded.iter().map(|file| file.path.as_str()).collect();
    match files.iter().find(|file| is_source(&file.table) && !known.contains(file.path.as_str())) {
        Some(file) => Err(way_out(of(&format!("{} is not the lake's own", file.path)), lake)),
        None => Ok(()),
    }
}

/// Checks that no interview is in the tables twice, as it is after a lost ledger and a second import.
fn refuse_doubled(lake: &Lake) -> Result<()> {
    let mut seen = HashSet::new();
    for path in parquet_files(&lake.root().join(INTERVIEWS.name))? {
        for id in ids_of(&path)? {
            if !seen.insert(id.clone()) {
                let message = format!("{} has interview {id}, which another file has, too", path.display());
                return Err(way_out(message, lake));
            }
        }
    }
    Ok(())
}

fn way_out(message: String, lake: &Lake) -> Error {
    Error::failed(message).hint(format!(
        "`roundup repair --lake {}`, with --dry-run first, makes the tables agree",
        lake.root().display()
    ))
}
