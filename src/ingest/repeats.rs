//! Tells the bodies that come more than once in one import.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::model::Interview;

/// Bytes of an id's hash by which it is told from others.
const ID: usize = 16;

/// What an import has read of each interview. It keeps some 30 bytes of each.
#[derive(Default)]
pub struct Repeats {
    latest: HashMap<[u8; ID], Latest>,
}

/// The body of an interview that will be in the lake.
struct Latest {
    hash: u64,
    is_settled: bool,
}

/// How an interview came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// For the first time, or after one that was still open.
    New,
    /// As before.
    Again,
    /// Differently, after a settled one, which stays.
    Otherwise,
}

impl Repeats {
    /// Notes an interview and the hash of its content.
    pub fn note(&mut self, interview: &Interview, hash: u64) -> Came {
        let id = Sha256::digest(&interview.id)[..ID].try_into().expect("it is longer");
        let latest = Latest { hash, is_settled: interview.status.is_settled() };
        match self.latest.get(&id) {
            Some(known) if known.hash == hash => Came::Again,
            Some(known) if known.is_settled => Came::Otherwise,
            _ => {
                self.latest.insert(id, latest);
                Came::New
            }
        }
    }
}
