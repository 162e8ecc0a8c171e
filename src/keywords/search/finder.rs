//! Finds the spellings of a set in one kind of text: the fastest search for each anchor finds candidates, and the rules
//! of the definition decide on them.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::BuildError;

use super::anchors::Anchors;
use super::anywhere::AnywhereSearch;
use super::starts::WordStarts;
use crate::keywords::surface::Surface;
use crate::keywords::text::boundary;
use crate::keywords::text::fold::Folding;

/// One spelling of a term, or of a phrase in which the term does not count.
#[derive(Debug, Clone)]
pub(in crate::keywords) struct Spelling {
    pub(in crate::keywords) term: u32,
    pub(in crate::keywords) kind: SpellingKind,
    pub(in crate::keywords) folding: Folding,
    pub(in crate::keywords) surface: Surface,
}

/// What it means that a spelling stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keywords) enum SpellingKind {
    /// The term is mentioned.
    Mention,
    /// The term is mentioned if this is written as a name, or may be one.
    ProperNoun,
    /// Mentions of the term inside it do not count.
    Exclude,
}

/// The spellings of a set, by the anchors that a search looks for.
#[derive(Debug)]
pub(in crate::keywords) struct Finder {
    /// The anchors of whole words, sought where a match can begin.
    starting: Option<Anchors>,
    /// The other anchors: those of substrings, those that begin with a sign and so may follow anything, and those that
    /// are not ASCII.
    anywhere: Option<AnywhereSearch>,
    /// For each anchor, the index in `checks` and `surfaces` where its spellings begin. The anchors of `starting` come
    /// first.
    begins: Vec<u32>,
    checks: Vec<SpellingCheck>,
    /// The surface of each spelling. Most spellings are found without a look at it.
    surfaces: Vec<Surface>,
    /// How many anchors `starting` has.
    starting_count: usize,
}

/// What has to be checked for a spelling whose anchor was found.
#[derive(Debug)]
pub(in crate::keywords) struct SpellingCheck {
    pub(in crate::keywords) term: u32,
    pub(in crate::keywords) kind: SpellingKind,
    pub(in crate::keywords) folding: Folding,
    /// Whether the surface must be checked, because the anchor is only a part of it or was changed in case.
    asks_surface: bool,
}

impl Finder {
    /// Creates a finder for texts that are folded as the spellings ask for.
    pub(in crate::keywords) fn new(spellings: impl Iterator<Item = Spelling>) -> Result<Self, BuildError> {
        Self::by_anchor(spellings, |spelling| spelling.surface.anchor().to_owned())
    }

    /// Creates a finder for ASCII texts in lower case, whatever folding the spellings ask for. All foldings are the
    /// same there but for case, for which the original is compared.
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
            for Spelling { term, kind, folding, surface } in these {
                let asks_surface = !folding.lowers_ascii() || surface.anchor() != anchor || !surface.is_one_token();
                finder.checks.push(SpellingCheck { term, kind, folding, asks_surface });
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

    /// Calls `candidate` with the number and the place of every anchor in a text. `starts` returns the places where
    /// matches can begin in it.
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

    /// Calls `take` with every spelling that a candidate is part of and that is allowed where it stands, and with its
    /// whole place. `original` is the text before its ASCII letters were lower-cased.
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
