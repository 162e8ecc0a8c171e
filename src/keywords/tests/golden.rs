//! Tests the cases that the page of definitions names, and those that earlier matchers got wrong.

use std::fmt::Write as _;

use super::super::{KeywordSet, Mode};
use super::{find, set};

/// Returns a set of terms. Each line is the inside of one `[[terms]]`, with `;` for a line break, or just a name.
pub(super) fn terms(lines: &[&str]) -> KeywordSet {
    let mut toml = String::from("name = \"golden\"\nversion = \"1\"\n");
    for line in lines {
        let line = if line.contains('=') { line.replace("; ", "\n") } else { format!("name = \"{line}\"") };
        write!(toml, "[[terms]]\n{line}\n").unwrap();
    }
    set(&toml)
}

/// Checks the hits in a text, written as `TERM@QUOTE` with `!` before negated ones.
#[track_caller]
pub(super) fn check(set: &KeywordSet, text: &str, expected: &[&str]) {
    let hits = find(set, text, None);
    let shown: Vec<_> = hits
        .iter()
        .map(|hit| {
            let negated = if hit.negated { "!" } else { "" };
            let quote = &text[hit.start as usize..hit.end as usize];
            format!("{negated}{}@{quote}", set.terms()[hit.term as usize].name)
        })
        .collect();
    assert_eq!(shown, expected, "in {text:?}");
}

/// Checks how often one term with its options is found in a text.
#[track_caller]
fn count(term: &str, text: &str, expected: usize) {
    assert_eq!(find(&terms(&[term]), text, None).len(), expected, "{term} in {text:?}");
}

#[test]
fn signs_belong_to_the_word_they_follow() {
    for (text, expected) in [
        ("c", 1),
        ("C, c.", 2),
        ("c++", 0),
        ("c#", 0),
        ("c# and c", 1),
        ("c+", 1),
        ("c+d", 1),
        ("c#d", 1),
        ("c#_", 1),
        ("c# d", 0),
        ("c++17", 0),
        ("objective-c", 0),
        ("ci/cd", 0),
        ("c/c++", 1),
        ("c_", 0),
        ("c2", 0),
        ("\u{212A}c", 0),
    ] {
        count("c", text, expected);
    }
    for (text, expected) in [
        ("C++", 1),
        ("c++.", 1),
        ("c++17", 0),
        ("c+++", 0),
        ("c++#", 0),
        ("c++_", 0),
        ("xc++", 0),
        ("c++/c#", 1),
        ("c+", 0),
    ] {
        count("c++", text, expected);
    }
    for (text, expected) in [("c++17", 1), ("C++17.", 1), ("c++170", 0), ("c++17x", 0), ("c++17++", 1)] {
        count("c++17", text, expected);
    }
    for (text, expected) in [("C#", 1), ("c#7", 0), ("c##", 0), ("c#+", 0), ("c#.", 1), ("f#c#", 1)] {
        count("c#", text, expected);
    }
    for (text, expected) in
        [(".NET", 1), ("asp.net", 0), ("the .net", 1), ("(.net)", 1), ("..net", 1), (".network", 0), ("_.net", 0)]
    {
        count(".net", text, expected);
    }
    count("asp.net", "ASP.NET Core", 1);
    count("net", "asp.net", 1);
    for (text, expected) in [("Node.js", 1), ("node.jsx", 0), ("nodexjs", 0), ("node js", 0)] {
        count("node.js", text, expected);
    }
    for (text, expected) in [("CI/CD", 1), ("ci/cds", 0), ("ci cd", 0), ("aci/cd", 0)] {
        count("ci/cd", text, expected);
    }
    for (text, expected) in [("R", 1), ("R&D", 1), ("r's", 1), ("react", 0), ("r2", 0), ("R++", 0)] {
        count("r", text, expected);
    }
    for (text, expected) in [("go", 1), ("Go.", 1), ("golang", 0), ("let's go", 1), ("go-to", 1), ("ago", 0)] {
        count("go", text, expected);
    }
    for (text, expected) in
        [("react+redux", 1), ("React", 1), ("react_", 0), ("react2", 0), ("preact", 0), ("react++", 0), ("reacté", 0)]
    {
        count("react", text, expected);
    }
    count("café", "café++", 0);
    count("+", "a+b", 0);
    count("+", "a+ b", 1);
}

