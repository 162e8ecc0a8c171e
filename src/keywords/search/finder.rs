//! The spellings of a set in one kind of text: candidates from whatever finds them fastest, then the rules of the
//! definition.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::BuildError;

use super::anchors::Anchors;
use super::anywhere::AnywhereSearch;
use super::starts::WordStarts;
use crate::keywords::surface::Surface;
use crate::keywords::text::boundary;
use crate::keywords::text::fold::Folding;

/// One way to write a term, or a phrase in which it does not count.
#[derive(Debug, Clone)]
pub(in crate::keywords) struct Spelling {
    pub(in crate::keywords) term: u32,
    pub(in crate::keywords) is_exclude: bool,
    pub(in crate::keywords) folding: Folding,
    pub(in crate::keywords) surface: Surface,
}

/// Spellings by what a search looks for.
#[derive(Debug)]
pub(in crate::keywords) struct Finder {
    /// Of whole words: sought where a match can begin.
    starting: Option<Anchors>,
    /// Of substrings, of what begins with a sign and so may follow anything, and of what is not ASCII.
    anywhere: Option<AnywhereSearch>,
    /// By number of an anchor, those of `starting` first: where its spellings begin in `spellings`.
    begins: Vec<u32>,
    checks: Vec<SpellingCheck>,
    /// Of each spelling. Most are found without a look at it.
    surfaces: Vec<Surface>,
    /// How many anchors `starting` has.
    starting_count: usize,
}

/// What is asked of a spelling whose anchor was found.
#[derive(Debug)]
pub(in crate::keywords) struct SpellingCheck {
    pub(in crate::keywords) term: u32,
    pub(in crate::keywords) is_exclude: bool,
    pub(in crate::keywords) folding: Folding,
    /// Whether the anchor is not all of it, or must be compared once more.
    asks_surface: bool,
}

impl Finder {
    /// Of spellings in texts that are folded as they ask for.
    pub(in crate::keywords) fn new(spellings: impl Iterator<Item = Spelling>) -> Result<Self, BuildError> {
        Self::by_anchor(spellings, |spelling| spelling.surface.anchor().to_owned())
    }

    /// Of spellings in ASCII texts in lower case, whatever folding they ask for: all foldings are the same there but for
    /// case, for which the original is compared.
    pub(in crate::keywords) fn in_ascii(spellings: impl Iterator<Item = Spelling>) -> Result<Self, BuildError> {
        let possible = spellings.filter(|spelling| spelling.surface.anchor().is_ascii());
        Self::by_anchor(possible, |spelling| spelling.surface.anchor().to_ascii_lowercase())
    }

    fn by_anchor(
        spellings: impl Iterator<Item = Spelling>,
        anchor: impl Fn(&Spelling) -> String,
    ) -> Result<Self, BuildError> {
        let mut starting: BTreeMap<String, Vec<Spelling>> = BTreeMap::new();
        let mut anywhere: BTreeMap<String, Vec<Spelling>> = BTreeMap::new();
        for spelling in spellings {
            let anchor = anchor(&spelling);
            let starts = spelling.folding.refuses_parts() && Anchors::takes(&anchor);
            if starts { &mut starting } else { &mut anywhere }.entry(anchor).or_default().push(spelling);
        }
        let texts = |anchors: &BTreeMap<String, _>| anchors.keys().cloned().collect::<Vec<String>>();
        let mut finder = Self {
            starting: (!starting.is_empty()).then(|| Anchors::new(&texts(&starting))),
            anywhere: if anywhere.is_empty() { None } else { Some(AnywhereSearch::new(&texts(&anywhere))?) },
            begins: vec![0],
            checks: Vec::new(),
            surfaces: Vec::new(),
            starting_count: starting.len(),
        };
        for (anchor, these) in starting.into_iter().chain(anywhere) {
            for Spelling { term, is_exclude, folding, surface } in these {
                let asks_surface = !folding.lowers_ascii() || surface.anchor() != anchor || !surface.is_one_token();
                finder.checks.push(SpellingCheck { term, is_exclude, folding, asks_surface });
                finder.surfaces.push(surface);
            }
            finder.begins.push(u32::try_from(finder.checks.len()).expect("spellings are counted in u32"));
        }
        Ok(finder)
    }

    /// The keys that a prefilter must let through.
    pub(in crate::keywords) fn keys(&self) -> impl Iterator<Item = u64> {
        self.starting.iter().flat_map(Anchors::keys)
    }

    /// Calls `candidate` with the number and the place of every anchor in a text. `starts` gives the text's.
    pub(in crate::keywords) fn find<'s>(
        &self,
        text: &str,
        starts: impl FnOnce() -> &'s WordStarts,
        mut candidate: impl FnMut(usize, Range<usize>),
    ) {
        if let Some(starting) = &self.starting {
            starting.find(text.as_bytes(), starts().iter(), &mut candidate);
        }
        if let Some(anywhere) = &self.anywhere {
            anywhere.find(text, |anchor, place| candidate(self.starting_count + anchor, place));
        }
    }

    /// Calls `take` with every spelling that a candidate in a text is part of, and where it is as a whole. `original` is
    /// the text as it was before its ASCII letters were lower-cased.
    #[inline]
    pub(in crate::keywords) fn ask(
        &self,
        text: &str,
        original: &str,
        anchor: usize,
        place: Range<usize>,
        mut take: impl FnMut(&SpellingCheck, Range<usize>),
    ) {
        for at in self.begins[anchor] as usize..self.begins[anchor + 1] as usize {
            let check = &self.checks[at];
            let (searched, range) = if check.asks_surface {
                let searched = if check.folding.lowers_ascii() { text } else { original };
                let surface = &self.surfaces[at];
                let is_there = searched[place.clone()] == *surface.anchor();
                let Some(range) = is_there.then(|| surface.complete(searched, place.clone())).flatten() else {
                    continue;
                };
                (searched, range)
            } else {
                (text, place.clone())
            };
            if !check.folding.refuses_parts() || boundary::allows(searched, range.clone()) {
                take(check, range);
            }
        }
    }
}
