//! The search: the spellings that were found in many texts, settled in the order of the definition.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::BuildError;

use super::finder::{Finder, Spelling};
use super::negation::{CUE_STARTS, Negation, is_negated};
use super::prefilter::Prefilter;
use super::starts::WordStarts;
use super::texts::{AsciiText, TextBuffers, Texts};
use crate::keywords::set::KeywordSet;
use crate::keywords::term::Mode;
use crate::keywords::text::fold::{Folded, Folding};
use crate::model::error::{Error, Result};

/// Up to this many bytes an ASCII text is looked at before each hit, if nothing of it was read for the search.
const LOOKED_AT: usize = 4096;

/// One mention of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hit {
    /// An index into [`KeywordSet::terms`].
    pub term: u32,
    /// Where it begins: a byte of the original text, on a character's boundary.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
    /// Whether a negation is among the five words before it, in the same clause.
    pub negated: bool,
}

/// A keyword set made ready to search. Cheap to share between threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Matcher {
    set_hash: String,
    /// For this set alone.
    prefilter: OnceLock<Prefilter>,
    /// By term: whether its hits neither hide those of other terms nor are hidden by them.
    independent: Vec<bool>,
    /// Of the terms that count only in answers to questions of some types.
    question_types: HashMap<u32, Vec<String>>,
    /// For texts beyond ASCII: each is folded in every way that a term asks for.
    groups: Vec<FoldingGroup>,
    /// For ASCII texts, in which all ways of folding are the same but for case.
    ascii: Finder,
}

/// Memory that searches reuse; what it holds between them has no meaning.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: Folded,
    starts: WordStarts,
    found: Vec<Match>,
    excluded: Vec<Match>,
    /// By term: where its last accepted hit ended; all 0 between searches.
    ends: Vec<u32>,
    negation: Negation,
    hits: Vec<Hit>,
}

/// The spellings that are sought in the same folding of a text.
#[derive(Debug)]
struct FoldingGroup {
    folding: Folding,
    finder: Finder,
}

/// A place in one of many texts that a term or an exclude phrase matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    text: u32,
    start: u32,
    end: u32,
    term: u32,
}

impl Matcher {
    /// Compiles a set.
    ///
    /// # Errors
    /// Fails if the set is too large for an automaton (some hundreds of millions of bytes).
    pub fn new(set: &KeywordSet) -> Result<Self> {
        let mut spellings: BTreeMap<Folding, Vec<Spelling>> = BTreeMap::new();
        let (mut independent, mut question_types) = (Vec::new(), HashMap::new());
        for (term, index) in set.terms().iter().zip(0..) {
            independent.push(set.overlap() || term.mode == Mode::Substring);
            if !term.question_types.is_empty() {
                question_types.insert(index, term.question_types.clone());
            }
            let own = term.surfaces().into_iter().map(|surface| (surface, false));
            let excludes = term.exclude.iter().map(|phrase| (term.surface(phrase), true));
            let folding = term.folding();
            let these = own.chain(excludes);
            let these = these.map(|(surface, is_exclude)| Spelling { term: index, is_exclude, folding, surface });
            spellings.entry(folding).or_default().extend(these);
        }
        let compile = || -> Result<Self, BuildError> {
            let ascii = Finder::in_ascii(spellings.values().flatten().cloned())?;
            let groups = spellings
                .into_iter()
                .map(|(folding, these)| Ok(FoldingGroup { folding, finder: Finder::new(these.into_iter())? }));
            let groups = groups.collect::<Result<_, _>>()?;
            let set_hash = set.hash().to_owned();
            Ok(Self { set_hash, prefilter: OnceLock::new(), independent, question_types, groups, ascii })
        };
        compile().map_err(|error| Error::usage(format!("keyword set `{}` is too large: {error}", set.name())))
    }

