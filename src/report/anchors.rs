//! Names of places on a page: they follow from what stands there, so that a link of yesterday leads there today.

use sha2::{Digest, Sha256};

/// Of a term, the same in every job.
pub fn term(set: &str, term: &str) -> String {
    format!("term-{}", digits(&[set, term]))
}

/// Of a question of a job.
pub fn question(text: Option<&str>) -> String {
    format!("question-{}", digits(&[text.unwrap_or_default()]))
}

fn digits(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..5])
}
