//! Folding, with the way back to the original: NFD → full case fold → NFD, lower case, and the steps between.

use std::ops::Range;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// What is done to a text, and to the terms sought in it, before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Folding {
    /// `word` mode: NFD, then the full case fold and NFD again unless case matters, then without U+0300–036F if
    /// diacritics do not.
    Word { case_sensitive: bool, diacritics: bool },
    /// `substring` mode: the text is lower-cased as a whole, terms stay as they are.
    Lower,
    /// Case-sensitive `substring` mode: neither is touched.
    Raw,
}

impl Folding {
    /// A term as it is sought in a text of this folding.
    pub(super) fn fold_term(self, term: &str) -> String {
        match self {
            Self::Word { .. } => {
                let mut folded = Folded::default();
                folded.fold(term, self);
                folded.text
            }
            Self::Lower | Self::Raw => term.to_owned(),
        }
    }

    /// Whether a match that covers a part of what one character became is refused; otherwise it is rounded out.
    pub(super) fn refuses_parts(self) -> bool {
        matches!(self, Self::Word { .. })
    }

    /// What an ASCII text becomes: lower-cased, or left as it is.
    pub(super) fn lowers_ascii(self) -> bool {
        matches!(self, Self::Lower | Self::Word { case_sensitive: false, .. })
    }
}

/// A folded text, and for each of its bytes the character of the original that it comes from.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) text: String,
    /// By byte of `text`: an index into `sources`.
    source_of: Vec<u32>,
    sources: Vec<Source>,
    /// The characters on their way through the folding, each with its source.
    work: Vec<(char, u32)>,
    next: Vec<(char, u32)>,
}

/// One character of the original.
#[derive(Debug, Clone)]
struct Source {
    /// Its bytes in the original, and those of the characters right after it that folded to nothing.
    place: Range<u32>,
    /// The hull of its bytes in the folded text; empty if it folded to nothing.
    folded: Range<usize>,
}

impl Folded {
    /// Replaces what is held by the folding of `original`.
    pub(super) fn fold(&mut self, original: &str, folding: Folding) {
        self.text.clear();
        self.source_of.clear();
        self.sources.clear();
        self.work.clear();
        for (at, c) in original.char_indices() {
            let place = offset(at)..offset(at + c.len_utf8());
            self.sources.push(Source { place, folded: Range { start: usize::MAX, end: 0 } });
        }
        match folding {
            Folding::Word { case_sensitive, diacritics } => self.fold_word(original, case_sensitive, diacritics),
            Folding::Lower => self.lower(original),
            Folding::Raw => self.work.extend(original.chars().zip(0..)),
        }
        self.write();
    }

    /// Where the bytes `matched` of the folded text stand in the original, rounded out to whole characters.
    pub(super) fn place(&self, matched: Range<usize>) -> Range<u32> {
        let sources = self.source_of[matched].iter().map(|&source| &self.sources[source as usize].place);
        let nothing = Range { start: u32::MAX, end: 0 };
        sources.fold(nothing, |hull, place| hull.start.min(place.start)..hull.end.max(place.end))
    }

    /// Whether `matched` holds all that its characters became, rather than a part (`s` of `ß`).
    pub(super) fn is_whole(&self, matched: Range<usize>) -> bool {
        self.source_of[matched.clone()].iter().all(|&source| {
            let folded = &self.sources[source as usize].folded;
            matched.start <= folded.start && folded.end <= matched.end
        })
    }

    fn fold_word(&mut self, original: &str, case_sensitive: bool, without_diacritics: bool) {
        for (c, source) in original.chars().zip(0..) {
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
    }

    /// The whole text at once, because the lower case of `Σ` depends on its neighbours; every other character has the
    /// same lower case wherever it stands, so that the two can be walked in step.
    fn lower(&mut self, original: &str) {
        let lowered = original.to_lowercase();
        let mut rest = lowered.chars();
        for (c, source) in original.chars().zip(0..) {
            let length = if c == 'Σ' { 1 } else { c.to_lowercase().count() };
            self.work.extend(rest.by_ref().take(length).map(|part| (part, source)));
        }
        debug_assert_eq!(rest.next(), None);
    }

    fn write(&mut self) {
        for &(c, source) in &self.work {
            let start = self.text.len();
            self.text.push(c);
            self.source_of.resize(self.text.len(), source);
            let folded = &mut self.sources[source as usize].folded;
            folded.start = folded.start.min(start);
            folded.end = folded.end.max(self.text.len());
        }
        for index in (1..self.sources.len()).rev() {
            if self.sources[index].folded.is_empty() {
                self.sources[index - 1].place.end = self.sources[index].place.end;
            }
        }
    }
}

/// A byte offset as hits hold it. `Matcher::find` has refused texts of 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("texts are below 4 GiB")
}

/// Canonical ordering: marks between two starters, stably by combining class.
fn order_marks(chars: &mut [(char, u32)]) {
    let class = |&(c, _): &(char, u32)| if c.is_ascii() { 0 } else { canonical_combining_class(c) };
    for run in chars.chunk_by_mut(|_, next| class(next) != 0) {
        // The first of a run is its starter, except at the very beginning of a text.
        run.sort_by_key(class);
    }
}

/// The full case folding of one character (statuses C and F), which does not depend on its neighbours.
fn fold_case(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        return push(c.to_ascii_lowercase());
    }
    let mut buffer = [0; 4];
    CASE_MAPPER.fold_string(c.encode_utf8(&mut buffer)).chars().for_each(push);
}