    /// The prefilter for texts in which these sets, and the cues of negation, are sought. Made once for many texts.
    pub fn shared_prefilter<'m>(matchers: impl IntoIterator<Item = &'m Self>) -> Prefilter {
        let mut sets = Vec::new();
        let mut keys: Vec<u64> = CUE_STARTS.keys().collect();
        for Self { set_hash, groups, ascii, .. } in matchers {
            sets.push(set_hash.clone());
            keys.extend(groups.iter().map(|group| &group.finder).chain([ascii]).flat_map(Finder::keys));
        }
        Prefilter::new(sets, keys)
    }

    /// The prefilter for texts in which nothing but this set is sought.
    pub fn prefilter(&self) -> &Prefilter {
        self.prefilter.get_or_init(|| Self::shared_prefilter([self]))
    }

    /// Replaces `hits` by the mentions in `text`, as [`Self::find_all`] finds them.
    ///
    /// # Panics
    /// If the text is 4 GiB or larger.
    pub fn find(&self, text: &str, question_type: Option<&str>, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        self.find_all(
            &Texts::new(vec![Some(text)], self.prefilter(), &mut TextBuffers::default()),
            |_| question_type,
            scratch,
            |_, found| hits.extend_from_slice(found),
        );
    }

    /// Calls `mentions` with the number of every text that has any, in their order, and its mentions: sorted by start,
    /// then the longer first, then by term.
    ///
    /// Terms that ask for question types count only in texts whose `question_type` is one of them, so nowhere if it is
    /// none.
    pub fn find_all<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut mentions: impl FnMut(usize, &[Hit]),
    ) {
        self.settle_all(texts, question_type, scratch, |text, hits, negation| {
            mark_negated(texts, text, negation, hits);
            mentions(text as usize, hits);
        });
    }

    /// Calls `count` with the number of every text that has mentions, in their order, and how many. What is not counted
    /// is not asked either: whether they are negated.
    pub fn count_all<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut count: impl FnMut(usize, usize),
    ) {
        self.settle_all(texts, question_type, scratch, |text, hits, _| count(text as usize, hits.len()));
    }

    /// Calls `settled` with the number of every text that has mentions, and these, none of them negated so far.
    fn settle_all<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut settled: impl FnMut(u32, &mut [Hit], &mut Negation),
    ) {
        assert!(texts.prefilter.is_for(&self.set_hash), "texts are made ready for the sets that are sought in them");
        let Scratch { folded, starts, found, excluded, ends, negation, hits } = scratch;
        found.clear();
        excluded.clear();
        let mut take = |term: u32, is_exclude: bool, text: u32, place: Range<u32>| {
            if self.question_types.is_empty() || self.counts_in(term, || question_type(text as usize)) {
                let place = Match { text, start: place.start, end: place.end, term };
                if is_exclude { excluded.push(place) } else { found.push(place) }
            }
        };
        self.find_in_ascii(texts, &mut take);
        for (number, text) in texts.beyond_ascii() {
            for group in &self.groups {
                group.find(text, texts.prefilter, folded, starts, |term, is_exclude, place| {
                    take(term, is_exclude, number, place)
                });
            }
        }
        if !excluded.is_empty() {
            drop_excluded(found, excluded);
        }
        found.sort_unstable_by_key(|found| (found.text, found.start, u32::MAX - found.end, found.term));
        ends.resize(self.independent.len().max(ends.len()), 0);
        for found in found.chunk_by(|a, b| a.text == b.text) {
            self.settle_overlaps(found, ends, hits);
            settled(found[0].text, hits, negation);
        }
    }

    /// Calls `take` with every place in an ASCII text that a spelling matches, and the number of the text.
    fn find_in_ascii(&self, texts: &Texts, take: &mut impl FnMut(u32, bool, u32, Range<u32>)) {
        // Candidates come in the order of the texts, once for each way of finding them.
        let mut current = 0;
        self.ascii.find(
            texts.lowered,
            || texts.starts(),
            |anchor, place| {
                if place.start < texts.ascii[current].start {
                    current = 0;
                }
                while texts.ascii[current].end < place.start {
                    current += 1;
                }
                let AsciiText { text, start, end } = texts.ascii[current];
                if place.end > end {
                    return; // It holds the separator of two texts.
                }
                let place = place.start - start..place.end - start;
                self.ascii.ask(&texts.lowered[start..end], texts.original(text), anchor, place, |spelling, range| {
                    // `Texts` has refused what would not fit.
                    #[expect(clippy::cast_possible_truncation, reason = "texts are below 4 GiB")]
                    take(spelling.term, spelling.is_exclude, text, range.start as u32..range.end as u32);
                });
            },
        );
    }

    fn counts_in<'q>(&self, term: u32, question_type: impl FnOnce() -> Option<&'q str>) -> bool {
        let Some(named) = self.question_types.get(&term) else { return true };
        question_type().is_some_and(|asked| named.iter().any(|named| named == asked))
    }

    /// Greedily by start, then the longer, then the term: among the terms that compete, and for each other by itself.
    fn settle_overlaps(&self, found: &[Match], ends: &mut [u32], hits: &mut Vec<Hit>) {
        hits.clear();
        let mut shared_end = 0;
        for &Match { term, start, end, .. } in found {
            let last_end = if self.independent[term as usize] { &mut ends[term as usize] } else { &mut shared_end };
            if start >= *last_end {
                *last_end = end;
                hits.push(Hit { term, start, end, negated: false });
            }
        }
        for hit in hits {
            ends[hit.term as usize] = 0;
        }
    }
}

/// Says of the hits of a text whether they are negated.
fn mark_negated(texts: &Texts, number: u32, negation: &mut Negation, hits: &mut [Hit]) {
    let text = texts.original(number);
    match (texts.place_in_lowered(number), texts.starts_if_read()) {
        (Some(place), Some(starts)) => negation.read_ascii(text, texts.lowered, starts, place),
        // A word of a million bytes is not read again for each of its hits.
        (Some(_), None) if text.len() <= LOOKED_AT => {
            return hits.iter_mut().for_each(|hit| hit.negated = is_negated(text, hit.start as usize));
        }
        _ => negation.read(text),
    }
    hits.iter_mut().for_each(|hit| hit.negated = negation.has(hit.start as usize));
}

/// Drops what lies inside a phrase in which its term does not count.
fn drop_excluded(found: &mut Vec<Match>, excluded: &[Match]) {
    let mut phrases: HashMap<(u32, u32), Vec<Range<u32>>> = HashMap::new();
    for phrase in excluded {
        phrases.entry((phrase.text, phrase.term)).or_default().push(phrase.start..phrase.end);
    }
    found.retain(|hit| {
        let phrases = phrases.get(&(hit.text, hit.term));
        !phrases.is_some_and(|all| all.iter().any(|phrase| phrase.start <= hit.start && hit.end <= phrase.end))
    });
}

impl FoldingGroup {
    /// Calls `take` with every place in the original text that a spelling matches.
    fn find(
        &self,
        text: &str,
        prefilter: &Prefilter,
        folded: &mut Folded,
        starts: &mut WordStarts,
        mut take: impl FnMut(u32, bool, Range<u32>),
    ) {
        folded.fold(text, self.folding);
        let folded = &*folded;
        self.finder.find(
            &folded.text,
            || starts.read(folded.text.as_bytes(), prefilter),
            |anchor, place| {
                self.finder.ask(&folded.text, &folded.text, anchor, place, |spelling, range| {
                    if !self.folding.refuses_parts() || folded.is_whole(range.clone()) {
                        take(spelling.term, spelling.is_exclude, folded.place(range));
                    }
                });
            },
        );
    }
}
