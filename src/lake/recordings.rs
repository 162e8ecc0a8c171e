//! Rewrites rows of `audio` when their interview is replaced: they follow their answers, and are dropped if an answer
//! changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use jiff::Timestamp;

use super::places::Lake;
use super::publish::Staging;
use super::read::{integer_at, integers, string_at, strings, time_at, times, timestamp_at};
use super::rewrite::{fail, grouped, read, sorted};
use super::rows::{self, InterviewRow};
use super::schema::AUDIO;
use crate::model::Result;
use crate::model::interview::month_of;
use crate::model::recording::object_names;

/// The new data of a replaced interview for the rows of its recordings.
pub struct Answers {
    job_id: Option<String>,
    settled_at: Option<Timestamp>,
    /// Answers that are the same as before, by the name of their recording.
    kept: HashMap<String, Answer>,
}

/// The new position and question of an answer.
struct Answer {
    position: i64,
    question_id: Option<String>,
}

/// A row that is kept, with the new data if its interview is replaced.
struct KeptRow<'a> {
    row: usize,
    answers: Option<&'a Answers>,
}

impl Answers {
    /// Compares an interview's answers with the old ones. `before` has the old answers in order, among those of others.
    pub fn of(row: &InterviewRow, before: &RecordBatch) -> Self {
        let interview = &row.interview;
        let (ids, questions, times) =
            (strings(before, "interview_id"), strings(before, "question_id"), times(before, "answered_at"));
        let old = || (0..before.num_rows()).filter(|row| string_at(ids, *row) == Some(interview.id.as_str()));
        let old_names = object_names(&interview.id, old().map(|row| string_at(questions, row)));
        let old: HashMap<String, usize> = old_names.into_iter().zip(old()).collect();
        let names = object_names(&interview.id, interview.responses.iter().map(|answer| answer.question_id.as_deref()));
        let mut kept = HashMap::new();
        for ((position, answer), name) in (0..).zip(&interview.responses).zip(names) {
            let is_the_same = |row: &usize| {
                string_at(questions, *row) == answer.question_id.as_deref()
                    && time_at(times, *row) == answer.answered_at.map(Timestamp::as_microsecond)
            };
            if old.get(&name).is_some_and(is_the_same) {
                kept.insert(name, Answer { position, question_id: answer.question_id.clone() });
            }
        }
        Self { job_id: interview.job.id.clone(), settled_at: row.settled_at, kept }
    }
}

/// Rewrites the rows of recordings of replaced interviews, given by id, into a batch that is being staged.
///
/// # Errors
/// When the lake cannot be read or the batch cannot be written.
pub fn replace(lake: &Lake, staging: &mut Staging<'_>, replaced: &HashMap<String, Answers>) -> Result<()> {
    if replaced.is_empty() {
        return Ok(());
    }
    let mut moved: BTreeMap<String, Vec<RecordBatch>> = BTreeMap::new();
    for path in lake.files(&AUDIO)? {
        let place = lake.place_of(&AUDIO, &path).display().to_string();
        let before = read(lake, &AUDIO, &place)?;
        let (ids, objects) = (strings(&before, "interview_id"), strings(&before, "object"));
        let mut months: BTreeMap<String, Vec<KeptRow<'_>>> = BTreeMap::new();
        let mine = place.split('/').next().and_then(|folder| folder.strip_prefix("month=")).unwrap_or_default();
        for row in 0..before.num_rows() {
            match replaced.get(ids.value(row)) {
                None => months.entry(mine.to_owned()).or_default().push(KeptRow { row, answers: None }),
                Some(answers) if answers.kept.contains_key(objects.value(row)) => {
                    months
                        .entry(month_of(answers.settled_at))
                        .or_default()
                        .push(KeptRow { row, answers: Some(answers) });
                }
                Some(_) => {}
            }
        }
        let stay = sorted(&rewritten(&before, &months.remove(mine).unwrap_or_default()), &AUDIO);
        if stay != before {
            staging.replace(&format!("{}/{place}", AUDIO.name), &AUDIO, grouped(&stay))?;
        }
        for (month, rows) in months {
            moved.entry(month).or_default().push(rewritten(&before, &rows));
        }
    }
    for (month, batches) in moved {
        let all = concat_batches(&AUDIO.arrow(), &batches).map_err(|error| fail(&AUDIO, &month, &error))?;
        staging.write(&AUDIO, &month, grouped(&sorted(&all, &AUDIO)))?;
    }
    Ok(())
}

/// The kept rows with their new data.
fn rewritten(before: &RecordBatch, kept: &[KeptRow<'_>]) -> RecordBatch {
    let (objects, jobs, questions) =
        (strings(before, "object"), strings(before, "job_id"), strings(before, "question_id"));
    let (positions, settled) = (integers(before, "position"), times(before, "settled_at"));
    let position = kept.iter().map(|KeptRow { row, answers }| match answers {
        Some(answers) => Some(answers.kept[objects.value(*row)].position),
        None => integer_at(positions, *row),
    });
    let of_job = kept.iter().map(|KeptRow { row, answers }| match answers {
        Some(answers) => answers.job_id.as_deref(),
        None => string_at(jobs, *row),
    });
    let of_question = kept.iter().map(|KeptRow { row, answers }| match answers {
        Some(answers) => answers.kept[objects.value(*row)].question_id.as_deref(),
        None => string_at(questions, *row),
    });
    let settled_at = kept.iter().map(|KeptRow { row, answers }| match answers {
        Some(answers) => answers.settled_at,
        None => timestamp_at(settled, *row),
    });
    let new: [(&str, ArrayRef); 4] = [
        ("position", rows::integers(position)),
        ("job_id", rows::strings(of_job)),
        ("question_id", rows::strings(of_question)),
        ("settled_at", rows::times(settled_at)),
    ];
    let indices: UInt64Array = kept.iter().map(|kept| kept.row as u64).collect();
    let taken = take_record_batch(before, &indices).expect("the rows are there");
    let column = |(index, old): (usize, &ArrayRef)| {
        let name = AUDIO.columns[index].name;
        new.iter().find(|(changed, _)| *changed == name).map_or_else(|| Arc::clone(old), |(_, new)| Arc::clone(new))
    };
    rows::batch(&AUDIO, taken.columns().iter().enumerate().map(column).collect())
}
