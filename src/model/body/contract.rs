//! The contract with the vendor's bodies: which fields are read, and how a breach of the contract is handled.
//!
//! `docs/contract.md` has the contract as a table. Two rules are behind it. An answer's words are never dropped
//! silently, so a body whose answers cannot be read is set aside whole. Any other field of the wrong type is null. A
//! violation names the field and never its value, because values are people's words.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{MapAccess, SeqAccess};
use serde_json::Value;

use crate::model::interview::{Candidate, Interview, Job, Question, Response, Status};
use crate::model::json::{Fields, Keep, Leaves, Name, Parsed, Read, Refused, parse, pass_over};
use crate::model::recording::Link;

/// Largest body that is read, in bytes. An hour of speech has some 60 kB.
pub const LARGEST_BODY: usize = 16 << 20;
/// Most answers, or questions, that are read of one interview. An entry of two bytes takes a hundred times as many.
pub const MOST_ENTRIES: usize = 10_000;
/// Longest `id`, `status`, `job.id` or `question_id`, in bytes. The vendor's ids have 36. They are repeated for every
/// answer, and kept in the ledger.
const LONGEST_WORD: usize = 1000;

const INTERVIEW: [&str; 9] =
    ["id", "status", "created_at", "started_at", "completed_at", "expires_at", "job", "candidate", "responses"];
const JOB: [&str; 3] = ["id", "title", "department"];
const CANDIDATE: [&str; 3] = ["id", "name", "email"];
const RESPONSE: [&str; 7] =
    ["question_id", "question_text", "question_type", "transcript", "duration_seconds", "answered_at", "audio_url"];
const QUESTIONS: [&str; 2] = ["interview_id", "questions"];
const QUESTION: [&str; 6] = ["id", "question_text", "question_type", "time_limit_seconds", "order", "is_custom"];

/// The reason why a body cannot be used. It holds no value of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("the body is larger than {} MB", LARGEST_BODY >> 20)]
    TooLarge,
    #[error("not valid UTF-8")]
    NotUtf8,
    #[error("not valid JSON at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("the body is nested more than 127 deep")]
    TooDeep,
    #[error("{field} is {found}, expected {expected}")]
    WrongType { field: String, found: &'static str, expected: &'static str },
    #[error("{field} has more than {MOST_ENTRIES} entries")]
    TooMany { field: &'static str },
    #[error("{field} is longer than {LONGEST_WORD} bytes")]
    TooLong { field: String },
    #[error("the body is of another interview than the one asked for")]
    OtherId,
}

/// Reads one body of `GET /interviews/:id`.
///
/// # Errors
/// When the body is too large or no JSON, has no usable `id` or `status`, or its answers cannot be read.
pub fn read_interview(bytes: &[u8]) -> Result<Interview, Violation> {
    let Parsed { kept, mended } = read(bytes, || InterviewBody)?;
    Ok(Interview { mended, ..kept? })
}

/// Reads one body of `GET /interviews/:id`, which must be of the interview `id`.
///
/// # Errors
/// When the body is not JSON, has no usable `id` or `status`, is of another interview, or its answers cannot be read.
pub fn read_interview_of(id: &str, bytes: &[u8]) -> Result<Interview, Violation> {
    let interview = read_interview(bytes)?;
    if interview.id == id { Ok(interview) } else { Err(Violation::OtherId) }
}

/// Reads one body of `GET /interviews/:id/questions`, which must be of the interview `id`.
///
/// # Errors
/// When the body is too large or no JSON, names another interview, or its questions cannot be read.
pub fn read_questions_of(id: &str, bytes: &[u8]) -> Result<Vec<Question>, Violation> {
    read(bytes, || QuestionsBody { id })?.kept
}

