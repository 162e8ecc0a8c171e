//! Compares the matcher with its plain reference, over sets and texts that a fuzzer chooses.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::keywords::reference::{self, ALPHABET, WORDS};
use crate::keywords::{Hit, KeywordSet, Matcher, Scratch, TextBuffers, Texts};

/// The line between a set and a text that are written out.
const PARTING: &str = "\n=====\n";

/// The longest text, in bytes. The reference could read only a few longer texts in a minute.
const LONGEST_TEXT: usize = 400;

/// Panics if the matcher finds anything other than its reference does.
///
/// The input is a set in TOML and a text, with [`PARTING`] between them. In any other input, each byte chooses an
/// option or a scrap.
pub fn check(input: &[u8]) {
    let written = std::str::from_utf8(input).ok().and_then(|input| input.split_once(PARTING));
    if let Some((toml, text)) = written {
        match KeywordSet::parse_toml(toml, "set.toml") {
            Ok(set) if text.len() <= LONGEST_TEXT => compare(&set, text, None),
            _ => {}
        }
    } else if let Ok((Some(set), text, question_type)) = chosen(&mut Unstructured::new(input)) {
        compare(&set, &text, question_type);
    }
}

fn compare(set: &KeywordSet, text: &str, question_type: Option<&str>) {
    // A text takes the fast way only if all of it is ASCII. The ASCII text is given twice so that two are searched side
    // by side.
    let ascii: String = text.chars().filter(char::is_ascii).collect();
    let texts = [Some(text), Some(&ascii), None, Some(&ascii)];
    let mut found: [Vec<Hit>; 4] = Default::default();
    let matcher = Matcher::new(set).expect("a small set can be searched for");
    matcher.find_all(
        &Texts::new(texts.to_vec(), matcher.prefilter(), &mut TextBuffers::default()),
        |_| question_type,
        &mut Scratch::default(),
        |number, hits| found[number] = hits.to_vec(),
    );
    for (text, found) in texts.iter().zip(found) {
        let expected = text.map_or_else(Vec::new, |text| reference::find(set, text, question_type));
        assert_eq!(found, expected, "in {text:?}, asked in {question_type:?}, with {set:#?}");
    }
}

/// Chooses a set of one to six terms, a text, and a question type. Terms that are refused are left out, and there is no
/// set if all are.
fn chosen(input: &mut Unstructured) -> Result<(Option<KeywordSet>, String, Option<&'static str>)> {
    let mut toml = format!("name = \"set\"\nversion = \"1\"\noverlap = {}\n", input.arbitrary::<bool>()?);
    let question_type = input.arbitrary::<bool>()?.then_some("technical");
    let mut set = None;
    for _ in 0..input.int_in_range(1..=6)? {
        let with_next = format!("{toml}{}", term(input)?);
        if let Ok(read) = KeywordSet::parse_toml(&with_next, "set.toml") {
            (toml, set) = (with_next, Some(read));
        }
    }
    let mut text = String::new();
    while text.len() < LONGEST_TEXT && !input.is_empty() {
        match (input.int_in_range(0..=3)?, &set) {
            (0, Some(set)) => text += &input.choose(set.terms())?.name,
            (1, Some(set)) => text.extend(input.choose(set.terms())?.exclude.iter().map(String::as_str)),
            _ => text += scrap(input)?,
        }
    }
    Ok((set, text, question_type))
}

/// Chooses a term of a TOML set, with any of its options.
fn term(input: &mut Unstructured) -> Result<String> {
    let name = spelling(input)?;
    let mut toml = format!("[[terms]]\nname = {}\n", quoted(&name));
    let [case_sensitive, substring, plural, separators, fold_diacritics, asks, excludes, has_alias] = flags(input)?;
    toml += &format!("case_sensitive = {case_sensitive}\n");
    if substring {
        toml += "mode = \"substring\"\n";
    } else {
        let forms = if plural { "plural" } else { "none" };
        toml += &format!("forms = \"{forms}\"\nseparators = {separators}\nfold_diacritics = {fold_diacritics}\n");
    }
    if has_alias {
        toml += &format!("aliases = [{}]\n", quoted(&spelling(input)?));
    }
    match input.int_in_range(0..=3)? {
        0 => toml += &format!("proper_nouns = [{}]\n", quoted(&name)),
        1 => toml += &format!("proper_nouns = [{}]\n", quoted(&spelling(input)?)),
        _ => {}
    }
    if excludes {
        let phrase = [scrap(input)?, &name, scrap(input)?].concat();
        toml += &format!("exclude = [{}]\n", quoted(&phrase));
    }
    if asks {
        toml += "question_types = [\"technical\"]\n";
    }
    Ok(toml)
}

fn flags(input: &mut Unstructured) -> Result<[bool; 8]> {
    let bits: u8 = input.arbitrary()?;
    Ok(std::array::from_fn(|bit| bits >> bit & 1 == 1))
}

/// Chooses a spelling of one to three scraps.
fn spelling(input: &mut Unstructured) -> Result<String> {
    (0..input.int_in_range(1..=3)?).map(|_| scrap(input)).collect()
}

fn scrap(input: &mut Unstructured) -> Result<&'static str> {
    let number = input.int_in_range(0..=ALPHABET.len() + WORDS.len() - 1)?;
    Ok(ALPHABET.get(number).copied().unwrap_or_else(|| WORDS[number - ALPHABET.len()]))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
