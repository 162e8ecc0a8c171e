//! The two calls of the API, and the contents of their bodies.

use serde::{Deserialize, Serialize};

use crate::model::body::{self, Violation};
use crate::model::{Interview, Question, Result};

/// A call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Interview,
    Questions,
}

/// A body that was parsed.
#[derive(Debug)]
pub enum ParsedBody {
    Interview(Box<Interview>),
    Questions(Vec<Question>),
}

impl Call {
    /// Parses the body that was returned by this call for an id.
    ///
    /// # Errors
    /// When it breaks the contract.
    pub fn read(self, id: &str, body: &[u8]) -> Result<ParsedBody, Violation> {
        match self {
            Self::Interview => body::read_interview_of(id, body).map(|read| ParsedBody::Interview(Box::new(read))),
            Self::Questions => body::read_questions_of(id, body).map(ParsedBody::Questions),
        }
    }
}
