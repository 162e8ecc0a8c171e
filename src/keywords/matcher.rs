//! The search: candidates from automata over folded text, then the rules in the order of the definition.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::boundary;
use super::fold::{Folded, Folding};
use super::negation::Words;
use super::set::{KeywordSet, Mode};
use super::starts::{Starts, pad, unpadded};
use super::surface::Surface;
use crate::model::error::{Error, Result};

/// Up to this many bytes of spellings an automaton is a table, which is faster; beyond, a compact one.
const LARGEST_TABLE: usize = 16 * 1024;

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
    rules: Vec<Rule>,
    groups: Vec<Group>,
}

/// Memory that searches reuse; what it holds between them has no meaning.
#[derive(Debug, Default)]
pub struct Scratch {
    lowered: String,
    folded: Folded,
    found: Vec<Span>,
    excluded: Vec<Span>,
    /// By term: where its last accepted hit ended; all 0 between searches.
    ends: Vec<u32>,
    words: Words,
}

/// What the search still has to know about a term once it is compiled.
#[derive(Debug)]
struct Rule {
    /// Its hits neither hide those of other terms nor are hidden by them.
    independent: bool,
    /// Empty: every type, and no type.
    question_types: Vec<String>,
}

/// The spellings that are sought in the same folding of a text.
#[derive(Debug)]
struct Group {
    folding: Folding,
    /// Of all anchors.
    automaton: AhoCorasick,
    /// For ASCII text, where words have boundaries.
    words: Option<InAscii>,
    /// By number of an anchor: the spellings that have it.
    spellings: Vec<Vec<Spelling>>,
}

/// Two ways that together find in ASCII text what the automaton of all anchors finds, as far as boundaries allow it.
#[derive(Debug)]
struct InAscii {
    starts: Starts,
    /// Of the anchors that begin with a sign and so may follow anything, with their numbers.
    rest: Option<(AhoCorasick, Vec<usize>)>,
}

#[derive(Debug)]
struct Spelling {
    term: u32,
    is_exclude: bool,
    surface: Surface,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    term: u32,
    start: u32,
    end: u32,
}

impl Matcher {
    /// Compiles a set.
    ///
    /// # Errors
    /// Fails if the set is too large for an automaton (some hundreds of millions of bytes).
    pub fn new(set: &KeywordSet) -> Result<Self> {
        let mut by_folding: BTreeMap<Folding, BTreeMap<String, Vec<Spelling>>> = BTreeMap::new();
        let mut rules = Vec::new();
        for (term, index) in set.terms().iter().zip(0..) {
            rules.push(Rule {
                independent: set.overlap() || term.mode == Mode::Substring,
                question_types: term.question_types.clone(),
            });
            let own = term.surfaces().into_iter().map(|surface| (surface, false));
            let excludes = term.exclude.iter().map(|phrase| (term.surface(phrase), true));
            let anchors = by_folding.entry(term.folding()).or_default();
            for (surface, is_exclude) in own.chain(excludes) {
                let anchor = surface.anchor().to_owned();
                anchors.entry(anchor).or_default().push(Spelling { term: index, is_exclude, surface });
            }
        }
        let groups =
            by_folding.into_iter().map(|(folding, anchors)| Group::new(folding, anchors)).collect::<Result<_, _>>();
        let groups =
            groups.map_err(|error| Error::usage(format!("keyword set `{}` is too large: {error}", set.name())))?;
        Ok(Self { rules, groups })
    }

    /// Replaces `hits` by the mentions in `text`, sorted by start, then the longer first, then by term.
    ///
    /// Terms that ask for question types count only where `question_type` is one of them, so nowhere if it is none.
    ///
    /// # Panics
    /// If the text is 4 GiB or larger.
    pub fn find(&self, text: &str, question_type: Option<&str>, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes is too large to search", text.len());
        hits.clear();
        scratch.found.clear();
        scratch.excluded.clear();
        for group in &self.groups {
            self.collect(group, text, question_type, scratch);
        }
        Self::drop_excluded(scratch);
        self.settle_overlaps(scratch, hits);
        if !hits.is_empty() {
            scratch.words.read(text);
            for hit in hits {
                hit.negated = scratch.words.is_negated(text, hit.start as usize);
            }
        }
    }

