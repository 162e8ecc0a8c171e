//! The framing of records in files that a crash may cut short: the spool and the inbox.
//!
//! A record is one line of JSON (a header, the body's length and its CRC-32), then the body's bytes, then a line feed.
//! A record that is cut short or damaged ends its file, because it was never acknowledged.

use std::io::{self, BufRead, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The line of JSON of a record.
#[derive(Serialize, Deserialize)]
struct RecordLine<H> {
    #[serde(flatten)]
    header: H,
    /// Bytes of the body.
    length: u64,
    crc32: u32,
}

/// Encodes a record.
///
/// # Errors
/// When the header cannot be written as JSON.
pub fn frame(header: &impl Serialize, body: &[u8]) -> io::Result<Vec<u8>> {
    let line = RecordLine { header, length: body.len() as u64, crc32: crc32fast::hash(body) };
    let mut bytes = serde_json::to_vec(&line)?;
    bytes.reserve(body.len() + 2);
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads the next record of a file. `None` at its end, or when the record is not complete.
///
/// # Errors
/// When the file cannot be read.
pub fn next<H: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<(H, Vec<u8>)>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let Ok(RecordLine { header, length, crc32 }) = serde_json::from_slice::<RecordLine<H>>(&line) else {
        return Ok(None);
    };
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    let mut end = [0];
    if input.read(&mut end)? == 0 || crc32fast::hash(&body) != crc32 {
        return Ok(None);
    }
    Ok(Some((header, body)))
}
