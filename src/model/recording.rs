//! Recordings of answers: the links that open them for a day, and the names they are archived under.

use std::collections::HashSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// How long a link opens its recording, counted from when its body was fetched.
pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The characters to encode in a part of a name: all but letters, digits, `-` and `_`. Dots are encoded too, so no part
/// is `..`, and a suffix after a dot is always this program's own.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// The longest encoded id, in bytes, that stands whole in a name. File systems allow 255 bytes.
const LONGEST_PART: usize = 180;
/// Number of bytes that are kept of a longer encoded id. The id's hash follows them.
const CUT_PART: usize = 120;

/// A signed link to a recording. Whoever has it can listen, so nothing shows it but [`Link::secret`].
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    #[must_use]
    pub fn new(link: String) -> Self {
        Self(link)
    }

    /// Returns the link itself, to be opened or stored in the ledger and for nothing else.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Link(…)")
    }
}

/// A link to the recording of one answer of an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingLink {
    /// The 0-based position of the answer.
    pub position: usize,
    /// The name of the recording in an archive.
    pub object: String,
    pub link: Link,
}

/// Returns the newest time of fetching whose links no longer open at `now`.
#[must_use]
pub fn links_dead_since(now: Timestamp) -> Timestamp {
    now.checked_sub(LINK_LIFETIME).unwrap_or(Timestamp::MIN)
}

/// Returns the name of each answer's recording in an archive, from the question ids of all answers of an interview in
/// order. A name is `interviews/<interview id>/q<question id>.mp3`, as in the vendor's sample. An answer without a
/// question id, or with that of an earlier answer, gets its position as well: `q<question id>.<position>.mp3`.
#[must_use]
pub fn object_names<'a>(interview: &str, questions: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let folder = folder_of(interview);
    let mut met = HashSet::new();
    questions
        .enumerate()
        .map(|(position, question)| {
            let name = question.map(part).filter(|name| !name.is_empty());
            // Some file systems do not distinguish upper and lower case.
            let is_new = name.as_ref().is_some_and(|name| met.insert(name.to_ascii_lowercase()));
            let name = name.unwrap_or_default();
            let place = if is_new { String::new() } else { format!(".{position}") };
            format!("{folder}/q{name}{place}.mp3")
        })
        .collect()
}

/// Returns the folder of an interview's recordings in an archive.
#[must_use]
pub fn folder_of(interview: &str) -> String {
    format!("interviews/{}", part(interview))
}

/// Returns an id as a part of a name. The part cannot leave its folder and is not a hidden name.
fn part(id: &str) -> String {
    let encoded = utf8_percent_encode(id, PART).to_string();
    if encoded.len() <= LONGEST_PART {
        return encoded;
    }
    format!("{}.{}", &encoded[..CUT_PART], &hex::encode(Sha256::digest(id))[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(interview: &str, questions: &[Option<&str>]) -> Vec<String> {
        object_names(interview, questions.iter().copied())
    }

    #[test]
    fn a_name_is_the_samples_and_every_answer_has_its_own() {
        assert_eq!(
            names("660f9511-f30c", &[Some("880h1733-h52e"), Some("b"), Some("B"), None, Some(""), Some("b")]),
            [
                "interviews/660f9511-f30c/q880h1733-h52e.mp3",
                "interviews/660f9511-f30c/qb.mp3",
                "interviews/660f9511-f30c/qB.2.mp3",
                "interviews/660f9511-f30c/q.3.mp3",
                "interviews/660f9511-f30c/q.4.mp3",
                "interviews/660f9511-f30c/qb.5.mp3",
            ]
        );
    }

    #[test]
    fn no_id_leaves_the_folder_or_makes_a_name_too_long() {
        let long = "é".repeat(400);
        for id in ["..", ".", "/etc/passwd", "a/../../b", "a\\b", "a\0b", "C:x", "~", "b.2", "%2e%2e", long.as_str()] {
            let name = &names(id, &[Some(id)])[0];
            let parts: Vec<&str> = name.split('/').collect();
            assert_eq!(parts.len(), 3, "{name}");
            assert!(parts.iter().all(|part| part.len() < 250 && !part.starts_with('.') && part.is_ascii()), "{name}");
        }
        assert_eq!(names("..", &[Some("b.2"), Some("b")])[0], "interviews/%2E%2E/qb%2E2.mp3");
        let other = "é".repeat(399) + "e";
        assert_ne!(names(&long, &[None]), names(&other, &[None]));
    }

    #[test]
    fn a_link_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", Link::new("https://x/?signature=1".to_owned())), "Link(…)");
    }
}
