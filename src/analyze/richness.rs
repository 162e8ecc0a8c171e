//! The number of different words in an answer, and the moving-average type-token ratio.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::select_unpredictable;

use foldhash::fast::RandomState;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_segmentation::UnicodeSegmentation;

use crate::keywords::Text;
use crate::keywords::text::words::{TextPiece, WordFinder, pieces};

/// Number of words in a window of the moving average.
pub const WINDOW: usize = 50;

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// How many words a text has, and how many of them differ.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Richness {
    pub words: u64,
    /// Number of distinct words after case folding.
    pub unique: u64,
    /// Mean type-token ratio over all windows of 50 words (Covington & McFall 2010); `None` for fewer than 50 words.
    pub mattr_50: Option<f64>,
}

/// Finds the different words of one answer after another, and reuses its memory.
#[derive(Debug, Default)]
pub struct Vocabulary {
    hasher: RandomState,
    /// The keys of the answer's words, in their order.
    words: Vec<WordKey>,
    /// The case-folded words of more than 16 bytes, with their numbers.
    long: HashMap<Vec<u8>, u32, RandomState>,
    /// A hash table that holds, for each kind of word, the number of the last word of that kind. It is small enough for
    /// the nearest cache. It is not cleared between answers: a number below that of the answer's first word is left
    /// from an earlier answer and marks an empty slot.
    slots: Vec<u32>,
    /// The number of the answer's first word, while its words are looked up. Words are numbered from 1 through all
    /// answers.
    first: u32,
    /// For each word, the distance in words to the previous word of its kind in the answer. If there is none, the
    /// number of the answer's words up to and including this one. At most [`WINDOW`].
    back: Vec<u8>,
    /// The answer with its ASCII letters in lower case, followed by zeros so that 16 bytes can be read at every word.
    lowered: Vec<u8>,
    finder: WordFinder,
}

/// The key of a word: its case-folded bytes filled up with zeros to 16, or the number of a longer word.
type WordKey = [u64; 2];

/// The second half of the key of a word of more than 16 bytes. Its highest byte occurs in no UTF-8 text, so it differs
/// from the key of every shorter word.
const LONG: u64 = 0xFF << 56;

/// Number of slots in the hash table for each word. With so many, two words seldom want the same slot, a case that no
/// branch predictor foresees.
const SLOTS_A_WORD: usize = 8;

impl Vocabulary {
    /// Computes the richness of one answer.
    pub fn richness<'t>(&mut self, text: impl Into<Text<'t>>) -> Richness {
        self.read(text.into());
        let unique = self.look_back();
        Richness { words: self.words.len() as u64, unique, mattr_50: self.moving_average() }
    }

    /// Reads a text into `words`.
    fn read(&mut self, text: Text) {
        let Self { words, long, lowered, finder, .. } = self;
        words.clear();
        long.clear();
        lowered.clear();
        lowered.extend(text.as_bytes().iter().map(u8::to_ascii_lowercase));
        lowered.extend_from_slice(&[0; 16]);
        for piece in pieces(text) {
            match piece {
                TextPiece::Ascii(range) => {
                    let lowered = &lowered[range.start..];
                    words.extend(finder.of_ascii(&text.as_bytes()[range]).iter().map(|&[start, end]| {
                        let (start, length) = (start as usize, (end - start) as usize);
                        match KEPT.get(length) {
                            Some(bits) => kept(&lowered[start..start + 16], bits),
                            None => long_key(&lowered[start..start + length], long),
                        }
                    }));
                }
                TextPiece::Other(range) => words.extend(text.as_str()[range].unicode_words().map(|word| {
                    let folded = CASE_MAPPER.fold_string(word);
                    short_key(folded.as_bytes()).unwrap_or_else(|| long_key(folded.as_bytes(), long))
                })),
            }
        }
    }

    /// Fills `back`, and returns the number of words that are the first of their kind.
    fn look_back(&mut self) -> u64 {
        let Self { hasher, words, slots, first, back, .. } = self;
        let count = u32::try_from(words.len()).expect("texts are below 4 GiB");
        let wanted = (SLOTS_A_WORD * words.len()).next_power_of_two();
        if slots.len() < wanted || count >= u32::MAX - *first {
            slots.clear();
            slots.resize(wanted, 0);
            *first = 0;
        }
        *first += 1;
        let answer = *first;
        let slots = &mut slots[..wanted];
        let mut unique = 0;
        back.clear();
        back.extend(words.iter().zip(answer..).map(|(key, number)| {
            let mut at = hasher.hash_one(u128::from(key[0]) | u128::from(key[1]) << 64) as usize;
            loop {
                let slot = &mut slots[at & (wanted - 1)];
                // Every second word is new, which no branch predictor foresees, so only rare cases may branch. A new
                // word is therefore compared with itself.
                let is_new = *slot < answer;
                let same = select_unpredictable(is_new, number, *slot);
                if words[(same - answer) as usize] == *key {
                    let before = select_unpredictable(is_new, answer - 1, *slot);
                    *slot = number;
                    unique += u64::from(is_new);
                    return (number - before).min(WINDOW as u32) as u8;
                }
                at = at.wrapping_add(1);
            }
        }));
        *first += count;
        unique
    }

    /// Returns the mean type-token ratio over all windows.
    ///
    /// The number of types in a window is the number of its words whose kind did not occur before them in the window.
    /// So a word counts in each window that contains it and begins after the previous word of its kind.
    fn moving_average(&self) -> Option<f64> {
        let windows = (self.words.len() + 1).checked_sub(WINDOW).filter(|windows| *windows > 0)?;
        let (before_last, last) = self.back.split_at(windows);
        let sum: u64 = before_last.iter().map(|back| u64::from(*back)).sum();
        // No window begins at the last words, so they count in fewer windows.
        let rest: u64 = last.iter().zip(1..).map(|(back, missing)| u64::from(back.saturating_sub(missing))).sum();
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        let mean = (sum + rest) as f64 / (windows * WINDOW) as f64;
        Some(mean)
    }
}

/// Returns the key of a case-folded word of at most 16 bytes, or `None` if it is longer.
fn short_key(folded: &[u8]) -> Option<WordKey> {
    let mut sixteen = [0; 16];
    sixteen.get_mut(..folded.len())?.copy_from_slice(folded);
    Some(kept(&sixteen, &KEPT[folded.len()]))
}

/// Returns the key of a case-folded word of more than 16 bytes.
#[cold]
fn long_key(folded: &[u8], long: &mut HashMap<Vec<u8>, u32, RandomState>) -> WordKey {
    let next = u32::try_from(long.len()).expect("texts are below 4 GiB");
    let number = long.get(folded).copied().unwrap_or_else(|| *long.entry(folded.to_owned()).or_insert(next));
    [number.into(), LONG]
}

/// Returns the key that consists of the given bits of 16 bytes.
#[inline]
fn kept(sixteen: &[u8], bits: &WordKey) -> WordKey {
    let (eights, _) = sixteen.as_chunks::<8>();
    [u64::from_le_bytes(eights[0]) & bits[0], u64::from_le_bytes(eights[1]) & bits[1]]
}

/// For each length of a word in bytes, the bits that the word takes of its 16 bytes.
static KEPT: [WordKey; 17] = {
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
