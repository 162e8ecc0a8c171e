//! The spellings of a term: aliases, plurals, and tokens that any separator or any apostrophe may join.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::term::{Forms, Mode, Term};
use super::text::boundary::{is_apostrophe, is_separator, is_word};
use super::text::fold::Folding;

/// The longest run of separators between two tokens, in characters.
const LONGEST_GAP: usize = 8;

/// One spelling, folded. Without `separators`, spaces are part of its tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Surface {
    tokens: Vec<String>,
    /// What stands between the tokens: one fewer than there are tokens.
    gaps: Vec<Gap>,
    /// The index of the token that a search looks for first, and then for the others: the longest, as a rule.
    anchor: usize,
}

/// What stands between two tokens of a spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Gap {
    /// 1 to 8 separators.
    Separators,
    /// One apostrophe of any kind.
    Apostrophe,
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

    /// Returns its name and aliases in all forms, each spelling once, without those that are proper nouns.
    pub(super) fn surfaces(&self) -> Vec<Surface> {
        let mut surfaces = Vec::new();
        let spellings = std::iter::once(&self.name).chain(&self.aliases);
        for spelling in spellings.filter(|spelling| !self.proper_nouns.contains(spelling)) {
            surfaces.push(self.surface(spelling));
            if self.forms == Forms::Plural {
                surfaces.extend(plural(spelling).map(|plural| self.surface(&plural)));
            }
        }
        surfaces.sort();
        surfaces.dedup();
        surfaces
    }

    /// Returns its proper nouns, which have no other forms.
    pub(super) fn proper_nouns(&self) -> impl Iterator<Item = Surface> {
        self.proper_nouns.iter().map(|noun| self.surface(noun))
    }

    /// Returns its exclude phrases. They are sought by a token of the term itself where they have one: in `go to`, `go`
    /// is rarer than `to`, and it is sought anyway.
    pub(super) fn excludes(&self) -> impl Iterator<Item = Surface> {
        let mentions = self.surfaces().into_iter().chain(self.proper_nouns());
        let own: BTreeSet<String> = mentions.map(|surface| surface.anchor().to_owned()).collect();
        self.exclude.iter().map(move |phrase| {
            let mut surface = self.surface(phrase);
            let tokens = (0..surface.tokens.len()).filter(|&token| own.contains(&surface.tokens[token]));
            surface.anchor = tokens.max_by_key(|&token| surface.tokens[token].len()).unwrap_or(surface.anchor);
            surface
        })
    }

    /// Returns one spelling as this term is sought. Exclude phrases are sought in the same way, but have no other
    /// forms.
    pub(super) fn surface(&self, spelling: &str) -> Surface {
        let folded = self.folding().fold_term(spelling);
        let (mut tokens, mut gaps) = (vec![String::new()], Vec::new());
        let mut is_in_gap = false;
        for c in folded.chars() {
            if self.separators && is_separator(c) {
                if !is_in_gap {
                    gaps.push(Gap::Separators);
                    tokens.push(String::new());
                }
                is_in_gap = true;
                continue;
            }
            is_in_gap = false;
            if self.mode == Mode::Word && is_apostrophe(c) {
                gaps.push(Gap::Apostrophe);
                tokens.push(String::new());
            } else if let Some(token) = tokens.last_mut() {
                token.push(c);
            }
        }
        let anchor = (0..tokens.len()).rev().max_by_key(|&token| tokens[token].len()).unwrap_or(0);
        Surface { tokens, gaps, anchor }
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
        } else if self.surface(spelling).anchor().is_empty() {
            Some("is nothing but apostrophes")
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
    /// what stands in the gaps between them. Tokens hold neither separators nor apostrophes where those make gaps, so
    /// there is never more than one way to read a text.
    pub(super) fn complete(&self, text: &str, found: Range<usize>) -> Option<Range<usize>> {
        let (before, after) = (&self.tokens[..self.anchor], &self.tokens[self.anchor + 1..]);
        let (gaps_before, gaps_after) = self.gaps.split_at(self.anchor);
        let mut start = found.start;
        for (token, gap) in before.iter().zip(gaps_before).rev() {
            let gap = gap.length(text[..start].chars().rev())?;
            start = text[..start - gap].strip_suffix(token.as_str())?.len();
        }
        let mut end = found.end;
        for (token, gap) in after.iter().zip(gaps_after) {
            end += gap.length(text[end..].chars())?;
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

impl Gap {
    /// Returns the length in bytes of such a gap that `chars` begins with, or `None` if there is none.
    fn length(self, mut chars: impl Iterator<Item = char>) -> Option<usize> {
        if self == Self::Apostrophe {
            return chars.next().filter(|&c| is_apostrophe(c)).map(char::len_utf8);
        }
        let (mut count, mut length) = (0, 0);
        for c in chars.take_while(|&c| is_separator(c)).take(LONGEST_GAP + 1) {
            count += 1;
            length += c.len_utf8();
        }
        (1..=LONGEST_GAP).contains(&count).then_some(length)
    }
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
