//! Tests that the matcher agrees with its plain reference.

use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::UnicodeNormalization;
use unicode_script::Script;

use super::super::{Hit, KeywordSet, Matcher, Mode, Scratch, TextBuffers, Texts};
use super::{find, set};
use crate::keywords::reference::{self, ALPHABET, WORDS};
use crate::keywords::text::boundary::script_of;

fn scrap() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => select(&ALPHABET[..]), 1 => select(&WORDS[..])]
}

fn spelling() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(select(&ALPHABET[..]), 1..4).prop_map(|scraps| scraps.concat()),
        1 => select(&["cat", "city", "box", "a b", "a-b", "c++", ".a", "s a/b", "not", "ss", "fi"][..]).prop_map(str::to_owned),
    ]
}

fn term() -> impl Strategy<Value = String> {
    let options = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..3_u8, 0..4_u8, 0..6_u8);
    let phrase = (0..4_u8, prop::option::of(scrap()), prop::option::of(scrap()));
    (spelling(), prop::collection::vec(spelling(), 0..3), options, phrase).prop_map(
        |(name, aliases, (case, plural, separators, diacritics, mode, asked, proper), (excludes, before, after))| {
            let quoted = |text: &str| toml::Value::from(text).to_string();
            let mut toml = format!("[[terms]]\nname = {}\ncase_sensitive = {case}\n", quoted(&name));
            let proper_nouns: Vec<_> = match proper {
                0 => vec![quoted(&name)],
                1 => aliases.iter().map(|alias| quoted(alias)).collect(),
                _ => Vec::new(),
            };
            toml += &format!("proper-nouns = [{}]\n", proper_nouns.join(", "));
            let aliases: Vec<_> = aliases.iter().map(|alias| quoted(alias)).collect();
            toml += &format!("aliases = [{}]\n", aliases.join(", "));
            if mode == 0 {
                toml += "mode = \"substring\"\n";
            } else {
                let forms = if plural { "plural" } else { "none" };
                toml += &format!("forms = \"{forms}\"\nseparators = {separators}\nfold_diacritics = {diacritics}\n");
            }
            if excludes == 0 {
                let phrase = [before.unwrap_or(""), &name, after.unwrap_or("")].concat();
                toml += &format!("exclude = [{}]\n", quoted(&phrase));
            }
            if asked == 0 {
                toml += "question_types = [\"technical\"]\n";
            }
            toml
        },
    )
}

/// A random set, from which terms that are not allowed are left out, with a text of scraps and of the set's terms.
fn case() -> impl Strategy<Value = (String, String, Option<&'static str>)> {
    let text = prop::collection::vec((prop::option::weighted(0.7, scrap()), any::<prop::sample::Index>()), 0..30);
    let terms = prop::collection::vec(term(), 1..6);
    (terms, text, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(terms, text, overlap, asked, upper)| {
        let mut toml = format!("name = \"t\"\nversion = \"1\"\noverlap = {overlap}\n");
        let mut spellings = vec![String::from("a")];
        for term in terms {
            if let Ok(set) = KeywordSet::parse_toml(&format!("{toml}{term}"), "t") {
                toml += &term;
                let last = set.terms().last().unwrap();
                spellings = set.terms().iter().map(|term| term.name.clone()).collect();
                spellings.extend(last.exclude.iter().cloned());
            }
        }
        let parts: Vec<String> = text
            .into_iter()
            .map(|(scrap, index)| scrap.map_or_else(|| index.get(&spellings).clone(), str::to_owned))
            .collect();
        let text = if upper { parts.concat().to_uppercase() } else { parts.concat() };
        (toml, text, asked.then_some("technical"))
    })
}

