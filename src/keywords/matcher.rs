//! The search: candidates from whatever finds them fastest, then the rules in the order of the definition.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError};

use super::anywhere::Anywhere;
use super::boundary;
use super::fold::{Folded, Folding};
use super::negation::Words;
use super::set::{KeywordSet, Mode};
use super::starts::{AtStarts, unpadded};
use super::surface::Surface;
use super::texts::{AsciiText, Texts};
use crate::model::error::{Error, Result};

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
    /// For texts beyond ASCII: each is folded in every way that a term asks for.
    groups: Vec<Group>,
    /// For ASCII texts, in which all ways of folding are the same but for case.
    ascii: InAscii,
}

/// Memory that searches reuse; what it holds between them has no meaning.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: Folded,
    found: Vec<Found>,
    excluded: Vec<Found>,
    /// By term: where its last accepted hit ended; all 0 between searches.
    ends: Vec<u32>,
    words: Words,
    hits: Vec<Hit>,
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
    /// By number of an anchor: the spellings that have it.
    spellings: Vec<Vec<Spelling>>,
}

/// The spellings that ASCII texts can have, by anchor in lower case.
#[derive(Debug)]
struct InAscii {
    /// Of whole words, where these have boundaries.
    starts: Option<AtStarts>,
    /// Of substrings, and of what begins with a sign and so may follow anything.
    anywhere: Option<Anywhere>,
    /// By number of an anchor: those of `starts` come first.
    spellings: Vec<Vec<Spelling>>,
    /// How many anchors `starts` has.
    starting: usize,
}

#[derive(Debug, Clone)]
struct Spelling {
    term: u32,
    is_exclude: bool,
    folding: Folding,
    surface: Surface,
    /// Whether the anchor is not what it is in lower case, or case matters.
    asks_case: bool,
}

