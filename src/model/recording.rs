//! Recordings of answers: the links that open them for a day, and the names they are archived under.

use std::collections::HashSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// How long a link opens its recording, from when the body with it was fetched.
pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What may stand in a part of a name as it is. A dot may not: so no part is `..`, and what follows one is ours.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// Bytes of an encoded id that stand whole in a name; file systems take 255.
const LONGEST_PART: usize = 180;
/// Of a longer one so many stay, with its hash behind them.
const CUT_PART: usize = 120;

/// A signed link to a recording: whoever has it can listen. Nothing shows it but [`Link::secret`].
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    #[must_use]
    pub fn new(link: String) -> Self {
        Self(link)
    }

    /// The link itself, to be opened or stored in the ledger and for nothing else.
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

/// A link as an interview has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingLink {
    /// The 0-based place of the answer.
    pub position: usize,
    /// What the recording is called below an archive.
    pub object: String,
    pub link: Link,
}

/// The newest time at which a link was fetched that no longer opens.
#[must_use]
pub fn links_dead_since(now: Timestamp) -> Timestamp {
    now.checked_sub(LINK_LIFETIME).unwrap_or(Timestamp::MIN)
}

/// The name of each answer's recording below an archive, from the question ids of all answers of an interview in
/// order: `interviews/<interview id>/q<question id>.mp3`, as the vendor's sample has it. An answer without a question
/// id, or with one that an earlier answer has, gets its position as well: `q<question id>.<position>.mp3`.
#[must_use]
pub fn object_names<'a>(interview: &str, questions: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let folder = part(interview);
    let mut met = HashSet::new();
    questions
        .enumerate()
        .map(|(position, question)| {
            let name = question.map(part).filter(|name| !name.is_empty());
            // Some file systems do not tell small letters from capitals.
            let is_new = name.as_ref().is_some_and(|name| met.insert(name.to_ascii_lowercase()));
            let name = name.unwrap_or_default();
            let place = if is_new { String::new() } else { format!(".{position}") };
            format!("interviews/{folder}/q{name}{place}.mp3")
        })
        .collect()
}

/// An id as a part of a name that leaves no folder and hides in none.
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
