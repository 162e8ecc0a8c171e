//! The words of a text: UAX #29 word segments with at least one alphanumeric character.
//!
//! ASCII is read 64 bytes at a time. Characters beyond ASCII, and the rest of the words they are in, are read by
//! `unicode_segmentation`. Property tests compare the fast way with that crate.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use wide::i8x16;

use super::ascii::Text;
use super::ascii::{BLOCK, Places, ascii_length, blocks, digits, equal, is_word, letters, pack, word_characters};

/// Returns the number of words in a text.
#[must_use]
pub fn count<'t>(text: impl Into<Text<'t>>) -> u64 {
    let text = text.into();
    let words = pieces(text).map(|piece| match piece {
        TextPiece::Ascii(range) => count_ascii(&text.as_bytes()[range]),
        TextPiece::Other(range) => text.as_str()[range].unicode_words().count() as u64,
    });
    words.sum()
}

fn count_ascii(bytes: &[u8]) -> u64 {
    // A run of underscores only is not a word. Such runs are rare, so they are looked for only if there is an
    // underscore.
    if memchr::memchr(b'_', bytes).is_some() {
        return WordFinder::default().of_ascii(bytes).len() as u64;
    }
    let (mut count, mut carry) = (0, 0);
    runs(bytes, |_, run| {
        count += u64::from((run & !(run << 1 | carry)).count_ones());
        carry = run >> (BLOCK - 1);
    });
    count
}

/// Calls `found` with the byte range of every word, in order.
pub fn for_each(text: &str, found: impl FnMut(Range<usize>)) {
    WordFinder::default().for_each(text, found);
}

/// Finds the words of one text after another, and reuses its memory.
#[derive(Debug, Default)]
pub struct WordFinder {
    /// The places where runs begin and end, alternating.
    edges: Places,
}

impl WordFinder {
    /// Calls `found` with the byte range of every word, in order.
    pub fn for_each(&mut self, text: &str, mut found: impl FnMut(Range<usize>)) {
        for piece in pieces(text.into()) {
            match piece {
                TextPiece::Ascii(range) => {
                    let words = self.of_ascii(&text.as_bytes()[range.clone()]).iter();
                    words.for_each(|[start, end]| found(range.start + *start as usize..range.start + *end as usize));
                }
                TextPiece::Other(range) => {
                    let words = text[range.clone()].unicode_word_indices();
                    words.for_each(|(start, word)| found(range.start + start..range.start + start + word.len()));
                }
            }
        }
    }

    /// Returns where each word of an ASCII text begins and ends. All words are found before the first is used.
    pub fn of_ascii(&mut self, bytes: &[u8]) -> &[[u32; 2]] {
        self.edges.clear(bytes);
        let mut carry = 0;
        runs(bytes, |begin, run| {
            self.edges.add(begin, run ^ (run << 1 | carry));
            carry = run >> (BLOCK - 1);
        });
        // A run may go on to the end of the last block.
        if carry != 0 {
            self.edges.add(bytes.len(), 1);
        }
        if memchr::memchr(b'_', bytes).is_some() {
            self.edges.retain_pairs(|[start, end]| is_no_line(bytes, &(start as usize..end as usize)));
        }
        let (words, _) = self.edges.get().as_chunks::<2>();
        words
    }
}

/// A part of a text that has the same words on its own as within the whole text.
pub enum TextPiece {
    Ascii(Range<usize>),
    /// Characters beyond ASCII, with the rest of the words they are in.
    Other(Range<usize>),
}

