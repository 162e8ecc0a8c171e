//! Finds anchors where a match can begin: by the hash of their first word, through a small filter that turns nearly all
//! places of a text away.
//!
//! Hundreds of terms may begin with one word (`data …`), so anchors that go on for four bytes or more after it are
//! looked up by these bytes too. Only candidates are found here; [`super::finder`] applies all the rules to them.

use std::ops::Range;

use super::starts::{eight_bytes, kept, key, longer_key};
use crate::keywords::text::ascii::is_word;

/// Number of places in a filter for each key: enough that few keys pass without need.
const PLACES_A_KEY: usize = 16;

/// Anchors, by the bytes they begin with.
#[derive(Debug)]
pub(in crate::keywords) struct Anchors {
    /// For the key of a first word, whether anchors end with that word or less than four bytes after it ([`ENDS`]), and
    /// whether anchors go on for longer ([`GOES_ON`]).
    filter: KeyFilter,
    /// The anchors that end with their first word or less than four bytes after it, by [`key`].
    ending: HashTable,
    /// The anchors that go on for longer, by [`longer_key`].
    going_on: HashTable,
    /// The longer keys that anchors have.
    longer_filter: KeyFilter,
    anchors: Vec<Anchor>,
    /// The bytes of all anchors.
    bytes: Vec<u8>,
}

/// The bit of a filter for anchors that end with their first word or less than four bytes after it.
const ENDS: u64 = 1;
/// The bit of a filter for anchors that go on for four bytes or more after their first word.
const GOES_ON: u64 = 2;

#[derive(Debug, Clone, Copy)]
struct Anchor {
    begin: u32,
    length: u32,
    /// The number that [`Anchors::find`] reports.
    number: u32,
}

/// A filter with two bits for each place. The highest bits of a key say its place.
#[derive(Debug)]
struct KeyFilter {
    bits: Vec<u64>,
    shift: u32,
}

/// A hash table of ranges of anchors by key. A key is in the slot that its highest bits say or in one after it. At
/// least a quarter of the slots are empty.
#[derive(Debug)]
struct HashTable {
    slots: Vec<HashSlot>,
    shift: u32,
}

/// A slot of a hash table. It is empty if it has no anchors.
#[derive(Debug, Clone, Copy, Default)]
struct HashSlot {
    key: u64,
    /// The index of its first anchor, or the number of its only anchor if `end` is [`ONLY`].
    begin: u32,
    end: u32,
}

/// The `end` of a slot that has one anchor, all of whose bytes are in the key. Most slots are such, and nothing more
/// needs to be compared for them.
const ONLY: u32 = u32::MAX;

impl Anchors {
    /// Whether an anchor can be sought where a match can begin.
    pub(in crate::keywords) fn takes(anchor: &str) -> bool {
        let mut bytes = anchor.bytes();
        // The key of a lone full stop would not include what follows it.
        let begins =
            bytes.next().is_some_and(|first| is_word(first) || first == b'.' && bytes.next().is_some_and(is_word));
        begins && anchor.is_ascii()
    }

