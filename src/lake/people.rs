//! Whose answers are whose: the names and addresses that are masked where words are shown.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use super::read::{ParquetFile, string_at, strings};
use crate::model::Result;
use crate::model::mask::Person;

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