/// Returns the pieces of a text, one after the other without gaps.
///
/// A text can be cut before a space that ASCII follows and no other space precedes. There is a word boundary before
/// every run of spaces, and the only rule that looks across it is the one that joins marks to the character before
/// them.
pub fn pieces(text: Text) -> impl Iterator<Item = TextPiece> {
    let is_ascii = text.is_ascii();
    let text = text.as_str();
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at;
        if begin == bytes.len() {
            return None;
        }
        let ascii_end = if is_ascii { bytes.len() } else { begin + ascii_length(&bytes[begin..]) };
        if ascii_end == bytes.len() {
            at = ascii_end;
            return Some(TextPiece::Ascii(begin..at));
        }
        let is_first_space = |&space: &usize| !text[..space].ends_with(char::is_whitespace);
        let before = memchr::memrchr_iter(b' ', &bytes[begin..ascii_end]).map(|space| begin + space);
        if let Some(space) = before.take_while(|space| *space > begin).find(is_first_space) {
            at = space;
            return Some(TextPiece::Ascii(begin..at));
        }
        let after = memchr::memchr_iter(b' ', &bytes[ascii_end..]).map(|space| ascii_end + space);
        let is_cut = |space: &usize| bytes.get(space + 1).is_none_or(u8::is_ascii) && is_first_space(space);
        at = { after }.find(is_cut).unwrap_or(bytes.len());
        Some(TextPiece::Other(begin..at))
    })
}

/// Returns the words of an ASCII text that end at `end` or before, the last one first. Here and in the functions below,
/// a grave accent joins letters as an apostrophe does: transcribers write both.
pub(in crate::keywords) fn before(bytes: &[u8], end: usize) -> impl Iterator<Item = Range<usize>> {
    let mut end = end;
    // A run that goes on beyond `end` is not a word before it.
    if end < bytes.len() && is_in_run(bytes, end) {
        end = begin_of_run(bytes, end);
    }
    let runs = std::iter::from_fn(move || {
        let last = bytes[..end].iter().enumerate().rev().map(|(at, _)| at).find(|at| is_in_run(bytes, *at))?;
        let run = begin_of_run(bytes, last)..last + 1;
        end = run.start;
        Some(run)
    });
    runs.filter(|run| is_no_line(bytes, run))
}

/// Returns the word of an ASCII text that the word character at `within` belongs to.
pub(in crate::keywords) fn around(bytes: &[u8], within: usize) -> Range<usize> {
    let end = (within..bytes.len()).find(|at| !is_in_run(bytes, *at)).unwrap_or(bytes.len());
    begin_of_run(bytes, within)..end
}

/// Returns the first word of an ASCII text that ends after `start`.
pub(in crate::keywords) fn at_or_after(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let mut from = start;
    loop {
        let first = (from..bytes.len()).find(|at| is_in_run(bytes, *at))?;
        let end = (first..bytes.len()).find(|at| !is_in_run(bytes, *at)).unwrap_or(bytes.len());
        let run = begin_of_run(bytes, first)..end;
        if is_no_line(bytes, &run) {
            return Some(run);
        }
        from = end;
    }
}

fn begin_of_run(bytes: &[u8], within: usize) -> usize {
    (0..within).rev().take_while(|at| is_in_run(bytes, *at)).last().unwrap_or(within)
}

/// Whether one byte is in a run, as [`runs`] defines it, but for the grave accent, which is an apostrophe here.
fn is_in_run(bytes: &[u8], at: usize) -> bool {
    let byte = bytes[at];
    let sign = match byte {
        _ if is_word(byte) => return true,
        b'.' | b'\'' | b'`' => |a: u8, b: u8| {
            a.is_ascii_alphabetic() && b.is_ascii_alphabetic() || a.is_ascii_digit() && b.is_ascii_digit()
        },
        b':' => |a: u8, b: u8| a.is_ascii_alphabetic() && b.is_ascii_alphabetic(),
        b',' | b';' => |a: u8, b: u8| a.is_ascii_digit() && b.is_ascii_digit(),
        _ => return false,
    };
    at > 0 && bytes.get(at + 1).is_some_and(|next| sign(bytes[at - 1], *next))
}

/// Whether a run is a word, that is, more than underscores.
fn is_no_line(bytes: &[u8], run: &Range<usize>) -> bool {
    bytes[run.start] != b'_' || bytes[run.clone()].iter().any(u8::is_ascii_alphanumeric)
}

