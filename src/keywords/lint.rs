//! Warns of probable mistakes in a set that is formally valid.

use std::collections::HashMap;

use super::set::KeywordSet;
use super::surface::Surface;
use super::term::{Mode, Term};
use super::text::boundary::is_separator;
use super::text::fold::Folding;
use crate::model::invisible::{code_point, is_invisible};

/// The longest spelling, in characters, that is so short that it is found in places that mean something else.
const SHORT: usize = 2;

/// Words that occur in any answer, whatever it is about. They are those among the thousand most frequent of Peter
/// Norvig's list of words on the web that five or more speakers use in 227,000 words of American speeches and debates,
/// without abbreviations, names of places and of months, and some short words of speech.
const COMMON_WORDS: &str = include_str!("common_words.txt");

/// The vendor's types of questions.
const QUESTION_TYPES: [&str; 5] = ["behavioral", "experience", "role_specific", "situational", "technical"];

/// A warning about a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The term's line in the set's file.
    pub line: usize,
    /// A sentence fragment that names the term.
    pub message: String,
}

/// Returns all warnings, in the order of the terms.
#[must_use]
pub fn lint(set: &KeywordSet) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if set.has_byte_order_mark() {
        let message = "the list begins with a byte-order mark, which is no part of its first term".to_owned();
        warnings.push(Warning { line: 1, message });
    }
    // For each folded spelling, the first term that has it.
    let mut owners = HashMap::new();
    for (index, term) in set.terms().iter().enumerate() {
        let own = spelling_warnings(term).chain(option_warnings(term)).collect::<Vec<_>>();
        let shared = shared_spellings(set, index, &mut owners);
        warnings.extend(own.into_iter().chain(shared).map(|message| Warning { line: term.line, message }));
    }
    warnings
}

/// Returns what is suspicious about each spelling of a term by itself.
fn spelling_warnings(term: &Term) -> impl Iterator<Item = String> {
    let spellings = std::iter::once(("term", &term.name))
        .chain(term.aliases.iter().map(|alias| ("alias", alias)))
        .chain(term.proper_nouns.iter().filter(|noun| **noun != term.name).map(|noun| ("proper noun", noun)))
        .chain(term.exclude.iter().map(|phrase| ("exclude phrase", phrase)));
    spellings.flat_map(|(role, spelling)| {
        let is_sought = role != "exclude phrase";
        // What is written as a name, or in given phrases does not count, was thought about.
        let is_narrowed = term.case_sensitive || term.proper_nouns.contains(spelling) || !term.exclude.is_empty();
        let invisible = spelling.chars().find(|&c| is_invisible(c) || c.is_control() && !c.is_whitespace());
        let faults = [
            (spelling.trim() != spelling).then(|| "has white space at its edge, which a text must have too".to_owned()),
            invisible.map(|c| format!("has an invisible character, {}", code_point(c))),
            (is_sought && has_several_words(term, spelling)).then(|| {
                "has several words without `separators`: it is found with just these spaces or signs".to_owned()
            }),
            (is_sought && !is_narrowed && is_short(spelling))
                .then(|| "is so short that it may be found where something else is meant".to_owned()),
            (is_sought && !is_narrowed && !is_short(spelling) && is_common_word(&spelling.to_lowercase()))
                .then(|| "is a common English word".to_owned()),
        ];
        let named = if role == "term" {
            format!("term `{spelling}`")
        } else {
            format!("{role} `{spelling}` of term `{}`", term.name)
        };
        faults.into_iter().flatten().map(move |fault| format!("{named} {fault}"))
    })
}

/// Returns what is suspicious about the options of a term.
fn option_warnings(term: &Term) -> impl Iterator<Item = String> {
    let surfaces: Vec<_> = term.surfaces().into_iter().chain(term.proper_nouns()).collect();
    let swallows = move |phrase: &&String| surfaces.contains(&term.surface(phrase));
    let excludes = term.exclude.iter().filter(swallows).map(|phrase| {
        format!("exclude phrase `{phrase}` of term `{}` is itself a spelling of it, which never counts", term.name)
    });
    let unknown = term.question_types.iter().filter(|asked| !QUESTION_TYPES.contains(&asked.as_str()));
    excludes.chain(unknown.map(|asked| {
        let known = QUESTION_TYPES.join(", ");
        format!("question type `{asked}` of term `{}` is none of the vendor's: {known}", term.name)
    }))
}

/// Returns which earlier terms a term shares a spelling with. `owners` has the first term of every spelling so far.
fn shared_spellings(set: &KeywordSet, index: usize, owners: &mut HashMap<(Folding, Surface), usize>) -> Vec<String> {
    let term = &set.terms()[index];
    let surfaces: Vec<_> = term.surfaces().into_iter().chain(term.proper_nouns()).collect();
    let mut taken = Vec::new();
    for surface in &surfaces {
        let owner = *owners.entry((term.folding(), surface.clone())).or_insert(index);
        if owner != index {
            taken.push(owner);
        }
    }
    let never_counts = !set.overlap() && taken.len() == surfaces.len();
    taken.dedup();
    let mut warnings: Vec<String> = taken
        .iter()
        .map(|&owner| {
            let Term { name, line, .. } = &set.terms()[owner];
            let both = format!("term `{}` shares a spelling with term `{name}` on line {line}", term.name);
            if set.overlap() { format!("{both}: both count") } else { format!("{both}, which counts there") }
        })
        .collect();
    if never_counts {
        warnings.push(format!("term `{}` never counts: every spelling of it is another term's before it", term.name));
    }
    warnings
}

