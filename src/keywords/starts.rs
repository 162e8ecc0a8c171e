//! Whole words in ASCII text: looked for only where one can begin.
//!
//! In ASCII a match that begins with a word character or a full stop stands at the beginning of the text or after a
//! character that is none (the left boundary), and so does each of its tokens (they follow a separator). That is one byte
//! in five. For each such place the first eight bytes, cut off at the end of the word, are hashed once for all sets;
//! a set looks the hash up in a bitmap, and the few that pass in a table. Hundreds of terms may begin with one word
//! (`data …`), so those that go on for four bytes or more are looked up by these too. [`super::matcher`] asks all the
//! rules of what is found here, and a property test holds the two ways of searching to the same hits.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::ascii::{BLOCK, blocks, is_word, pack};

/// What is appended to a text, so that a load at its last byte stays within.
const PADDING: usize = 16;
/// Bits of the bitmap for each anchor: so few false alarms that the table is rarely asked in vain.
const BITS_AN_ANCHOR: usize = 32;

/// Where a match can begin in a text.
#[derive(Debug, Default)]
pub(super) struct WordStarts {
    places: Vec<u32>,
    /// For each place: see [`key`].
    keys: Vec<u64>,
}

/// Anchors that are looked for where a match can begin.
#[derive(Debug)]
pub(super) struct AtStarts {
    /// All keys; the anchors of each that do not go on for four bytes after what the key is of.
    by_word: Index,
    /// Those that do, by [`longer_key`].
    by_next: Index,
    anchors: Vec<Anchor>,
}

/// Some of the anchors, by a scattered key.
#[derive(Debug)]
struct Index {
    /// By the highest bits of a key: whether any anchor has it.
    bitmap: Vec<u64>,
    shift: u32,
    table: HashMap<u64, Entry, BuildHasherDefault<KeyHasher>>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// Among all anchors.
    anchors: Range<u32>,
    /// How many bytes the key is of.
    kept: u32,
}

#[derive(Debug)]
struct Anchor {
    /// Its first sixteen bytes, and which of them there are.
    head: u128,
    mask: u128,
    text: Box<str>,
    pattern: usize,
}

impl WordStarts {
    /// Of ASCII text that is padded by [`pad`] and smaller than 4 GiB.
    pub(super) fn of(text: &str) -> Self {
        let padded = text.as_bytes();
        let bytes = unpadded(text).as_bytes();
        let expected = bytes.len() / 5;
        let mut starts = Self { places: Vec::with_capacity(expected), keys: Vec::with_capacity(expected) };
        let mut waiting: Option<(usize, u64, u64)> = None;
        let mut after_word = 0;
        for (begin, block) in blocks(bytes) {
            let (words, stops) = (pack(&block, is_word), pack(&block, |byte| byte == b'.'));
            if let Some((begin, words_before, starts_before)) = waiting {
                starts.add(padded, begin, words_before, words, starts_before);
            }
            waiting = Some((begin, words, (words | stops) & !(words << 1 | after_word)));
            after_word = words >> (BLOCK - 1);
        }
        if let Some((begin, words, starts_here)) = waiting {
            starts.add(padded, begin, words, 0, starts_here);
        }
        starts
    }

    /// Adds the `starts` of the block that begins at `begin`. `words` are its word characters, `next_words` those of
    /// the block after it.
    fn add(&mut self, bytes: &[u8], begin: usize, words: u64, next_words: u64, mut starts: u64) {
        while starts != 0 {
            let at = starts.trailing_zeros();
            starts &= starts - 1;
            let place = begin + at as usize;
            // The first byte is kept whatever it is.
            let kept = (words >> at | next_words << 1 << (63 - at) | 1).trailing_ones();
            self.places.push(u32::try_from(place).expect("texts are below 4 GiB"));
            self.keys.push(key(load(bytes, place), kept));
        }
    }
}

