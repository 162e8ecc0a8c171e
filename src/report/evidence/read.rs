//! Reads the texts of the chosen answers and the positions of matches in them. Only the rows that are needed are read
//! again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use arrow::array::{Array, AsArray, Int64Array};
use arrow::datatypes::DataType;
use rayon::prelude::*;

use super::choose::ChosenAnswer;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, integer_at, integers, view_at, views};
use crate::model::Result;
use crate::report::frames::Frames;

/// A transcript, and the positions of the chosen terms in it.
#[derive(Debug, Default)]
pub struct AnswerText {
    pub transcript: Option<String>,
    /// Byte ranges of the matches, end exclusive, by the number of the term.
    pub places: HashMap<u32, Vec<(usize, usize)>>,
    /// Numbers of the terms that are negated at every mention in this answer.
    pub negated: HashSet<u32>,
}

/// Reads the text of each chosen answer, by the index of the answer in `Responses`.
pub fn texts(
    lake: &Lake,
    frames: &Frames,
    quotes: &[ChosenAnswer],
    answers: &[ChosenAnswer],
) -> Result<HashMap<u32, AnswerText>> {
    let mut rows: Vec<u32> = quotes.iter().chain(answers).map(|chosen| chosen.response).collect();
    rows.sort_unstable();
    rows.dedup();
    let transcripts = frames.responses.file_rows.by_file(&rows);
    let read = |(path, wanted): (&PathBuf, Vec<(u32, u32)>)| -> Result<Vec<(u32, Option<String>)>> {
        let source = ParquetFile::open_as(&lake.root().join(path), &[("transcript", DataType::Utf8View)])?;
        let mut found = Vec::new();
        for (group, rows) in by_group(&source, &wanted) {
            let places: Vec<usize> = rows.iter().map(|(_, row)| *row).collect();
            let batch = source.rows_of_group(group, &places, &["transcript"])?;
            let texts = views(&batch, "transcript");
            found.extend(rows.iter().enumerate().map(|(at, (row, _))| (*row, view_at(texts, at).map(str::to_owned))));
        }
        Ok(found)
    };
    let found = transcripts.into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
    let mut texts: HashMap<u32, AnswerText> = found
        .into_iter()
        .flatten()
        .map(|(row, transcript)| (row, AnswerText { transcript, ..AnswerText::default() }))
        .collect();

    let mut hits: Vec<u32> = quotes.iter().map(|chosen| chosen.hit).collect();
    hits.sort_unstable();
    for (path, wanted) in frames.hits.file_rows.by_file(&hits) {
        let source = ParquetFile::open(path)?;
        for (group, rows) in by_group(&source, &wanted) {
            let places: Vec<usize> = rows.iter().map(|(_, row)| *row).collect();
            let batch = source.rows_of_group(group, &places, &["mentions", "negated", "places"])?;
            let lists = batch.column_by_name("places").expect("it was read").as_list::<i32>();
            let [mentions, negated] = ["mentions", "negated"].map(|name| integers(&batch, name));
            for (at, (hit, _)) in rows.iter().enumerate() {
                let (response, term) = (frames.hits.response[*hit as usize], frames.hits.term[*hit as usize]);
                let text = texts.entry(response).or_default();
                let list = lists.value(at);
                let pairs = list.as_struct();
                let ends = |name: &str| -> Vec<usize> {
                    let column = pairs.column_by_name(name).expect("a place has both ends");
                    let column = column.as_any().downcast_ref::<Int64Array>().expect("places are integers");
                    column.values().iter().map(|byte| usize::try_from(*byte).unwrap_or(usize::MAX)).collect()
                };
                text.places.insert(term, ends("start").into_iter().zip(ends("end")).collect());
                if integer_at(negated, at) == Some(mentions.value(at)) {
                    text.negated.insert(term);
                }
            }
        }
    }
    Ok(texts)
}

/// Groups rows of a file by row group: the index of each row, and its row in the group.
fn by_group(source: &ParquetFile, rows: &[(u32, u32)]) -> BTreeMap<usize, Vec<(u32, usize)>> {
    let mut groups: BTreeMap<usize, Vec<(u32, usize)>> = BTreeMap::new();
    let (mut group, mut first) = (0, 0);
    for (number, row) in rows {
        let row = *row as usize;
        while row >= first + source.rows_in_group(group) {
            first += source.rows_in_group(group);
            group += 1;
        }
        groups.entry(group).or_default().push((*number, row - first));
    }
    groups
}
