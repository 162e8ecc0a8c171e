//! State of the applicant tracking systems: the candidates, the notes and files written about them, and the faults that
//! happened.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::faults::AtsFault;
use crate::sandbox::faults::in_turn;
use crate::sandbox::interviews::Interviews;

/// What the id of a candidate grows by when it is merged.
const MERGED: usize = 1_000_000;

/// A note or file that was written. Requests with the same key are one write.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtsWrite {
    pub system: String,
    pub email: String,
    /// `note` or `file`.
    pub kind: &'static str,
    pub idempotency_key: String,
    /// Number of requests with this key.
    pub times: u64,
    /// The body as JSON; for a file, its name and size.
    pub body: Value,
}

/// All applicant tracking systems of the sandbox.
pub struct Systems {
    interviews: Interviews,
    faults: Vec<AtsFault>,
    /// Index of each candidate's first interview, by e-mail address in lower case.
    candidates: OnceLock<HashMap<String, usize>>,
    state: Mutex<AtsState>,
}

#[derive(Default)]
struct AtsState {
    written: Vec<AtsWrite>,
    /// Candidates whose one-time fault has happened.
    spoilt: HashSet<usize>,
    tokens: usize,
}

impl Systems {
    pub fn new(interviews: Interviews, faults: Vec<AtsFault>) -> Self {
        Self { interviews, faults, candidates: OnceLock::new(), state: Mutex::default() }
    }

    pub fn written(&self) -> Vec<AtsWrite> {
        self.state().written.clone()
    }

    /// Records a write about a candidate, unless one with this key exists. Returns the number of the write.
    pub fn write(&self, system: &str, candidate: usize, kind: &'static str, key: &str, body: Value) -> usize {
        let email = self.email(candidate);
        let mut state = self.state();
        let known = state.written.iter_mut().enumerate().find(|(_, one)| !key.is_empty() && one.idempotency_key == key);
        if let Some((number, known)) = known {
            known.times += 1;
            return number;
        }
        let (system, idempotency_key) = (system.to_owned(), key.to_owned());
        state.written.push(AtsWrite { system, email, kind, idempotency_key, times: 1, body });
        state.written.len() - 1
    }

    /// Number of tokens that were issued or ended. Only the latest token is valid.
    pub fn tokens(&self) -> usize {
        self.state().tokens
    }

    /// Makes the next token valid in place of the present one, and returns its number.
    pub fn next_token(&self) -> usize {
        let mut state = self.state();
        state.tokens += 1;
        state.tokens
    }

    fn state(&self) -> MutexGuard<'_, AtsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The candidate with an e-mail address.
    pub fn candidate(&self, email: &str) -> Option<usize> {
        let candidates = self.candidates.get_or_init(|| {
            let mut candidates = HashMap::new();
            for index in 0..self.interviews.ids().count() {
                let body = self.interviews.interview(index);
                if let Some(email) = body.pointer("/candidate/email").and_then(Value::as_str) {
                    candidates.entry(email.to_lowercase()).or_insert(index);
                }
            }
            candidates
        });
        candidates.get(&email.to_lowercase()).copied()
    }

    /// The id that a candidate has now.
    pub fn id(&self, candidate: usize) -> usize {
        let is_merged = self.fault(candidate) == Some(AtsFault::Merged) && self.state().spoilt.contains(&candidate);
        if is_merged { candidate + MERGED } else { candidate }
    }

    /// The candidate that has an id now.
    pub fn with_id(&self, id: usize) -> Option<usize> {
        let candidate = id % MERGED;
        (self.id(candidate) == id).then_some(candidate)
    }

    fn email(&self, candidate: usize) -> String {
        let body = self.interviews.interview(candidate);
        body.pointer("/candidate/email").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The fault of writes about a candidate, if there is one.
    pub fn fault(&self, candidate: usize) -> Option<AtsFault> {
        in_turn(&self.faults, candidate)
    }

    /// Whether a one-time fault of a candidate happens now. It is then marked as having happened.
    pub fn is_first(&self, candidate: usize) -> bool {
        self.state().spoilt.insert(candidate)
    }
}
