//! Folds texts and maps places in them back to the original. A folding is NFD → full case fold → NFD, lower case, or
//! one of the steps between.

use std::ops::Range;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use super::ascii::ascii_length;
use super::boundary::is_apostrophe;

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// How a text, and the terms sought in it, are changed before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::keywords) enum Folding {
    /// `word` mode: NFD, then the full case fold and NFD again unless `case_sensitive`, then the removal of U+0300–036F
    /// if `diacritics`. Apostrophes beyond ASCII become `'`.
    Word { case_sensitive: bool, diacritics: bool },
    /// `substring` mode: the text is lower-cased as a whole, and terms stay as they are.
    Lower,
    /// Case-sensitive `substring` mode: neither the text nor the terms are changed.
    Raw,
}

impl Folding {
    /// Returns a term as it is sought in a text of this folding.
    pub(in crate::keywords) fn fold_term(self, term: &str) -> String {
        match self {
            Self::Word { .. } => {
                let mut folded = Folded::default();
                folded.fold(term, self);
                folded.text
            }
            Self::Lower | Self::Raw => term.to_owned(),
        }
    }

    /// Whether a match is refused if it covers only a part of what one character became. Otherwise it is extended to
    /// the whole character.
    pub(in crate::keywords) fn refuses_parts(self) -> bool {
        matches!(self, Self::Word { .. })
    }

    /// Whether an ASCII text is lower-cased rather than left as it is.
    pub(in crate::keywords) fn lowers_ascii(self) -> bool {
        matches!(self, Self::Lower | Self::Word { case_sensitive: false, .. })
    }
}

/// A folded text, and the place in the original that each of its bytes comes from.
#[derive(Debug, Default)]
pub(in crate::keywords) struct Folded {
    pub(in crate::keywords) text: String,
    /// The stretches of the text, in order and without gaps.
    stretches: Vec<Stretch>,
    sources: Vec<SourceChar>,
    /// For each byte of the stretches that are not in step, an index into `sources`.
    source_of: Vec<u32>,
    /// The characters that are being folded, each with the index of its source.
    work: Vec<(char, u32)>,
    /// The characters that the current step of the folding produces, each with the index of its source.
    next: Vec<(char, u32)>,
}

/// A part of the folded text.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    /// Where it begins in the folded text.
    folded: usize,
    origin: Origin,
}

#[derive(Debug, Clone, Copy)]
enum Origin {
    /// The stretch equals the original byte for byte, from this place on, but for the case of ASCII. Most text is such:
    /// ASCII folds to ASCII of the same length, and the characters beside it fold the same without it.
    InStep(usize),
    /// The stretch was folded character by character. This is the index in `source_of` that belongs to its first byte.
    BySource(usize),
}

/// One character of the original.
#[derive(Debug, Clone)]
struct SourceChar {
    /// Its bytes in the original, together with those of the characters right after it that folded to nothing.
    place: Range<u32>,
    /// The smallest range of the folded text that holds all its bytes; empty if it folded to nothing.
    folded: Range<usize>,
}

impl Folded {
    /// Replaces the contents with the folding of `original`.
    pub(in crate::keywords) fn fold(&mut self, original: &str, folding: Folding) {
        self.text.clear();
        self.stretches.clear();
        self.sources.clear();
        self.source_of.clear();
        match folding {
            Folding::Raw => self.copy(original, 0, false),
            // The lower case of `Σ` depends on the characters around it, however far away.
            Folding::Lower if original.contains('Σ') => self.fold_characters(original, 0, folding),
            Folding::Lower | Folding::Word { .. } => self.fold_stretches(original, folding),
        }
    }

    /// Returns where the bytes `matched` of the folded text stand in the original, extended to whole characters.
    pub(in crate::keywords) fn place(&self, matched: Range<usize>) -> Range<u32> {
        let mut hull = Range { start: u32::MAX, end: 0 };
        for (part, origin) in self.parts(matched) {
            match origin {
                Origin::InStep(original) => {
                    hull.start = hull.start.min(offset(original));
                    hull.end = hull.end.max(offset(original + part.len()));
                }
                Origin::BySource(first) => {
                    for SourceChar { place, .. } in self.sources_of(first, &part) {
                        hull = hull.start.min(place.start)..hull.end.max(place.end);
                    }
                }
            }
        }
        hull
    }

    /// Whether `matched` holds all that its characters became, rather than a part (such as one `s` of `ß`).
    pub(in crate::keywords) fn is_whole(&self, matched: Range<usize>) -> bool {
        self.parts(matched.clone()).all(|(part, origin)| match origin {
            Origin::InStep(_) => true,
            Origin::BySource(first) => self
                .sources_of(first, &part)
                .all(|source| matched.start <= source.folded.start && source.folded.end <= matched.end),
        })
    }

    /// Returns the pieces of the stretches that `matched` consists of, each with the origin of its first byte.
    fn parts(&self, matched: Range<usize>) -> impl Iterator<Item = (Range<usize>, Origin)> {
        let first = self.stretches.partition_point(|stretch| stretch.folded <= matched.start).saturating_sub(1);
        let stretches = self.stretches[first..].iter().enumerate();
        stretches
            .take_while({
                let end = matched.end;
                move |(_, stretch)| stretch.folded < end
            })
            .map(move |(index, stretch)| {
                let end = self.stretches.get(first + index + 1).map_or(self.text.len(), |next| next.folded);
                let part = stretch.folded.max(matched.start)..end.min(matched.end);
                let into = part.start - stretch.folded;
                let origin = match stretch.origin {
                    Origin::InStep(original) => Origin::InStep(original + into),
                    Origin::BySource(first) => Origin::BySource(first + into),
                };
                (part, origin)
            })
    }

