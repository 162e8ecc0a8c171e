//! Erases what the ledger has of interviews, so that it is nowhere in its files.

use std::collections::HashSet;

use rusqlite::Connection;

use super::connection::Ledger;
use crate::model::{Error, Result};

/// Where ids of interviews are: a table and a column.
const PLACES: [(&str, &str); 7] = [
    ("outbox_steps", "interview_id"),
    ("outbox", "interview_id"),
    ("recordings", "interview_id"),
    ("failed_calls", "interview_id"),
    ("events", "interview_id"),
    ("events", "refused_id"),
    ("interviews", "id"),
];

impl Ledger {
    /// How many rows the ledger has of interviews, and how many links to recordings.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn rows_of(&self, interviews: &HashSet<&str>) -> Result<(u64, u64)> {
        let ids = serde_json::to_string(interviews).expect("texts are JSON");
        let rows = self.read(|connection| {
            PLACES.iter().try_fold(0, |sum, (table, column)| {
                let sql = format!("SELECT count(*) FROM {table} WHERE {column} IN (SELECT value FROM json_each(?1))");
                connection.query_row(&sql, [&ids], |row| row.get::<_, i64>(0)).map(|count| sum + count.unsigned_abs())
            })
        })?;
        Ok((rows, self.links.lines_of(interviews)?))
    }

    /// The interviews that have an address, in lower case, in the reason for their state. Older versions wrote it there when
    /// a pattern with it kept them out.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn with_address(&self, address: &str) -> Result<Vec<String>> {
        let rows: Vec<(String, String)> = self.read(|connection| {
            let sql = "SELECT id, reason FROM interviews WHERE instr(reason, '@') > 0 ORDER BY id";
            connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let with_it = rows.into_iter().filter(|(_, reason)| has_address(&reason.to_lowercase(), address));
        Ok(with_it.map(|(id, _)| id).collect())
    }

    /// The systems that interviews were sent to, or are to be sent to, by the names of their connectors.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sent_to(&self, interviews: &HashSet<&str>) -> Result<Vec<String>> {
        let ids = serde_json::to_string(interviews).expect("texts are JSON");
        self.read(|connection| {
            let sql = "SELECT DISTINCT connector FROM outbox
                       WHERE interview_id IN (SELECT value FROM json_each(?1)) ORDER BY connector";
            connection.prepare(sql)?.query_map([&ids], |row| row.get(0))?.collect()
        })
    }

    /// Erases all that is known of interviews, and makes the file anew, so that no free page has it. Links to their
    /// recordings go, too.
    ///
    /// # Errors
    /// When the ledger cannot be written, or another program goes on reading what was in it.
    pub fn erase(&mut self, interviews: &HashSet<&str>) -> Result<()> {
        if interviews.is_empty() {
            return Ok(());
        }
        let ids = serde_json::to_string(interviews).expect("texts are JSON");
        self.write(|transaction| {
            PLACES.iter().try_for_each(|(table, column)| {
                let sql = format!("DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?1))");
                transaction.execute(&sql, [&ids]).map(drop)
            })
        })?;
        self.links.erase(interviews)?;
        self.make_anew()
    }

    /// Follows interviews no more: they are not asked for again, and their failed calls are not made again.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn unfollow<'a>(&mut self, interviews: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.write(|transaction| {
            interviews.into_iter().try_for_each(|interview| {
                transaction.execute("DELETE FROM failed_calls WHERE interview_id = ?1", [interview])?;
                transaction.execute("DELETE FROM interviews WHERE id = ?1", [interview]).map(drop)
            })
        })
    }

    /// Makes the file anew, and empties its write-ahead log.
    fn make_anew(&self) -> Result<()> {
        let is_busy = self.read(|connection: &Connection| {
            connection.execute_batch("VACUUM")?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        })?;
        if !is_busy {
            return Ok(());
        }
        let message = "another program is reading the ledger, which still has what was erased";
        Err(Error::failed(message).hint("the next command that writes to the lake finishes the erasure"))
    }
}

/// Whether a text has an address that is no part of another one, such as that of Mary Jane of that of Jane.
fn has_address(text: &str, address: &str) -> bool {
    let is_of_address = |character: char| character.is_alphanumeric() || ".-_+%".contains(character);
    text.match_indices(address).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + address.len()..]);
        !before.ends_with(is_of_address) && !after.starts_with(is_of_address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::InterviewState;

    #[test]
    fn interviews_that_an_address_kept_out_are_found_by_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for (id, pattern) in [
            ("a", "jane@example.com"),
            ("b", "Jane@Example.com*"),
            ("c", "{joe@example.com,jane@example.com}"),
            ("d", "maryjane@example.com"),
            ("e", "jane@example.com.au"),
            ("f", "*@example.com"),
            ("g", "int-*"),
        ] {
            let reason = format!("kept out by `{pattern}`");
            ledger.record_end(id, "default", InterviewState::Excluded, &reason).unwrap();
        }
        assert_eq!(ledger.with_address("jane@example.com").unwrap(), ["a", "b", "c"]);
        assert_eq!(ledger.with_address("joe@example.com").unwrap(), ["c"]);
        assert!(ledger.with_address("ane@example.com").unwrap().is_empty());
    }
}
