//! What the page of all jobs can find on the pages of the jobs: the questions and keywords that have a row there, and
//! nothing that no page shows.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::format::clip;
use super::shown::{most_asked, shown};
use crate::report::charts::visible;
use crate::report::model::Report;

/// Bytes of the index, at most. What fewest interviews have is left out first, and is found on the page of its job.
const MOST_BYTES: usize = 150_000;
/// Number of jobs that an entry names, at most: those in which most interviews have it.
const JOBS_OF_AN_ENTRY: usize = 6;

/// A question or keyword, with the jobs that show it.
struct Entry {
    /// Its values before those of its jobs, as the script reads them.
    values: Vec<Value>,
    /// Indexes of jobs in the report, each with the interviews that have it there.
    jobs: Vec<(usize, i64)>,
}

impl Entry {
    fn interviews(&self) -> i64 {
        self.jobs.iter().map(|(_, interviews)| interviews).sum()
    }

    /// As JSON: its values, some jobs, and the number of other ones.
    fn written(mut self) -> Value {
        self.jobs.sort_by_key(|(job, interviews)| (Reverse(*interviews), *job));
        let jobs: Vec<usize> = self.jobs.iter().take(JOBS_OF_AN_ENTRY).map(|(job, _)| *job).collect();
        let more = self.jobs.len() - jobs.len();
        self.values.extend([json!(jobs), json!(more)]);
        Value::Array(self.values)
    }
}

/// The index as JSON that can stand in a script element. Jobs are their places in the table of jobs.
pub fn search_index(report: &Report) -> String {
    let sets: Vec<&str> = report.provenance.keyword_sets.iter().map(|set| set.name.as_str()).collect();
    let mut left = MOST_BYTES.saturating_sub(json!(sets).to_string().len() + 100);
    let keywords = fitting(keywords(report), &mut left);
    let questions = fitting(questions(report), &mut left);
    let index = json!({ "sets": sets, "keywords": keywords, "questions": questions });
    escaped(&index)
}

fn keywords(report: &Report) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (at, job) in report.jobs.iter().enumerate() {
        for (set, of_set) in shown(report, job).into_iter().enumerate() {
            for keyword in of_set.keywords {
                let entry = *known.entry(&keyword.anchor).or_insert_with(|| {
                    let digits = keyword.anchor.trim_start_matches("term-");
                    let values = vec![json!(text(&keyword.term, 120)), json!(set), json!(digits)];
                    entries.push(Entry { values, jobs: Vec::new() });
                    entries.len() - 1
                });
                entries[entry].jobs.push((at, keyword.counts.interviews));
            }
        }
    }
    entries
}

fn questions(report: &Report) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (at, job) in report.jobs.iter().enumerate() {
        for one in most_asked(&job.questions) {
            let Some(question) = &one.question.question_text else { continue };
            let entry = *known.entry(&one.question.anchor).or_insert_with(|| {
                let values = vec![json!(text(question, 300)), json!(one.question.anchor)];
                entries.push(Entry { values, jobs: Vec::new() });
                entries.len() - 1
            });
            entries[entry].jobs.push((at, one.question.asked.unwrap_or_default()));
        }
    }
    entries
}

/// A text as the pages show it.
fn text(text: &str, most: usize) -> String {
    visible(&clip(text, most)).into_owned()
}

/// The entries that most interviews have, as many as there are bytes for.
fn fitting(mut entries: Vec<Entry>, left: &mut usize) -> Vec<Value> {
    entries.sort_by_key(|entry| Reverse(entry.interviews()));
    let mut written = Vec::new();
    for entry in entries {
        let entry = entry.written();
        let bytes = escaped(&entry).len() + 1;
        if bytes > *left {
            break;
        }
        *left -= bytes;
        written.push(entry);
    }
    written
}

/// JSON without a character that could end a script element or begin another.
fn escaped(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e")
}
