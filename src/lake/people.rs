//! Whose answers are whose: the names and addresses that are masked where words are shown.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::path::Path;

use jiff::Timestamp;

use super::find::each_row;
use super::places::Lake;
use super::read::{ParquetFile, string_at, strings, times, timestamp_at};
use super::schema::{AUDIO, CANDIDATES, INTERVIEWS, OPEN_INTERVIEWS, RESPONSES};
use crate::model::Result;
use crate::model::mask::Person;
use crate::model::recording::object_names;

/// Adds the people of a file of `candidates` to others, by what `key` makes of the id of their interview; `None` for an
/// interview that is not needed. Those with neither a name nor an address are left out.
///
/// # Errors
/// When the file cannot be read.
pub fn add_people<K: Eq + Hash>(
    people: &mut HashMap<K, Person>,
    path: &Path,
    key: impl Fn(&str) -> Option<K>,
) -> Result<()> {
    let rows = ParquetFile::open(path)?.all(&["interview_id", "name", "email"])?;
    let text = |name: &str, row: usize| string_at(strings(&rows, name), row);
    for row in 0..rows.num_rows() {
        if let Some(key) = text("interview_id", row).and_then(&key) {
            let (name, email) = (text("name", row), text("email", row));
            if name.is_some() || email.is_some() {
                people.insert(key, Person::new(name, email));
            }
        }
    }
    Ok(())
}

/// The person of an interview, as the table of candidates has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateRow {
    pub key: Option<String>,
    pub interview: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// The rows of the table of candidates that are wanted.
///
/// # Errors
/// When the lake cannot be read.
pub fn candidates(lake: &Lake, is_wanted: impl Fn(&CandidateRow) -> bool) -> Result<Vec<CandidateRow>> {
    let mut found = Vec::new();
    for path in lake.files(&CANDIDATES)? {
        let rows = ParquetFile::open(&path)?.all(&["candidate_key", "interview_id", "name", "email"])?;
        let text = |name: &str, row: usize| string_at(strings(&rows, name), row).map(str::to_owned);
        let all = (0..rows.num_rows()).map(|row| CandidateRow {
            key: text("candidate_key", row),
            interview: text("interview_id", row).unwrap_or_default(),
            name: text("name", row),
            email: text("email", row),
        });
        found.extend(all.filter(&is_wanted));
    }
    Ok(found)
}

/// Interviews, settled or open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterviewOf {
    pub interview: String,
    pub key: Option<String>,
    pub settled_at: Option<Timestamp>,
}

/// The interviews that are wanted, settled or open.
///
/// # Errors
/// When the lake cannot be read.
pub fn interviews(lake: &Lake, is_wanted: impl Fn(&InterviewOf) -> bool) -> Result<Vec<InterviewOf>> {
    let mut found = Vec::new();
    for path in lake.files(&INTERVIEWS)?.into_iter().chain(lake.files(&OPEN_INTERVIEWS)?) {
        let rows = ParquetFile::open(&path)?.all(&["interview_id", "candidate_key", "settled_at"])?;
        let text = |name: &str, row: usize| string_at(strings(&rows, name), row).map(str::to_owned);
        let all = (0..rows.num_rows()).map(|row| InterviewOf {
            interview: text("interview_id", row).unwrap_or_default(),
            key: text("candidate_key", row),
            settled_at: timestamp_at(times(&rows, "settled_at"), row),
        });
        found.extend(all.filter(&is_wanted));
    }
    Ok(found)
}

/// The names in an archive of all recordings of some interviews: those that answers say there are, and those that are
/// listed.
///
/// # Errors
/// When the lake cannot be read.
pub fn recordings(lake: &Lake, interviews: &HashSet<&str>) -> Result<BTreeSet<String>> {
    let mut objects = BTreeSet::new();
    for path in lake.files(&AUDIO)? {
        each_row(&AUDIO, &path, interviews, &mut |row| objects.extend(row.text("object")))?;
    }
    for path in lake.files(&RESPONSES)? {
        // The answers of an interview are in one file, in order.
        let mut answers: BTreeMap<String, Vec<(Option<String>, bool)>> = BTreeMap::new();
        each_row(&RESPONSES, &path, interviews, &mut |row| {
            answers.entry(row.id()).or_default().push((row.text("question_id"), row.flag("has_audio")));
        })?;
        for (id, answers) in answers {
            let names = object_names(&id, answers.iter().map(|(question, _)| question.as_deref()));
            objects
                .extend(names.into_iter().zip(&answers).filter(|(_, (_, has_audio))| *has_audio).map(|(name, _)| name));
        }
    }
    Ok(objects)
}
