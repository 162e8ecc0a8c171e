//! Tests the ordinary words among the terms of the shipped sets by sentences in which they must be found, and in which
//! they must not.

use std::collections::HashSet;

use serde::Deserialize;

use super::super::{KeywordSet, SHIPPED};
use super::find;

#[derive(Deserialize)]
struct SentencesFile {
    /// For each set, the terms of one word that mean nothing else: products, abbreviations and words of the field.
    plain: Vec<PlainTerms>,
    terms: Vec<TermSentences>,
}

#[derive(Deserialize)]
struct PlainTerms {
    set: String,
    terms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct TermSentences {
    set: String,
    term: String,
    found: [String; 3],
    not_found: [String; 3],
}

fn sentences() -> SentencesFile {
    toml::from_str(include_str!("sentences.toml")).unwrap()
}

fn shipped(name: &str) -> KeywordSet {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    KeywordSet::parse_toml(text, name).unwrap()
}

#[test]
fn ordinary_words_are_found_where_they_are_meant() {
    for TermSentences { set, term, found, not_found } in sentences().terms {
        let keywords = shipped(&set);
        let index = keywords.terms().iter().position(|named| named.name == term);
        let index = index.unwrap_or_else(|| panic!("{set} has no term `{term}`"));
        let is_found = |text: &str| find(&keywords, text, None).iter().any(|hit| hit.term as usize == index);
        for sentence in &found {
            assert!(is_found(sentence), "`{term}` of {set} is not found in: {sentence}");
        }
        for sentence in &not_found {
            assert!(!is_found(sentence), "`{term}` of {set} is found in: {sentence}");
        }
    }
}

#[test]
fn every_ordinary_word_has_sentences() {
    let SentencesFile { plain, terms } = sentences();
    let plain = plain.iter().flat_map(|plain| plain.terms.iter().map(|term| (plain.set.as_str(), term.as_str())));
    let known: HashSet<_> = terms.iter().map(|term| (term.set.as_str(), term.term.as_str())).chain(plain).collect();
    for name in ["behavioural", "fillers", "hedges", "product", "sales", "support"] {
        for term in shipped(name).terms() {
            let is_one_word = !term.name.contains([' ', '-']);
            assert!(!is_one_word || known.contains(&(name, term.name.as_str())), "`{}` of {name}", term.name);
        }
    }
}
