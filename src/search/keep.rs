//! Which rows of a row group meet the filters.

use std::collections::HashMap;

use arrow::array::{Array, ArrayAccessor, RecordBatch, StringArray, TypedDictionaryArray};
use arrow::datatypes::Int32Type;

use super::selection::Selection;
use super::source::Facts;
use crate::lake::read::{dictionary, time_at, times};

/// A column most of whose values repeat.
pub type Words<'a> = TypedDictionaryArray<'a, Int32Type, StringArray>;

/// The columns that the filters need.
pub fn columns(selection: &Selection) -> Vec<&'static str> {
    let is_asked = !selection.questions.is_empty();
    let needed = [
        (true, "interview_id"),
        (selection.jobs.is_some(), "job_id"),
        (selection.from.is_some() || selection.until.is_some(), "settled_at"),
        (is_asked, "question_id"),
        (is_asked, "question_text"),
        (!selection.types.is_empty(), "question_type"),
    ];
    needed.into_iter().filter_map(|(is_needed, column)| is_needed.then_some(column)).collect()
}

/// For each row, whether it is selected.
pub fn keep(rows: &RecordBatch, selection: &Selection, facts: &HashMap<String, Facts>) -> Vec<bool> {
    let column = |name: &str| rows.column_by_name(name).map(|_| dictionary(rows, name));
    let ids = dictionary(rows, "interview_id");
    let (jobs, types) = (column("job_id"), column("question_type"));
    let (question_ids, questions) = (column("question_id"), column("question_text"));
    let settled = rows.column_by_name("settled_at").map(|_| times(rows, "settled_at"));
    let mut wanted_questions = HashMap::new();
    let is_wanted =
        |row: usize| selection.statuses.is_empty() || facts.get(ids.value(row)).is_some_and(|facts| facts.is_wanted);
    (0..rows.num_rows())
        .map(|row| {
            let text = |column: &Option<Words>| column.and_then(|column| word_at(column, row)).map(str::to_owned);
            selection.has_time(settled.and_then(|settled| time_at(settled, row)))
                && (selection.jobs.is_none() || selection.has_job(text(&jobs).as_deref()))
                && (selection.types.is_empty() || selection.has_type(text(&types).as_deref()))
                && (selection.questions.is_empty() || {
                    let question = (text(&question_ids), text(&questions));
                    let has = |(id, text): &(Option<String>, Option<String>)| {
                        selection.has_question(id.as_deref(), text.as_deref())
                    };
                    *wanted_questions.entry(question.clone()).or_insert_with(|| has(&question))
                })
                && is_wanted(row)
        })
        .collect()
}

pub fn word_at<'a>(column: Words<'a>, row: usize) -> Option<&'a str> {
    column.is_valid(row).then(|| column.values().value(usize::try_from(column.keys().value(row)).unwrap_or_default()))
}
