//! How many different words an answer has, and the moving-average type-token ratio.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::select_unpredictable;

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

/// Finds the different words of one answer after another, in memory that is used again.
#[derive(Debug, Default)]
pub struct Vocabulary {
    hasher: RandomState,
    /// The answer's words, in their order.
    words: Vec<Key>,
    /// Words of more than 16 bytes, case-folded, with their numbers.
    long: HashMap<Vec<u8>, u32, RandomState>,
    /// Where the last word of each kind is, at or after the place that its hash says. So small that it stays in the
    /// nearest cache, and empty for the next answer without being cleared.
    slots: Vec<Slot>,
    /// The number of the answer's first word: words are numbered from 1 through all answers.
    first: u32,
    /// For each word: how many words back its kind was last seen, if that is in the same answer; otherwise, how many
    /// words the answer had with it. At most [`WINDOW`].
    back: Vec<u8>,
    /// The answer with its ASCII in lower case, and zeros behind it, so that sixteen bytes can be read of every word.
    lowered: Vec<u8>,
    finder: Words,
}

/// A case-folded word of up to 16 bytes, filled up with zeros, or the number of a longer one.
type Key = [u64; 2];

/// The second half of the key of a long word: its highest byte is in no UTF-8 text.
const LONG: u64 = 0xFF << 56;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Half of the hash: what has another is another word, what has the same is compared.
    tag: u32,
    /// The number of the last word of the kind; a slot of another answer is empty.
    last: u32,
}

/// So many that two words seldom want the same: that is what no processor foresees.
const SLOTS_A_WORD: usize = 8;

impl Vocabulary {
    pub fn richness(&mut self, text: &str) -> Richness {
        self.read(text);
        let unique = self.look_back();
        Richness { words: self.words.len() as u64, unique, mattr_50: self.moving_average() }
    }

    /// Fills `words`.
    fn read(&mut self, text: &str) {
        let Self { words, long, lowered, finder, .. } = self;
        words.clear();
        long.clear();
        let mut key = |folded: &[u8]| {
            short_key(folded).unwrap_or_else(|| {
                let next = u32::try_from(long.len()).expect("texts are below 4 GiB");
                let number =
                    long.get(folded).copied().unwrap_or_else(|| *long.entry(folded.to_owned()).or_insert(next));
                [number.into(), LONG]
            })
        };
        lowered.clear();
        lowered.extend_from_slice(text.as_bytes());
        lowered.make_ascii_lowercase();
        lowered.extend_from_slice(&[0; 16]);
        let is_ascii = text.is_ascii();
        finder.for_each(text, |word| {
            words.push(if !is_ascii && !text[word.clone()].is_ascii() {
                key(CASE_MAPPER.fold_string(&text[word]).as_bytes())
            } else if word.len() <= 16 {
                kept(&lowered[word.start..], word.len())
            } else {
                key(&lowered[word])
            });
        });
    }

    /// Fills `back`; returns how many words are the first of their kind.
    fn look_back(&mut self) -> u64 {
        let Self { hasher, words, slots, first, back, .. } = self;
        let count = u32::try_from(words.len()).expect("texts are below 4 GiB");
        let wanted = (SLOTS_A_WORD * words.len()).next_power_of_two();
        if slots.len() < wanted || count >= u32::MAX - *first {
            slots.clear();
            slots.resize(wanted, Slot::default());
            *first = 0;
        }
        *first += 1;
        let (answer, mask) = (*first, wanted - 1);
        let mut unique = 0;
        back.clear();
        back.resize(words.len(), 0);
        for ((key, back), number) in words.iter().zip(back).zip(answer..) {
            let hash = hasher.hash_one(u128::from(key[0]) | u128::from(key[1]) << 64);
            let tag = (hash >> 32) as u32;
            let mut at = hash as usize & mask;
            loop {
                let Slot { tag: seen, last } = slots[at];
                // Every second word is new, which no processor foresees: only what is rare may be a branch.
                let is_new = last < answer;
                if select_unpredictable(is_new, tag, seen) == tag {
                    let last = select_unpredictable(is_new, number, last);
                    if words[(last - answer) as usize] == *key {
                        unique += u64::from(is_new);
                        let before = select_unpredictable(is_new, answer - 1, last);
                        *back = (number - before).min(WINDOW as u32) as u8;
                        slots[at] = Slot { tag, last: number };
                        break;
                    }
                }
                at = (at + 1) & mask;
            }
        }
        *first += count;
        unique
    }

    /// A window has as many types as words whose kind was not seen before them in it: so every word counts in the windows
    /// that begin after its kind was last seen, and not after the word.
    fn moving_average(&self) -> Option<f64> {
        let windows = (self.words.len() + 1).checked_sub(WINDOW).filter(|windows| *windows > 0)?;
        let (before_last, last) = self.back.split_at(windows);
        let sum: u64 = before_last.iter().map(|back| u64::from(*back)).sum();
        // No window begins at the last words.
        let rest: u64 = last.iter().zip(1..).map(|(back, missing)| u64::from(back.saturating_sub(missing))).sum();
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        let mean = (sum + rest) as f64 / (windows * WINDOW) as f64;
        Some(mean)
    }
}

/// The key of a word of at most 16 bytes.
fn short_key(folded: &[u8]) -> Option<Key> {
    let mut sixteen = [0; 16];
    sixteen.get_mut(..folded.len())?.copy_from_slice(folded);
    Some(kept(&sixteen, folded.len()))
}

/// The key of the first bytes of at least sixteen.
#[inline]
fn kept(bytes: &[u8], length: usize) -> Key {
    let (eights, _) = bytes[..16].as_chunks::<8>();
    let [low, high] = KEPT[length];
    [u64::from_le_bytes(eights[0]) & low, u64::from_le_bytes(eights[1]) & high]
}

/// The bits of sixteen bytes that a word of so many bytes has.
static KEPT: [Key; 17] = {
    let mut kept = [[0; 2]; 17];
    let mut length = 1;
    while length <= 16 {
        let bits = u128::MAX >> (128 - 8 * length);
        kept[length] = [bits as u64, (bits >> 64) as u64];
        length += 1;
    }
    kept
};

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

    #[test]
    fn numbers_begin_anew_before_they_are_too_large() {
        for left in 0..6 {
            let mut vocabulary = Vocabulary::default();
            assert_eq!(vocabulary.richness("a b a").unique, 2);
            vocabulary.first = u32::MAX - left;
            assert_eq!(vocabulary.richness("a b a").unique, 2, "{left} left");
            assert_eq!(vocabulary.richness("a c").unique, 2, "{left} left, and what came before is forgotten");
        }
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
