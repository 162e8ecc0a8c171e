//! What derived files are made from: the files of the same month and name in `interviews` and `responses`.

use super::schema::{INTERVIEW_METRICS, Table};

/// The SHA-256 of a derived file's sources, as its metadata names it: of the answers or, for figures of interviews, of the
/// interviews and of their answers if they have any. `None` where there is nothing to make it from.
#[must_use]
pub fn source_sha256(derived: &Table, interviews: Option<&str>, responses: Option<&str>) -> Option<String> {
    if derived.name != INTERVIEW_METRICS.name {
        return responses.map(str::to_owned);
    }
    let interviews = interviews?;
    Some(responses.map_or_else(|| interviews.to_owned(), |responses| format!("{interviews} {responses}")))
}

/// The path of a derived file's sources below their tables, from its own path below its table: `set=…/` is not a part of
/// it.
#[must_use]
pub fn source_place(place: &str) -> &str {
    match place.split_once('/') {
        Some((set, place)) if set.starts_with("set=") => place,
        _ => place,
    }
}
