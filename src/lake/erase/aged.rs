//! What is older than it is kept: by when interviews had settled.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::Array;
use jiff::Timestamp;

use super::record::Rows;
use crate::lake::people::{candidates, interviews};
use crate::lake::places::Lake;
use crate::lake::read::{ParquetFile, strings, times, timestamp_at};
use crate::lake::schema::{AUDIO, RESPONSES};
use crate::lake::tombstones::Age;
use crate::model::Result;

/// What there is of interviews that had settled before a time, for each kind of data that is erased by age. An interview
/// of which all goes is in no other list.
///
/// # Errors
/// When the lake cannot be read.
pub fn aged(lake: &Lake, before: &BTreeMap<Age, Timestamp>) -> Result<Rows> {
    let is_old = |age: Age, at: Option<Timestamp>| before.get(&age).zip(at).is_some_and(|(before, at)| at < *before);
    let mut rows = Rows::default();
    let old = interviews(lake, |one| Age::ALL.into_iter().any(|age| is_old(age, one.settled_at)))?;
    let of = |age: Age| -> BTreeSet<String> {
        old.iter().filter(|one| is_old(age, one.settled_at)).map(|one| one.interview.clone()).collect()
    };
    rows.interviews = of(Age::Interviews);
    let nameless = of(Age::Candidates);
    let goes = |id: &str| !rows.interviews.contains(id);
    let named = candidates(lake, |row| nameless.contains(&row.interview) && goes(&row.interview))?;
    rows.candidates = named.into_iter().map(|row| row.interview).collect();
    for path in if before.contains_key(&Age::Audio) { lake.files(&AUDIO)? } else { Vec::new() } {
        let all = ParquetFile::open(&path)?.all(&["interview_id", "settled_at"])?;
        let (ids, settled) = (strings(&all, "interview_id"), times(&all, "settled_at"));
        let old = (0..all.num_rows()).filter(|row| is_old(Age::Audio, timestamp_at(settled, *row)));
        rows.audio.extend(old.map(|row| ids.value(row)).filter(|id| goes(id)).map(str::to_owned));
    }
    for path in if before.contains_key(&Age::Transcripts) { lake.files(&RESPONSES)? } else { Vec::new() } {
        let file = ParquetFile::open(&path)?;
        for group in 0..file.row_groups() {
            let columns = file.present(&["interview_id", "settled_at", "transcript_erased_at"]);
            let all = file.row_group(group, &columns)?;
            let (ids, settled) = (strings(&all, "interview_id"), times(&all, "settled_at"));
            let erased = all.column_by_name("transcript_erased_at");
            let old: Vec<usize> = (0..all.num_rows())
                .filter(|row| is_old(Age::Transcripts, timestamp_at(settled, *row)) && goes(ids.value(*row)))
                .filter(|row| erased.is_none_or(|erased| erased.is_null(*row)))
                .collect();
            if old.is_empty() {
                continue;
            }
            // Only those are read that were not erased before, and of these some may never have had one.
            let texts = file.rows_of_group(group, &old, &["transcript"])?;
            let there = old.iter().enumerate().filter(|(at, _)| strings(&texts, "transcript").is_valid(*at));
            rows.transcripts.extend(there.map(|(_, row)| ids.value(*row).to_owned()));
        }
    }
    Ok(rows)
}