impl AtStarts {
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
        let mut keyed: Vec<(Keys, Anchor)> = anchors.map(|(text, pattern)| Anchor::new(text, pattern)).collect();
        keyed.sort_by_key(|(keys, anchor)| (keys.next, keys.word, anchor.pattern));
        let (mut by_word, mut by_next) = (Index::new(keyed.len()), Index::new(keyed.len()));
        for ((keys, _), number) in keyed.iter().zip(0..) {
            match keys.next {
                Some(next) => {
                    by_word.add(keys.word, number..number, keys.kept);
                    by_next.add(next, number..number + 1, keys.kept);
                }
                None => by_word.add(keys.word, number..number + 1, keys.kept),
            }
        }
        Self { by_word, by_next, anchors: keyed.into_iter().map(|(_, anchor)| anchor).collect() }
    }

    /// Calls `found` with the number and the place of every anchor that begins where a match can. `starts` are those of
    /// `text`.
    pub(super) fn find(&self, text: &str, starts: &WordStarts, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = text.as_bytes();
        for (&key, &place) in starts.keys.iter().zip(&starts.places) {
            if self.by_word.may_have(key) {
                self.find_at(bytes, key, place as usize, &mut found);
            }
        }
    }

    #[inline(never)]
    fn find_at(&self, bytes: &[u8], key: u64, place: usize, found: &mut impl FnMut(usize, Range<usize>)) {
        let Some(Entry { anchors, kept }) = self.by_word.table.get(&key) else { return };
        let head = load(bytes, place);
        let longer = longer_key(key, head, *kept);
        let longer = self.by_next.may_have(longer).then(|| self.by_next.table.get(&longer)).flatten();
        let longer = longer.map_or(0..0, |entry| entry.anchors.clone());
        for range in [anchors.clone(), longer] {
            for anchor in &self.anchors[range.start as usize..range.end as usize] {
                let is_there = head & anchor.mask == anchor.head
                    && (anchor.text.len() <= 16 || bytes[place..].starts_with(anchor.text.as_bytes()));
                if is_there {
                    found(anchor.pattern, place..place + anchor.text.len());
                }
            }
        }
    }
}

/// How an anchor is looked up.
struct Keys {
    word: u64,
    /// How many bytes `word` is of.
    kept: u32,
    /// If it goes on for four bytes.
    next: Option<u64>,
}

impl Anchor {
    fn new(text: &str, pattern: usize) -> (Keys, Self) {
        let mut padded = text.to_owned();
        pad(&mut padded);
        let mask = u128::MAX >> (128 - 8 * text.len().min(16));
        let head = load(padded.as_bytes(), 0) & mask;
        let word = text.bytes().skip(1).take(7).take_while(|byte| is_word(*byte)).count() + 1;
        let kept = u32::try_from(word).expect("at most eight");
        let key = key(head, kept);
        let next = (text.len() >= word + 4).then(|| longer_key(key, head, kept));
        (Keys { word: key, kept, next }, Self { head, mask, text: text.into(), pattern })
    }
}

impl Index {
    fn new(anchors: usize) -> Self {
        let bits = (anchors * BITS_AN_ANCHOR).next_power_of_two().max(1 << 12);
        Self { bitmap: vec![0; bits / 64], shift: 64 - bits.trailing_zeros(), table: HashMap::default() }
    }

    /// Adds anchors to those of a key; they follow the ones it has.
    fn add(&mut self, key: u64, anchors: Range<u32>, kept: u32) {
        let bit = key >> self.shift;
        self.bitmap[(bit / 64) as usize] |= 1 << (bit % 64);
        let entry = self.table.entry(key).or_insert(Entry { anchors: anchors.clone(), kept });
        if entry.anchors.is_empty() {
            entry.anchors = anchors;
        } else if !anchors.is_empty() {
            entry.anchors.end = anchors.end;
        }
    }

    fn may_have(&self, key: u64) -> bool {
        let bit = key >> self.shift;
        self.bitmap[(bit / 64) as usize] >> (bit % 64) & 1 != 0
    }
}

/// Appends what lets a whole load begin at the end of a text.
pub(super) fn pad(text: &mut String) {
    text.extend(std::iter::repeat_n('\0', PADDING));
}

/// The text that was padded.
pub(super) fn unpadded(text: &str) -> &str {
    &text[..text.len() - PADDING]
}

fn load(bytes: &[u8], place: usize) -> u128 {
    u128::from_le_bytes(bytes[place..place + 16].try_into().expect("sixteen bytes"))
}

/// Of the first eight bytes of `head`, as many as `kept` says, scattered so that the highest bits follow from all of
/// them. No two keys become one: the factor is odd.
///
/// Kept is the first byte and what word characters follow it without a gap: an anchor that ends there, and one that
/// goes on with a sign, have the same key as the text they are in.
fn key(head: u128, kept: u32) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the first eight bytes are wanted")]
    let first = head as u64 & (u64::MAX >> (64 - 8 * kept.min(8)));
    scatter(first)
}

/// A key together with the four bytes after those it is of. Two may become one: the anchors are compared in the end.
fn longer_key(key: u64, head: u128, kept: u32) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "four bytes are wanted")]
    let next = (head >> (8 * kept)) as u32;
    scatter(key.rotate_left(32) ^ u64::from(next))
}

fn scatter(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Keys are scattered in their highest bits; a table wants that in the lowest.
#[derive(Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("keys are u64")
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(anchors: &[&str], text: &str) -> Vec<(usize, Range<usize>)> {
        let anchors = AtStarts::new(anchors.iter().copied().zip(0..));
        let mut text = text.to_owned();
        pad(&mut text);
        let mut found = Vec::new();
        anchors.find(&text, &WordStarts::of(&text), |pattern, place| found.push((pattern, place)));
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
