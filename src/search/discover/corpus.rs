//! The answers of a lake that meet the filters, and their interviews.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::Array;
use rayon::prelude::*;

use super::answers::Answers;
use super::standing::Person;
use super::words::has_words;
use crate::keywords::Text;
use crate::lake::Lake;
use crate::lake::read::{dictionary, time_at, times, view_at, views};
use crate::model::Result;
use crate::search::keep::{columns, keep, word_at};
use crate::search::scan::{Unit, units};
use crate::search::selection::Selection;
use crate::search::source::Source;

/// Answers that are decoded at a time.
const DECODED_ROWS: usize = 1024;
/// Stands for the interview of an answer that does not count.
const NONE: u32 = u32::MAX;

/// Answers that can be read again and again.
pub struct Corpus {
    sources: Vec<Source>,
    units: Vec<Unit>,
    /// For each row of each row group, its interview.
    rows: Vec<Vec<u32>>,
    pub interviews: Vec<Found>,
    /// The texts of the questions that each job was asked, as they are in the lake.
    pub questions: BTreeMap<Option<String>, BTreeSet<String>>,
    /// Answers that count.
    pub answers: u64,
}

/// An interview with answers that count.
#[derive(Debug)]
pub struct Found {
    pub id: String,
    pub job_id: Option<String>,
    pub person: Person,
    pub settled_at: Option<i64>,
}

/// What is found in one row group.
#[derive(Default)]
struct GroupFound {
    rows: Vec<u32>,
    interviews: Vec<Found>,
    questions: HashSet<(Option<String>, String)>,
    answers: u64,
}

impl Corpus {
    /// Reads which answers there are.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn read(lake: &Lake, selection: &Selection) -> Result<Self> {
        let sources = Source::all(lake)?;
        let units = units(&sources);
        let read = |unit: &Unit| read_group(&sources[unit.source], unit.group, selection);
        let groups: Vec<GroupFound> = units.par_iter().map(read).collect::<Result<_>>()?;
        let mut corpus =
            Self { sources, units, rows: Vec::new(), interviews: Vec::new(), questions: BTreeMap::new(), answers: 0 };
        for mut group in groups {
            let first = u32::try_from(corpus.interviews.len()).expect("interviews in memory");
            group.rows.iter_mut().filter(|row| **row != NONE).for_each(|row| *row += first);
            corpus.rows.push(group.rows);
            for (mut found, number) in group.interviews.into_iter().zip(first..) {
                if found.person == Person::Unknown(NONE) {
                    found.person = Person::Unknown(number);
                }
                corpus.interviews.push(found);
            }
            for (job_id, text) in group.questions {
                corpus.questions.entry(job_id).or_default().insert(text);
            }
            corpus.answers += group.answers;
        }
        Ok(corpus)
    }
}

fn read_group(source: &Source, group: usize, selection: &Selection) -> Result<GroupFound> {
    let mut wanted = columns(selection);
    wanted.extend(["job_id", "settled_at", "question_text"]);
    wanted.sort_unstable();
    wanted.dedup();
    let rows = source.answers.row_group(group, &wanted)?;
    let facts = source.facts(selection)?;
    let mut found = GroupFound { rows: vec![NONE; rows.num_rows()], ..GroupFound::default() };
    let keep = keep(&rows, selection, facts);
    if !keep.contains(&true) {
        return Ok(found);
    }
    let [ids, jobs, questions] = ["interview_id", "job_id", "question_text"].map(|name| dictionary(&rows, name));
    let settled = times(&rows, "settled_at");
    let mut asked = HashSet::new();
    let mut first = 0;
    for batch in source.answers.batches(group, &["transcript"], DECODED_ROWS)? {
        let batch = batch?;
        let transcripts = views(&batch, "transcript");
        for at in 0..transcripts.len() {
            let row = first + at;
            let counts = |text: &str| keep[row] && has_words(Text::from(text));
            if !view_at(transcripts, at).is_some_and(counts) {
                continue;
            }
            found.answers += 1;
            if found.interviews.last().is_none_or(|last| Some(last.id.as_str()) != word_at(ids, row)) {
                let id = word_at(ids, row).unwrap_or_default();
                let person = facts.get(id).and_then(|facts| facts.person);
                found.interviews.push(Found {
                    id: id.to_owned(),
                    job_id: word_at(jobs, row).map(str::to_owned),
                    person: person.map_or(Person::Unknown(NONE), Person::Known),
                    settled_at: time_at(settled, row),
                });
            }
            found.rows[row] = u32::try_from(found.interviews.len() - 1).expect("interviews of a row group");
            if questions.is_valid(row) && asked.insert((jobs.keys().value(row), questions.keys().value(row))) {
                let text = word_at(questions, row).unwrap_or_default().to_owned();
                found.questions.insert((word_at(jobs, row).map(str::to_owned), text));
            }
        }
        first += batch.num_rows();
    }
    Ok(found)
}

impl Answers for Corpus {
    fn parts(&self) -> usize {
        self.units.len()
    }

    fn each(&self, part: usize, take: &mut dyn FnMut(u32, &str)) -> Result<()> {
        let (Unit { source, group }, rows) = (self.units[part], &self.rows[part]);
        if rows.iter().all(|interview| *interview == NONE) {
            return Ok(());
        }
        let mut first = 0;
        for batch in self.sources[source].answers.batches(group, &["transcript"], DECODED_ROWS)? {
            let batch = batch?;
            let transcripts = views(&batch, "transcript");
            for (at, interview) in rows[first..first + batch.num_rows()].iter().enumerate() {
                if let Some(text) = view_at(transcripts, at).filter(|_| *interview != NONE) {
                    take(*interview, text);
                }
            }
            first += batch.num_rows();
        }
        Ok(())
    }
}
