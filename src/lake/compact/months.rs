//! The months of a lake, and which of their files are merged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;

use super::plan::{Batch, groups};
use crate::lake::exchange::folder_of;
use crate::lake::log::Version;
use crate::lake::places::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{
    AUDIO, CANDIDATES, DELIVERIES, INTERVIEW_METRICS, INTERVIEWS, KEYWORD_HITS, QUESTIONS, RESPONSE_METRICS, RESPONSES,
    RUNS, SCHEMA, SCHEMA_VERSION, SOURCE, SOURCE_SHA256, Table, is_source, table,
};
use crate::lake::sources::source_sha256;
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// Tables whose files of one month and name belong together: they hold the same interviews, or were made from these.
const TOGETHER: &[&Table] =
    &[&CANDIDATES, &RESPONSES, &INTERVIEWS, &RESPONSE_METRICS, &INTERVIEW_METRICS, &KEYWORD_HITS];
/// Each of these is merged by itself.
const ALONE: &[&Table] = &[&QUESTIONS, &AUDIO, &DELIVERIES, &RUNS];

/// Files of a month that are merged.
#[derive(Debug)]
pub struct Month {
    /// As in its folders: `2026-05`, `unknown`.
    pub name: String,
    pub parts: Vec<Part>,
}

/// Files of a month of tables that belong together.
#[derive(Debug)]
pub struct Part {
    /// Whether they are those of interviews; else of a table by itself.
    pub is_of_interviews: bool,
    /// Sorted by name.
    pub batches: Vec<Files>,
    /// The batches that become one, by their index.
    pub groups: Vec<Vec<usize>>,
    /// Why some batches are merged with no other, each once.
    pub kept: BTreeSet<String>,
}

/// The files of one name.
#[derive(Debug)]
pub struct Files {
    pub name: String,
    pub files: Vec<LiveFile>,
}

impl Files {
    /// The file of a table. Keyword hits have more than one; see [`Self::in_folder`].
    pub fn of(&self, table: &Table) -> Option<&LiveFile> {
        self.files.iter().find(|file| file.table == table.name)
    }

    pub fn in_folder(&self, folder: &str) -> Option<&LiveFile> {
        self.files.iter().find(|file| folder_of(&file.path) == folder)
    }
}

impl Part {
    /// The folders that hold its files.
    pub fn folders(&self) -> BTreeSet<&str> {
        self.batches.iter().flat_map(|batch| &batch.files).map(|file| folder_of(&file.path)).collect()
    }

    /// The files that are merged.
    pub fn merged(&self) -> impl Iterator<Item = &LiveFile> {
        self.groups.iter().flatten().flat_map(|index| &self.batches[*index].files)
    }
}

/// The months of which at least `least` small files are there that can be merged, and those with files that could not.
///
/// # Errors
/// When a folder cannot be listed.
pub fn months(lake: &Lake, version: &Version, least: usize) -> Result<Vec<Month>> {
    type Names = BTreeMap<String, Vec<LiveFile>>;
    let mut found: BTreeMap<String, BTreeMap<&str, Names>> = BTreeMap::new();
    for file in version.files() {
        let folder = folder_of(&file.path);
        let Some(month) = folder.rsplit('/').next().and_then(|last| last.strip_prefix("month=")) else { continue };
        let part = match file.table.as_str() {
            name if TOGETHER.iter().any(|table| table.name == name) => INTERVIEWS.name,
            name => match ALONE.iter().find(|table| table.name == name) {
                Some(table) => table.name,
                None => continue,
            },
        };
        let name = file.path[folder.len() + 1..].to_owned();
        let names = found.entry(month.to_owned()).or_default().entry(part).or_default();
        names.entry(name).or_default().push(file.clone());
    }
    let mut months = Vec::new();
    for (name, parts) in found {
        let mut month = Month { name, parts: Vec::new() };
        for (part, names) in parts {
            // Footers are not read of what is too little anyway.
            if names.len() < least.max(2) {
                continue;
            }
            let part = part_of(lake, part == INTERVIEWS.name, names, least)?;
            if !part.groups.is_empty() || !part.kept.is_empty() {
                month.parts.push(part);
            }
        }
        if !month.parts.is_empty() {
            months.push(month);
        }
    }
    Ok(months)
}

