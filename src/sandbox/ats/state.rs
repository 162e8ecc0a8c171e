//! What the applicant tracking systems know: the candidates, what was written about them, and which faults happened.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::faults::AtsFault;
use crate::sandbox::faults::in_turn;
use crate::sandbox::interviews::Interviews;

/// What was written: once for each key, however often it came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtsWrite {
    pub system: String,
    pub email: String,
    /// `note` or `file`.
    pub kind: &'static str,
    pub idempotency_key: String,
    /// How often it came.
    pub times: u64,
    /// As JSON; of a file its name and size.
    pub body: Value,
}

/// Every system.
pub struct Systems {
    interviews: Interviews,
    faults: Vec<AtsFault>,
    /// The first interview of a candidate, by e-mail in lower case.
    candidates: OnceLock<HashMap<String, usize>>,
    state: Mutex<AtsState>,
}

#[derive(Default)]
struct AtsState {
    written: Vec<AtsWrite>,
    /// Candidates whose fault that happens once has happened.
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

    /// Writes something down about a candidate, if no other had this key before. Returns its number.
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

    /// How many tokens were given or ended; only the latest lets in.
    pub fn tokens(&self) -> usize {
        self.state().tokens
    }

    /// Ends the token before it.
    pub fn next_token(&self) -> usize {
        let mut state = self.state();
        state.tokens += 1;
        state.tokens
    }

    fn state(&self) -> MutexGuard<'_, AtsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The candidate with an e-mail.
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

    fn email(&self, candidate: usize) -> String {
        let body = self.interviews.interview(candidate);
        body.pointer("/candidate/email").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// What goes wrong with a candidate.
    pub fn fault(&self, candidate: usize) -> Option<AtsFault> {
        in_turn(&self.faults, candidate)
    }

    /// Whether a fault that happens once is to happen now.
    pub fn is_first(&self, candidate: usize) -> bool {
        self.state().spoilt.insert(candidate)
    }
}
