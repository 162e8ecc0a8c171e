//! When words can be counted at all.

use unicode_script::{Script, UnicodeScript};

/// Whether more than half of the letters are Han, Kana or Thai: these are written without spaces, so UAX #29 does not
/// find their words, and there are no word figures.
#[must_use]
pub fn is_unspaced(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let (mut letters, mut unspaced) = (0_u64, 0_u64);
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        letters += 1;
        if character.is_ascii() {
            continue;
        }
        let script = character.script();
        unspaced += u64::from(matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Thai));
    }
    unspaced * 2 > letters
}