#[test]
fn a_letter_alone_is_no_initial_and_no_part_of_a_compound() {
    for (text, expected) in [
        ("Washington, D.C. is", 0),
        ("the C.E.O.", 0),
        ("C-3PO", 0),
        ("C-suite, USB-C and I.C.E.", 0),
        ("c\u{2010}level, c\u{2011}level", 0),
        ("é.c", 0),
        ("in c.", 1),
        ("c. Then", 1),
        ("-c, c- and .c", 3),
        ("c/d", 1),
        ("c\u{301}.e", 0),
    ] {
        count("c", text, expected);
    }
    for text in ["H.R.", "Human R. and R.T.", "Type-R, R-rated"] {
        count("r", text, usize::from(text.starts_with("Human")));
    }
    // Only a letter: digits and words may be parts of something longer.
    count("5", "1.5 5-6", 2);
    count("é", "é-e e\u{301}.a É", 1);
    count("front", "front-end", 1);
    count("name = \"x\"; aliases = [\"r\"]; separators = true", "h.r. r", 1);
}

#[test]
fn apostrophes_are_one() {
    for apostrophe in ["'", "\u{2018}", "\u{2019}", "\u{2BC}", "`", "\u{B4}", "\u{2032}", "\u{FF07}"] {
        for term in ["bachelor's degree", "bachelor\u{2019}s degree", "bachelor`s degree", "bachelor\u{2032}s degree"] {
            count(term, &format!("a Bachelor{apostrophe}s degree"), 1);
            count(&format!("name = \"{term}\"; separators = true"), &format!("bachelor{apostrophe}s-degree"), 1);
            count(&format!("name = \"{term}\"; case_sensitive = true"), &format!("bachelor{apostrophe}s degree"), 1);
        }
        count("rock 'n' roll", &format!("rock {apostrophe}n{apostrophe} roll"), 1);
        count("'tis", &format!("so {apostrophe}tis"), 1);
        count("layman'", &format!("layman{apostrophe}, layman"), 1);
        count("don", &format!("don{apostrophe}t"), 1);
        count("don", &format!("{apostrophe}don{apostrophe}"), 1);
        count("name = \"club\"; exclude = [\"president's club\"]", &format!("president{apostrophe}s club"), 0);
        let set = terms(&["react"]);
        for cue in ["don", "haven", "isn", "DON"] {
            let text = format!("I {cue}{apostrophe}{} know React", if cue == "DON" { "T" } else { "t" });
            assert!(find(&set, &text, None)[0].negated, "{text}");
            assert!(find(&set, &format!("{text} é"), None)[0].negated, "{text}");
        }
    }
    count("name = \"don't\"; mode = \"substring\"", "don`t don\u{2019}t don't", 1);
    count("dont", "don't", 0);
    count("bachelors degree", "bachelor's degree", 0);
}

#[test]
fn scripts_without_spaces_ask_no_boundary() {
    count("東京", "私は東京都に住む", 1);
    count("東京", "東京2020 と東京_", 2);
    count("react", "reactを使う", 1);
    count("c#", "C#を使う", 1);
    count("c++", "C++を使う", 1);
    count(".net", "私は.NETを使う", 1);
    count("カ", "カー", 0);
    count("カ", "カﾅ", 0);
    count("カ", "カな、なカ、カ東", 3);
    count("ラー", "ラーメン", 0);
    count("らー", "らーめん", 1);
    count("ก", "กข", 1);
    count("react", "reactом", 1);
    count("react", "react２", 0);
    count("か", "が", 0);
    count("か", "か\u{3099}", 0);
    count("が", "か\u{3099}", 1);
    // An ideographic variation selector is a mark of its base.
    count("辻", "辻\u{E0100}さん", 1);
}

#[test]
fn folding_is_of_whole_characters() {
    count("istanbul", "İstanbul", 0);
    count("İstanbul", "i\u{307}stanbul", 1);
    check(&terms(&["name = \"istanbul\"; fold_diacritics = true"]), "in İstanbul.", &["istanbul@İstanbul"]);
    check(&terms(&["strasse"]), "Die Straße, STRASSE", &["strasse@Straße", "strasse@STRASSE"]);
    check(&terms(&["straße"]), "Strasse STRAẞE", &["straße@Strasse", "straße@STRAẞE"]);
    count("s", "ß", 0);
    count("stras", "straße", 0);
    check(&terms(&["file"]), "a ﬁle", &["file@ﬁle"]);
    check(&terms(&["ﬁ"]), "fi ﬁ FI", &["ﬁ@fi", "ﬁ@ﬁ", "ﬁ@FI"]);
    count("f", "ﬁ", 0);
    count("ile", "ﬁle", 0);
    // This holds also where no boundary is asked, and where a mark has come between the parts.
    count("\u{2ADD}", "\u{2ADC}", 0);
    count("\u{338}", "\u{2ADC}", 0);
    count("か\u{334}", "が\u{334}", 0);
    count("kelvin", "\u{212A}elvin", 1);
    count("\u{212A}elvin", "kelvin", 1);
    count("sass", "ſaſs", 1);
    check(&terms(&["café"]), "cafe\u{301} café CAFÉ cafe", &["café@cafe\u{301}", "café@café", "café@CAFÉ"]);
    check(&terms(&["cafe"]), "cafe\u{301} café cafe", &["cafe@cafe"]);
    check(
        &terms(&["name = \"cafe\"; fold_diacritics = true"]),
        "cafe\u{301} café cafe",
        &["cafe@cafe\u{301}", "cafe@café", "cafe@cafe"],
    );
    check(&terms(&["name = \"café\"; fold_diacritics = true"]), "cafe", &["café@cafe"]);
    // Only U+0300–036F are removed, so the marks of Hebrew stay.
    count("name = \"ש\"; fold_diacritics = true", "ש\u{5C1}", 0);
    // Two marks are equal in either order, even if they belong to different characters of the original.
    for text in ["ạ\u{307}", "a\u{323}\u{307}", "a\u{307}\u{323}", "ȧ\u{323}"] {
        check(&terms(&["ȧ\u{323}"]), text, &[&format!("ȧ\u{323}@{text}")]);
        count("ạ", text, 0);
        count("a", text, 0);
    }
    count("σίσυφος", "ΣΊΣΥΦΟΣ", 1);
    check(&terms(&["name = \"Go\"; case_sensitive = true"]), "go Go GO", &["Go@Go"]);
    count("name = \"É\"; case_sensitive = true", "E\u{301} é", 1);
}

