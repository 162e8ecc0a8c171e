//! The words of a text: UAX #29 word segments with at least one alphanumeric character.
//!
//! ASCII text is read 64 bytes at a time; `unicode_segmentation` reads the rest, and is what a property test holds the
//! fast way to.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::ascii::{BLOCK, blocks, pack};

/// How many words a text has.
#[must_use]
pub fn count(text: &str) -> u64 {
    if !text.is_ascii() {
        return text.unicode_words().count() as u64;
    }
    let (mut count, mut underscores, mut carry) = (0, 0, 0);
    runs(text.as_bytes(), |_, run, underscore| {
        count += u64::from((run & !(run << 1 | carry)).count_ones());
        underscores |= underscore;
        carry = run >> (BLOCK - 1);
    });
    // A run of nothing but underscores is no word, and too rare to be looked for until there is one.
    if underscores == 0 { count } else { collect(text) }
}

fn collect(text: &str) -> u64 {
    let mut count = 0;
    for_each(text, |_| count += 1);
    count
}

/// Calls `found` with the bytes of every word, in their order.
pub fn for_each(text: &str, mut found: impl FnMut(Range<usize>)) {
    if !text.is_ascii() {
        text.unicode_word_indices().for_each(|(start, word)| found(start..start + word.len()));
        return;
    }
    let bytes = text.as_bytes();
    let mut word = |word: Range<usize>| {
        if bytes[word.start] != b'_' || bytes[word.clone()].iter().any(u8::is_ascii_alphanumeric) {
            found(word);
        }
    };
    let mut begun = None;
    let mut carry = 0;
    runs(bytes, |begin, run, _| {
        let mut edges = run ^ (run << 1 | carry);
        carry = run >> (BLOCK - 1);
        while edges != 0 {
            let at = begin + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            match begun.take() {
                Some(start) => word(start..at),
                None => begun = Some(at),
            }
        }
    });
    if let Some(start) = begun {
        word(start..bytes.len());
    }
}

/// Calls `block` for each 64 bytes of an ASCII text: where they begin, which of them are in a run that is a word if
/// anything in it is alphanumeric, and which are underscores.
///
/// Rules WB5 to WB13b of UAX #29, as far as ASCII goes: letters, digits and underscores hold together; a full stop or an
/// apostrophe joins two letters or two digits, a colon two letters, a comma or a semicolon two digits.
fn runs(bytes: &[u8], mut block: impl FnMut(usize, u64, u64)) {
    let (mut letter_before, mut digit_before) = (0, 0);
    for (begin, bytes_here) in blocks(bytes) {
        let letters = pack(&bytes_here, |byte| byte.is_ascii_alphabetic());
        let digits = pack(&bytes_here, |byte| byte.is_ascii_digit());
        let underscores = pack(&bytes_here, |byte| byte == b'_');
        let joins = pack(&bytes_here, |byte| matches!(byte, b'.' | b'\''));
        let joins_letters = pack(&bytes_here, |byte| byte == b':');
        let joins_digits = pack(&bytes_here, |byte| matches!(byte, b',' | b';'));
        let next = bytes.get(begin + BLOCK).copied().unwrap_or(0);
        let last = BLOCK - 1;
        let beside_letters =
            (letters << 1 | letter_before) & (letters >> 1 | u64::from(next.is_ascii_alphabetic()) << last);
        let beside_digits = (digits << 1 | digit_before) & (digits >> 1 | u64::from(next.is_ascii_digit()) << last);
        let joined = (joins | joins_letters) & beside_letters | (joins | joins_digits) & beside_digits;
        (letter_before, digit_before) = (letters >> last, digits >> last);
        block(begin, letters | digits | underscores | joined, underscores);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn fast(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        for_each(text, |word| words.push(&text[word]));
        words
    }

    #[test]
    fn words_of_the_definition() {
        for one in ["node.js", "don't", "3.5", "1,000", "a:b", "a_b", "x1"] {
            assert_eq!(fast(one), [one]);
        }
        assert_eq!(
            fast("end. A,b 1. _ __ 'quoted' a.1 3,x _y"),
            ["end", "A", "b", "1", "quoted", "a", "1", "3", "x", "_y"]
        );
        assert_eq!(count("_ __ ___ a"), 1);
        assert_eq!(count(""), 0);
    }

    proptest! {
        #[test]
        fn ascii_is_read_as_the_standard_says(
            pieces in vec(select(vec!["a", "B", "z", "0", "7", "_", ".", "'", ",", ";", ":", " ", "-", "\n", "\0", "\""]), 0..200),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(fast(&text), text.unicode_words().collect::<Vec<_>>());
            prop_assert_eq!(count(&text), text.unicode_words().count() as u64);
        }

        #[test]
        fn any_ascii(text in "[ -~\t\r\n\0\x7F]{0,300}") {
            prop_assert_eq!(fast(&text), text.unicode_words().collect::<Vec<_>>());
        }
    }
}