    /// Creates the index of anchors. They are numbered by their place in the list.
    pub(in crate::keywords) fn new(texts: &[String]) -> Self {
        let mut keyed: Vec<(u64, Option<u64>, &str, u32)> = texts
            .iter()
            .zip(0..)
            .map(|(text, number)| {
                let key = key(text.as_bytes());
                let kept = kept(key);
                let next = (text.len() >= kept + 4).then(|| longer_key(key, eight_bytes(text.as_bytes(), kept)));
                (key, next, text.as_str(), number)
            })
            .collect();
        // At each place the longest anchor is found first, as in the order of hits.
        keyed.sort_unstable_by_key(|&(key, next, text, number)| (next, key, usize::MAX - text.len(), number));
        let (mut anchors, mut bytes) = (Vec::with_capacity(texts.len()), Vec::new());
        for &(.., text, number) in &keyed {
            let begin = offset(bytes.len());
            bytes.extend_from_slice(text.as_bytes());
            anchors.push(Anchor { begin, length: offset(text.len()), number });
        }
        let ending = keyed.partition_point(|(_, next, ..)| next.is_none());
        let (ending, going_on) = keyed.split_at(ending);
        let ending = ending.chunk_by(|a, b| a.0 == b.0).count();
        let going_on = going_on.chunk_by(|a, b| a.1 == b.1).count();
        let mut index = Self {
            filter: KeyFilter::new(ending + going_on),
            ending: HashTable::new(ending),
            going_on: HashTable::new(going_on),
            longer_filter: KeyFilter::new(going_on),
            anchors,
            bytes,
        };
        let mut begin = 0;
        for same in keyed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (key, next, ..) = same[0];
            let range = offset(begin)..offset(begin + same.len());
            begin += same.len();
            match next {
                None => {
                    index.filter.add(key, ENDS);
                    let is_only = same.len() == 1 && same[0].2.len() == kept(key);
                    index.ending.add(key, if is_only { same[0].3..ONLY } else { range });
                }
                Some(next) => {
                    index.filter.add(key, GOES_ON);
                    index.longer_filter.add(next, GOES_ON);
                    index.going_on.add(next, range);
                }
            }
        }
        index
    }

    /// Returns the keys of the anchors, see [`key`].
    pub(in crate::keywords) fn keys(&self) -> impl Iterator<Item = u64> {
        self.anchors.iter().map(|anchor| key(self.bytes_of(anchor)))
    }

    /// Calls `found` with the number and the place of every anchor that stands where a match can begin. `starts` are
    /// the places in `text`, or in a part of it, that a prefilter for these anchors lets through.
    pub(in crate::keywords) fn find(
        &self,
        text: &[u8],
        starts: impl Iterator<Item = (usize, u64)>,
        mut found: impl FnMut(usize, Range<usize>),
    ) {
        for (place, key) in starts {
            let seen = self.filter.get(key);
            if seen != 0 {
                self.find_at(text, key, seen, place, &mut found);
            }
        }
    }

    #[inline(never)]
    fn find_at(&self, text: &[u8], key: u64, seen: u64, place: usize, found: &mut impl FnMut(usize, Range<usize>)) {
        let kept = kept(key);
        if seen & GOES_ON != 0 {
            let longer = longer_key(key, eight_bytes(text, place + kept));
            if self.longer_filter.get(longer) != 0 {
                let HashSlot { begin, end, .. } = self.going_on.get(longer);
                self.compare(begin..end, text, place, 0, found);
            }
        }
        if seen & ENDS != 0 {
            match self.ending.get(key) {
                HashSlot { begin, end: ONLY, .. } => found(begin as usize, place..place + kept),
                HashSlot { begin, end, .. } => self.compare(begin..end, text, place, kept, found),
            }
        }
    }

    fn bytes_of(&self, anchor: &Anchor) -> &[u8] {
        &self.bytes[anchor.begin as usize..(anchor.begin + anchor.length) as usize]
    }

    /// Calls `found` with those of a range of anchors that stand at `place`. Their first `known` bytes are known to be
    /// there.
    fn compare(
        &self,
        anchors: Range<u32>,
        text: &[u8],
        place: usize,
        known: usize,
        found: &mut impl FnMut(usize, Range<usize>),
    ) {
        for anchor in &self.anchors[anchors.start as usize..anchors.end as usize] {
            let bytes = self.bytes_of(anchor);
            if stands_at(&bytes[known..], text, place + known) {
                found(anchor.number as usize, place..place + bytes.len());
            }
        }
    }
}

