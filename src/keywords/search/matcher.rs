//! The search: finds spellings in many texts and settles them in the order of the definition.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::BuildError;

use super::finder::{Finder, Spelling, SpellingKind};
use super::negation::{CUE_STARTS, Negation};
use super::prefilter::Prefilter;
use super::starts::WordStarts;
use super::texts::{AsciiText, TextBuffers, Texts};
use crate::keywords::set::KeywordSet;
use crate::keywords::term::Mode;
use crate::keywords::text::boundary::tells_names_by_case;
use crate::keywords::text::fold::{Folded, Folding};
use crate::model::error::{Error, Result};

/// The longest ASCII text, in bytes, in which the words before each hit are read to tell whether it is negated, unless
/// the text's word starts are known.
const LOOKED_AT: usize = 4096;

/// One mention of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hit {
    /// An index into [`KeywordSet::terms`].
    pub term: u32,
    /// Where it begins: a byte offset in the original text, on a character boundary.
    pub start: u32,
    /// Where it ends: a byte offset in the original text, exclusive.
    pub end: u32,
    /// Whether a negation is among the five words before it, in the same clause.
    pub negated: bool,
}

/// A keyword set compiled for searching. It can be shared between threads, each of which brings its own [`Scratch`].
#[derive(Debug)]
pub struct Matcher {
    set_hash: String,
    /// The prefilter for this set alone.
    prefilter: OnceLock<Prefilter>,
    /// For each term, whether its hits neither hide those of other terms nor are hidden by them.
    independent: Vec<bool>,
    /// The question types of the terms that count only in answers to certain questions.
    question_types: HashMap<u32, Vec<String>>,
    /// The finders for texts beyond ASCII, one for each folding that terms ask for.
    groups: Vec<FoldingGroup>,
    /// The finder for ASCII texts, in which all foldings are the same but for case.
    ascii: Finder,
}

/// Memory that searches reuse. Its contents have no meaning between two searches.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: Folded,
    starts: WordStarts,
    found: Vec<Match>,
    proper_nouns: Vec<Match>,
    excluded: Vec<Match>,
    /// For each term, where its last accepted hit ended; all 0 between searches.
    ends: Vec<u32>,
    negation: Negation,
    hits: Vec<Hit>,
}

/// The spellings that are sought in one folding of a text.
#[derive(Debug)]
struct FoldingGroup {
    folding: Folding,
    finder: Finder,
}

