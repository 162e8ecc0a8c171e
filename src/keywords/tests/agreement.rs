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
    let options = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..3_u8, 0..4_u8);
    let phrase = (0..4_u8, prop::option::of(scrap()), prop::option::of(scrap()));
    (spelling(), prop::collection::vec(spelling(), 0..3), options, phrase).prop_map(
        |(name, aliases, (case, plural, separators, diacritics, mode, asked), (excludes, before, after))| {
            let quoted = |text: &str| toml::Value::from(text).to_string();
            let mut toml = format!("[[terms]]\nname = {}\ncase_sensitive = {case}\n", quoted(&name));
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
        let text = text.replace('\u{334}', "");
        let count = |text: &str| {
            let hits = find(&set, text, question_type);
            hits.iter().filter(|hit| set.terms()[hit.term as usize].mode == Mode::Word).map(|hit| hit.term).collect::<Vec<_>>()
        };
        prop_assert_eq!(count(&text.nfc().collect::<String>()), count(&text.nfd().collect::<String>()));
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
