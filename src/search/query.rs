//! What is looked for, as it was typed: words, phrases, two of them near one another, and regular expressions.

use regex::{Regex, RegexBuilder};

use crate::keywords::Mode;
use crate::model::{Error, Result};

/// The longest program that a regular expression may become, in bytes, and how deep its groups may be nested.
const LARGEST: usize = 10 << 20;
const DEEPEST: u32 = 100;

/// What is looked for. A mention is one of anything.
#[derive(Debug)]
pub struct Query {
    /// The words and phrases of all terms, each once.
    pub spellings: Vec<String>,
    pub terms: Vec<QueryTerm>,
    pub mode: Mode,
}

/// One thing that is looked for.
#[derive(Debug)]
pub enum QueryTerm {
    /// A word or a phrase, by its place among the spellings.
    Spelling(usize),
    Near(Near),
    Pattern(Regex),
}

/// Two spellings with at most so many words between them, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    pub spellings: [usize; 2],
    pub words: usize,
}

impl Query {
    /// Reads the terms of a command line.
    ///
    /// # Errors
    /// A usage error if a term is nothing but signs, or is no regular expression or one that is too large.
    pub fn parse(arguments: &[String], mode: Mode) -> Result<Self> {
        let mut query = Self { spellings: Vec::new(), terms: Vec::new(), mode };
        let mut arguments = arguments.iter().map(String::as_str).peekable();
        while let Some(argument) = arguments.next() {
            let is_near = |next: &&str| next.strip_prefix("NEAR/").is_some_and(|words| words.parse::<usize>().is_ok());
            if let Some(near) = arguments.next_if(is_near) {
                let other = arguments.next().ok_or_else(|| lacks_a_side(near))?;
                query.add_near(argument, &near["NEAR/".len()..], other)?;
            } else if let Some((pattern, ignores_case)) = pattern_of(argument) {
                query.terms.push(QueryTerm::Pattern(compile(argument, pattern, ignores_case)?));
            } else if let Some((one, words, other)) = sides(argument) {
                query.add_near(one, words, other)?;
            } else {
                let spelling = query.spelling(unquoted(argument))?;
                query.terms.push(QueryTerm::Spelling(spelling));
            }
        }
        Ok(query)
    }

    fn add_near(&mut self, one: &str, words: &str, other: &str) -> Result<()> {
        let written = || format!("{one} NEAR/{words} {other}");
        let words = words.parse().map_err(|_| {
            Error::usage(format!("`{}` does not say how many words may be between", written())).hint("a NEAR/5 b")
        })?;
        for side in [one, other] {
            if side.trim().is_empty() {
                return Err(lacks_a_side(&written()));
            }
            if pattern_of(side).is_some() || sides(side).is_some() {
                return Err(Error::usage(format!("NEAR joins two words or phrases, and `{side}` is neither")));
            }
        }
        let spellings = [self.spelling(unquoted(one))?, self.spelling(unquoted(other))?];
        self.terms.push(QueryTerm::Near(Near { spellings, words }));
        Ok(())
    }

    /// The place of a spelling among all, to which it is added if it is new.
    fn spelling(&mut self, spelling: &str) -> Result<usize> {
        if spelling.trim().is_empty() {
            return Err(Error::usage("a term is empty"));
        }
        if self.mode == Mode::Word && spelling.chars().all(is_sign) {
            return Err(Error::usage(format!("`{spelling}` is nothing but signs, of which no word consists"))
                .hint("--mode substring finds signs, and so does a regular expression: /\\?!/"));
        }
        if let Some(known) = self.spellings.iter().position(|known| known == spelling) {
            return Ok(known);
        }
        self.spellings.push(spelling.to_owned());
        Ok(self.spellings.len() - 1)
    }
}

fn lacks_a_side(near: &str) -> Error {
    Error::usage(format!("`{near}` lacks a side")).hint("a NEAR/5 b")
}

/// Whether a character is white space or punctuation. Symbols such as emoji can be looked for.
fn is_sign(character: char) -> bool {
    let is_punctuation = matches!(character, '\u{a1}' | '\u{ab}' | '\u{b7}' | '\u{bb}' | '\u{bf}')
        || ('\u{2010}'..='\u{2027}').contains(&character)
        || ('\u{3001}'..='\u{3003}').contains(&character);
    character.is_whitespace() || character.is_control() || character.is_ascii_punctuation() || is_punctuation
}