fn agree(toml: &str, text: &str, question_type: Option<&str>) -> Result<(), TestCaseError> {
    // It may be that no term of the draw was allowed.
    let Ok(set) = KeywordSet::parse_toml(toml, "t") else { return Ok(()) };
    let found = find(&set, text, question_type);
    for hit in &found {
        prop_assert!(text.get(hit.start as usize..hit.end as usize).is_some_and(|quote| !quote.is_empty()));
    }
    prop_assert_eq!(found, reference::find(&set, text, question_type));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn matcher_agrees_with_its_plain_reference((toml, text, question_type) in case()) {
        agree(&toml, &text, question_type)?;
    }

    #[test]
    fn matcher_agrees_with_its_plain_reference_over_ascii((toml, text, question_type) in case()) {
        let text: String = text.chars().filter(char::is_ascii).collect();
        agree(&toml, &text, question_type)?;
    }

    /// The hits in a text do not depend on the texts before and after it, nor on other sets that are sought.
    #[test]
    fn texts_side_by_side_are_searched_as_if_alone(
        (toml, text, question_type) in case(),
        lengths in prop::collection::vec(0..12_usize, 0..8),
        only_ascii in any::<bool>(),
    ) {
        let Ok(set) = KeywordSet::parse_toml(&toml, "t") else { return Ok(()) };
        let text: String = text.chars().filter(|c| c.is_ascii() || !only_ascii).collect();
        let mut rest = text.chars();
        let mut parts: Vec<String> = lengths.into_iter().map(|length| rest.by_ref().take(length).collect()).collect();
        parts.push(rest.collect());
        // Every third text is missing.
        let texts: Vec<Option<&str>> =
            parts.iter().enumerate().map(|(number, part)| (number % 3 != 2).then_some(part.as_str())).collect();
        let alone: Vec<(usize, Vec<Hit>)> = texts
            .iter()
            .enumerate()
            .filter_map(|(number, part)| Some((number, find(&set, (*part)?, question_type))))
            .filter(|(_, hits)| !hits.is_empty())
            .collect();
        let mut together = Vec::new();
        let other = KeywordSet::parse_txt("cat\nb city\n.net\n", "other.txt", "other", Mode::Word).unwrap();
        let matchers = [&set, &other].map(|set| Matcher::new(set).unwrap());
        let (prefilter, mut buffers, mut scratch) =
            (Matcher::shared_prefilter(&matchers), TextBuffers::default(), Scratch::default());
        let texts = Texts::new(texts, &prefilter, &mut buffers);
        matchers[0].find_all(
            &texts,
            |_| question_type,
            &mut scratch,
            |number, hits| together.push((number, hits.to_vec())),
        );
        prop_assert_eq!(&together, &alone);
        let mut counts = Vec::new();
        matchers[0].count_all(&texts, |_| question_type, &mut scratch, |number, count| counts.push((number, count)));
        prop_assert_eq!(counts, alone.iter().map(|(number, hits)| (*number, hits.len())).collect::<Vec<_>>());
    }

    /// Canonically equivalent texts have the same hits in word mode. Marks that come between `か` and its voicing are
    /// left out: there, the definition asks no boundary of the one spelling and sees a part of a character in the
    /// other.
    #[test]
    fn normalisation_changes_no_count((toml, text, question_type) in case()) {
        let Ok(set) = KeywordSet::parse_toml(&toml, "t") else { return Ok(()) };
        // A substring, which is not normalised, may be what a proper noun counts by.
        let has_substrings = set.terms().iter().any(|term| term.mode == Mode::Substring);
        prop_assume!(!has_substrings || set.terms().iter().all(|term| term.proper_nouns.is_empty()));
        let text = text.replace('\u{334}', "");
        let count = |text: &str| {
            let hits = find(&set, text, question_type);
            hits.iter().filter(|hit| set.terms()[hit.term as usize].mode == Mode::Word).map(|hit| hit.term).collect::<Vec<_>>()
        };
        prop_assert_eq!(count(&text.nfc().collect::<String>()), count(&text.nfd().collect::<String>()));
    }
}

const APOSTROPHES: [&str; 8] = ["'", "`", "\u{B4}", "\u{2BC}", "\u{2018}", "\u{2019}", "\u{2032}", "\u{FF07}"];

