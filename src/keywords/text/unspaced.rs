//! Tells whether the words of a text can be counted.

use unicode_script::{Script, UnicodeScript};

use super::ascii::Text;

/// Whether more than half of a text's letters are Han, Hiragana, Katakana or Thai. These scripts are written without
/// spaces, so UAX #29 does not find their words, and such a text has no figures of words.
#[must_use]
pub fn is_unspaced(text: Text) -> bool {
    // Apostrophes and accents are far more frequent than letters of these scripts, so the bytes are checked first. The
    // inner loop has no early exit, so that many bytes are compared at once.
    let any = |bytes: &[u8]| bytes.iter().fold(false, |any, byte| any | begins_unspaced(*byte));
    if text.is_ascii() || !text.as_bytes().chunks(128).any(any) {
        return false;
    }
    let (mut letters, mut unspaced) = (0_u64, 0_u64);
    for character in text.as_str().chars().filter(|character| character.is_alphabetic()) {
        letters += 1;
        unspaced += u64::from(!character.is_ascii() && is_of_unspaced_script(character));
    }
    unspaced * 2 > letters
}

/// Whether a byte can be the first of a letter of a script that is written without spaces.
fn begins_unspaced(byte: u8) -> bool {
    matches!(byte, 0xE0 | 0xE3..=0xE9 | 0xEF | 0xF0)
}

fn is_of_unspaced_script(character: char) -> bool {
    matches!(character.script(), Script::Han | Script::Hiragana | Script::Katakana | Script::Thai)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_these_scripts_is_seen_by_its_first_byte() {
        let mut seen = 0;
        for letter in ('\0'..=char::MAX).filter(|letter| letter.is_alphabetic() && is_of_unspaced_script(*letter)) {
            assert!(begins_unspaced(letter.encode_utf8(&mut [0; 4]).as_bytes()[0]), "{letter:?}");
            seen += 1;
        }
        assert!(seen > 90_000, "{seen}");
    }
}
