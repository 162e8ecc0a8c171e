//! How many different words an answer has, and the moving-average type-token ratio.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};

use crate::keywords::words::Words;

/// Words of a window of the moving average.
pub const WINDOW: usize = 50;

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Richness {
    pub words: u64,
    /// Distinct words, case-folded.
    pub unique: u64,
    /// Mean type-token ratio over every window of 50 words (Covington & McFall 2010); `None` below 50 words.
    pub mattr_50: Option<f64>,
}

/// The different words of one answer, in a table that is reused for the next: small enough to stay in the nearest
/// cache, and empty again without being cleared.
#[derive(Debug, Default)]
pub struct Vocabulary {
    hasher: RandomState,
    /// A word is at or after the place its hash says.
    slots: Vec<Slot>,
    /// Slots of other answers are empty.
    answer: u32,
    /// Words of more than 16 bytes, case-folded, with their numbers.
    long: HashMap<Vec<u8>, u32, RandomState>,
    /// The slots of the answer's words, in their order.
    words: Vec<u32>,
    finder: Words,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// A case-folded word of up to 16 bytes, filled up with zeros, or the number of a long one.
    key: u128,
    answer: u32,
    /// How often the word is in the window.
    in_window: u32,
}

/// Added to the number of a long word: its highest byte is in no UTF-8 text.
const LONG: u128 = 0xFF << 120;

impl Vocabulary {
    pub fn richness(&mut self, text: &str) -> Richness {
        self.words.clear();
        self.long.clear();
        // A word and what parts it from the next are at least two bytes, so there is always a free slot.
        let slots = (text.len() / 2 + 2).next_power_of_two();
        if self.answer == u32::MAX || self.slots.len() < slots {
            self.slots.clear();
            self.slots.resize(slots, Slot::default());
            self.answer = 0;
        }
        self.answer += 1;
        let mask = slots - 1;
        let mut unique = 0;
        let mut count = |vocabulary: &mut Self, key: u128| {
            let (slot, is_new) = vocabulary.slot(key, mask);
            unique += u64::from(is_new);
            vocabulary.words.push(slot);
        };
        let bytes = text.as_bytes();
        let mut finder = std::mem::take(&mut self.finder);
        if text.is_ascii() {
            finder.for_each(text, |word| {
                let key = self.ascii_key(bytes, word);
                count(self, key);
            });
        } else {
            finder.for_each(text, |word| {
                let key = if bytes[word.clone()].is_ascii() {
                    self.ascii_key(bytes, word)
                } else {
                    self.key(CASE_MAPPER.fold_string(&text[word]).as_bytes())
                };
                count(self, key);
            });
        }
        self.finder = finder;
        Richness { words: self.words.len() as u64, unique, mattr_50: self.moving_average() }
    }

