//! How many different words an answer has, and the moving-average type-token ratio.

use std::ops::Range;

use hashbrown::HashMap;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};

use crate::keywords::words;

/// Words of a window of the moving average.
pub const WINDOW: usize = 50;

/// A vocabulary beyond this is forgotten between two answers, so that memory does not follow the number of answers.
const LARGEST_VOCABULARY: usize = 1 << 18;

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Richness {
    pub words: u64,
    /// Distinct words, case-folded.
    pub unique: u64,
    /// Mean type-token ratio over every window of 50 words (Covington & McFall 2010); `None` below 50 words.
    pub mattr_50: Option<f64>,
}

/// Numbers for words, so that counting them is counting integers. Reused from answer to answer.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// Words of up to 16 bytes, filled up with zeros.
    short: HashMap<u128, u32>,
    long: HashMap<Box<str>, u32>,
    /// By word: the last answer that had it.
    seen_in: Vec<u32>,
    /// By word: how often it is in the window; all 0 between answers.
    in_window: Vec<u32>,
    answer: u32,
    /// The words of the answer.
    words: Vec<u32>,
}

impl Vocabulary {
    pub fn richness(&mut self, text: &str) -> Richness {
        if self.seen_in.len() > LARGEST_VOCABULARY || self.answer == u32::MAX {
            *self = Self::default();
        }
        self.answer += 1;
        self.read(text);
        let mut unique = 0;
        for &word in &self.words {
            let seen_in = &mut self.seen_in[word as usize];
            unique += u64::from(*seen_in != self.answer);
            *seen_in = self.answer;
        }
        Richness { words: self.words.len() as u64, unique, mattr_50: self.moving_average() }
    }

    /// Puts the numbers of a text's words into `words`.
    fn read(&mut self, text: &str) {
        let mut numbers = std::mem::take(&mut self.words);
        numbers.clear();
        if text.is_ascii() {
            words::for_each(text, |word| numbers.push(self.ascii_number(text, word)));
        } else {
            words::for_each(text, |word| numbers.push(self.number(&CASE_MAPPER.fold_string(&text[word]))));
        }
        self.words = numbers;
    }

    /// The number of a word as it stands in an ASCII text.
    fn ascii_number(&mut self, text: &str, word: Range<usize>) -> u32 {
        let bytes = text.as_bytes();
        if word.len() > 16 {
            return self.number(&text[word].to_ascii_lowercase());
        }
        // Sixteen bytes are read at once, and those that are too many masked out.
        let key = match bytes.get(word.start..word.start + 16) {
            Some(sixteen) => u128::from_le_bytes(sixteen.try_into().expect("sixteen bytes")),
            None => padded(&bytes[word.clone()]),
        };
        let key = key & (u128::MAX >> (128 - 8 * word.len()));
        self.short_number(lowercase(key))
    }

    fn number(&mut self, folded: &str) -> u32 {
        if folded.len() <= 16 {
            return self.short_number(padded(folded.as_bytes()));
        }
        if let Some(&number) = self.long.get(folded) {
            return number;
        }
        let number = self.next();
        self.long.insert(folded.into(), number);
        number
    }

    fn short_number(&mut self, key: u128) -> u32 {
        if let Some(&number) = self.short.get(&key) {
            return number;
        }
        let number = self.next();
        self.short.insert(key, number);
        number
    }

    fn next(&mut self) -> u32 {
        let number = u32::try_from(self.seen_in.len()).expect("the vocabulary is forgotten before");
        self.seen_in.push(0);
        self.in_window.push(0);
        number
    }

    fn moving_average(&mut self) -> Option<f64> {
        let windows = (self.words.len() + 1).checked_sub(WINDOW).filter(|windows| *windows > 0)?;
        let (mut types, mut sum) = (0_u64, 0_u64);
        for (at, &word) in self.words.iter().enumerate() {
            if let Some(leaving) = at.checked_sub(WINDOW) {
                let count = &mut self.in_window[self.words[leaving] as usize];
                *count -= 1;
                types -= u64::from(*count == 0);
            }
            let count = &mut self.in_window[word as usize];
            types += u64::from(*count == 0);
            *count += 1;
            if at + 1 >= WINDOW {
                sum += types;
            }
        }
        for &word in &self.words[windows - 1..] {
            self.in_window[word as usize] = 0;
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

/// Sixteen bytes of ASCII in lower case.
fn lowercase(bytes: u128) -> u128 {
    let mut bytes = bytes.to_le_bytes();
    bytes.make_ascii_lowercase();
    u128::from_le_bytes(bytes)
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