/// Parses a body for what is to be kept of it.
fn read<K: Keep>(bytes: &[u8], keep: impl Fn() -> K) -> Result<Parsed<K::Kept>, Violation> {
    if bytes.len() > LARGEST_BODY {
        return Err(Violation::TooLarge);
    }
    parse(bytes, keep).map_err(|refused| match refused {
        Refused::NotUtf8 => Violation::NotUtf8,
        Refused::TooDeep => Violation::TooDeep,
        Refused::NotJson { line, column } => Violation::NotJson { line, column },
    })
}

/// Keeps an interview.
struct InterviewBody;

impl Keep for InterviewBody {
    type Kept = Result<Interview, Violation>;

    fn leaf(self, value: Value) -> Self::Kept {
        Err(no_object(&value))
    }

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Kept, A::Error> {
        let mut body = Leaves::new(&INTERVIEW);
        let (mut job, mut candidate) = (Leaves::new(&JOB), Leaves::new(&CANDIDATE));
        let mut responses = Ok(Vec::new());
        while let Some(place) = object.next_key_seed(Read(Name(&INTERVIEW)))? {
            match place.map(|place| INTERVIEW[place]) {
                Some("job") => job = child(object.next_value_seed(Read(Fields(&JOB)))?, &JOB),
                Some("candidate") => candidate = child(object.next_value_seed(Read(Fields(&CANDIDATE)))?, &CANDIDATE),
                Some(field @ "responses") => {
                    responses = object.next_value_seed(Read(Entries { field, names: &RESPONSE, read: response }))?;
                }
                _ => body.read(place, &mut object)?,
            }
        }
        Ok(interview(body, job, candidate, responses))
    }
}

fn interview(
    mut body: Leaves<9>,
    mut job: Leaves<3>,
    mut candidate: Leaves<3>,
    responses: Result<Vec<Response>, Violation>,
) -> Result<Interview, Violation> {
    let id = required(&mut body, "id")?;
    let status = Status::from_word(&required(&mut body, "status")?);
    let job =
        Job { id: text(&mut job, "id"), title: text(&mut job, "title"), department: text(&mut job, "department") };
    short("id", Some(&id))?;
    short("status", Some(status.as_str()))?;
    short("job.id", job.id.as_deref())?;
    Ok(Interview {
        id,
        status,
        job,
        candidate: Candidate {
            id: text(&mut candidate, "id"),
            name: text(&mut candidate, "name"),
            email: text(&mut candidate, "email"),
        },
        created_at: time(&mut body, "created_at"),
        started_at: time(&mut body, "started_at"),
        completed_at: time(&mut body, "completed_at"),
        expires_at: time(&mut body, "expires_at"),
        responses: responses?,
        mended: false,
    })
}

fn response(index: usize, mut response: Leaves<7>) -> Result<Response, Violation> {
    let transcript = match response.take("transcript") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        other => {
            return Err(wrong(format!("responses[{index}].transcript"), other.as_ref(), "a string or null"));
        }
    };
    let question_id = text(&mut response, "question_id");
    short(format_args!("responses[{index}].question_id"), question_id.as_deref())?;
    let link = text(&mut response, "audio_url").filter(|link| !link.is_empty()).map(Link::new);
    Ok(Response {
        question_id,
        question_text: text(&mut response, "question_text"),
        question_type: text(&mut response, "question_type"),
        transcript,
        duration_seconds: seconds(&mut response, "duration_seconds"),
        answered_at: time(&mut response, "answered_at"),
        has_audio: link.is_some(),
        link,
    })
}

/// Keeps the questions of the interview `id`.
struct QuestionsBody<'a> {
    id: &'a str,
}

impl Keep for QuestionsBody<'_> {
    type Kept = Result<Vec<Question>, Violation>;

    fn leaf(self, value: Value) -> Self::Kept {
        Err(no_object(&value))
    }

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Kept, A::Error> {
        let mut body = Leaves::new(&QUESTIONS);
        let mut questions = Ok(Vec::new());
        while let Some(place) = object.next_key_seed(Read(Name(&QUESTIONS)))? {
            match place.map(|place| QUESTIONS[place]) {
                Some(field @ "questions") => {
                    questions = object.next_value_seed(Read(Entries { field, names: &QUESTION, read: question }))?;
                }
                _ => body.read(place, &mut object)?,
            }
        }
        let is_other = text(&mut body, "interview_id").is_some_and(|other| other != self.id);
        Ok(if is_other { Err(Violation::OtherId) } else { questions })
    }
}

