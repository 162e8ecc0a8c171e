//! Whole words in ASCII text: looked for only where one can begin.
//!
//! In ASCII a match that begins with a word character or a full stop stands at the beginning of the text or after a
//! character that is none (the left boundary), and so does each of its tokens (they follow a separator). That is one byte
//! in five. At each such place the first four bytes, cut off at the end of the word, are looked up in a bitmap, and the
//! few that pass in a table. [`super::matcher`] asks all the rules of what is found here, and a property test holds the
//! two ways of searching to the same hits.

use std::collections::HashMap;
use std::ops::Range;

use super::ascii::{BLOCK, blocks, is_word, pack};

/// What is appended to a text, so that a load at its last byte stays within.
const PADDING: usize = 8;
/// Bits of the bitmap for each anchor: so few false alarms that the table is rarely asked in vain.
const BITS_AN_ANCHOR: usize = 64;

#[derive(Debug)]
pub(super) struct Starts {
    /// By hash of a key: whether any anchor has it.
    bitmap: Vec<u64>,
    shift: u32,
    /// By key: a range of `anchors`.
    table: HashMap<u32, Range<u32>, Keyed>,
    anchors: Vec<Anchor>,
}

/// The key is hashed for the bitmap already, so its table needs no more than that.
type Keyed = std::hash::BuildHasherDefault<KeyHasher>;

#[derive(Debug, Default)]
pub(super) struct KeyHasher(u64);

impl std::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("keys are u32")
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = scatter(key);
    }
}

#[derive(Debug)]
struct Anchor {
    /// Its first eight bytes, and which of them there are.
    head: u64,
    mask: u64,
    text: Box<str>,
    pattern: usize,
}

impl Starts {
    /// Whether an anchor can be sought this way.
    pub(super) fn takes(anchor: &str) -> bool {
        let mut bytes = anchor.bytes();
        // The key of a lone full stop would not say what follows it.
        let begins =
            bytes.next().is_some_and(|first| is_word(first) || first == b'.' && bytes.next().is_some_and(is_word));
        begins && anchor.is_ascii()
    }

    /// Of anchors, each with the number that [`Self::find`] calls it by.
    pub(super) fn new<'a>(anchors: impl Iterator<Item = (&'a str, usize)>) -> Self {
        let mut keyed: Vec<(u32, Anchor)> = anchors
            .map(|(text, pattern)| {
                let bytes = padded(text);
                let mask = if text.len() >= 8 { u64::MAX } else { (1 << (8 * text.len())) - 1 };
                let head = load(&bytes, 0) & mask;
                (key(head), Anchor { head, mask, text: text.into(), pattern })
            })
            .collect();
        keyed.sort_by_key(|(key, anchor)| (*key, anchor.pattern));
        let bits = (keyed.len() * BITS_AN_ANCHOR).next_power_of_two().max(1 << 12);
        let shift = 64 - bits.trailing_zeros();
        let mut bitmap = vec![0; bits / 64];
        let mut table: HashMap<u32, Range<u32>, Keyed> = HashMap::default();
        for ((key, _), index) in keyed.iter().zip(0..) {
            let bit = scatter(*key) >> shift;
            bitmap[(bit / 64) as usize] |= 1 << (bit % 64);
            table.entry(*key).or_insert(index..index).end = index + 1;
        }
        Self { bitmap, shift, table, anchors: keyed.into_iter().map(|(_, anchor)| anchor).collect() }
    }

    /// Calls `found` with the number and the place of every anchor that begins where a match can. `text` is folded ASCII,
    /// and padded by [`pad`].
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = text.as_bytes();
        let mut after_word = 0;
        for (begin, block) in blocks(&bytes[..bytes.len() - PADDING]) {
            let (words, stops) = (pack(&block, is_word), pack(&block, |byte| byte == b'.'));
            let mut starts = (words | stops) & !(words << 1 | after_word);
            after_word = words >> (BLOCK - 1);
            while starts != 0 {
                let place = begin + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                self.find_at(bytes, place, &mut found);
            }
        }
    }

    fn find_at(&self, bytes: &[u8], place: usize, found: &mut impl FnMut(usize, Range<usize>)) {
        let head = load(bytes, place);
        let key = key(head);
        let bit = scatter(key) >> self.shift;
        if self.bitmap[(bit / 64) as usize] >> (bit % 64) & 1 == 0 {
            return;
        }
        let Some(range) = self.table.get(&key) else { return };
        for anchor in &self.anchors[range.start as usize..range.end as usize] {
            let is_there = head & anchor.mask == anchor.head
                && (anchor.text.len() <= 8 || bytes[place..].starts_with(anchor.text.as_bytes()));
            if is_there {
                found(anchor.pattern, place..place + anchor.text.len());
            }
        }
    }
}

/// Appends what lets [`Starts::find`] load whole words at the end of a text.
pub(super) fn pad(text: &mut String) {
    text.push_str("\0\0\0\0\0\0\0\0");
}

fn padded(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    pad(&mut text);
    text.into_bytes()
}

/// The text that was padded.
pub(super) fn unpadded(text: &str) -> &str {
    &text[..text.len() - PADDING]
}

fn load(bytes: &[u8], place: usize) -> u64 {
    u64::from_le_bytes(bytes[place..place + 8].try_into().expect("eight bytes"))
}

/// The first four bytes, and zeros from the first but the very first that is no word character: an anchor that ends
/// there, and one that goes on with a sign, have the same key as the text they are in.
fn key(head: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the first four bytes are wanted")]
    let head = head as u32;
    let mut kept = 1;
    while kept < 4 && is_word((head >> (8 * kept) & 0xFF) as u8) {
        kept += 1;
    }
    head & (u32::MAX >> (32 - 8 * kept))
}

fn scatter(key: u32) -> u64 {
    (u64::from(key) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(anchors: &[&str], text: &str) -> Vec<(usize, Range<usize>)> {
        let starts = Starts::new(anchors.iter().copied().zip(0..));
        let mut text = text.to_owned();
        pad(&mut text);
        let mut found = Vec::new();
        starts.find(&text, |pattern, place| found.push((pattern, place)));
        found.sort_by_key(|(pattern, place)| (place.start, *pattern));
        found
    }

    #[test]
    fn anchors_are_found_where_a_word_begins() {
        let anchors = ["go", "c++", "c", ".net", "kubernetes", "a b", "r2_d2"];
        assert_eq!(find(&anchors, "go"), [(0, 0..2)]);
        assert_eq!(find(&anchors, "ago goes"), [], "not inside a word, and not as the head of a longer one");
        assert_eq!(find(&anchors, "(c++)"), [(1, 1..4), (2, 1..2)]);
        assert_eq!(find(&anchors, "asp.net .net"), [(3, 8..12)]);
        assert_eq!(find(&anchors, "kubernete kubernetes"), [(4, 10..20)]);
        assert_eq!(find(&anchors, "a b r2_d2"), [(5, 0..3), (6, 4..9)]);
        let long = "x ".repeat(31) + "a b";
        assert_eq!(find(&anchors, &long), [(5, 62..65)], "across two blocks");
        assert_eq!(find(&anchors, ""), []);
    }
}
