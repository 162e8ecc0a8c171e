//! An interview as the rest of the program sees it: every field that may be missing is an `Option`.

use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::recording::{Link, RecordingLink, object_names};

/// The state of an interview, in the vendor's words. An unknown word is kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Status {
    Invited,
    InProgress,
    Completed,
    Expired,
    Other(String),
}

impl Status {
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "invited" => Self::Invited,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "expired" => Self::Expired,
            other => Self::Other(other.to_owned()),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invited => "invited",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Other(word) => word,
        }
    }

    /// Whether the interview is completed or expired, so that nothing more will happen to it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Completed | Self::Expired)
    }
}

/// The job that an interview is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Job {
    pub id: Option<String>,
    pub title: Option<String>,
    pub department: Option<String>,
}

/// The candidate who is interviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Candidate {
    pub id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// An answer to one question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    pub question_id: Option<String>,
    pub question_text: Option<String>,
    pub question_type: Option<String>,
    pub transcript: Option<String>,
    /// Length of the recording in seconds, finite and not negative.
    pub duration_seconds: Option<f64>,
    pub answered_at: Option<Timestamp>,
    /// Whether the body had a link to a recording.
    pub has_audio: bool,
    /// The link to the recording, until an ingest takes it out. It is never in the lake.
    pub link: Option<Link>,
}

/// By what is in the lake of it: a link differs each time that the interview is fetched.
impl Hash for Response {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { question_id, question_text, question_type, transcript, duration_seconds, .. } = self;
        (question_id, question_text, question_type, transcript).hash(state);
        (duration_seconds.map(f64::to_bits), self.answered_at, self.has_audio).hash(state);
    }
}

/// An interview with its answers.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Interview {
    pub id: String,
    pub status: Status,
    pub job: Job,
    pub candidate: Candidate,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub responses: Vec<Response>,
    /// Whether half characters (lone surrogates) in its body were read as U+FFFD.
    pub mended: bool,
}

impl Interview {
    /// Returns when the interview settled: `completed_at` or, for an expired interview, `expires_at`. If that is
    /// missing, it is the latest time in the body. `None` for an open interview and for a body without any time.
    #[must_use]
    pub fn settled_at(&self) -> Option<Timestamp> {
        let named = match self.status {
            Status::Completed => self.completed_at,
            Status::Expired => self.expires_at,
            _ => return None,
        };
        named.or_else(|| {
            let answered = self.responses.iter().filter_map(|response| response.answered_at);
            let own = [self.created_at, self.started_at, self.completed_at, self.expires_at];
            own.into_iter().flatten().chain(answered).max()
        })
    }

    /// Takes the links to the recordings out of the interview.
    pub fn take_links(&mut self) -> Vec<RecordingLink> {
        if self.responses.iter().all(|response| response.link.is_none()) {
            return Vec::new();
        }
        let names = object_names(&self.id, self.responses.iter().map(|response| response.question_id.as_deref()));
        let links = self.responses.iter_mut().zip(names).enumerate();
        links
            .filter_map(|(position, (response, object))| {
                Some(RecordingLink { position, object, link: response.link.take()? })
            })
            .collect()
    }

    /// Returns the length of all transcripts in bytes, by which row groups and batches are measured.
    #[must_use]
    pub fn transcript_bytes(&self) -> usize {
        self.responses.iter().filter_map(|response| response.transcript.as_ref()).map(String::len).sum()
    }
}

/// One question of `GET /interviews/:id/questions`.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub id: Option<String>,
    pub text: Option<String>,
    pub question_type: Option<String>,
    pub time_limit_seconds: Option<f64>,
    /// The vendor's `order`, which may have gaps.
    pub order: Option<i64>,
    /// Whether the question was added over the API rather than from the job's template.
    pub is_custom: bool,
}

/// Returns the partition of a settled interview: `YYYY-MM` in UTC. It is `unknown` for a body without any time, and for
/// a time whose year does not have four digits, because folder names sort by time.
#[must_use]
pub fn month_of(settled_at: Option<Timestamp>) -> String {
    let date = settled_at.map(|time| TimeZone::UTC.to_datetime(time).date()).filter(|date| date.year() >= 1);
    date.map_or_else(|| "unknown".to_owned(), |date| date.strftime("%Y-%m").to_string())
}
