//! Remembers the latest events, so that one that is sent again is acknowledged and not stored twice.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// Ids in one generation. Two generations are kept, some 10 MB at most. A forgotten event that comes again is stored
/// again, and the ledger then recognises it.
const GENERATION: usize = 1 << 17;

/// The ids of the latest events.
#[derive(Default)]
pub struct KnownEvents {
    new: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
}

impl KnownEvents {
    pub fn contains(&self, id: &str) -> bool {
        let digest = digest(id);
        self.new.contains(&digest) || self.old.contains(&digest)
    }

    pub fn insert(&mut self, id: &str) {
        if self.new.len() >= GENERATION {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(digest(id));
    }
}

/// Half a SHA-256. Nobody can construct two ids with the same one.
fn digest(id: &str) -> [u8; 16] {
    let whole = Sha256::digest(id.as_bytes());
    std::array::from_fn(|index| whole[index])
}
