//! Finds where a match can begin in a text, and hashes the bytes there.
//!
//! A match that begins with an ASCII word character or a full stop does not follow an ASCII word character (the left
//! boundary). The same is true of each of its tokens, because they follow a separator. This leaves one byte in five.
//! The first eight bytes at each such place, cut off at the end of the word, are hashed once for all sets. The places
//! that [`super::prefilter`] lets through are looked up by [`super::anchors`].

use std::ops::Range;

use super::prefilter::Prefilter;
use crate::keywords::text::ascii::{BLOCK, Places, blocks, equal, is_word, pack, word_characters};

/// The places in a text where a match can begin and that a prefilter lets through.
#[derive(Debug, Default)]
pub(in crate::keywords) struct WordStarts {
    /// All places where a match can begin, including those that the prefilter turns away.
    places: Places,
    /// Which bytes of the text are word characters, as bits.
    words: Vec<u8>,
    starts: Vec<WordStart>,
}

#[derive(Debug, Clone, Copy)]
struct WordStart {
    place: u32,
    /// The key of the bytes there, see [`key`].
    key: u64,
}

impl WordStarts {
    /// Replaces the contents with the places of a text, which must be smaller than 4 GiB, and returns `self`.
    ///
    /// No branch predictor foresees the number of places in a block or the length of a word, so nothing here branches
    /// on them.
    pub(in crate::keywords) fn read(&mut self, text: &[u8], prefilter: &Prefilter) -> &Self {
        let Self { places, words, starts } = self;
        places.clear(text);
        words.clear();
        let mut after_word = 0;
        for (begin, block) in blocks(text) {
            let (here, stops) = (pack(&block, word_characters), pack(&block, |bytes| equal(bytes, b'.')));
            words.extend_from_slice(&here.to_le_bytes());
            places.add(begin, (here | stops) & !(here << 1 | after_word));
            after_word = here >> (BLOCK - 1);
        }
        words.push(0);
        starts.clear();
        for lot in places.get().chunks(64) {
            let mut passing = passing(text, words, lot, prefilter);
            while passing != 0 {
                let place = lot[passing.trailing_zeros() as usize];
                passing &= passing - 1;
                starts.push(WordStart { place, key: key_at(text, words, place) });
            }
        }
        self
    }

    /// Returns each place with its key, in the order of the text.
    pub(in crate::keywords) fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        self.starts.iter().map(|start| (start.place as usize, start.key))
    }

    /// Returns the places within a part of the text, with their keys.
    pub(in crate::keywords) fn within(&self, part: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
        let begin = self.starts.partition_point(|start| (start.place as usize) < part.start);
        let of_part = self.starts[begin..].iter().map(|start| (start.place as usize, start.key));
        of_part.take_while(move |(place, _)| *place < part.end)
    }
}

/// Returns which of at most 64 places pass the prefilter, as bits. This is a function of its own so that all it needs
/// is in registers.
#[inline(never)]
fn passing(text: &[u8], words: &[u8], lot: &[u32], prefilter: &Prefilter) -> u64 {
    let passes = lot.iter().map(|place| u64::from(prefilter.passes(key_at(text, words, *place))));
    passes.rev().fold(0, |passing, passes| passing << 1 | passes)
}

/// Returns the key of a place in a text. The bits of `words` say which bytes of the text are word characters.
#[inline]
fn key_at(text: &[u8], words: &[u8], place: u32) -> u64 {
    let place = place as usize;
    let words = u16::from_le_bytes(words[place / 8..place / 8 + 2].try_into().expect("two bytes")) >> (place % 8);
    scatter(eight_bytes(text, place) & KEPT[usize::from(words as u8)])
}

/// For each combination of word characters among eight bytes, a mask of the bytes that go into a key: the first byte,
/// whatever it is, and the word characters that follow it without a gap.
static KEPT: [u64; 256] = {
    let mut kept = [0; 256];
    let mut words = 0;
    while words < 256 {
        let bytes = (words as u8 | 1).trailing_ones();
        kept[words] = u64::MAX >> (64 - 8 * bytes);
        words += 1;
    }
    kept
};

/// Returns the eight bytes of a text from `place` on, filled up with zeros at its end.
pub(in crate::keywords) fn eight_bytes(text: &[u8], place: usize) -> u64 {
    match text.get(place..place + 8) {
        Some(eight) => u64::from_le_bytes(eight.try_into().expect("eight bytes")),
        None => {
            let mut eight = [0; 8];
            let rest = &text[place.min(text.len())..];
            eight[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(eight)
        }
    }
}

/// The factor by which keys are scattered. It is odd, so no two keys become equal.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
/// The inverse of [`FACTOR`] modulo 2^64, which undoes the scattering.
const INVERSE: u64 = inverse(FACTOR);

/// Returns the key of an anchor, which is also the key of a text where the anchor stands: the first of eight bytes and
/// the word characters that follow it without a gap. They are scattered so that the highest bits depend on all of them,
/// and no two keys become equal.
///
/// An anchor that ends after these bytes, and one that goes on with a sign, have the same key as the text they are in.
pub(in crate::keywords) fn key(anchor: &[u8]) -> u64 {
    let words = anchor.iter().take(8).zip(0..).map(|(byte, at)| u8::from(is_word(*byte)) << at);
    scatter(eight_bytes(anchor, 0) & KEPT[usize::from(words.fold(0, |all, bit| all | bit))])
}

/// Returns how many bytes of a text a key is made from.
pub(in crate::keywords) fn kept(key: u64) -> usize {
    8 - key.wrapping_mul(INVERSE).leading_zeros() as usize / 8
}

/// Returns a key that also covers the four bytes after those of `key`. Two of these keys may be equal, so the anchors
/// found by one must be compared with the text.
pub(in crate::keywords) fn longer_key(key: u64, next: u64) -> u64 {
    scatter(key.rotate_left(32) ^ (next & 0xFFFF_FFFF))
}

/// Multiplies a key by [`FACTOR`], so that its highest bits depend on all of it.
fn scatter(key: u64) -> u64 {
    key.wrapping_mul(FACTOR)
}

/// Returns the inverse of an odd number modulo 2^64, by Newton's iteration.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut right_bits = 3;
    while right_bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        right_bits *= 2;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_how_many_bytes_it_is_of() {
        for (text, bytes) in [("a", 1), ("react ", 5), ("kubernetes", 8), (".net", 4)] {
            let mut starts = WordStarts::default();
            starts.read(text.as_bytes(), &Prefilter::open());
            let (place, key) = starts.iter().next().unwrap();
            assert_eq!((place, kept(key)), (0, bytes), "{text}");
        }
    }

    #[test]
    fn matches_can_begin_after_anything_but_a_word_character() {
        let mut starts = WordStarts::default();
        starts.read("go, asp.net .net é_1x".as_bytes(), &Prefilter::open());
        let places: Vec<usize> = starts.iter().map(|(place, _)| place).collect();
        assert_eq!(places, [0, 4, 8, 12, 13, 19]);
    }
}
