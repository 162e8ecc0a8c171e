//! Words of a transcript, as `docs/definitions.md` has them.

use std::collections::HashSet;

use icu_casemap::CaseMapper;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// How many words, and how many different ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Words {
    /// UAX #29 word segments with at least one alphanumeric character.
    pub count: u64,
    /// Distinct ones among them, case-folded.
    pub unique: u64,
}

/// Counts the words of a text; `None` where Han, Kana or Thai dominate, because those are written without spaces and
/// UAX #29 does not find their words.
#[must_use]
pub fn count(text: &str) -> Option<Words> {
    if !text.is_ascii() && is_unspaced(text) {
        return None;
    }
    let mut words = Words::default();
    let mut seen = HashSet::new();
    let folder = CaseMapper::new();
    for word in text.unicode_words() {
        words.count += 1;
        seen.insert(folder.fold_string(word));
    }
    words.unique = seen.len() as u64;
    Some(words)
}

/// Whether more than half of the letters are Han, Kana or Thai.
fn is_unspaced(text: &str) -> bool {
    let (mut letters, mut unspaced) = (0_u64, 0_u64);
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        letters += 1;
        let script = character.script();
        unspaced += u64::from(matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Thai));
    }
    unspaced * 2 > letters
}
