//! Keyword hits in completed interviews, each with the answer in which it is.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use foldhash::HashMap;

use super::file_rows::FileRows;
use super::interviews::Interviews;
use super::packed::packed_count;
use super::responses::Responses;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, integer_at, integers, string_at, strings};
use crate::lake::schema::{self, SET_SHA256, SOURCE_SHA256};
use crate::model::{Error, Result};

/// A term of a keyword set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetTerm {
    /// Number of its set in [`Hits::sets`].
    pub set: u32,
    pub name: String,
    pub category: Option<String>,
}

/// Keyword hits. The vectors are columns of equal length, with one entry for each answer and term.
#[derive(Default)]
pub struct Hits {
    /// Index of the answer in [`Responses`].
    pub response: Vec<u32>,
    pub term: Vec<u32>,
    pub mentions: Vec<u32>,
    pub negated: Vec<u32>,
    pub file_rows: FileRows,
    pub terms: Vec<SetTerm>,
    numbers: Vec<HashMap<String, u32>>,
    /// Name and hash of each set that every answer was searched for, sorted by name.
    pub sets: Vec<(String, String)>,
    /// Sets without an up-to-date result for every answer. They are left out because their shares would be too low.
    pub sets_left_out: Vec<String>,
    folder: PathBuf,
}

impl Hits {
    /// Finds the sets that have results in the lake.
    pub fn new(lake: &Lake) -> Result<Self> {
        let mut hits = Self { folder: lake.root().join(schema::KEYWORD_HITS.name), ..Self::default() };
        for set in searched_sets(&hits.folder)? {
            match hash_if_complete(lake, &hits.folder, &set)? {
                Some(hash) => hits.sets.push((set, hash)),
                None => hits.sets_left_out.push(set),
            }
        }
        hits.numbers.resize_with(hits.sets.len(), HashMap::default);
        Ok(hits)
    }

    /// Adds the hits of all sets in the answers of a file, whose place in its table is `place`.
    pub fn read(&mut self, path: &Path, place: &Path, interviews: &Interviews, responses: &Responses) -> Result<()> {
        for set in 0..self.sets.len() {
            let hits = self.folder.join(format!("set={}", self.sets[set].0)).join(place);
            self.read_set(path, (set, hits), interviews, responses)?;
        }
        Ok(())
    }

    fn read_set(
        &mut self,
        path: &Path,
        (set, hits): (usize, PathBuf),
        interviews: &Interviews,
        responses: &Responses,
    ) -> Result<()> {
        let source = ParquetFile::open(&hits)?;
        self.file_rows.begin(hits);
        let mut at = 0;
        for group in 0..source.row_groups() {
            let hits =
                source.row_group(group, &["interview_id", "position", "term", "category", "mentions", "negated"])?;
            let (ids, terms, categories) =
                (strings(&hits, "interview_id"), strings(&hits, "term"), strings(&hits, "category"));
            let [positions, mentions, negated] = ["position", "mentions", "negated"].map(|name| integers(&hits, name));
            let mut interview = ("", None);
            for row in 0..hits.num_rows() {
                if interview.0 != ids.value(row) || row == 0 {
                    interview = (ids.value(row), interviews.ids.find(ids.value(row)));
                }
                let Some(number) = interview.1 else { continue };
                let response = responses.at(number, positions.value(row)).ok_or_else(|| {
                    Error::path("read", path, "a keyword hit is in an answer that is not there")
                        .hint("roundup analyze --force")
                })?;
                self.file_rows.push(at + row);
                self.response.push(response);
                let term = self.term(set, terms.value(row), string_at(categories, row));
                self.term.push(term);
                self.mentions.push(packed_count(mentions.value(row)));
                // Where that is not known, none is said to be.
                self.negated.push(packed_count(integer_at(negated, row).unwrap_or(0)));
            }
            at += hits.num_rows();
        }
        Ok(())
    }

    fn term(&mut self, set: usize, name: &str, category: Option<&str>) -> u32 {
        if let Some(number) = self.numbers[set].get(name) {
            return *number;
        }
        let number = u32::try_from(self.terms.len()).expect("a lake has fewer than 2^32 terms");
        self.numbers[set].insert(name.to_owned(), number);
        let set = u32::try_from(set).expect("a lake has fewer than 2^32 sets");
        self.terms.push(SetTerm { set, name: name.to_owned(), category: category.map(str::to_owned) });
        number
    }
}

impl Responses {
    /// Index of the answer at a position of an interview.
    fn at(&self, interview: u32, position: i64) -> Option<u32> {
        let Range { start: first, end } = self.answers_of(interview);
        let count = end - first;
        let is_at = |place: &usize| self.position(first + place) == Some(position);
        let guess = usize::try_from(position).ok().filter(|place| *place < count && is_at(place));
        let found = guess.or_else(|| (0..count).find(is_at))?;
        u32::try_from(first + found).ok()
    }
}

/// The sets that have results, sorted.
fn searched_sets(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::path("list", folder, error)),
    };
    let mut sets = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| Error::path("list", folder, error))?.file_name();
        sets.extend(name.to_str().and_then(|name| name.strip_prefix("set=")).map(str::to_owned));
    }
    sets.sort();
    Ok(sets)
}

/// The hash of a set, if every file of answers has an up-to-date result of one version of the set.
fn hash_if_complete(lake: &Lake, folder: &Path, set: &str) -> Result<Option<String>> {
    let mut version = None;
    for path in lake.files(&schema::RESPONSES)? {
        let figures = lake.derived(&schema::RESPONSES, &schema::RESPONSE_METRICS, &path)?;
        let place = lake.place_of(&schema::RESPONSES, &path);
        let Ok(hits) = ParquetFile::open(&folder.join(format!("set={set}")).join(place)) else { return Ok(None) };
        let made_by = hits.metadata(SET_SHA256).map(str::to_owned);
        if hits.metadata(SOURCE_SHA256) != figures.metadata(SOURCE_SHA256)
            || *version.get_or_insert_with(|| made_by.clone()) != made_by
        {
            return Ok(None);
        }
    }
    Ok(Some(version.flatten().unwrap_or_default()))
}