fn question(_: usize, mut question: Leaves<6>) -> Result<Question, Violation> {
    Ok(Question {
        id: text(&mut question, "id"),
        text: text(&mut question, "question_text"),
        question_type: text(&mut question, "question_type"),
        time_limit_seconds: seconds(&mut question, "time_limit_seconds"),
        order: question.take("order").and_then(|order| order.as_i64()),
        is_custom: question.take("is_custom").and_then(|is_custom| is_custom.as_bool()).unwrap_or(false),
    })
}

/// Keeps the entries of a list, each with its index, or the reason why the first of them that is wrong cannot be read.
struct Entries<T, const N: usize> {
    field: &'static str,
    names: &'static [&'static str; N],
    read: fn(usize, Leaves<N>) -> Result<T, Violation>,
}

impl<T, const N: usize> Keep for Entries<T, N> {
    type Kept = Result<Vec<T>, Violation>;

    fn leaf(self, value: Value) -> Self::Kept {
        match value {
            Value::Null => Ok(Vec::new()),
            other => Err(wrong(self.field.to_owned(), Some(&other), "a list")),
        }
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Kept, A::Error> {
        let Self { field, names, read } = self;
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element_seed(Read(Fields(names)))? {
            let index = entries.len();
            let read = match entry {
                _ if index == MOST_ENTRIES => Err(Violation::TooMany { field }),
                Ok(leaves) => read(index, leaves),
                Err(other) => Err(wrong(format!("{field}[{index}]"), Some(&other), "an object")),
            };
            match read {
                Ok(entry) => entries.push(entry),
                Err(violation) => {
                    drop(entries);
                    // What comes after it may be no JSON.
                    return pass_over(&mut list).map(|()| Err(violation));
                }
            }
        }
        Ok(Ok(entries))
    }
}

/// The fields of an object, or none if there is no object.
fn child<const N: usize>(read: Result<Leaves<N>, Value>, names: &'static [&'static str; N]) -> Leaves<N> {
    read.unwrap_or_else(|_| Leaves::new(names))
}

fn required<const N: usize>(fields: &mut Leaves<N>, field: &str) -> Result<String, Violation> {
    match fields.take(field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        other => Err(wrong(field.to_owned(), other.as_ref(), "a string")),
    }
}

/// Checks the length of a word that is repeated.
fn short(field: impl Display, word: Option<&str>) -> Result<(), Violation> {
    match word {
        Some(word) if word.len() > LONGEST_WORD => Err(Violation::TooLong { field: field.to_string() }),
        _ => Ok(()),
    }
}

fn text<const N: usize>(fields: &mut Leaves<N>, field: &str) -> Option<String> {
    match fields.take(field) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Returns a number of seconds, or `None` unless it is finite and not negative.
fn seconds<const N: usize>(fields: &mut Leaves<N>, field: &str) -> Option<f64> {
    fields.take(field)?.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

fn time<const N: usize>(fields: &mut Leaves<N>, field: &str) -> Option<Timestamp> {
    time_of(&text(fields, field)?)
}

/// Reads a time in ISO 8601. A time without an offset is taken as UTC.
#[must_use]
pub fn time_of(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

fn no_object(value: &Value) -> Violation {
    wrong("the body".to_owned(), Some(value), "an object")
}

fn wrong(field: String, found: Option<&Value>, expected: &'static str) -> Violation {
    let found = match found {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(text)) if text.is_empty() => "empty",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    };
    Violation::WrongType { field, found, expected }
}
