//! The keyword sets that a lake was searched for.

use std::collections::BTreeMap;

use crate::keywords::{KeywordSet, SHIPPED};
use crate::lake::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{KEYWORD_HITS, SET_SHA256};
use crate::model::Result;

/// The sets that an analysis looked for, as far as they ship, and the names of the others: a lake has what a set found,
/// but not its terms.
///
/// # Errors
/// When the lake cannot be read.
pub fn sets_in_use(lake: &Lake) -> Result<(Vec<KeywordSet>, Vec<String>)> {
    let root = lake.root().join(KEYWORD_HITS.name);
    let mut newest = BTreeMap::new();
    for path in lake.files(&KEYWORD_HITS)? {
        let folder = path.strip_prefix(&root).ok().and_then(|path| path.iter().next()?.to_str()?.strip_prefix("set="));
        if let Some(name) = folder.map(str::to_owned) {
            newest.insert(name, path);
        }
    }
    let (mut sets, mut others) = (Vec::new(), Vec::new());
    for (name, path) in newest {
        let file = ParquetFile::open(&path)?;
        let shipped = SHIPPED.iter().find(|(shipped, _)| **shipped == name);
        let set = shipped.map(|(name, text)| KeywordSet::parse_toml(text, name)).transpose()?;
        match set.filter(|set| file.metadata(SET_SHA256) == Some(set.hash())) {
            Some(set) => sets.push(set),
            None => others.push(name),
        }
    }
    Ok((sets, others))
}
