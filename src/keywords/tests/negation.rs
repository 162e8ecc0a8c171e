//! Tests which mentions are negated.

use super::find;
use super::golden::{check, terms};

#[test]
fn negation_looks_five_words_back_in_the_clause() {
    let set = terms(&["react", ".net", "name = \"js\"; aliases = [\"js\"]"]);
    for text in [
        "no react",
        "I have not used React",
        "I've never really worked much with React",
        "I don't know React",
        "I don’t know React",
        "I dont know React",
        "we cannot use react",
        "without react",
        "neither vue nor react",
        "I lack React",
        "not yet React",
        "I haven't, but no react",
        "I did not use node.js or React",
        "I did not use .net core or React",
    ] {
        let hits = find(&set, text, None);
        assert!(hits.last().unwrap().negated, "{text}");
    }
    for text in [
        "react, not vue",
        "No, I used React",
        "I do not. React",
        "not this\nreact",
        "never one two three four five react",
        "I had not liked vue but react",
        "nothing except react",
        "not only react",
        "knot react",
        "note: react",
        "noreact react",
    ] {
        let hits = find(&set, text, None);
        assert!(!hits.last().unwrap().negated, "{text}");
    }
    check(&set, "not vue, .NET. I do not use .NET", &[".net@.NET", "!.net@.NET"]);
    // The part of a word before a hit within it is neither a word nor a break.
    check(&set, "not node.js", &["!js@js"]);
    check(&terms(&["5"]), "not 3,5", &["!5@5"]);
}

/// Checks whether a mention of React at the end of a text is negated, also where the text is not ASCII and where it is
/// long.
#[track_caller]
fn negated(text: &str, expected: bool) {
    let set = terms(&["react"]);
    for text in [text.to_owned(), format!("é. {text}"), format!("{}. {text}", "word ".repeat(2_000))] {
        let hits = find(&set, &text, None);
        assert_eq!(hits.last().unwrap().negated, expected, "{}", &text[text.len().saturating_sub(80)..]);
    }
}

#[test]
fn clauses_end_at_dashes_and_brackets() {
    for text in [
        "I never used Vue — React was there",
        "I never used Vue—React was there",
        "I never used Vue -- React was there",
        "I never used Vue – React was there",
        "I never used Vue - React was there",
        "I never used Vue --- React was there",
        "I never used Vue (React was there)",
    ] {
        negated(text, false);
    }
    for text in ["not a front-end in React", "not 2–3 React", "no --verbose React", "not pre– and React", "not)React"]
    {
        negated(text, true);
    }
}

#[test]
fn a_filler_between_commas_ends_no_clause() {
    for text in [
        "I have not, um, used React",
        "I have not, Um, used React",
        "I've never, you know, used React",
        "I've never, I mean, like, used React",
        "without, uh, um, React",
        "I don't have, uh, React",
        "we had no such, er, React",
    ] {
        negated(text, true);
    }
    for text in [
        "I did not. Um, React",
        "I did not, um React",
        "I did not um, React",
        "I did not, um. React",
        "I did not, um,\nReact",
        "I did not, indeed, React",
        "No, um, React was it",
        "never one two, um, three, uh, React",
        "I did not, you, know, React",
    ] {
        negated(text, false);
    }
}

#[test]
fn some_phrases_with_a_cue_negate_nothing() {
    for text in [
        "no doubt React",
        "I have no problem with React",
        "NO PROBLEM, with React",
        "no problems in React",
        "not only React",
        "I didn't just use React",
        "It isn\u{2019}t only React",
        "no wonder React",
        "no matter which React",
        "never mind React",
        "without doubt React",
    ] {
        negated(text, false);
    }
    for text in ["no React", "no problematic React", "there is not, no doubt, React", "no doubt not React"] {
        negated(text, !text.contains(','));
    }
}
