//! The spellings of a term: aliases, plurals, and tokens that any separator may join.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::term::{Forms, Mode, Term};
use super::text::boundary::{is_separator, is_word};
use super::text::fold::Folding;

/// The longest run of separators between two tokens, in characters.
const LONGEST_GAP: usize = 8;

/// One spelling, folded. Without `separators`, it is a single token that includes any spaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Surface {
    tokens: Vec<String>,
    /// The index of the longest token. A search looks for it first and then for the others.
    anchor: usize,
}

impl Term {
    /// Returns how this term and the texts it is sought in are folded.
    pub(super) fn folding(&self) -> Folding {
        match (self.mode, self.case_sensitive) {
            (Mode::Word, case_sensitive) => Folding::Word { case_sensitive, diacritics: self.fold_diacritics },
            (Mode::Substring, false) => Folding::Lower,
            (Mode::Substring, true) => Folding::Raw,
        }
    }

    /// Returns its name and aliases in all forms, each spelling once.
    pub(super) fn surfaces(&self) -> Vec<Surface> {
        let mut surfaces = Vec::new();
        for spelling in std::iter::once(&self.name).chain(&self.aliases) {
            surfaces.push(self.surface(spelling));
            if self.forms == Forms::Plural {
                surfaces.extend(plural(spelling).map(|plural| self.surface(&plural)));
            }
        }
        surfaces.sort();
        surfaces.dedup();
        surfaces
    }

    /// Returns one spelling as this term is sought. Exclude phrases are sought in the same way, but have no other
    /// forms.
    pub(super) fn surface(&self, spelling: &str) -> Surface {
        let folded = self.folding().fold_term(spelling);
        let tokens: Vec<String> = if self.separators {
            folded.split(is_separator).filter(|token| !token.is_empty()).map(str::to_owned).collect()
        } else {
            vec![folded]
        };
        let anchor = (0..tokens.len()).rev().max_by_key(|&token| tokens[token].len()).unwrap_or(0);
        Surface { tokens, anchor }
    }

    /// Returns what is wrong with a spelling, if anything, as a phrase that follows the spelling.
    pub(super) fn refusal(&self, spelling: &str) -> Option<&'static str> {
        let folded = self.folding().fold_term(spelling);
        if spelling.is_empty() {
            Some("is empty")
        } else if folded.is_empty() {
            Some("is nothing but diacritics, which `fold-diacritics` removes")
        } else if folded.chars().all(char::is_whitespace) {
            Some("is only white space")
        } else if self.separators && (folded.starts_with(is_separator) || folded.ends_with(is_separator)) {
            Some("begins or ends with a separator, but `separators` joins what stands between them")
        } else {
            None
        }
    }
}

impl Surface {
    /// The token to search for. Where it is found, [`Surface::complete`] tells whether the other tokens are there too.
    pub(super) fn anchor(&self) -> &str {
        &self.tokens[self.anchor]
    }

    pub(super) fn is_one_token(&self) -> bool {
        self.tokens.len() == 1
    }

    /// Returns the place of the whole spelling around an anchor found at `found`: the other tokens must be there, with
    /// 1 to 8 separators between any two. Tokens hold no separators, so there is never more than one way to read a
    /// text.
    pub(super) fn complete(&self, text: &str, found: Range<usize>) -> Option<Range<usize>> {
        let mut start = found.start;
        for token in self.tokens[..self.anchor].iter().rev() {
            let gap = gap_length(text[..start].chars().rev())?;
            start = text[..start - gap].strip_suffix(token.as_str())?.len();
        }
        let mut end = found.end;
        for token in &self.tokens[self.anchor + 1..] {
            end += gap_length(text[end..].chars())?;
            end = text.len() - text[end..].strip_prefix(token.as_str())?.len();
        }
        Some(start..end)
    }

    /// Whether this spelling occurs anywhere in a folded text, without regard to word boundaries.
    pub(super) fn occurs_in(&self, text: &str) -> bool {
        let anchor = self.anchor();
        let starts = text.char_indices().map(|(at, _)| at).filter(|&at| text[at..].starts_with(anchor));
        starts.into_iter().any(|at| self.complete(text, at..at + anchor.len()).is_some())
    }
}

/// Returns the length in bytes of the separators that `chars` begins with, or `None` if there are too few or too many.
fn gap_length(chars: impl Iterator<Item = char>) -> Option<usize> {
    let (mut count, mut length) = (0, 0);
    for c in chars.take_while(|&c| is_separator(c)).take(LONGEST_GAP + 1) {
        count += 1;
        length += c.len_utf8();
    }
    (1..=LONGEST_GAP).contains(&count).then_some(length)
}

/// Returns a spelling with its last word that consists of three or more ASCII letters in the plural, or `None` if there
/// is no such word.
fn plural(spelling: &str) -> Option<String> {
    // The spelling is decomposed so that `café` is no word of ASCII letters, however it is written.
    let spelling: String = spelling.nfd().collect();
    let (start, word) = words(&spelling)
        .filter(|(_, word)| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .last()?;
    let end = start + word.len();
    let lower = word.to_ascii_lowercase();
    let (kept, ending) = if ["s", "x", "z", "ch", "sh"].iter().any(|hiss| lower.ends_with(hiss)) {
        (end, "es")
    } else if lower.strip_suffix('y').is_some_and(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        (end - 1, "ies")
    } else {
        (end, "s")
    };
    Some(format!("{}{ending}{}", &spelling[..kept], &spelling[end..]))
}

/// Returns the maximal runs of word characters, with their positions.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c| !is_word(c)).map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}