    /// Adds the spans of one group, boundaries asked, to `found` and `excluded`.
    fn collect(&self, group: &Group, text: &str, question_type: Option<&str>, scratch: &mut Scratch) {
        let Scratch { lowered, folded, found, excluded, .. } = scratch;
        let is_ascii = text.is_ascii();
        let mut take = |searched: &str, folded: Option<&Folded>, anchor: usize, place: Range<usize>| {
            for spelling in &group.spellings[anchor] {
                let Some(range) = spelling.surface.complete(searched, place.clone()) else { continue };
                if group.folding.refuses_parts()
                    && (folded.is_some_and(|folded| !folded.is_whole(range.clone()))
                        || !boundary::allows(searched, range.clone()))
                {
                    continue;
                }
                if !self.rules[spelling.term as usize].counts_in(question_type) {
                    continue;
                }
                // The assertion in `find` makes these casts whole for ASCII, where nothing grows.
                #[expect(clippy::cast_possible_truncation, reason = "texts are below 4 GiB")]
                let place = folded.map_or(range.start as u32..range.end as u32, |folded| folded.place(range));
                let span = Span { term: spelling.term, start: place.start, end: place.end };
                if spelling.is_exclude { excluded.push(span) } else { found.push(span) }
            }
        };
        if !is_ascii {
            folded.fold(text, group.folding);
            for candidate in group.automaton.find_overlapping_iter(&folded.text) {
                take(&folded.text, Some(folded), candidate.pattern().as_usize(), candidate.range());
            }
            return;
        }
        lowered.clear();
        lowered.push_str(text);
        if group.folding.lowers_ascii() {
            lowered.make_ascii_lowercase();
        }
        let Some(InAscii { starts, rest }) = &group.words else {
            for candidate in group.automaton.find_overlapping_iter(lowered.as_str()) {
                take(lowered, None, candidate.pattern().as_usize(), candidate.range());
            }
            return;
        };
        pad(lowered);
        let searched = unpadded(lowered);
        starts.find(lowered, |anchor, place| take(searched, None, anchor, place));
        if let Some((automaton, anchors)) = rest {
            for candidate in automaton.find_overlapping_iter(searched) {
                take(searched, None, anchors[candidate.pattern().as_usize()], candidate.range());
            }
        }
    }

    /// Drops what lies inside a phrase in which its term does not count.
    fn drop_excluded(scratch: &mut Scratch) {
        let Scratch { found, excluded, .. } = scratch;
        if !excluded.is_empty() {
            found.retain(|hit| !excluded.iter().any(|phrase| phrase.contains(hit)));
        }
    }

    /// Greedily by start, then the longer, then the term: among the terms that compete, and for each other by itself.
    fn settle_overlaps(&self, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        let Scratch { found, ends, .. } = scratch;
        found.sort_unstable_by_key(|span| (span.start, u32::MAX - span.end, span.term));
        if ends.len() < self.rules.len() {
            ends.resize(self.rules.len(), 0);
        }
        let mut shared_end = 0;
        for &Span { term, start, end } in found.iter() {
            let independent = self.rules[term as usize].independent;
            let last_end = if independent { &mut ends[term as usize] } else { &mut shared_end };
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

impl Rule {
    fn counts_in(&self, question_type: Option<&str>) -> bool {
        self.question_types.is_empty()
            || question_type.is_some_and(|asked| self.question_types.iter().any(|named| named == asked))
    }
}

impl Group {
    fn new(folding: Folding, anchors: BTreeMap<String, Vec<Spelling>>) -> Result<Self, aho_corasick::BuildError> {
        let automaton = automaton(anchors.keys())?;
        let words = folding.refuses_parts().then(|| InAscii::new(anchors.keys())).transpose()?;
        Ok(Self { folding, automaton, words, spellings: anchors.into_values().collect() })
    }
}

impl InAscii {
    fn new<'a>(anchors: impl Iterator<Item = &'a String>) -> Result<Self, aho_corasick::BuildError> {
        let numbered = anchors.enumerate().filter(|(_, anchor)| anchor.is_ascii());
        let (starting, rest): (Vec<_>, Vec<_>) = numbered.partition(|(_, anchor)| Starts::takes(anchor));
        let starts = Starts::new(starting.into_iter().map(|(number, anchor)| (anchor.as_str(), number)));
        let (numbers, rest): (Vec<usize>, Vec<&String>) = rest.into_iter().unzip();
        let rest = if rest.is_empty() { None } else { Some((automaton(rest.iter())?, numbers)) };
        Ok(Self { starts, rest })
    }
}

fn automaton<S: AsRef<[u8]>>(
    anchors: impl Iterator<Item = S> + Clone,
) -> Result<AhoCorasick, aho_corasick::BuildError> {
    let bytes: usize = anchors.clone().map(|anchor| anchor.as_ref().len()).sum();
    let kind = (bytes <= LARGEST_TABLE).then_some(AhoCorasickKind::DFA);
    AhoCorasick::builder().match_kind(MatchKind::Standard).kind(kind).build(anchors)
}

impl Span {
    fn contains(&self, other: &Self) -> bool {
        self.term == other.term && self.start <= other.start && other.end <= self.end
    }
}
