//! What is computed of a text, as programs have it that are not ours: `tests/oracle/` writes the golden files, and
//! `.ci/run` sees that it still writes the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use roundup::analyze::figures;
use roundup::analyze::richness::Vocabulary;
use roundup::keywords::text::words;
use roundup::keywords::{KeywordSet, Matcher, Mode, Scratch, TextBuffers, Texts};
use roundup::pipeline::MetricGroup;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::common::sample;

#[derive(Deserialize)]
struct Text {
    name: String,
    text: String,
    duration_seconds: Option<f64>,
}

/// What `oracle.py` says of a text.
#[derive(Deserialize)]
struct Python {
    name: String,
    char_count: u64,
    word_count: Option<u64>,
    unique_words: Option<u64>,
    mattr_50: Option<f64>,
    words_per_minute: Option<f64>,
    /// Only of ASCII texts.
    mentions: Option<BTreeMap<String, usize>>,
}

/// What `oracle.mjs` says of a text.
#[derive(Deserialize)]
struct JavaScript {
    name: String,
    length_utf16: u64,
    contains: BTreeSet<String>,
}

fn golden(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/golden").join(file);
    std::fs::read_to_string(path).unwrap()
}

fn rows<T: DeserializeOwned>(file: &str) -> Vec<T> {
    golden(file).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The corpus, then the transcripts of the sample, as the oracles go through them.
fn texts() -> Vec<Text> {
    let mut texts: Vec<Text> = rows("texts.jsonl");
    for body in sample() {
        let answers = body["responses"].as_array().map_or(&[][..], Vec::as_slice);
        for (position, answer) in answers.iter().enumerate() {
            if let Some(text) = answer["transcript"].as_str() {
                texts.push(Text {
                    name: format!("{}/{position}", body["id"].as_str().unwrap()),
                    text: text.to_owned(),
                    duration_seconds: answer["duration_seconds"].as_f64(),
                });
            }
        }
    }
    texts
}

/// The terms that each text has as this program finds them, with how often it has them. All texts are searched at once,
/// as the analysis does.
fn found(texts: &[Text], list: &str, mode: Mode) -> Vec<BTreeMap<String, usize>> {
    let set = KeywordSet::parse_txt(&golden(list), list, "golden", mode).unwrap();
    let mut found = vec![BTreeMap::new(); texts.len()];
    let matcher = Matcher::new(&set).unwrap();
    let mut buffers = TextBuffers::default();
    let texts = texts.iter().map(|text| Some(text.text.as_str()));
    matcher.find_all(
        &Texts::new(texts, matcher.prefilter(), &mut buffers),
        |_| None,
        &mut Scratch::default(),
        |number, hits| {
            for hit in hits {
                *found[number].entry(set.terms()[hit.term as usize].name.clone()).or_default() += 1;
            }
        },
    );
    found
}

#[test]
fn figures_are_those_of_python_and_javascript() {
    let (texts, python, javascript) = (texts(), rows::<Python>("python.jsonl"), rows::<JavaScript>("javascript.jsonl"));
    assert_eq!((python.len(), javascript.len()), (texts.len(), texts.len()));
    let mut vocabulary = Vocabulary::default();
    let (mut counted, mut windowed) = (0, 0);
    for ((text, python), javascript) in texts.iter().zip(&python).zip(&javascript) {
        let name = &text.name;
        assert_eq!((name, name), (&python.name, &javascript.name));
        let ours = figures::response(Some(&text.text), text.duration_seconds, &MetricGroup::all(), &mut vocabulary);
        assert_eq!(ours.length_utf16, Some(javascript.length_utf16), "{name}: length_utf16");
        assert_eq!(ours.char_count, Some(python.char_count), "{name}: char_count");
        assert_eq!(ours.word_count, python.word_count, "{name}: word_count");
        assert_eq!(ours.unique_words, python.unique_words, "{name}: unique_words");
        assert_eq!(ours.words_per_minute, python.words_per_minute, "{name}: words_per_minute");
        assert_eq!(ours.mattr_50.is_some(), python.mattr_50.is_some(), "{name}: mattr_50");
        if let Some((ours, theirs)) = ours.mattr_50.zip(python.mattr_50) {
            // They add up ratios, we add up counts.
            assert!((ours - theirs).abs() < 1e-12, "{name}: mattr_50 is {ours} here and {theirs} there");
            windowed += 1;
        }
        // Counted without the other figures, words take another way.
        if let Some(theirs) = python.word_count {
            assert_eq!(words::count(&text.text), theirs, "{name}");
            counted += 1;
        }
    }
    assert!(counted > 450 && windowed > 250, "{counted} texts have words, {windowed} a window of them");
}

#[test]
fn mentions_in_ascii_texts_are_those_of_python() {
    let (texts, python) = (texts(), rows::<Python>("python.jsonl"));
    let mut mentions = 0;
    for ((text, ours), python) in texts.iter().zip(found(&texts, "terms.txt", Mode::Word)).zip(python) {
        assert_eq!(text.text.is_ascii(), python.mentions.is_some(), "{}", text.name);
        if let Some(theirs) = python.mentions {
            mentions += theirs.values().sum::<usize>();
            assert_eq!(ours, theirs, "{}", text.name);
        }
    }
    assert!(mentions > 700, "only {mentions} mentions");
}

#[test]
fn substrings_are_those_of_javascript() {
    let (texts, javascript) = (texts(), rows::<JavaScript>("javascript.jsonl"));
    let mut terms = BTreeSet::new();
    for ((text, ours), javascript) in texts.iter().zip(found(&texts, "substrings.txt", Mode::Substring)).zip(javascript)
    {
        assert_eq!(ours.into_keys().collect::<BTreeSet<_>>(), javascript.contains, "{}", text.name);
        terms.extend(javascript.contains);
    }
    assert!(terms.len() > 50, "only {} terms are in a text", terms.len());
}