/// Whether `bytes` stand in a text at `place`. Eight bytes are compared at once, because most anchors are short.
fn stands_at(bytes: &[u8], text: &[u8], place: usize) -> bool {
    if place + bytes.len() > text.len() {
        return false;
    }
    let (eights, rest) = bytes.as_chunks::<8>();
    let differs = |at: usize, eight: u64| eight_bytes(text, place + at) ^ eight;
    if eights.iter().zip(0..).any(|(eight, index)| differs(8 * index, u64::from_le_bytes(*eight)) != 0) {
        return false;
    }
    rest.is_empty() || {
        let at = bytes.len() - rest.len();
        let mask = u64::MAX >> (64 - 8 * rest.len());
        differs(at, eight_bytes(rest, 0)) & mask == 0
    }
}

impl KeyFilter {
    fn new(keys: usize) -> Self {
        let places = (keys * PLACES_A_KEY).next_power_of_two().max(1 << 12);
        Self { bits: vec![0; places / 32], shift: 64 - places.trailing_zeros() }
    }

    fn add(&mut self, key: u64, bits: u64) {
        let place = key >> self.shift;
        self.bits[(place / 32) as usize] |= bits << (place % 32 * 2);
    }

    #[inline]
    fn get(&self, key: u64) -> u64 {
        let place = key >> self.shift;
        self.bits[(place / 32) as usize] >> (place % 32 * 2) & 3
    }
}

impl HashTable {
    fn new(keys: usize) -> Self {
        let slots = (keys + keys / 3 + 1).next_power_of_two().max(2);
        Self { slots: vec![HashSlot::default(); slots], shift: 64 - slots.trailing_zeros() }
    }

    /// Adds the anchors of a key, or further ones that follow those the key already has.
    fn add(&mut self, key: u64, anchors: Range<u32>) {
        let slot = self.slot(key);
        let slot = &mut self.slots[slot];
        let begin = if slot.begin == slot.end { anchors.start } else { slot.begin };
        *slot = HashSlot { key, begin, end: anchors.end };
    }

    #[inline]
    fn get(&self, key: u64) -> HashSlot {
        self.slots[self.slot(key)]
    }

    /// Returns the slot of a key, or the empty slot where it would be.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let mut at = (key >> self.shift) as usize;
        loop {
            let slot = &self.slots[at];
            if slot.key == key || slot.begin == slot.end {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("terms are below 4 GiB together")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keywords::search::prefilter::Prefilter;
    use crate::keywords::search::starts::WordStarts;

    fn find(anchors: &[&str], text: &str) -> Vec<(usize, Range<usize>)> {
        let anchors = Anchors::new(&anchors.iter().map(|&anchor| anchor.to_owned()).collect::<Vec<_>>());
        let (mut starts, mut found) = (WordStarts::default(), Vec::new());
        anchors.find(text.as_bytes(), starts.read(text.as_bytes(), &Prefilter::open()).iter(), |number, place| {
            found.push((number, place))
        });
        found
    }

    #[test]
    fn anchors_are_found_where_a_word_begins() {
        let anchors = ["go", "c++", "c", ".net", "kubernetes", "a b", "r2_d2", "data science", "data scientist"];
        assert_eq!(find(&anchors, "go"), [(0, 0..2)]);
        assert_eq!(find(&anchors, "ago goes"), [], "not inside a word, and not as the head of a longer one");
        assert_eq!(find(&anchors, "(c++)"), [(1, 1..4), (2, 1..2)], "the longest first");
        assert_eq!(find(&anchors, "asp.net .net"), [(3, 8..12)]);
        assert_eq!(find(&anchors, "kubernete kubernetes"), [(4, 10..20)]);
        assert_eq!(find(&anchors, "a b r2_d2"), [(5, 0..3), (6, 4..9)]);
        assert_eq!(find(&anchors, "data scientist, data sci"), [(8, 0..14)]);
        let long = "x ".repeat(31) + "a b";
        assert_eq!(find(&anchors, &long), [(5, 62..65)], "across two blocks");
        assert_eq!(find(&anchors, ""), []);
        assert_eq!(find(&anchors, "a"), [], "not beyond the end");
    }
}
