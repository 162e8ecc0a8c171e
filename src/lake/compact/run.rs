//! Compacts a lake, one month after the other. What is done stays done when a later month fails.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use serde::Serialize;

use super::build::Building;
use super::months::{Month, Part, months};
use crate::lake::crash;
use crate::lake::exchange::{can_exchange, folder_of, place_commit};
use crate::lake::log::{CommitKind, TailCommit};
use crate::lake::place::clear;
use crate::lake::places::Lake;
use crate::lake::publish::{Staging, record};
use crate::ledger::{Change, Ledger};
use crate::model::{Error, Result};

/// Bytes that must stay free on the disk beside the new files.
const FREE_BYTES: u64 = 64 << 20;

/// What a compaction does, or has done.
#[derive(Debug, Default, Serialize)]
pub struct Compaction {
    pub months: Vec<Compacted>,
    /// Why some files are left as they are, each once.
    pub kept: BTreeSet<String>,
}

/// What becomes of the files of a month that are merged.
#[derive(Debug, Serialize)]
pub struct Compacted {
    pub month: String,
    /// How many there are before and after, of all tables.
    pub files_before: u64,
    pub files_after: u64,
    pub bytes_before: u64,
    /// Not known before it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_after: Option<u64>,
}

/// What a compaction would do with the months that have at least `least` small files of a table.
///
/// # Errors
/// When the lake cannot be read.
pub fn plan_of(lake: &Lake, least: usize) -> Result<Compaction> {
    let Some(version) = lake.version()? else { return Ok(Compaction::default()) };
    let mut all = Compaction::default();
    for month in months(lake, &version, least)? {
        all.kept.extend(kept(&month));
        all.months.extend(planned(&month));
    }
    Ok(all)
}

/// Does it. `progress` is called with how many files are made, and of how many.
///
/// # Errors
/// When a file cannot be read, the disk lacks room, or the lake cannot be written. Months that were done before stay as they are.
pub fn compact(lake: &Lake, ledger: &mut Ledger, least: usize, progress: &dyn Fn(u64, u64)) -> Result<Compaction> {
    let Some(version) = lake.version()? else { return Ok(Compaction::default()) };
    let months = months(lake, &version, least)?;
    let of: u64 = months.iter().filter_map(planned).map(|planned| planned.files_after).sum();
    let (mut done, mut all) = (0, Compaction::default());
    for month in months {
        all.kept.extend(kept(&month));
        let Some(planned) = planned(&month) else { continue };
        let mut made_one = || {
            done += 1;
            progress(done, of);
        };
        match compact_month(lake, ledger, &month, planned, &mut made_one)? {
            Ok(compacted) => all.months.push(compacted),
            Err(why) => {
                all.kept.insert(why);
                // It is so for the others, too.
                break;
            }
        }
    }
    Ok(all)
}

fn kept(month: &Month) -> impl Iterator<Item = String> {
    month.parts.iter().flat_map(|part| part.kept.iter().cloned())
}

/// What is planned for a month; `None` if nothing is merged.
fn planned(month: &Month) -> Option<Compacted> {
    let parts = || month.parts.iter().filter(|part| !part.groups.is_empty());
    let merged = || parts().flat_map(|part| part.merged());
    let after = |part: &Part| {
        let folders = |group: &Vec<usize>| {
            let files = group.iter().flat_map(|index| &part.batches[*index].files);
            files.map(|file| folder_of(&file.path)).collect::<BTreeSet<_>>().len() as u64
        };
        part.groups.iter().map(folders).sum::<u64>()
    };
    let files_before = merged().count() as u64;
    (files_before > 0).then(|| Compacted {
        month: month.name.clone(),
        files_before,
        files_after: parts().map(after).sum(),
        bytes_before: merged().map(|file| file.bytes).sum(),
        bytes_after: None,
    })
}

/// Compacts a month. An error inside says why it cannot be done here at all.
fn compact_month(
    lake: &Lake,
    ledger: &mut Ledger,
    month: &Month,
    planned: Compacted,
    progress: &mut dyn FnMut(),
) -> Result<Result<Compacted, String>> {
    if let Some(why) = lacks_space(lake.root(), planned.bytes_before)? {
        return Err(Error::failed(why)
            .hint("months that were merged before stay so; the old files of a month go an hour later"));
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Compact)?;
    let folder = staging.folder().to_owned();
    let built = can_exchange(&folder).map_err(|error| Error::path("write", &folder, error));
    if !built? {
        clear(&folder)?;
        return Ok(Err("this file system cannot exchange two folders".to_owned()));
    }
    let mut building = Building { lake, folder: &folder, made: Vec::new() };
    let name = staging.batch().to_owned();
    let parts = || month.parts.iter().filter(|part| !part.groups.is_empty());
    let built = parts().try_for_each(|part| building.build(part, &name, progress));
    if let Err(error) = built {
        // Hundreds of megabytes that nobody needs any more.
        clear(&folder)?;
        return Err(error);
    }
    let bytes_after = Some(building.made.iter().map(|file| file.bytes).sum());
    let removed: Vec<String> = parts().flat_map(|part| part.merged()).map(|file| file.path.clone()).collect();
    staging.name(building.made.clone());
    staging.keep_jobs(&removed)?;
    // All of it, the table of jobs included, or a power cut after the commit could lose a name.
    building.sync()?;
    crash::point("publish-staged");
    let commit = staging.commit(removed, None)?;
    crash::point("publish-recorded");
    let commit = TailCommit { commit, replaced: HashSet::new() };
    place_commit(lake, &commit)?;
    crash::point("publish-placed-all");
    record(lake, ledger, &commit.commit, Change::default())?;
    crash::point("publish-committed");
    clear(&folder)?;
    Ok(Ok(Compacted { bytes_after, ..planned }))
}

/// Says how much space is lacking for new files, if so.
fn lacks_space(root: &Path, bytes: u64) -> Result<Option<String>> {
    let disk = rustix::fs::statvfs(root).map_err(|error| Error::path("look at", root, error))?;
    Ok(lacking(bytes, disk.f_bavail.saturating_mul(disk.f_frsize)))
}

/// New files are about as large as the old ones, which stay for an hour.
fn lacking(bytes: u64, free: u64) -> Option<String> {
    let needed = bytes + bytes / 8 + FREE_BYTES;
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let (needs, has) = (megabytes(needed), megabytes(free));
    (needed > free).then(|| format!("the disk has {has} MB free, and the new files of a month need {needs} MB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_must_have_room_for_old_and_new_files() {
        assert_eq!(lacking(800 << 20, (900 << 20) + FREE_BYTES), None);
        let why = lacking(800 << 20, (900 << 20) + FREE_BYTES - 1).unwrap();
        assert!(why.contains("1010 MB free") && why.contains("1011 MB") || why.contains("1011 MB free"), "{why}");
    }
}