/// A place in one of many texts that a term or an exclude phrase matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
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
        let mut rules = Vec::new();
        for (term, index) in set.terms().iter().zip(0..) {
            rules.push(Rule {
                independent: set.overlap() || term.mode == Mode::Substring,
                question_types: term.question_types.clone(),
            });
            let own = term.surfaces().into_iter().map(|surface| (surface, false));
            let excludes = term.exclude.iter().map(|phrase| (term.surface(phrase), true));
            let folding = term.folding();
            let these = own.chain(excludes).map(|(surface, is_exclude)| {
                let asks_case =
                    !folding.lowers_ascii() || surface.anchor().bytes().any(|byte| byte.is_ascii_uppercase());
                Spelling { term: index, is_exclude, folding, surface, asks_case }
            });
            spellings.entry(folding).or_default().extend(these);
        }
        let compile = || -> Result<Self, BuildError> {
            let ascii = InAscii::new(spellings.values().flatten())?;
            let groups =
                spellings.into_iter().map(|(folding, these)| Group::new(folding, these)).collect::<Result<_, _>>()?;
            Ok(Self { rules, groups, ascii })
        };
        compile().map_err(|error| Error::usage(format!("keyword set `{}` is too large: {error}", set.name())))
    }

    /// Replaces `hits` by the mentions in `text`, as [`Self::find_all`] finds them.
    ///
    /// # Panics
    /// If the text is 4 GiB or larger.
    pub fn find(&self, text: &str, question_type: Option<&str>, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        self.find_all(
            &Texts::new(vec![Some(text)]),
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
        let Scratch { folded, found, excluded, ends, words, hits } = scratch;
        found.clear();
        excluded.clear();
        let mut take = |spelling: &Spelling, text: u32, place: Range<u32>| {
            if self.rules[spelling.term as usize].counts_in(|| question_type(text as usize)) {
                let place = Found { text, start: place.start, end: place.end, term: spelling.term };
                if spelling.is_exclude { excluded.push(place) } else { found.push(place) }
            }
        };
        self.ascii.find(texts, &mut take);
        for (number, text) in texts.iter().filter(|(_, text)| !text.is_ascii()) {
            let number = u32::try_from(number).expect("texts are counted in u32");
            for group in &self.groups {
                group.find(text, folded, |spelling, place| take(spelling, number, place));
            }
        }
        if !excluded.is_empty() {
            drop_excluded(found, excluded);
        }
        found.sort_unstable_by_key(|found| (found.text, found.start, u32::MAX - found.end, found.term));
        ends.resize(self.rules.len().max(ends.len()), 0);
        for found in found.chunk_by(|a, b| a.text == b.text) {
            self.settle_overlaps(found, ends, hits);
            let text = texts.original(found[0].text);
            words.read(text);
            for hit in &mut *hits {
                hit.negated = words.is_negated(text, hit.start as usize);
            }
            mentions(found[0].text as usize, hits);
        }
    }

    /// Greedily by start, then the longer, then the term: among the terms that compete, and for each other by itself.
    fn settle_overlaps(&self, found: &[Found], ends: &mut [u32], hits: &mut Vec<Hit>) {
        hits.clear();
        let mut shared_end = 0;
        for &Found { term, start, end, .. } in found {
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

/// Drops what lies inside a phrase in which its term does not count.
fn drop_excluded(found: &mut Vec<Found>, excluded: &[Found]) {
    let mut phrases: HashMap<(u32, u32), Vec<Range<u32>>> = HashMap::new();
    for phrase in excluded {
        phrases.entry((phrase.text, phrase.term)).or_default().push(phrase.start..phrase.end);
    }
    found.retain(|hit| {
        let phrases = phrases.get(&(hit.text, hit.term));
        !phrases.is_some_and(|all| all.iter().any(|phrase| phrase.start <= hit.start && hit.end <= phrase.end))
    });
}

impl Rule {
    fn counts_in<'q>(&self, question_type: impl FnOnce() -> Option<&'q str>) -> bool {
        self.question_types.is_empty()
            || question_type().is_some_and(|asked| self.question_types.iter().any(|named| named == asked))
    }
}

impl Group {
    fn new(folding: Folding, spellings: Vec<Spelling>) -> Result<Self, BuildError> {
        let (anchors, spellings) = by_anchor(spellings.into_iter(), |spelling| spelling.surface.anchor().to_owned());
        Ok(Self { folding, automaton: Anywhere::automaton(&anchors)?, spellings })
    }

    /// Calls `take` with every place in the original text that a spelling matches.
    fn find(&self, text: &str, folded: &mut Folded, mut take: impl FnMut(&Spelling, Range<u32>)) {
        folded.fold(text, self.folding);
        for candidate in self.automaton.find_overlapping_iter(&folded.text) {
            for spelling in &self.spellings[candidate.pattern().as_usize()] {
                let Some(range) = spelling.surface.complete(&folded.text, candidate.range()) else { continue };
                if !self.folding.refuses_parts()
                    || folded.is_whole(range.clone()) && boundary::allows(&folded.text, range.clone())
                {
                    take(spelling, folded.place(range));
                }
            }
        }
    }
}

impl InAscii {
    fn new<'a>(spellings: impl Iterator<Item = &'a Spelling>) -> Result<Self, BuildError> {
        let possible = spellings.filter(|spelling| spelling.surface.anchor().is_ascii()).cloned();
        let (starting, rest): (Vec<_>, Vec<_>) = possible
            .partition(|spelling| spelling.folding.refuses_parts() && AtStarts::takes(spelling.surface.anchor()));
        let lowered = |spelling: &Spelling| spelling.surface.anchor().to_ascii_lowercase();
        let (anchors, mut spellings) = by_anchor(starting.into_iter(), lowered);
        let (rest, others) = by_anchor(rest.into_iter(), lowered);
        spellings.extend(others);
        let starts = (!anchors.is_empty()).then(|| AtStarts::new(anchors.iter().map(String::as_str).zip(0..)));
        let anywhere = if rest.is_empty() { None } else { Some(Anywhere::new(&rest)?) };
        Ok(Self { starts, anywhere, spellings, starting: anchors.len() })
    }

    /// Calls `take` with every place in an ASCII text that a spelling matches, and the number of the text.
    fn find(&self, texts: &Texts, take: &mut impl FnMut(&Spelling, u32, Range<u32>)) {
        if let Some(starts) = &self.starts {
            starts.find(&texts.lowered, texts.starts(), self.asking(texts, take));
        }
        if let Some(anywhere) = &self.anywhere {
            let mut ask = self.asking(texts, take);
            anywhere.find(unpadded(&texts.lowered), |anchor, place| ask(self.starting + anchor, place));
        }
    }

    /// What asks the rules of candidates, which come in the order of the texts.
    fn asking(
        &self,
        texts: &Texts,
        take: &mut impl FnMut(&Spelling, u32, Range<u32>),
    ) -> impl FnMut(usize, Range<usize>) {
        let mut current = 0;
        move |anchor, place| {
            while texts.ascii[current].end < place.start {
                current += 1;
            }
            let AsciiText { text, start, end } = texts.ascii[current];
            if place.end > end {
                return; // It holds the separator of two texts.
            }
            let place = place.start - start..place.end - start;
            let lowered = &texts.lowered[start..end];
            for spelling in &self.spellings[anchor] {
                let searched = if spelling.folding.lowers_ascii() { lowered } else { texts.original(text) };
                let is_there = !spelling.asks_case || searched[place.clone()] == *spelling.surface.anchor();
                let Some(range) = is_there.then(|| spelling.surface.complete(searched, place.clone())).flatten() else {
                    continue;
                };
                if !spelling.folding.refuses_parts() || boundary::allows(searched, range.clone()) {
                    // `Texts` has refused what would not fit.
                    #[expect(clippy::cast_possible_truncation, reason = "texts are below 4 GiB")]
                    take(spelling, text, range.start as u32..range.end as u32);
                }
            }
        }
    }
}

/// Spellings by anchor: the anchors in order, and for each those that have it.
fn by_anchor(
    spellings: impl Iterator<Item = Spelling>,
    anchor: impl Fn(&Spelling) -> String,
) -> (Vec<String>, Vec<Vec<Spelling>>) {
    let mut anchors: BTreeMap<String, Vec<Spelling>> = BTreeMap::new();
    for spelling in spellings {
        anchors.entry(anchor(&spelling)).or_default().push(spelling);
    }
    anchors.into_iter().unzip()
}
