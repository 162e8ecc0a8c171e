//! The keyword sets whose hits are exported: those that were named, or those that a lake was searched with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::deliver::fresh::SourceHashes;
use crate::keywords::{KeywordSet, SHIPPED};
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, strings};
use crate::lake::schema::{KEYWORD_HITS, RESPONSES, SET_SHA256, SOURCE_SHA256};
use crate::model::Result;

/// A keyword set by what its hits say of it.
pub struct SearchedSet {
    pub name: String,
    hash: String,
    pub terms: Vec<String>,
}

impl SearchedSet {
    pub fn of(set: &KeywordSet) -> Self {
        let terms = set.terms().iter().map(|term| term.name.clone()).collect();
        Self { name: set.name().to_owned(), hash: set.hash().to_owned(), terms }
    }

    /// The hits in the answers of a batch; `None` if they were not searched for the set as it is.
    pub fn hits(&self, lake: &Lake, hashes: &SourceHashes, place: &Path) -> Option<ParquetFile> {
        let folder = lake.root().join(KEYWORD_HITS.name).join(format!("set={}", self.name));
        let hits = ParquetFile::open(&folder.join(place)).ok()?;
        let is_fresh = hits.metadata(SET_SHA256) == Some(self.hash.as_str())
            && hits.metadata(SOURCE_SHA256) == hashes.of_responses(lake, place);
        is_fresh.then_some(hits)
    }
}

/// The sets that all answers of a lake were searched for, sorted by name. Warns of those that only some were.
///
/// # Errors
/// When the lake cannot be read.
pub fn sets_of(lake: &Lake, hashes: &SourceHashes) -> Result<Vec<SearchedSet>> {
    let root = lake.root().join(KEYWORD_HITS.name);
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in lake.files(&KEYWORD_HITS)? {
        let folder = path.strip_prefix(&root).ok().and_then(|path| path.iter().next()?.to_str()?.strip_prefix("set="));
        files.entry(folder.unwrap_or_default().to_owned()).or_default().push(path);
    }
    let answers = lake.files(&RESPONSES)?;
    let mut sets = Vec::new();
    for (name, files) in files {
        let newest = files.last().expect("a set has a file");
        let hash = ParquetFile::open(newest)?.metadata(SET_SHA256).unwrap_or_default().to_owned();
        let set = SearchedSet { terms: terms(&name, &hash, &files)?, name, hash };
        if answers.iter().all(|path| set.hits(lake, hashes, lake.place_of(&RESPONSES, path)).is_some()) {
            sets.push(set);
        } else {
            tracing::warn!(
                "the keyword set {} is left out: not all answers were searched for it as it is now",
                set.name
            );
        }
    }
    Ok(sets)
}

/// The terms of a set: all of one that ships, and of others those that were found.
fn terms(name: &str, hash: &str, files: &[PathBuf]) -> Result<Vec<String>> {
    let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    let shipped = shipped.and_then(|(name, text)| KeywordSet::parse_toml(text, name).ok());
    if let Some(set) = shipped.filter(|set| set.hash() == hash) {
        return Ok(SearchedSet::of(&set).terms);
    }
    let mut terms = BTreeSet::new();
    for path in files {
        let rows = ParquetFile::open(path)?.all(&["term"])?;
        terms.extend(strings(&rows, "term").iter().flatten().map(str::to_owned));
    }
    Ok(terms.into_iter().collect())
}
