//! A keyword set of what was found, to be edited.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::run::Discovered;
use crate::model::invisible::is_invisible;

/// Other spellings of a term, at most.
const MOST_ALIASES: usize = 5;

/// A keyword set, of as much as is written here.
#[derive(Serialize)]
struct Draft<'a> {
    name: &'a str,
    version: &'static str,
    description: &'static str,
    /// Each finding counts, also where it is a part of another.
    overlap: bool,
    terms: Vec<DraftTerm<'a>>,
}

#[derive(Serialize)]
struct DraftTerm<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    separators: bool,
}

/// Makes a keyword set of what was found, without echoes of questions. The category of a term is the title of the first
/// job that it was found in; `titles` are those of jobs by their ids. `None` if nothing is left.
#[must_use]
pub fn draft(name: &str, discovered: &Discovered, titles: &HashMap<String, String>) -> Option<String> {
    let mut known = BTreeMap::new();
    let mut terms = Vec::new();
    for finding in discovered.findings.iter().filter(|finding| !finding.echoes) {
        let term = finding.term.as_str();
        if known.insert(term, ()).is_some() {
            continue;
        }
        let written = discovered.written.get(term);
        let title = finding.job_id.as_ref().and_then(|id| titles.get(id));
        terms.push(DraftTerm {
            name: term,
            aliases: written.map(|written| aliases(term, written)).unwrap_or_default(),
            category: title.map(String::as_str).filter(|title| !title.trim().is_empty()),
            separators: term.contains(' '),
        });
    }
    let description =
        "A draft of roundup discover: terms that candidates use more often or more rarely than others do.";
    let draft = Draft { name, version: "1", description, overlap: true, terms };
    (!draft.terms.is_empty()).then(|| toml::to_string(&draft).expect("texts are TOML"))
}

/// The spellings of a term that it does not find as it is, the most frequent first.
fn aliases(term: &str, written: &HashMap<String, u64>) -> Vec<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (text, count) in written {
        *counts.entry(spelling(text)).or_default() += count;
    }
    let is_other = |(text, _): &(String, u64)| {
        plain(text) != term && !text.chars().any(|character| character.is_control() || is_invisible(character))
    };
    let mut others: Vec<(String, u64)> = counts.into_iter().filter(is_other).collect();
    others.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
    others.truncate(MOST_ALIASES);
    others.into_iter().map(|(text, _)| text).collect()
}

/// A text in lower case, with single spaces.
fn spelling(text: &str) -> String {
    let mut folded = String::new();
    for part in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        crate::keywords::text::fold_word(part, &mut folded);
    }
    folded
}

/// A spelling with spaces for what `separators` makes equal to them.
fn plain(spelling: &str) -> String {
    let parts = spelling.split([' ', '-', '/', '\u{2010}', '\u{2011}']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}
