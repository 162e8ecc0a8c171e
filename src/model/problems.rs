//! All that is wrong with a document, each with its line and key.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Error, Result};

/// What is wrong with a document. A key is written as in `report.period` or `source[1].interviews[0]`.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    origin: String,
    /// The line of each key.
    lines: BTreeMap<String, usize>,
    /// Keys that were left out because they are wrong, or put in because they are missing. What follows from them is no
    /// problem of its own.
    blamed: BTreeSet<String>,
    /// The errors, each with its line.
    found: Vec<(usize, Error)>,
}

impl Problems {
    /// No problems yet; `origin` is the name of the document in messages.
    #[must_use]
    pub fn of(origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The errors, in the order of their lines.
    #[must_use]
    pub fn into_errors(mut self) -> Vec<Error> {
        self.found.sort_by_key(|(line, _)| *line);
        self.found.into_iter().map(|(_, error)| error).collect()
    }

    /// The value, unless there are problems.
    ///
    /// # Errors
    /// All problems.
    pub fn or_value<T>(self, value: T) -> Result<T, Vec<Error>> {
        if self.is_empty() { Ok(value) } else { Err(self.into_errors()) }
    }

    /// Adds an error about a key.
    pub fn add(&mut self, key: &str, error: Error) {
        let key = canonical(key);
        if self.is_blamed(&key) {
            return;
        }
        let line = self.line(&key);
        let place = self.place_at(&key, line);
        self.found.push((line, error.prefix(&place)));
    }

    /// Returns the value of a result, or adds its error.
    pub fn keep<T>(&mut self, key: &str, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(key, error)).ok()
    }

    /// The keys of a section.
    pub fn section(&mut self, name: impl Into<String>) -> Section<'_> {
        Section { name: name.into(), problems: self }
    }

    /// The place of a key in messages: its line, and its name.
    #[must_use]
    pub fn place(&self, key: &str) -> String {
        let key = canonical(key);
        self.place_at(&key, self.line(&key))
    }

    /// A key of a section that has several names, by the one that is written there; by the first if none is.
    #[must_use]
    pub fn written(&self, section: &str, names: &[&str]) -> String {
        let mut keys = names.iter().map(|name| format!("{section}.{name}"));
        let first = keys.next().unwrap_or_default();
        if self.lines.contains_key(&canonical(&first)) {
            return first;
        }
        keys.find(|key| self.lines.contains_key(&canonical(key))).unwrap_or(first)
    }

    fn place_at(&self, key: &str, line: usize) -> String {
        let line = if line == 0 { String::new() } else { format!(":{line}") };
        format!("{}{line}: {}", self.origin, name(key))
    }

    /// The line of a key, or if it is not there, of what it would be in; 0 for the document.
    fn line(&self, key: &str) -> usize {
        let parents = key.rmatch_indices(['.', '[']).map(|(end, _)| &key[..end]);
        std::iter::once(key).chain(parents).find_map(|key| self.lines.get(key)).copied().unwrap_or(0)
    }

    /// Whether a key has another value than it was written with, or none was written, which is known as a problem.
    #[must_use]
    pub fn is_blamed_for(&self, key: &str) -> bool {
        self.is_blamed(&canonical(key))
    }

    fn is_blamed(&self, key: &str) -> bool {
        let mut parents = key.match_indices('.').map(|(end, _)| &key[..end]);
        self.blamed.contains(key) || parents.any(|parent| self.blamed.contains(parent))
    }

    pub(super) fn blame(&mut self, key: &str) {
        self.blamed.insert(canonical(key));
    }

    pub(super) fn know(&mut self, key: &str, line: usize) {
        self.lines.entry(canonical(key)).or_insert(line);
    }

    /// Adds an error that already names its place.
    pub(super) fn add_at(&mut self, line: usize, error: Error) {
        self.found.push((line, error));
    }
}

/// A section of a document. Its keys are written without its name.
pub struct Section<'p> {
    problems: &'p mut Problems,
    name: String,
}

impl Section<'_> {
    /// Adds an error about a key.
    pub fn add(&mut self, key: &str, error: Error) {
        self.problems.add(&format!("{}.{key}", self.name), error);
    }

    /// Returns the value of a result, or adds its error.
    pub fn keep<T>(&mut self, key: &str, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(key, error)).ok()
    }

    /// Returns the value of a result. If it is an error, adds that and returns another value, so that what comes after
    /// it can be checked as well.
    pub fn or<T>(&mut self, key: &str, result: Result<T>, other: T) -> T {
        self.keep(key, result).unwrap_or(other)
    }

    /// Returns a number that is not 0. If it is, adds an error, and returns 1.
    pub fn at_least_1<N: From<u8> + PartialEq>(&mut self, key: &str, number: N) -> N {
        let result = if number == N::from(0) { Err(Error::usage("it is at least 1")) } else { Ok(number) };
        self.or(key, result, N::from(1))
    }
}

/// The key by which a section is known that may come several times: the first one is the same as a single one.
fn canonical(key: &str) -> String {
    let (section, rest) = key.split_at(key.find('.').unwrap_or(key.len()));
    section.strip_suffix("[0]").unwrap_or(section).to_owned() + rest
}

/// A key as people know it: "`period` under [report]".
pub(super) fn name(key: &str) -> String {
    let mut plain = String::new();
    let mut is_index = false;
    for character in key.chars() {
        is_index = character == '[' || is_index && character != ']';
        if !is_index && character != ']' {
            plain.push(character);
        }
    }
    match plain.split_once('.') {
        Some((section, key)) => format!("`{key}` under [{section}]"),
        None => format!("[{plain}]"),
    }
}
