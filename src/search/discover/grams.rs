//! The n-grams of two words or more in the words of an interview.

use super::hash::{LONGEST, joined};
use super::vocabulary::{BREAK, Vocabulary};

/// Two to four words in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gram {
    pub hash: u64,
    pub length: usize,
    /// The numbers of the first and the last word.
    pub first: u32,
    pub last: u32,
    /// Whether all are stop words. Then it is no term itself, but may be a part of one.
    pub is_stop_words: bool,
}

/// Calls `take` with each n-gram of two words or more, the last one first, and those that begin with the same word in the
/// order of their length. Where it returns false, those that hold the n-gram are left out.
pub fn each_gram(words: &[u32], vocabulary: &Vocabulary, mut take: impl FnMut(Gram) -> bool) {
    // Of the word that comes next: its n-grams that are not left out, and stop words in a row from there on.
    let (mut hashes, mut known, mut stop_words) = ([0; LONGEST], 0, 0);
    for (at, number) in words.iter().enumerate().rev() {
        if *number == BREAK {
            (known, stop_words) = (0, 0);
            continue;
        }
        let word = vocabulary.word(*number);
        stop_words = if word.is_stop_word { stop_words + 1 } else { 0 };
        let next = hashes;
        let most = LONGEST.min(known + 1);
        hashes[0] = word.hash;
        known = 1;
        for length in 2..=most {
            let hash = joined(word.hash, next[length - 2], length - 1);
            let last = words[at + length - 1];
            if !take(Gram { hash, length, first: *number, last, is_stop_words: stop_words >= length }) {
                break;
            }
            hashes[length - 1] = hash;
            known = length;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::search::discover::hash::{longer, of_word};
    use crate::search::discover::vocabulary::{AllWords, SeenWords};

    const WORDS: [&str; 5] = ["the", "of", "data", "team", "quota"];

    fn vocabulary() -> Vocabulary {
        let (mut seen, mut all) = (SeenWords::default(), AllWords::default());
        WORDS.iter().for_each(|word| _ = seen.number(of_word(word), word, 0, true));
        seen.add_to(&mut all);
        all.used_by(1)
    }

    fn accepts(gram: &Gram) -> bool {
        !gram.hash.is_multiple_of(3)
    }

    /// The n-gram of so many words from a place on, if there is one and all n-grams in it are accepted.
    fn plainly(words: &[u32], vocabulary: &Vocabulary, at: usize, length: usize) -> Option<Gram> {
        let words_here = words.get(at..at + length).filter(|here| !here.contains(&BREAK))?;
        let inside = (2..length).flat_map(|shorter| (at..=at + length - shorter).map(move |at| (at, shorter)));
        let are_accepted =
            { inside }.all(|(at, shorter)| plainly(words, vocabulary, at, shorter).is_some_and(|gram| accepts(&gram)));
        let known = words_here.iter().map(|word| vocabulary.word(*word));
        are_accepted.then(|| Gram {
            hash: known.clone().fold(0, |hash, word| longer(hash, word.hash)),
            length,
            first: words_here[0],
            last: words_here[length - 1],
            is_stop_words: { known }.all(|word| word.is_stop_word),
        })
    }

    proptest! {
        #[test]
        fn n_grams_are_those_whose_parts_are_accepted(words in vec(0_u32..6, 0..30)) {
            let vocabulary = vocabulary();
            let mut found = Vec::new();
            each_gram(&words, &vocabulary, |gram| {
                found.push(gram);
                accepts(&gram)
            });
            let places = (0..words.len()).rev().flat_map(|at| (2..=LONGEST).map(move |length| (at, length)));
            let expected: Vec<Gram> =
                { places }.filter_map(|(at, length)| plainly(&words, &vocabulary, at, length)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
