//! Checks that every keyword file is either read or refused. A set that is read can be searched for and always has the
//! same hash. Each term of a list is found in itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup_fuzz::keywords::{KeywordSet, Matcher, Mode, Scratch, lint};
use roundup_fuzz::model::error::{Kind, Result};

fuzz_target!(|text: &str| {
    read(text, |text| KeywordSet::parse_toml(text, "set.toml"));
    read(text, |text| KeywordSet::parse_txt(text, "list.txt", "list", Mode::Substring));
    let Some((list, matcher)) = read(text, |text| KeywordSet::parse_txt(text, "list.txt", "list", Mode::Word)) else {
        return;
    };
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    for (term, number) in list.terms().iter().zip(0..) {
        matcher.find(&term.name, None, &mut scratch, &mut hits);
        assert!(hits.iter().any(|hit| hit.term == number), "{:?} is not in itself: {hits:?}", term.name);
    }
});

/// Returns the set of a file and its matcher, or `None` if the file is refused.
fn read(text: &str, parse: impl Fn(&str) -> Result<KeywordSet>) -> Option<(KeywordSet, Matcher)> {
    let set = match parse(text) {
        Ok(set) => set,
        Err(error) => {
            assert_eq!(error.kind(), Kind::Usage, "{error}");
            return None;
        }
    };
    // A byte order mark does not change the meaning of a file that does not have one already.
    if !text.starts_with('\u{FEFF}') {
        let marked = parse(&format!("\u{FEFF}{text}")).expect("what is read is read again");
        assert_eq!(marked.hash(), set.hash());
    }
    let _warnings = lint(&set);
    let matcher = Matcher::new(&set).expect("a set of a few kilobytes can be searched for");
    Some((set, matcher))
}