/// A term without the quotation marks around it.
fn unquoted(term: &str) -> &str {
    let inner = term.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(term)
}

/// What stands between the slashes of `/…/` or `/…/i`, and whether case is ignored.
fn pattern_of(term: &str) -> Option<(&str, bool)> {
    let rest = term.trim().strip_prefix('/')?;
    let (pattern, ignores_case) = match rest.strip_suffix("/i") {
        Some(pattern) => (pattern, true),
        None => (rest.strip_suffix('/')?, false),
    };
    (!pattern.is_empty()).then_some((pattern, ignores_case))
}

/// The two sides of a term with NEAR, and the number between them as written. What is in quotation marks is no NEAR.
fn sides(term: &str) -> Option<(&str, &str, &str)> {
    term.match_indices("NEAR/").find_map(|(at, near)| {
        let (before, after) = (&term[..at], &term[at + near.len()..]);
        if before.matches('"').count() % 2 == 1 || !before.ends_with(char::is_whitespace) {
            return None;
        }
        let (words, other) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
        Some((before.trim(), words, other.trim()))
    })
}

fn compile(term: &str, pattern: &str, ignores_case: bool) -> Result<Regex> {
    let compiled =
        RegexBuilder::new(pattern).case_insensitive(ignores_case).size_limit(LARGEST).nest_limit(DEEPEST).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Error::usage(format!("the regular expression {term} is too large"))
            .hint("repetitions of repetitions grow fast: give smaller numbers"),
        // The message shows the pattern on lines of its own, with the place below it.
        error => {
            let message = error.to_string();
            let why = message.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            Error::usage(format!("the regular expression {term} is wrong: {why}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Query> {
        Query::parse(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>(), Mode::Word)
    }

    fn near(words: usize) -> Near {
        Near { spellings: [0, 1], words }
    }

    #[test]
    fn a_term_is_a_word_a_phrase_a_near_or_a_pattern() {
        let query = parse(&["c++", "\"machine learning\"", "machine learning", "/a[b]+/", "/x/i"]).unwrap();
        assert_eq!(query.spellings, ["c++", "machine learning"]);
        let is_spelling = |at: usize, of: usize| matches!(query.terms[at], QueryTerm::Spelling(found) if found == of);
        assert!(is_spelling(0, 0) && is_spelling(1, 1) && is_spelling(2, 1));
        let pattern = |at: usize| match &query.terms[at] {
            QueryTerm::Pattern(pattern) => pattern.as_str().to_owned(),
            _ => panic!("no pattern"),
        };
        assert_eq!((pattern(3), pattern(4)), ("a[b]+".to_owned(), "x".to_owned()));
    }

    #[test]
    fn near_may_be_one_argument_or_three() {
        for arguments in [&["a b NEAR/5 c"][..], &["\"a b\"  NEAR/5 \"c\""], &["a b", "NEAR/5", "c"]] {
            let query = parse(arguments).unwrap();
            assert_eq!(query.spellings, ["a b", "c"], "{arguments:?}");
            assert!(matches!(query.terms[..], [QueryTerm::Near(found)] if found == near(5)), "{arguments:?}");
        }
        let quoted = parse(&["\"a NEAR/5 b\""]).unwrap();
        assert_eq!(quoted.spellings, ["a NEAR/5 b"], "a phrase");
    }

    #[test]
    fn what_cannot_be_looked_for_is_said() {
        for (arguments, said) in [
            (&["?!"][..], "is nothing but signs"),
            (&["—"], "is nothing but signs"),
            (&[" "], "a term is empty"),
            (&["a NEAR/ b"], "does not say how many words"),
            (&["a NEAR/x b"], "does not say how many words"),
            (&["a NEAR/5"], "lacks a side"),
            (&["a", "NEAR/5"], "lacks a side"),
            (&["a NEAR/5 b NEAR/5 c"], "joins two words or phrases"),
            (&["a NEAR/5 /b/"], "joins two words or phrases"),
            (&["/(/"], "is wrong: unclosed group"),
            (&["/(?:a{1000}){1000}/"], "is too large"),
        ] {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains(said), "{arguments:?}: {error}");
        }
        assert!(parse(&[&format!("/{}a{}/", "(".repeat(200), ")".repeat(200))]).is_err(), "nested too deep");
        assert!(parse(&["🙂"]).is_ok() && parse(&["c#"]).is_ok() && parse(&["%"]).is_err());
    }
}
