//! Reads a whole mirror, and says what is not as it should be.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::folder::LogCopy;
use super::layout::{folder_of, object_of};
use super::version::MirrorReader;
use crate::lake::delta::{link_in_copy, links_of};
use crate::lake::schema::TABLES;
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How many files are read at once.
const WIDTH: usize = 16;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MirrorFinding {
    /// Address of the object.
    pub at: String,
    pub what: String,
}

/// Reads every file of a mirror and compares it with the log, and the Delta tables with both.
///
/// # Errors
/// When the store cannot be read.
pub fn verify(mirror: &MirrorReader<'_>, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<MirrorFinding>> {
    let files: Vec<&LiveFile> = mirror.files().collect();
    let done = std::sync::atomic::AtomicU64::new(0);
    let check = |file: &&LiveFile| {
        let what = match mirror.objects.sha256(&object_of(file))? {
            None => Some("it is missing"),
            Some(sha256) if sha256 != file.sha256 => Some("its bytes are not those of the lake"),
            Some(_) => None,
        };
        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, files.len() as u64);
        Ok(what.map(|what| MirrorFinding { at: mirror.address(file), what: what.to_owned() }))
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(WIDTH).build();
    let threads = threads.map_err(|error| Error::failed(format!("cannot start threads: {error}")))?;
    let found: Vec<Option<MirrorFinding>> = threads.install(|| files.par_iter().map(check).collect::<Result<_>>())?;
    let mut found: Vec<MirrorFinding> = found.into_iter().flatten().collect();
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        wanted.entry(&file.table).or_default().insert(link_in_copy(file));
    }
    for table in TABLES.iter().filter(|table| mirror.has(table.name)) {
        let folder = tempfile::tempdir().map_err(|error| Error::failed(format!("cannot make a folder: {error}")))?;
        let name = format!("{}/_delta_log", folder_of(table.name));
        LogCopy::pull(mirror.objects, &name, &folder.path().join("_delta_log"))?;
        let wanted = wanted.remove(table.name).unwrap_or_default();
        let is_right = links_of(folder.path())?.unwrap_or_default() == wanted;
        if !is_right {
            let what = "the Delta table does not have the files of the log: mirror again".to_owned();
            found.push(MirrorFinding { at: mirror.objects.address(&name), what });
        }
    }
    found.sort();
    Ok(found)
}