#[test]
fn emoji_are_found_between_anything() {
    check(&terms(&["🙂", "👩\u{200D}💻"]), "ok🙂👩\u{200D}💻yes", &["🙂@🙂", "👩\u{200D}💻@👩\u{200D}💻"]);
    check(&terms(&["react"]), "🙂react🙂 👩\u{200D}💻 react", &["react@react", "react@react"]);
    count("❤", "❤\u{FE0F}", 1);
}

#[test]
fn overlaps_are_resolved_by_start_then_length_then_order() {
    let set = terms(&["react", "react native", "native apps", "native"]);
    check(&set, "react native apps", &["react native@react native"]);
    check(&set, "react, native apps", &["react@react", "native apps@native apps"]);
    check(&terms(&["react", "name = \"same\"; aliases = [\"React\"]"]), "react", &["react@react"]);
    check(&terms(&["a b a"]), "a b a b a b a", &["a b a@a b a", "a b a@a b a"]);
    check(&terms(&["name = \"react\"; aliases = [\"react js\", \"js\"]"]), "react js", &["react@react js"]);
    let mut toml = String::from("name = \"o\"\nversion = \"1\"\noverlap = true\n");
    for name in ["react", "react native", "native"] {
        write!(toml, "[[terms]]\nname = \"{name}\"\n").unwrap();
    }
    check(&super::set(&toml), "react native", &["react native@react native", "react@react", "native@native"]);
}

#[test]
fn excludes_drop_hits_before_overlaps_are_resolved() {
    let set = terms(&["name = \"react\"; exclude = [\"react to\", \"chemicals react\"]", "to do"]);
    check(&set, "I react to do it", &["to do@to do"]);
    check(&set, "React tools, chemicals react; react", &["react@React", "react@react"]);
    // An exclude phrase drops only hits inside it and only those of its term, and is folded as the term is.
    check(&terms(&["name = \"ss\"; exclude = [\"ß b\"]", "b"]), "SS B ss", &["b@B", "ss@ss"]);
    let flexible = terms(&["name = \"front end\"; separators = true; exclude = [\"front end loader\"]"]);
    check(&flexible, "front-end / loader, front-end", &["front end@front-end"]);
}

#[test]
fn separators_stand_for_one_another_but_never_for_none() {
    for (text, expected) in [
        ("ci/cd", 1),
        ("CI CD", 1),
        ("ci-cd", 1),
        ("ci \u{2010}\u{2011}/\n\u{A0}cd", 1),
        ("ci        cd", 1),
        ("ci         cd", 0),
        ("cicd", 0),
        ("ci, cd", 0),
        ("ci\u{2013}cd", 0),
        ("xci cd", 0),
        ("ci cdx", 0),
        ("ci ci cd", 1),
    ] {
        count("name = \"ci/cd\"; separators = true", text, expected);
    }
    count("ci/cd", "ci cd ci-cd", 0);
    count("name = \"a to z test\"; separators = true", "a to-z/test a to z a to z test", 2);
}

#[test]
fn plurals_are_of_the_last_word() {
    for (term, text, expected) in [
        ("api", "api apis apies", 2),
        ("class", "classes classs", 1),
        ("box", "boxes", 1),
        ("quiz", "quizes", 1),
        ("branch", "branches", 1),
        ("hash", "hashes", 1),
        ("query", "queries", 1),
        ("query", "querys", 0),
        ("day", "days daies", 1),
        ("rest api", "rest apis rests api", 1),
        ("unit test (ci)", "unit tests (ci)", 1),
        ("go", "gos goes", 0),
        ("web3", "web3s webs3", 0),
        ("東京", "東京s", 1),
        ("café", "cafés", 0),
    ] {
        count(&format!("name = \"{term}\"; forms = \"plural\""), text, expected);
    }
    count("name = \"API\"; forms = \"plural\"; case_sensitive = true", "API APIs APIS apis", 2);
    count("name = \"x\"; aliases = [\"pull request\"]; forms = \"plural\"; separators = true", "pull-requests", 1);
    count("api", "apis", 0);
}

