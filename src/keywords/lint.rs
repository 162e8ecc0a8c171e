//! Warns of probable mistakes in a set that is formally valid.

use std::collections::HashMap;

use super::set::KeywordSet;
use super::term::Term;

/// The longest spelling, in characters, that is so short that it is found in places that mean something else.
const SHORT: usize = 2;

/// Words that occur in any answer, whatever it is about.
const COMMON_WORDS: &str = "\
    a able about after again all also always an and another any around as ask at away back be because before being \
    best better big both but by call came can come could day did different do does done down each end even every \
    fact feel few find first for from get give go going good got great had hard has have he help her here high him \
    his how if important in into is it its job just keep kind know last learn let like little long look lot made \
    make many may me mean more most much my need never new next no not now of off often on one only open or other \
    our out over own part people place point power put really right said same say see she should show small so some \
    something still such sure take team tell than that the their them then there these they thing things think this \
    those time to together too try two under up us use very want was way we well went were what when where which \
    while who why will with work would year years yes you your";

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
    // For each folded spelling, the first term that has it.
    let mut owners = HashMap::new();
    for (index, term) in set.terms().iter().enumerate() {
        let mut warn = |message: String| warnings.push(Warning { line: term.line, message });
        for spelling in std::iter::once(&term.name).chain(&term.aliases) {
            if spelling.chars().count() <= SHORT && !term.case_sensitive {
                warn(format!(
                    "{} is so short that it may be found where something else is meant",
                    named(term, spelling)
                ));
            } else if is_common_word(&spelling.to_lowercase()) && !term.case_sensitive {
                warn(format!("{} is a common English word", named(term, spelling)));
            }
        }
        let surfaces = term.surfaces();
        let mut taken = Vec::new();
        for surface in &surfaces {
            let owner = *owners.entry((term.folding(), surface.clone())).or_insert(index);
            if owner != index {
                taken.push(owner);
            }
        }
        taken.dedup();
        for &owner in &taken {
            let Term { name, line, .. } = &set.terms()[owner];
            let both = format!("term `{}` shares a spelling with term `{name}` on line {line}", term.name);
            warn(if set.overlap() { format!("{both}: both count") } else { format!("{both}, which counts there") });
        }
        if !set.overlap() && taken.len() == surfaces.len() {
            warn(format!("term `{}` never counts: every spelling of it is another term's before it", term.name));
        }
    }
    warnings
}

fn is_common_word(word: &str) -> bool {
    COMMON_WORDS.split(' ').any(|common| common == word)
}

fn named(term: &Term, spelling: &str) -> String {
    if *spelling == term.name {
        format!("term `{spelling}`")
    } else {
        format!("alias `{spelling}` of term `{}`", term.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keywords::term::Mode;

    #[test]
    fn every_kind_of_mistake_is_named_with_its_line() {
        let toml = "name = \"t\"\nversion = \"1\"\n[[terms]]\nname = \"Kubernetes\"\naliases = [\"k8s\", \"K8\"]\n\
                    [[terms]]\nname = \"kubernetes\"\n[[terms]]\nname = \"work\"\n[[terms]]\nname = \"Go\"\ncase_sensitive = true\n";
        let set = KeywordSet::parse_toml(toml, "t.toml").unwrap();
        let said: Vec<(usize, String)> =
            lint(&set).into_iter().map(|warning| (warning.line, warning.message)).collect();
        let expected = [
            (4, "alias `K8` of term `Kubernetes` is so short that it may be found where something else is meant"),
            (7, "term `kubernetes` shares a spelling with term `Kubernetes` on line 4, which counts there"),
            (7, "term `kubernetes` never counts: every spelling of it is another term's before it"),
            (9, "term `work` is a common English word"),
        ];
        assert_eq!(said, expected.map(|(line, message)| (line, message.to_owned())));
    }

    #[test]
    fn lists_are_independent_so_that_nothing_is_hidden() {
        let set = KeywordSet::parse_txt("React\nreact\n", "t.txt", "t", Mode::Word).unwrap();
        let said: Vec<String> = lint(&set).into_iter().map(|warning| warning.message).collect();
        assert_eq!(said, ["term `react` shares a spelling with term `React` on line 1: both count"]);
    }
}
