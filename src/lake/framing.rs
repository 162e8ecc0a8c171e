//! How records follow one another in files that a crash may cut short: the spool and the inbox.
//!
//! A record is one line of JSON (what it is, its length, its CRC-32), then a body's bytes as they came, then a line feed.
//! A record that is cut short or damaged ends its file: it never counted.

use std::io::{self, BufRead, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Line<H> {
    #[serde(flatten)]
    header: H,
    /// Of the body, in bytes.
    length: u64,
    crc32: u32,
}

/// A record as it stands in a file.
///
/// # Errors
/// When the header is none that JSON has.
pub fn frame(header: &impl Serialize, body: &[u8]) -> io::Result<Vec<u8>> {
    let line = Line { header, length: body.len() as u64, crc32: crc32fast::hash(body) };
    let mut bytes = serde_json::to_vec(&line)?;
    bytes.reserve(body.len() + 2);
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes.push(b'\n');
    Ok(bytes)
}

/// The next record of a file; `None` at its end, also where a record is not whole.
///
/// # Errors
/// When the file cannot be read.
pub fn next<H: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<(H, Vec<u8>)>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let Ok(Line { header, length, crc32 }) = serde_json::from_slice::<Line<H>>(&line) else { return Ok(None) };
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    let mut end = [0];
    if input.read(&mut end)? == 0 || crc32fast::hash(&body) != crc32 {
        return Ok(None);
    }
    Ok(Some((header, body)))
}