fn part_of(lake: &Lake, is_of_interviews: bool, names: BTreeMap<String, Vec<LiveFile>>, least: usize) -> Result<Part> {
    let batches: Vec<Files> = names.into_iter().map(|(name, files)| Files { name, files }).collect();
    let mut part = Part { is_of_interviews, batches, groups: Vec::new(), kept: BTreeSet::new() };
    let mut kept = BTreeSet::new();
    for folder in part.folders() {
        kept.extend(foreign(lake, folder, &part.batches)?);
    }
    if !kept.is_empty() {
        return Ok(Part { kept, ..part });
    }
    let mut planned = Vec::new();
    for batch in &part.batches {
        let like = if is_of_interviews { likeness(lake, batch) } else { Ok(String::new()) };
        let bytes = batch.files.iter().map(|file| file.bytes).max().unwrap_or(0);
        planned.push(Batch { bytes, like: like.map_err(|why| kept.insert(why)).ok() });
    }
    part.groups = groups(&planned, least);
    part.kept = kept;
    Ok(part)
}

/// What is in a folder of a table and cannot be exchanged with it. It would be lost.
fn foreign(lake: &Lake, folder: &str, batches: &[Files]) -> Result<Option<String>> {
    let path = lake.root().join(folder);
    let fail = |error: io::Error| Error::path("list", &path, error);
    if path.is_symlink() {
        return Ok(Some(format!("{folder} is a link, which a new folder would replace")));
    }
    let known: HashSet<&str> =
        batches.iter().filter(|batch| batch.in_folder(folder).is_some()).map(|batch| &*batch.name).collect();
    let entries = match fs::read_dir(&path) {
        // Figures may be deleted as a whole.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let name = entry.map_err(fail)?.file_name();
        if !name.to_str().is_some_and(|name| known.contains(name)) {
            return Ok(Some(format!("{folder}/{} is not the lake's own", name.display())));
        }
    }
    Ok(None)
}

/// What batches have in common that can be merged: which figures and hits they have, and how these were made. An error
/// says why a batch is merged with no other.
fn likeness(lake: &Lake, batch: &Files) -> Result<String, String> {
    let (Some(interviews), Some(responses)) = (batch.of(&INTERVIEWS), batch.of(&RESPONSES)) else {
        return Err(format!("{} of a month has no answers or no interviews", batch.name));
    };
    let mut like = String::new();
    for file in batch.files.iter().filter(|file| !is_source(&file.table)) {
        let table = table(&file.table).expect("it is in the log");
        let path = lake.root().join(&file.path);
        let is_committed = fs::metadata(&path).is_ok_and(|there| there.len() == file.bytes);
        let Some(made) = ParquetFile::open(&path).ok().filter(|_| is_committed) else {
            return Err(format!("{} is not as the log has it", folder_of(&file.path)));
        };
        let source = source_sha256(table, Some(&interviews.sha256), Some(&responses.sha256));
        if made.metadata(SOURCE_SHA256) != source.as_deref() || made.metadata(SCHEMA) != Some(SCHEMA_VERSION) {
            return Err(format!(
                "{} has files that are not up to date: analyze makes them again",
                folder_of(&file.path)
            ));
        }
        like += folder_of(&file.path);
        for (key, value) in lasting(&made) {
            like += &format!("\n{key} {value}");
        }
        like.push('\n');
    }
    Ok(like)
}

/// What the metadata of a derived file says, but for its source.
pub fn lasting(file: &ParquetFile) -> impl Iterator<Item = (&str, &str)> {
    let is_of_source = |key: &str| [SOURCE, SOURCE_SHA256].contains(&key);
    file.own_metadata().filter(move |(key, _)| !is_of_source(key))
}
