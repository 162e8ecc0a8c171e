//! Made-up interviews as frames, for tests that know the truth.

use super::Frames;
use super::hits::SetTerm;
use super::input_files::InputFiles;
use super::interviews::{Completion, Interviews, State};
use super::jobs::Job;
use super::packed::packed_count;
use super::responses::{JobQuestion, Responses};
use crate::report::frames::Hits;
use crate::report::period::Calendar;

/// Terms that an answer may hold.
pub const TERMS: [&str; 3] = ["react", "rust", "sql"];
const TYPES: [&str; 2] = ["technical", "behavioral"];

/// An interview as it was.
#[derive(Debug, Clone)]
pub struct Truth {
    pub job: u32,
    /// `None` for a candidate without an id.
    pub person: Option<u32>,
    pub created_at: i64,
    /// `None` while it is open.
    pub settled_at: Option<i64>,
    pub completed: bool,
    pub answers: Vec<TrueAnswer>,
}

#[derive(Debug, Clone)]
pub struct TrueAnswer {
    /// Number of the text among those of the job.
    pub question: u32,
    /// `None` if it is blank.
    pub words: Option<i64>,
    pub seconds: Option<f64>,
    /// Indices of the terms in it.
    pub terms: Vec<u32>,
}

impl Truth {
    pub fn seconds(&self) -> Option<f64> {
        let known = self.answers.iter().filter_map(|answer| answer.seconds);
        known.clone().next().map(|_| known.sum())
    }

    /// Six characters a word.
    fn mean_length(&self) -> f64 {
        let words: i64 = self.answers.iter().filter_map(|answer| answer.words).sum();
        words as f64 * 6.0 / self.answers.len().max(1) as f64
    }

    /// A number for its candidate; an interview without an id counts as one.
    pub fn candidate(&self, row: usize) -> u32 {
        let alone = u32::try_from(row).unwrap() * 2 + 1;
        self.person.map_or(alone, |person| person * 2)
    }
}

/// The frames of these interviews, for a report of some of the jobs.
pub fn frames(truth: &[Truth], jobs: u32, calendar: &Calendar, is_wanted: impl Fn(u32) -> bool) -> Frames {
    let mut interviews = Interviews::default();
    let mut responses = Responses::default();
    let mut hits = Hits::default();
    hits.sets.push(("set".to_owned(), "hash".to_owned()));
    hits.terms.extend(TERMS.map(|name| SetTerm { set: 0, name: name.to_owned(), category: None }));
    for (number, one) in truth.iter().enumerate() {
        let state = match (one.settled_at, one.completed) {
            (None, _) => State::Open,
            (_, true) => State::Completed,
            (_, false) => State::Expired,
        };
        interviews.cohort.job.push(one.job);
        interviews.cohort.created_at.push(one.created_at);
        interviews.cohort.state.push(state);
        let Some(at) = one.settled_at else {
            interviews.open.job.push(one.job);
            let status = interviews.open.statuses.number("invited");
            interviews.open.status.push(status);
            interviews.open.expires_soon.push(number.is_multiple_of(3).then_some(one.created_at));
            continue;
        };
        interviews.settled += 1;
        let is_known = one.completed && calendar.day(at).is_some();
        interviews.completions.extend(is_known.then_some(Completion { job: one.job, at, by_event: false }));
        let Some(segment) = calendar.segment(Some(at)) else { continue };
        let row = interviews.ids.push(&format!("interview-{number}"));
        interviews.job.push(one.job);
        interviews.settled_at.push(at);
        interviews.segment.push(segment);
        interviews.completed.push(one.completed);
        interviews.candidate.push(one.candidate(number));
        interviews.total_duration_seconds.push(one.seconds());
        interviews.average_response_length.push(Some(one.mean_length()));
        interviews.elapsed_seconds.push(Some(600.0));
        interviews.days_to_complete.push(None);
        let count = |is_counted: fn(&TrueAnswer) -> bool| {
            i64::try_from(one.answers.iter().filter(|answer| is_counted(answer)).count()).unwrap()
        };
        interviews.response_count.push(count(|_| true));
        interviews.answered_count.push(count(|answer| answer.words.is_some()));
        for (position, answer) in one.answers.iter().enumerate().filter(|_| one.completed) {
            let text = format!("job {} asks {}?", one.job, answer.question);
            let known = responses.questions.iter().position(|question| question.text.as_ref() == Some(&text));
            let question = known.unwrap_or_else(|| {
                let question = JobQuestion { job: one.job, text: Some(text.clone()), normalised: Some(text) };
                responses.questions.push(question);
                responses.questions.len() - 1
            });
            let response = u32::try_from(responses.interview.len()).unwrap();
            let kind = responses.question_types.number(TYPES[answer.question as usize % 2]);
            responses.interview.push(row);
            responses.question.push(u32::try_from(question).unwrap());
            responses.question_type.push(Some(kind));
            responses.position.push(Some(u32::try_from(position).unwrap()));
            responses.has_transcript.push(true);
            responses.answered.push(answer.words.is_some());
            responses.word_count.push(Some(packed_count(answer.words.unwrap_or(0))));
            let words = answer.words.unwrap_or(0);
            let pace = answer.seconds.map(|seconds| words as f64 * 60.0 / seconds);
            responses.paces.push(pace, Some(words), answer.seconds);
            responses.duration_seconds.push(answer.seconds);
            responses.time_limits.push(Some(120.0));
            for term in &answer.terms {
                hits.response.push(response);
                hits.term.push(*term);
                hits.mentions.push(2);
                hits.negated.push(1);
            }
        }
    }
    let job = |number: u32| Job {
        id: format!("j{number}"),
        title: Some(format!("Job {number}")),
        department: None,
        slug: format!("job-{number:08x}"),
        is_wanted: is_wanted(number),
    };
    Frames { jobs: (0..jobs).map(job).collect(), interviews, responses, hits, inputs: InputFiles::default() }
}
