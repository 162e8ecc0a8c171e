//! A query, compiled: texts in, mentions out.

use std::ops::Range;

use regex::bytes;
use serde::Serialize;

use super::near::stretches;
use super::query::{Near, Query, QueryTerm};
use crate::keywords::text::words::WordFinder;
use crate::keywords::{KeywordSet, Matcher, Mode, Scratch, Text, TextBuffers, Texts};
use crate::model::Result;

/// A query, compiled. It can be shared between threads, each of which brings its own [`Buffers`].
#[derive(Debug)]
pub struct Finder {
    terms: Vec<QueryTerm>,
    spellings: usize,
    /// The words and phrases; `None` if all terms are patterns.
    matcher: Option<Matcher>,
    /// Finds any of the spellings, or more, in a text of ASCII; `None` if it would find too much.
    sieve: Option<bytes::Regex>,
}

/// Memory that searches reuse.
#[derive(Debug, Default)]
pub struct Buffers {
    texts: TextBuffers,
    scratch: Scratch,
    words: WordFinder,
    /// The hits in the texts of a block: number of the text, spelling, place.
    found: Vec<(usize, usize, Range<u32>)>,
}

/// A keyword set, of as much as is needed here.
#[derive(Serialize)]
struct SetOfSpellings<'a> {
    name: &'static str,
    version: &'static str,
    mode: &'static str,
    /// Each spelling is found for itself: what competes is whole terms.
    overlap: bool,
    terms: Vec<Spelling<'a>>,
}

#[derive(Serialize)]
struct Spelling<'a> {
    name: &'a str,
}

impl Finder {
    /// # Errors
    /// When the terms are too many for an automaton.
    pub fn new(query: Query) -> Result<Self> {
        let Query { spellings, terms, mode } = query;
        let matcher = if spellings.is_empty() {
            None
        } else {
            let set = SetOfSpellings {
                name: "search",
                version: "1",
                mode: if mode == Mode::Word { "word" } else { "substring" },
                overlap: true,
                terms: spellings.iter().map(|name| Spelling { name }).collect(),
            };
            let set = toml::to_string(&set).expect("texts are TOML");
            Some(Matcher::new(&KeywordSet::parse_toml(&set, "search")?)?)
        };
        let sieve = sieve(&spellings);
        Ok(Self { terms, spellings: spellings.len(), matcher, sieve })
    }

    /// Calls `mentions` with the number of each text that has mentions, in order, and with their places. No two overlap:
    /// of those that do the first counts, and of two that begin together the longer one.
    pub fn find(&self, texts: &[Option<Text>], buffers: &mut Buffers, mut mentions: impl FnMut(usize, &[Range<u32>])) {
        let Buffers { texts: text_buffers, scratch, words, found } = buffers;
        found.clear();
        if let Some(matcher) = &self.matcher {
            let is_sought = |text: &Text| {
                !text.is_ascii() || self.sieve.as_ref().is_none_or(|sieve| sieve.is_match(text.as_bytes()))
            };
            let sought: Vec<Option<Text>> = texts.iter().map(|text| text.filter(is_sought)).collect();
            if sought.iter().any(Option::is_some) {
                let texts = Texts::new(sought, matcher.prefilter(), text_buffers);
                matcher.find_places(
                    &texts,
                    |_| None,
                    scratch,
                    |text, hits| {
                        found.extend(hits.iter().map(|hit| (text, hit.term as usize, hit.start..hit.end)));
                    },
                );
            }
        }
        let has_patterns = self.terms.iter().any(|term| matches!(term, QueryTerm::Pattern(_)));
        if found.is_empty() && !has_patterns {
            return;
        }
        let mut by_spelling = vec![Vec::new(); self.spellings];
        let (mut next, mut places) = (0, Vec::new());
        for (number, text) in texts.iter().enumerate().filter_map(|(number, text)| Some((number, (*text)?))) {
            by_spelling.iter_mut().for_each(Vec::clear);
            let has_hits = found.get(next).is_some_and(|(of, ..)| *of == number);
            while let Some((_, spelling, place)) = found.get(next).filter(|(of, ..)| *of == number) {
                by_spelling[*spelling].push(place.clone());
                next += 1;
            }
            if has_hits || has_patterns {
                places.clear();
                self.places(text.as_str(), &by_spelling, words, &mut places);
                settle(&mut places);
                if !places.is_empty() {
                    mentions(number, &places);
                }
            }
        }
    }

