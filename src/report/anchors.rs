//! Anchors on a page. They depend only on the content that they mark, so that an old link still leads to it.

use sha2::{Digest, Sha256};

/// Anchor of a term, which is the same in every job.
pub fn term(set: &str, term: &str) -> String {
    format!("term-{}", digits(&[set, term]))
}

/// Anchor of a question on the page of its job, from its text as all spellings have it.
pub fn question(normalised: Option<&str>) -> String {
    format!("question-{}", digits(&[normalised.unwrap_or_default()]))
}

fn digits(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..5])
}