/// Calls `block` for each 64 bytes of an ASCII text, with the place where they begin and the bytes that are in a run,
/// as bits. A run is a word if anything in it is alphanumeric.
///
/// Runs follow rules WB5 to WB13b of UAX #29 for ASCII: letters, digits and underscores hold together. A full stop or
/// an apostrophe joins two letters or two digits, a colon joins two letters, and a comma or a semicolon joins two
/// digits.
fn runs(bytes: &[u8], mut block: impl FnMut(usize, u64)) {
    let last = BLOCK - 1;
    let (mut before, mut word_before) = (0, 0);
    for (begin, here) in blocks(bytes) {
        let words = pack(&here, word_characters);
        let next = bytes.get(begin + BLOCK).copied().unwrap_or(0);
        let between = (words << 1 | word_before) & (words >> 1 | u64::from(is_word(next)) << last);
        // Mostly a space stands between two words, and other signs in a sentence have a space beside them.
        let others = between & !words & !pack(&here, |bytes| equal(bytes, b' '));
        let joined = if others == 0 { 0 } else { joined(&here, before, next) };
        (before, word_before) = (here[last], words >> last);
        block(begin, words | joined);
    }
}

/// Returns the signs of a block that join the characters beside them, as bits. `before` and `next` are the bytes around
/// the block.
fn joined(block: &[u8; BLOCK], before: u8, next: u8) -> u64 {
    let beside = |these: u64, before: bool, next: bool| {
        (these << 1 | u64::from(before)) & (these >> 1 | u64::from(next) << (BLOCK - 1))
    };
    let letters = beside(pack(block, letters), before.is_ascii_alphabetic(), next.is_ascii_alphabetic());
    let digits = beside(pack(block, digits), before.is_ascii_digit(), next.is_ascii_digit());
    letters & pack(block, |bytes| joins_both(bytes) | equal(bytes, b':'))
        | digits & pack(block, |bytes| joins_both(bytes) | joins_digits(bytes))
}

/// Returns which bytes are signs that join two letters or two digits.
fn joins_both(bytes: i8x16) -> i8x16 {
    equal(bytes, b'.') | equal(bytes, b'\'')
}

/// Returns which bytes are signs that join two digits only.
fn joins_digits(bytes: i8x16) -> i8x16 {
    equal(bytes, b',') | equal(bytes, b';')
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
        fn words_around_a_place_are_those_of_the_whole(
            pieces in vec(select(vec!["a", "B", "0", "_", ".", "'", "`", ",", ":", " ", "-"]), 0..60),
            place in any::<proptest::sample::Index>(),
        ) {
            let text = pieces.concat();
            let place = place.index(text.len() + 1);
            let mut words = Vec::new();
            for_each(&text.replace('`', "'"), |word| words.push(word));
            let before_place: Vec<_> = words.iter().rev().filter(|word| word.end <= place).cloned().collect();
            prop_assert_eq!(before(text.as_bytes(), place).collect::<Vec<_>>(), before_place);
            if text[place..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
                let around = around(text.as_bytes(), place);
                prop_assert_eq!(Some(around), words.iter().find(|word| word.contains(&place)).cloned());
            }
            prop_assert_eq!(at_or_after(text.as_bytes(), place), words.into_iter().find(|word| word.end > place));
        }

        #[test]
        fn any_text_is_read_as_the_standard_says(
            pieces in vec(select(vec![
                "a", "Z", "7", "_", ".", "'", ",", ":", " ", "  ", "-", "\n", "é", "e\u{301}", "\u{301}", "\u{345}", "\u{5B6}", "ß", "東", "京", "か", "カ",
                "\u{200D}", "\u{FE0F}", "👩", "🇩", "🇪", "ก", "\u{AD}", "א", "\"", "\u{2019}", "·", "\u{A0}", "\u{3000}", "\u{85}", "１",
            ]), 0..120),
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