fn has_several_words(term: &Term, spelling: &str) -> bool {
    let tokens = || spelling.split(is_separator).filter(|token| !token.is_empty());
    term.mode == Mode::Word && !term.separators && tokens().count() > 1
}

/// Whether a spelling is short and not told apart by a sign at its end, as `c#` is.
fn is_short(spelling: &str) -> bool {
    spelling.chars().count() <= SHORT && !spelling.ends_with(['+', '#'])
}

fn is_common_word(word: &str) -> bool {
    COMMON_WORDS.split_ascii_whitespace().any(|common| common == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(set: &KeywordSet) -> Vec<(usize, String)> {
        lint(set).into_iter().map(|warning| (warning.line, warning.message)).collect()
    }

    /// Checks the warnings of a set of terms: the inside of one `[[terms]]` each, whose message begins with the term.
    #[track_caller]
    fn check(term: &str, expected: &[&str]) {
        let toml = format!("name = \"t\"\nversion = \"1\"\n[[terms]]\n{}\n", term.replace("; ", "\n"));
        let messages: Vec<String> =
            said(&KeywordSet::parse_toml(&toml, "t.toml").unwrap()).into_iter().map(|(_, message)| message).collect();
        assert_eq!(messages, expected, "{term}");
    }

    #[test]
    fn every_kind_of_mistake_is_named_with_its_line() {
        let toml = "name = \"t\"\nversion = \"1\"\n[[terms]]\nname = \"Kubernetes\"\naliases = [\"k8s\", \"K8\"]\n\
                    [[terms]]\nname = \"kubernetes\"\n[[terms]]\nname = \"work\"\n[[terms]]\nname = \"Go\"\ncase_sensitive = true\n";
        let expected = [
            (4, "alias `K8` of term `Kubernetes` is so short that it may be found where something else is meant"),
            (7, "term `kubernetes` shares a spelling with term `Kubernetes` on line 4, which counts there"),
            (7, "term `kubernetes` never counts: every spelling of it is another term's before it"),
            (9, "term `work` is a common English word"),
        ];
        let expected = expected.map(|(line, message)| (line, message.to_owned()));
        assert_eq!(said(&KeywordSet::parse_toml(toml, "t.toml").unwrap()), expected);
    }

    #[test]
    fn edges_and_what_is_not_seen_are_named() {
        check(
            "name = \"react\"; aliases = [\"React \"]",
            &["alias `React ` of term `react` has white space at its edge, which a text must have too"],
        );
        check("name = \"\\tsql\"", &["term `\tsql` has white space at its edge, which a text must have too"]);
        check("name = \"type\\u200Bscript\"", &["term `type\u{200B}script` has an invisible character, U+200B"]);
        check(
            "name = \"rust\"; exclude = [\"rust\\u00AD belt\"]",
            &["exclude phrase `rust\u{AD} belt` of term `rust` has an invisible character, U+00AD"],
        );
    }

    #[test]
    fn several_words_want_separators() {
        let fault = "has several words without `separators`: it is found with just these spaces or signs";
        check("name = \"machine learning\"", &[&format!("term `machine learning` {fault}")]);
        check(
            "name = \"x-ray\"; aliases = [\"ci/cd\"]",
            &[&format!("term `x-ray` {fault}"), &format!("alias `ci/cd` of term `x-ray` {fault}")],
        );
        check("name = \"machine learning\"; separators = true", &[]);
        check("name = \"machine learning\"; mode = \"substring\"", &[]);
        check("name = \"rust\"; exclude = [\"rust belt\"]", &[]);
    }

    #[test]
    fn options_that_undo_a_term_are_named() {
        check(
            "name = \"rust\"; exclude = [\"Rust\"]",
            &["exclude phrase `Rust` of term `rust` is itself a spelling of it, which never counts"],
        );
        check(
            "name = \"react\"; question_types = [\"tecnical\", \"technical\"]",
            &[
                "question type `tecnical` of term `react` is none of the vendor's: behavioral, experience, role_specific, \
             situational, technical",
            ],
        );
    }

    #[test]
    fn what_was_narrowed_is_not_warned_of() {
        check("name = \"ui\"", &["term `ui` is so short that it may be found where something else is meant"]);
        check("name = \"c#\"; aliases = [\"f#\"]", &[]);
        check("name = \"ui\"; proper-nouns = [\"ui\"]", &[]);
        check("name = \"open\"; case-sensitive = true", &[]);
        check("name = \"node.js\"; proper-nouns = [\"Office\"]", &[]);
        check("name = \"uh\"; exclude = [\"uh huh\"]", &[]);
        check("name = \"Office\"", &["term `Office` is a common English word"]);
    }

    #[test]
    fn lists_are_independent_so_that_nothing_is_hidden() {
        let set = KeywordSet::parse_txt("React\nreact\n", "t.txt", "t", Mode::Word).unwrap();
        assert_eq!(
            said(&set),
            [(2, "term `react` shares a spelling with term `React` on line 1: both count".to_owned())]
        );
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let set = KeywordSet::parse_txt("\u{FEFF}React\n", "t.txt", "t", Mode::Word).unwrap();
        let expected = "the list begins with a byte-order mark, which is no part of its first term";
        assert_eq!(said(&set), [(1, expected.to_owned())]);
    }

    #[test]
    fn shipped_sets_have_no_warnings() {
        for (name, text) in crate::keywords::SHIPPED {
            assert_eq!(said(&KeywordSet::parse_toml(text, name).unwrap()), [], "{name}");
        }
    }
}