    fn sources_of(&self, first: usize, part: &Range<usize>) -> impl Iterator<Item = &SourceChar> {
        self.source_of[first..first + part.len()].iter().map(|&source| &self.sources[source as usize])
    }

    /// Copies ASCII, and folds the pieces beyond ASCII one by one. Each such piece begins with the ASCII character
    /// before it, because marks that vanish are counted to that character.
    fn fold_stretches(&mut self, original: &str, folding: Folding) {
        let mut at = 0;
        while at < original.len() {
            let ascii = ascii_length(&original.as_bytes()[at..]);
            let kept = if at + ascii == original.len() { ascii } else { ascii.saturating_sub(1) };
            self.copy(&original[at..at + kept], at, folding.lowers_ascii());
            let begin = at + kept;
            let other = original[at + ascii..].bytes().position(|byte| byte.is_ascii());
            let end = other.map_or(original.len(), |other| at + ascii + other);
            self.fold_characters(&original[begin..end], begin, folding);
            at = end;
        }
    }

    fn copy(&mut self, piece: &str, at: usize, lowers: bool) {
        if !piece.is_empty() {
            let folded = self.text.len();
            self.stretches.push(Stretch { folded, origin: Origin::InStep(at) });
            self.text.push_str(piece);
            if lowers {
                self.text[folded..].make_ascii_lowercase();
            }
        }
    }

    /// Folds a piece of the original that begins at `at`.
    fn fold_characters(&mut self, piece: &str, at: usize, folding: Folding) {
        if piece.is_empty() {
            return;
        }
        self.stretches.push(Stretch { folded: self.text.len(), origin: Origin::BySource(self.source_of.len()) });
        let first = self.sources.len();
        for (within, c) in piece.char_indices() {
            let place = offset(at + within)..offset(at + within + c.len_utf8());
            self.sources.push(SourceChar { place, folded: Range { start: usize::MAX, end: 0 } });
        }
        self.work.clear();
        match folding {
            Folding::Word { case_sensitive, diacritics } => self.fold_word(piece, first, case_sensitive, diacritics),
            Folding::Lower | Folding::Raw => self.lower(piece, first),
        }
        self.write(first);
    }

    fn fold_word(&mut self, piece: &str, first: usize, case_sensitive: bool, without_diacritics: bool) {
        for (c, source) in piece.chars().zip(offset(first)..) {
            decompose_canonical(c, |part| self.work.push((part, source)));
        }
        order_marks(&mut self.work);
        if !case_sensitive {
            self.next.clear();
            for &(c, source) in &self.work {
                fold_case(c, |folded| decompose_canonical(folded, |part| self.next.push((part, source))));
            }
            order_marks(&mut self.next);
            std::mem::swap(&mut self.work, &mut self.next);
        }
        if without_diacritics {
            self.work.retain(|&(c, _)| !('\u{300}'..='\u{36F}').contains(&c));
        }
        for (c, _) in &mut self.work {
            // ASCII is left as it is everywhere: a surface takes a grave accent for an apostrophe.
            if !c.is_ascii() && is_apostrophe(*c) {
                *c = '\'';
            }
        }
    }

    /// Lower-cases a whole piece at once, because the lower case of `Σ` depends on its neighbours. Every other
    /// character has the same lower case wherever it stands, so the piece and its lower case can be walked in step.
    fn lower(&mut self, piece: &str, first: usize) {
        let lowered = piece.to_lowercase();
        let mut rest = lowered.chars();
        for (c, source) in piece.chars().zip(offset(first)..) {
            let length = if c == 'Σ' { 1 } else { c.to_lowercase().count() };
            self.work.extend(rest.by_ref().take(length).map(|part| (part, source)));
        }
        debug_assert_eq!(rest.next(), None);
    }

    /// Appends the folded characters. Their sources begin at `first`.
    fn write(&mut self, first: usize) {
        for &(c, source) in &self.work {
            let start = self.text.len();
            self.text.push(c);
            self.source_of.extend(std::iter::repeat_n(source, c.len_utf8()));
            let folded = &mut self.sources[source as usize].folded;
            folded.start = folded.start.min(start);
            folded.end = folded.end.max(self.text.len());
        }
        for index in (first + 1..self.sources.len()).rev() {
            if self.sources[index].folded.is_empty() {
                self.sources[index - 1].place.end = self.sources[index].place.end;
            }
        }
    }
}

/// Appends a word, case-folded and with one kind of apostrophe.
pub fn fold_word(word: &str, folded: &mut String) {
    if word.is_ascii() {
        let begin = folded.len();
        folded.push_str(word);
        folded[begin..].make_ascii_lowercase();
    } else {
        let apostrophe = |character| if is_apostrophe(character) { '\'' } else { character };
        folded.extend(CASE_MAPPER.fold_string(word).chars().map(apostrophe));
    }
}

/// Returns a byte offset, or a count of characters, as hits hold it. Texts of 4 GiB have already been refused.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("texts are below 4 GiB")
}

/// Puts characters into canonical order: marks between two starters are sorted stably by combining class.
fn order_marks(chars: &mut [(char, u32)]) {
    let class = |&(c, _): &(char, u32)| if c.is_ascii() { 0 } else { canonical_combining_class(c) };
    for run in chars.chunk_by_mut(|_, next| class(next) != 0) {
        // The first character of a run is its starter, except at the very beginning of a text.
        run.sort_by_key(class);
    }
}

/// Calls `push` with the full case folding of one character (statuses C and F), which does not depend on its
/// neighbours.
fn fold_case(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        return push(c.to_ascii_lowercase());
    }
    let mut buffer = [0; 4];
    CASE_MAPPER.fold_string(c.encode_utf8(&mut buffer)).chars().for_each(push);
}
