//! The files of answers, and what other tables say of their interviews.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use arrow::datatypes::DataType;
use rayon::prelude::*;

use super::selection::Selection;
use crate::lake::Lake;
use crate::lake::people::add_people;
use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::retired::is_there;
use crate::lake::schema::{CANDIDATES, INTERVIEWS, RESPONSES, Table};
use crate::model::mask::Person;
use crate::model::{Error, Result};

/// A file of answers. The interviews and the candidates that belong to them are in the files of the same name.
pub struct Source {
    pub answers: ParquetFile,
    interviews: PathBuf,
    candidates: PathBuf,
    facts: OnceLock<Result<HashMap<String, Facts>>>,
}

/// What is known of an interview.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Whether its status is wanted.
    pub is_wanted: bool,
    /// Its candidate's key, as far as keys are told apart by it.
    pub person: Option<u128>,
}

impl Source {
    /// Opens all files of answers.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn all(lake: &Lake) -> Result<Vec<Self>> {
        let open = |path: &PathBuf| {
            let repeated = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let repeated = ["interview_id", "job_id", "question_id", "question_text", "question_type"]
                .map(|name| (name, repeated()));
            let columns: Vec<_> = repeated.into_iter().chain([("transcript", DataType::Utf8View)]).collect();
            let beside = |table: &Table| lake.root().join(table.name).join(lake.place_of(&RESPONSES, path));
            Ok(Self {
                answers: ParquetFile::open_as(path, &columns)?,
                interviews: beside(&INTERVIEWS),
                candidates: beside(&CANDIDATES),
                facts: OnceLock::new(),
            })
        };
        lake.files(&RESPONSES)?.par_iter().map(open).collect()
    }

    /// What is known of the interviews, by their ids. It is read once.
    ///
    /// # Errors
    /// When the file of interviews cannot be read.
    pub fn facts(&self, selection: &Selection) -> Result<&HashMap<String, Facts>> {
        self.facts.get_or_init(|| self.read_facts(selection)).as_ref().map_err(Error::clone)
    }

    fn read_facts(&self, selection: &Selection) -> Result<HashMap<String, Facts>> {
        let rows = ParquetFile::open(&self.interviews)?.all(&["interview_id", "status", "candidate_key"])?;
        let (ids, statuses) = (strings(&rows, "interview_id"), strings(&rows, "status"));
        let keys = strings(&rows, "candidate_key");
        let facts = |row| Facts {
            is_wanted: selection.has_status(string_at(statuses, row)),
            person: string_at(keys, row).map(person),
        };
        Ok((0..rows.num_rows()).map(|row| (ids.value(row).to_owned(), facts(row))).collect())
    }

    /// The people of some interviews, by the ids of these. Those who are named nowhere are absent.
    ///
    /// # Errors
    /// When the file of candidates cannot be read.
    pub fn people(&self, is_wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, Person>> {
        let mut people = HashMap::new();
        // A batch in which nobody is named has no such file.
        if is_there(&self.candidates) {
            add_people(&mut people, &self.candidates, |id| is_wanted(id).then(|| id.to_owned()))?;
        }
        Ok(people)
    }
}

/// A candidate by the first half of the key, which is a hash: two are never the same by chance.
fn person(key: &str) -> u128 {
    let half = key.get(..32).and_then(|half| u128::from_str_radix(half, 16).ok());
    half.unwrap_or_else(|| key.bytes().fold(0, |all, byte| all.rotate_left(8) ^ u128::from(byte)))
}