/// A place in one of many texts where a term or an exclude phrase matches.
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
            let mentions = term.surfaces().into_iter().map(|surface| (surface, SpellingKind::Mention));
            let proper_nouns = term.proper_nouns().map(|surface| (surface, SpellingKind::ProperNoun));
            let excludes = term.excludes().map(|surface| (surface, SpellingKind::Exclude));
            let folding = term.folding();
            let these = mentions.chain(proper_nouns).chain(excludes);
            let these = these.map(|(surface, kind)| Spelling { term: index, kind, folding, surface });
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

    /// Returns the prefilter for texts in which these sets and the cues of negation are sought. It is made once for
    /// many texts.
    pub fn shared_prefilter<'m>(matchers: impl IntoIterator<Item = &'m Self>) -> Prefilter {
        let mut sets = Vec::new();
        let mut keys: Vec<u64> = CUE_STARTS.keys().collect();
        for Self { set_hash, groups, ascii, .. } in matchers {
            sets.push(set_hash.clone());
            keys.extend(groups.iter().map(|group| &group.finder).chain([ascii]).flat_map(Finder::keys));
        }
        Prefilter::new(sets, keys)
    }

    /// The prefilter for texts in which only this set is sought.
    pub fn prefilter(&self) -> &Prefilter {
        self.prefilter.get_or_init(|| Self::shared_prefilter([self]))
    }

    /// Replaces `hits` with the mentions in `text`, as [`Self::find_all`] finds them.
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

    /// Calls `mentions` with the number of every text that has mentions, in order, and with the mentions. They are
    /// sorted by start, then by length, the longer first, then by term.
    ///
    /// Terms with question types count only in texts whose `question_type` is one of them; in a text without a question
    /// type they never count.
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

    /// As [`Self::find_all`], but no mention is marked as negated: that takes longer than finding it.
    pub fn find_places<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut mentions: impl FnMut(usize, &[Hit]),
    ) {
        self.settle_all(texts, question_type, scratch, |text, hits, _| mentions(text as usize, hits));
    }

    /// Calls `count` with the number of every text that has mentions, in order, and with how many there are. Whether
    /// they are negated is not computed.
    pub fn count_all<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut count: impl FnMut(usize, usize),
    ) {
        self.settle_all(texts, question_type, scratch, |text, hits, _| count(text as usize, hits.len()));
    }

    /// Calls `settled` with the number of every text that has mentions, in order, and with the mentions, none of which
    /// is marked as negated yet.
    fn settle_all<'q>(
        &self,
        texts: &Texts,
        question_type: impl Fn(usize) -> Option<&'q str>,
        scratch: &mut Scratch,
        mut settled: impl FnMut(u32, &mut [Hit], &mut Negation),
    ) {
        assert!(texts.prefilter.is_for(&self.set_hash), "texts are made ready for the sets that are sought in them");
        let Scratch { folded, starts, found, proper_nouns, excluded, ends, negation, hits } = scratch;
        found.clear();
        proper_nouns.clear();
        excluded.clear();
        let mut take = |term: u32, kind: SpellingKind, text: u32, place: Range<u32>| {
            if self.question_types.is_empty() || self.counts_in(term, || question_type(text as usize)) {
                let place = Match { text, start: place.start, end: place.end, term };
                match kind {
                    SpellingKind::Mention => found.push(place),
                    SpellingKind::ProperNoun => proper_nouns.push(place),
                    SpellingKind::Exclude => excluded.push(place),
                }
            }
        };
        self.find_in_ascii(texts, &mut take);
        for (number, text) in texts.beyond_ascii() {
            for group in &self.groups {
                group.find(text, texts.prefilter, folded, starts, |term, kind, place| take(term, kind, number, place));
            }
        }
        if !excluded.is_empty() {
            drop_excluded(found, excluded);
            drop_excluded(proper_nouns, excluded);
        }
        if !proper_nouns.is_empty() {
            keep_names(texts, found, proper_nouns);
            found.append(proper_nouns);
        }
        found.sort_unstable_by_key(|found| (found.text, found.start, u32::MAX - found.end, found.term));
        ends.resize(self.independent.len().max(ends.len()), 0);
        for found in found.chunk_by(|a, b| a.text == b.text) {
            self.settle_overlaps(found, ends, hits);
            settled(found[0].text, hits, negation);
        }
    }

    /// Calls `take` with the number of a text and every place in it where a spelling matches, for all ASCII texts.
    fn find_in_ascii(&self, texts: &Texts, take: &mut impl FnMut(u32, SpellingKind, u32, Range<u32>)) {
        // Candidates come in the order of the texts, and do so once for each way of finding them.
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
                    take(spelling.term, spelling.kind, text, range.start as u32..range.end as u32);
                });
            },
        );
    }

    fn counts_in<'q>(&self, term: u32, question_type: impl FnOnce() -> Option<&'q str>) -> bool {
        let Some(named) = self.question_types.get(&term) else { return true };
        question_type().is_some_and(|asked| named.iter().any(|named| named == asked))
    }

    /// Settles overlaps greedily, by start, then the longer first, then by term. Terms that compete are settled
    /// together, and each independent term by itself.
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

/// Marks which hits of a text are negated.
fn mark_negated(texts: &Texts, number: u32, negation: &mut Negation, hits: &mut [Hit]) {
    let text = texts.original(number);
    match (texts.place_in_lowered(number), texts.starts_if_read()) {
        (Some(place), Some(starts)) => negation.read_ascii(text, texts.lowered, starts, place),
        // A longer text may have a word of a million bytes, which must not be read again for each hit.
        (Some(_), None) if text.len() <= LOOKED_AT => {
            return hits.iter_mut().for_each(|hit| hit.negated = negation.is_negated(text, hit.start as usize));
        }
        _ => negation.read(text),
    }
    hits.iter_mut().for_each(|hit| hit.negated = negation.has(hit.start as usize));
}

/// Drops the matches that lie inside an exclude phrase of their term.
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

/// Keeps the proper nouns that are written as names: with a capital, or in a text that does not tell names from other
/// words but mentions something of the set otherwise.
fn keep_names(texts: &Texts, mentions: &[Match], proper_nouns: &mut Vec<Match>) {
    let mentioned: HashSet<u32> = mentions.iter().map(|mention| mention.text).collect();
    let mut tells_names = HashMap::new();
    proper_nouns.retain(|noun| {
        let text = texts.original(noun.text);
        if *tells_names.entry(noun.text).or_insert_with(|| tells_names_by_case(text)) {
            text[noun.start as usize..].starts_with(char::is_uppercase)
        } else {
            mentioned.contains(&noun.text)
        }
    });
}

impl FoldingGroup {
    /// Calls `take` with every place in the original text where a spelling matches.
    fn find(
        &self,
        text: &str,
        prefilter: &Prefilter,
        folded: &mut Folded,
        starts: &mut WordStarts,
        mut take: impl FnMut(u32, SpellingKind, Range<u32>),
    ) {
        folded.fold(text, self.folding);
        let folded = &*folded;
        self.finder.find(
            &folded.text,
            || starts.read(folded.text.as_bytes(), prefilter),
            |anchor, place| {
                self.finder.ask(&folded.text, &folded.text, anchor, place, |spelling, range| {
                    if !self.folding.refuses_parts() || folded.is_whole(range.clone()) {
                        take(spelling.term, spelling.kind, folded.place(range));
                    }
                });
            },
        );
    }
}
