//! From bytes to what is kept of them.

use serde::de::DeserializeSeed;

use super::halves;
use super::keep::{Keep, Read};

/// Why a text is refused. Holds nothing of it: the parser's own message can quote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    NotUtf8,
    /// Nested more than 127 deep.
    TooDeep,
    NotJson {
        line: usize,
        column: usize,
    },
}

/// What was kept of a text.
pub struct Parsed<T> {
    pub kept: T,
    /// Whether half characters (lone surrogates) were read as U+FFFD.
    pub mended: bool,
}

/// Parses JSON in UTF-8 for what is to be kept of it. A byte order mark before it is no part of it.
///
/// # Errors
/// When it is no JSON in UTF-8.
pub fn parse<K: Keep>(bytes: &[u8], keep: impl Fn() -> K) -> Result<Parsed<K::Kept>, Refused> {
    let json = std::str::from_utf8(without_mark(bytes)).map_err(|_| Refused::NotUtf8)?;
    match parse_text(json, keep()) {
        Ok(kept) => Ok(Parsed { kept, mended: false }),
        Err(refused) => match halves::mend(json) {
            Some(mended) => Ok(Parsed { kept: parse_text(&mended, keep())?, mended: true }),
            None => Err(refused),
        },
    }
}

fn parse_text<K: Keep>(json: &str, keep: K) -> Result<K::Kept, Refused> {
    let mut json = serde_json::Deserializer::from_str(json);
    let kept = Read(keep).deserialize(&mut json).and_then(|kept| json.end().map(|()| kept));
    kept.map_err(|error| {
        // The crate has no other way to tell this error.
        if error.to_string().starts_with("recursion limit") {
            return Refused::TooDeep;
        }
        Refused::NotJson { line: error.line(), column: error.column() }
    })
}

/// Returns a text in UTF-8 without the byte order mark that some programs put at its start.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