#[test]
fn substrings_are_the_vendors_sample() {
    let list = |text: &str| KeywordSet::parse_txt(text, "list.txt", "list", Mode::Substring).unwrap();
    check(&list("react\nact"), "Reactive REACT", &["react@React", "act@act", "react@REACT", "act@ACT"]);
    // Terms stay as they are given, so one with capitals is in no lower-cased text.
    check(&list("React"), "React react", &[]);
    check(&list("aa"), "aaaaa", &["aa@aa", "aa@aa"]);
    // `İ` becomes `i` and a mark, and a match of either is extended to `İ`. `Σ` at the end of a word becomes `ς`.
    check(&list("i\n\u{307}\nistan"), "İstan", &["i@İ", "\u{307}@İ"]);
    check(&list("σας"), "ΣΑΣ", &["σας@ΣΑΣ"]);
    check(&list("k"), "\u{212A}", &["k@\u{212A}"]);
    // There is no full case fold and no normalisation.
    check(&list("ss\né"), "ß e\u{301}", &[]);
    let raw = terms(&["name = \"React\"; mode = \"substring\"; case_sensitive = true"]);
    check(&raw, "Reactive react", &["React@React"]);
    // A substring neither hides words nor is hidden by them.
    let mixed = terms(&["react native", "name = \"act\"; mode = \"substring\"", "native"]);
    check(&mixed, "react native", &["react native@react native", "act@act"]);
}

#[test]
fn proper_nouns_count_where_they_are_names() {
    let set = terms(&[
        "name = \"node.js\"; proper-nouns = [\"Node\"]; exclude = [\"Node List\"]",
        "name = \"React\"; aliases = [\"react hooks\"]; proper-nouns = [\"React\"]",
        "docker",
    ]);
    // Where capitals tell names from other words, they decide.
    check(&set, "We use Node and docker, each a node.", &["node.js@Node", "docker@docker"]);
    check(&set, "Node is old, and I react to that.", &["node.js@Node"]);
    check(&set, "React hooks or react hooks", &["React@React hooks", "React@react hooks"]);
    check(&set, "the NODE of a Node List", &["node.js@NODE"]);
    // Elsewhere, another mention does.
    check(&set, "i use node and docker", &["node.js@node", "docker@docker"]);
    check(&set, "I use node, I'm fond of docker", &["node.js@node", "docker@docker"]);
    check(&set, "I USE NODE AND DOCKER", &["node.js@NODE", "docker@DOCKER"]);
    check(&set, "i use node and react", &[]);
    check(&set, "EACH NODE IS A NODE", &[]);
    check(&set, "docker, a node list", &["docker@docker"]);
    // A proper noun has no other forms, and other spellings of its term stay as they are.
    count("name = \"node.js\"; proper-nouns = [\"Node\"]; forms = \"plural\"", "Nodes Node node.js", 2);
    count("name = \"x\"; aliases = [\"node\"]; proper-nouns = [\"Node\"]", "a node, a Node", 2);
    // A name may begin with a capital beyond ASCII, and may stand in a text beyond it.
    check(&terms(&["name = \"x\"; proper-nouns = [\"Été\"]"]), "Ete Été été", &["x@Été"]);
}

#[test]
fn question_types_limit_a_term() {
    let set = terms(&["name = \"react\"; question_types = [\"technical\", \"situational\"]", "react native"]);
    let counts = |question_type| find(&set, "react, react native", question_type).len();
    assert_eq!(counts(Some("technical")), 2);
    assert_eq!(counts(Some("situational")), 2);
    assert_eq!(counts(Some("behavioral")), 1);
    assert_eq!(counts(None), 1);
}

#[test]
fn a_scratch_may_be_shared_and_reused() {
    use super::super::{Matcher, Scratch};
    let many = terms(&["a", "b", "c", "name = \"d\"; mode = \"substring\""]);
    let few = terms(&["name = \"é\"; mode = \"substring\""]);
    let (many, few) = (Matcher::new(&many).unwrap(), Matcher::new(&few).unwrap());
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    for _ in 0..2 {
        many.find("a b é c dd", None, &mut scratch, &mut hits);
        assert_eq!(hits.len(), 5);
        few.find("É, é", None, &mut scratch, &mut hits);
        assert_eq!(hits.len(), 2);
        few.find("", None, &mut scratch, &mut hits);
        assert_eq!(hits, []);
    }
}