    /// The slot of a word, and whether the answer has it for the first time.
    fn slot(&mut self, key: u128, mask: usize) -> (u32, bool) {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are wanted")]
        let mut at = self.hasher.hash_one(key) as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            let is_new = slot.answer != self.answer;
            // Every second word is new, which no processor foresees: one branch for both, rarely not taken.
            if is_new | (slot.key == key) {
                let in_window = if is_new { 0 } else { slot.in_window };
                *slot = Slot { key, answer: self.answer, in_window };
                return (u32::try_from(at).expect("texts are below 4 GiB"), is_new);
            }
            at = (at + 1) & mask;
        }
    }

    /// The key of an ASCII word of a text.
    #[inline]
    fn ascii_key(&mut self, bytes: &[u8], word: Range<usize>) -> u128 {
        if word.len() > 16 {
            return self.key(&bytes[word].to_ascii_lowercase());
        }
        // Sixteen bytes are read at once, and those that are too many masked out.
        let key = match bytes.get(word.start..word.start + 16) {
            Some(sixteen) => u128::from_le_bytes(sixteen.try_into().expect("sixteen bytes")),
            None => padded(&bytes[word.clone()]),
        };
        lowercase(key & (u128::MAX >> (128 - 8 * word.len())))
    }

    fn key(&mut self, folded: &[u8]) -> u128 {
        if folded.len() <= 16 {
            return padded(folded);
        }
        let next = u32::try_from(self.long.len()).expect("texts are below 4 GiB");
        let number = match self.long.get(folded) {
            Some(&number) => number,
            None => *self.long.entry(folded.to_owned()).or_insert(next),
        };
        LONG | u128::from(number)
    }

    fn moving_average(&mut self) -> Option<f64> {
        let windows = (self.words.len() + 1).checked_sub(WINDOW).filter(|windows| *windows > 0)?;
        let (mut types, mut sum) = (0_u64, 0_u64);
        for (at, &word) in self.words.iter().enumerate() {
            if let Some(leaving) = at.checked_sub(WINDOW) {
                let count = &mut self.slots[self.words[leaving] as usize].in_window;
                *count -= 1;
                types -= u64::from(*count == 0);
            }
            let count = &mut self.slots[word as usize].in_window;
            types += u64::from(*count == 0);
            *count += 1;
            if at + 1 >= WINDOW {
                sum += types;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        let mean = sum as f64 / (windows * WINDOW) as f64;
        Some(mean)
    }
}

fn padded(bytes: &[u8]) -> u128 {
    let mut sixteen = [0; 16];
    sixteen[..bytes.len()].copy_from_slice(bytes);
    u128::from_le_bytes(sixteen)
}

/// Sixteen bytes of ASCII in lower case, all at once: the highest bit of a byte, free in ASCII, says first whether it is
/// `A` or more, then whether it is more than `Z`.
fn lowercase(bytes: u128) -> u128 {
    const EACH: u128 = u128::MAX / 0xFF;
    let from_a = bytes + EACH * (0x80 - b'A' as u128);
    let beyond_z = bytes + EACH * (0x80 - b'Z' as u128 - 1);
    let upper = from_a & !beyond_z & (EACH * 0x80);
    bytes | upper >> 2
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn plain(text: &str) -> Richness {
        let words: Vec<String> = text.unicode_words().map(|word| CASE_MAPPER.fold_string(word).into_owned()).collect();
        let types = |words: &[String]| words.iter().collect::<HashSet<_>>().len();
        let ratios: Vec<f64> = words.windows(WINDOW).map(|window| types(window) as f64 / WINDOW as f64).collect();
        let mean = (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64);
        Richness { words: words.len() as u64, unique: types(&words) as u64, mattr_50: mean }
    }

    #[test]
    fn at_fifty_words_there_is_one_window() {
        let mut vocabulary = Vocabulary::default();
        let text = "a b ".repeat(25);
        assert_eq!(vocabulary.richness(&text[..text.len() - 3]), Richness { words: 49, unique: 2, mattr_50: None });
        assert_eq!(vocabulary.richness(&text), Richness { words: 50, unique: 2, mattr_50: Some(0.04) });
        assert_eq!(vocabulary.richness(""), Richness::default());
    }

    proptest! {
        #[test]
        fn numbers_count_as_words_do(
            texts in vec(vec(select(vec![
                "the", "The", "THE", "ſee", "see", "straße", "STRASSE", "don't", "a_b", "x1", "1,000", "3.5", "a", "b", "c", "d", "@", "[", "{",
                "internationalisation", "Internationalisation", "internationalism", "sixteen_letters_", "sixteen_letters_x",
            ]), 0..120), 1..6),
        ) {
            let mut vocabulary = Vocabulary::default();
            for text in texts {
                let text = text.join(" ");
                let (found, plain) = (vocabulary.richness(&text), plain(&text));
                prop_assert_eq!((found.words, found.unique), (plain.words, plain.unique));
                prop_assert_eq!(found.mattr_50.is_some(), plain.mattr_50.is_some());
                let difference = found.mattr_50.unwrap_or(0.0) - plain.mattr_50.unwrap_or(0.0);
                prop_assert!(difference.abs() < 1e-12);
            }
        }
    }
}
