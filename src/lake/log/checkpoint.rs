//! A checkpoint: all files of a version in one file, so that an opening need not read every commit.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::version::Version;
use crate::ledger::LiveFile;

/// A checkpoint is made every so many commits.
pub const EVERY: u64 = 1_000;

/// The first line of a checkpoint. A line for each file follows.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u64,
    lake: String,
    /// SHA-256 of the commit's file, in hex.
    commit: String,
    key: Option<String>,
    files: usize,
    /// SHA-256 of the lines that follow, in hex.
    sha256: String,
}

/// The bytes of a version's checkpoint.
///
/// # Panics
/// Never: a version is plain data.
#[must_use]
pub fn to_bytes(version: &Version) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut files = 0;
    for file in version.files() {
        serde_json::to_writer(&mut lines, file).expect("plain data");
        lines.push(b'\n');
        files += 1;
    }
    let head = Head {
        version: version.number,
        lake: version.lake.clone(),
        commit: version.sha256.clone(),
        key: version.key.clone(),
        files,
        sha256: hex::encode(Sha256::digest(&lines)),
    };
    let mut bytes = serde_json::to_vec(&head).expect("plain data");
    bytes.push(b'\n');
    bytes.extend(lines);
    bytes
}

/// Reads a checkpoint. `None` when it is not whole.
pub fn from_bytes(bytes: &[u8]) -> Option<Version> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
    let lines = &bytes[end + 1..];
    if hex::encode(Sha256::digest(lines)) != head.sha256 {
        return None;
    }
    let files = serde_json::Deserializer::from_slice(lines).into_iter::<LiveFile>();
    let files: Vec<LiveFile> = files.collect::<Result<_, _>>().ok()?;
    (files.len() == head.files).then(|| Version::of_files(head.version, head.lake, head.commit, head.key, files))
}