/// Returns a text with every `'` replaced by the next of these apostrophes.
fn with_apostrophes(text: &str, kinds: &[&str]) -> String {
    let mut kinds = kinds.iter().cycle();
    text.chars().map(|c| if c == '\'' { (*kinds.next().unwrap()).to_owned() } else { c.to_string() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    /// Which apostrophe is written makes no difference, neither to what is found nor to what is negated.
    #[test]
    fn apostrophes_are_one_in_terms_and_texts(
        text in prop::collection::vec(
            select(vec!["'", "don't ", "isn't", "bachelor's degree", "rock 'n' roll", "react", "s", " ", ", ", "but ", "2", "é"]),
            0..16,
        ),
        in_text in prop::collection::vec(select(&APOSTROPHES[..]), 1..6),
        in_terms in prop::collection::vec(select(&APOSTROPHES[..]), 1..6),
        options in select(vec!["", "separators = true", "case_sensitive = true", "fold_diacritics = true"]),
    ) {
        let text = text.concat();
        let found = |terms: &[&str], text: &str| {
            let mut toml = String::from("name = \"t\"\nversion = \"1\"\n");
            for term in ["bachelor's degree", "rock 'n' roll", "react", "isn", "'s", "t"] {
                let name = toml::Value::from(with_apostrophes(term, terms)).to_string();
                toml += &format!("[[terms]]\nname = {name}\n{options}\n");
            }
            let chars = |at: u32| text[..at as usize].chars().count();
            let hits = find(&set(&toml), text, None).into_iter();
            hits.map(|hit| (hit.term, chars(hit.start), chars(hit.end), hit.negated)).collect::<Vec<_>>()
        };
        prop_assert_eq!(found(&in_terms, &with_apostrophes(&text, &in_text)), found(&["'"], &text));
    }

    /// A clause ends at a dash or a bracket as it does at a full stop, wherever it stands between a cue and a mention.
    #[test]
    fn clause_breaks_are_alike(
        before in prop::collection::vec(select(vec!["no", "never", "don't", "we", "used", "um", "not only", "é"]), 0..6),
        after in prop::collection::vec(select(vec!["no", "never", "we", "used", "um", "é"]), 0..6),
        kind in select(vec![" — ", "—", " -- ", " – ", " --- ", " (", ". ", "! ", "; ", "\n"]),
    ) {
        let react = set("name = \"t\"\nversion = \"1\"\n[[terms]]\nname = \"react\"\n");
        let negated = |text: &str| find(&react, text, None).last().unwrap().negated;
        let after = format!("{} react", after.join(" "));
        prop_assert_eq!(negated(&format!("{}{kind}{after}", before.join(" "))), negated(&after));
    }
}

/// The number of cases for each test: 2,000, so that the suite stays quick, or `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

/// Random cases have hits, so that agreement means something.
#[test]
fn random_cases_have_hits() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut hits, mut negated, mut sets) = (0, 0, 0);
    for _ in 0..500 {
        let (toml, text, question_type) = case().new_tree(&mut runner).unwrap().current();
        if !toml.contains("terms") {
            continue;
        }
        let found = find(&set(&toml), &text, question_type);
        sets += 1;
        hits += found.len();
        negated += found.iter().filter(|hit| hit.negated).count();
    }
    assert!(sets > 400 && hits > 500 && negated > 20, "{sets} sets, {hits} hits, {negated} negated");
}

#[test]
#[should_panic(expected = "made ready for the sets")]
fn texts_are_not_searched_for_a_set_that_they_were_not_made_ready_for() {
    let [one, other] = ["one", "other"]
        .map(|term| Matcher::new(&KeywordSet::parse_txt(term, "set.txt", "set", Mode::Word).unwrap()).unwrap());
    let mut buffers = TextBuffers::default();
    let texts = Texts::new(vec![Some("the other one")], one.prefilter(), &mut buffers);
    other.find_all(&texts, |_| None, &mut Scratch::default(), |_, _| ());
}

#[test]
fn scripts_of_shared_letters() {
    assert_eq!(script_of('ー'), Script::Katakana);
    assert_eq!(script_of('ｰ'), Script::Katakana);
    assert_eq!(script_of('〆'), Script::Han);
    assert_eq!(script_of('ʼ'), Script::Common);
    assert_eq!(script_of('_'), Script::Common);
}