    /// Adds the places of all terms in a text.
    fn places(
        &self,
        text: &str,
        by_spelling: &[Vec<Range<u32>>],
        finder: &mut WordFinder,
        places: &mut Vec<Range<u32>>,
    ) {
        // The words of the text, once they are needed.
        let mut words: Option<Vec<Range<u32>>> = None;
        for term in &self.terms {
            match term {
                QueryTerm::Spelling(spelling) => places.extend_from_slice(&by_spelling[*spelling]),
                QueryTerm::Near(Near { spellings: [one, other], words: most }) => {
                    let hits = [&by_spelling[*one][..], &by_spelling[*other][..]];
                    if hits.iter().all(|hits| !hits.is_empty()) {
                        let words = words.get_or_insert_with(|| words_of(text, finder));
                        stretches(hits, words, *most, |stretch| places.push(stretch));
                    }
                }
                QueryTerm::Pattern(pattern) => {
                    let matches = pattern.find_iter(text).filter(|found| !found.is_empty());
                    places.extend(matches.map(|found| offset(found.start())..offset(found.end())));
                }
            }
        }
    }
}

/// The words of a text.
pub fn words_of(text: &str, finder: &mut WordFinder) -> Vec<Range<u32>> {
    let mut words = Vec::new();
    finder.for_each(text, |word| words.push(offset(word.start)..offset(word.end)));
    words
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a row group holds less than 4 GiB")
}

/// Drops places that overlap one that counts.
fn settle(places: &mut Vec<Range<u32>>) {
    places.sort_unstable_by_key(|place| (place.start, u32::MAX - place.end));
    let mut end = 0;
    places.retain(|place| {
        let counts = place.start >= end;
        if counts {
            end = place.end;
        }
        counts
    });
}

/// A pattern that is in every ASCII text that has one of the spellings: of each, its longest run of letters and digits,
/// whatever their case. What else stands in a spelling may be written in more than one way. `None` if a spelling has no
/// such run, or is not ASCII, since what it folds to may be.
fn sieve(spellings: &[String]) -> Option<bytes::Regex> {
    let run = |spelling: &String| {
        let runs = spelling.split(|character: char| !character.is_ascii_alphanumeric());
        runs.max_by_key(|run| run.len()).filter(|run| spelling.is_ascii() && !run.is_empty()).map(str::to_owned)
    };
    let runs: Vec<String> = spellings.iter().map(run).collect::<Option<_>>()?;
    bytes::RegexBuilder::new(&runs.join("|")).unicode(false).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(terms: &[&str], text: &str) -> Vec<String> {
        let terms: Vec<String> = terms.iter().map(|term| (*term).to_owned()).collect();
        let finder = Finder::new(Query::parse(&terms, Mode::Word).unwrap()).unwrap();
        let mut all = Vec::new();
        finder.find(&[None, Some(Text::from(text))], &mut Buffers::default(), |number, places| {
            assert_eq!(number, 1);
            all.extend(places.iter().map(|place| text[place.start as usize..place.end as usize].to_owned()));
        });
        all
    }

    #[test]
    fn terms_are_found_by_the_rules_of_keyword_sets() {
        assert_eq!(found(&["c"], "C, c++ and c# are not C."), ["C", "C"]);
        assert_eq!(found(&["c++", "c"], "c++ or c"), ["c++", "c"]);
        assert_eq!(found(&["data", "data science"], "data science, data"), ["data science", "data"], "each place once");
        assert_eq!(found(&["ﬁt"], "it will fit"), ["fit"], "a spelling beyond ASCII in a text of ASCII");
        assert_eq!(found(&["FIT"], "it will ﬁt"), ["ﬁt"]);
        assert_eq!(found(&["東京"], "私は東京に"), ["東京"]);
    }

    #[test]
    fn near_and_patterns_are_found_beside_words() {
        let text = "We moved the team to a new team lead. Numbers: 12, 345";
        assert_eq!(found(&["moved NEAR/2 team"], text), ["moved the team"]);
        assert_eq!(found(&["moved NEAR/0 team"], text), Vec::<String>::new());
        assert_eq!(found(&["team NEAR/3 lead", "/[0-9]+/", "moved"], text), ["moved", "team lead", "12", "345"]);
        assert_eq!(found(&["/x*/"], "axxb"), ["xx"], "nothing is no mention");
    }
}
