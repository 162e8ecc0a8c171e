//! Hashes of words and n-grams. That of an n-gram is made of those of its words, from either end, so that the hashes of
//! its parts can be told from it.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

/// The most words of an n-gram.
pub const LONGEST: usize = 4;

/// An odd number, so that there is one by which its multiples are divided modulo 2^64.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const DIVISOR: u64 = inverse(FACTOR);
const POWERS: [u64; LONGEST] = powers();

const fn inverse(odd: u64) -> u64 {
    // Each step of Newton's method doubles the number of bits that are right, and three are at first.
    let mut inverse = odd;
    let mut steps = 0;
    while steps < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        steps += 1;
    }
    inverse
}

const fn powers() -> [u64; LONGEST] {
    let mut powers = [1; LONGEST];
    let mut at = 1;
    while at < LONGEST {
        powers[at] = FACTOR.wrapping_mul(powers[at - 1]);
        at += 1;
    }
    powers
}

/// The hash of a word, case-folded. Of many millions, two are the same once in many thousand lakes, and so it is with
/// n-grams.
pub fn of_word(word: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(word.as_bytes());
    hasher.finish()
}

/// The hash of an n-gram that begins with a word and goes on with an n-gram of `length` words, of which the hashes are given.
pub fn joined(word: u64, rest: u64, length: usize) -> u64 {
    word.wrapping_mul(POWERS[length]).wrapping_add(rest)
}

/// The hash of an n-gram from that of its beginning and that of its last word.
pub fn longer(beginning: u64, word: u64) -> u64 {
    beginning.wrapping_mul(FACTOR).wrapping_add(word)
}

/// The hashes of the two n-grams that an n-gram of two words or more holds all but one word of: without its last word,
/// and without its first one.
pub fn parts(hash: u64, length: usize, first: u64, last: u64) -> [u64; 2] {
    let beginning = hash.wrapping_sub(last).wrapping_mul(DIVISOR);
    [beginning, hash.wrapping_sub(first.wrapping_mul(POWERS[length - 1]))]
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hash_can_be_made_and_parted_at_either_end(words in vec(any::<u64>(), 2..=LONGEST)) {
            let forwards = |words: &[u64]| words.iter().fold(0, |hash, word| longer(hash, *word));
            let backwards = words.iter().rev().zip(0..).fold(0, |hash, (word, length)| joined(*word, hash, length));
            let hash = forwards(&words);
            prop_assert_eq!(hash, backwards);
            let [last, first] = [words[words.len() - 1], words[0]];
            let expected = [forwards(&words[..words.len() - 1]), forwards(&words[1..])];
            prop_assert_eq!(parts(hash, words.len(), first, last), expected);
        }
    }
}
