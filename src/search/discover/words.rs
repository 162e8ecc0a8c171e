//! The words of a person's answers, and the n-grams that they make.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::quality::FixedState;

use crate::keywords::Text;
use crate::keywords::text::unspaced::is_unspaced;
use crate::keywords::text::words::WordFinder;
use crate::keywords::text::{clauses, fold_word};

/// The most words of an n-gram.
pub const LONGEST: usize = 4;

/// Snowball's English stop words, by their hashes.
static STOP_WORDS: LazyLock<HashSet<u64, FixedState>> =
    LazyLock::new(|| include_str!("stop_words.txt").split_ascii_whitespace().map(hash_of).collect());

/// The words of some answers, in their order.
#[derive(Default)]
pub struct Words {
    /// The answers as they are in the lake, one after the other.
    text: String,
    words: Vec<Word>,
    finder: WordFinder,
    folded: String,
}

struct Word {
    /// Of the word, case-folded.
    hash: u64,
    /// Where it is in `text`.
    place: Range<usize>,
    begins_clause: bool,
    is_stop_word: bool,
}

/// One to four words without a clause break between, not all of which are stop words.
#[derive(Debug, Clone, Copy)]
pub struct Gram {
    pub hash: u64,
    first: usize,
    pub length: usize,
}

/// Whether the words of an answer can be found, as far as there are any.
pub fn has_words(text: Text) -> bool {
    !text.as_str().trim_start().is_empty() && !is_unspaced(text)
}

impl Words {
    pub fn clear(&mut self) {
        self.text.clear();
        self.words.clear();
    }

    /// Adds the words of an answer.
    pub fn add(&mut self, answer: &str) {
        let Self { text, words, finder, folded } = self;
        let begin = text.len();
        text.push_str(answer);
        text.push('\n');
        let mut end = None;
        finder.for_each(answer, |place| {
            folded.clear();
            fold_word(&answer[place.clone()], folded);
            let hash = hash_of(folded);
            let begins_clause = end.is_none_or(|end| clauses::ends_between(answer, end..place.start));
            end = Some(place.end);
            let is_stop_word = STOP_WORDS.contains(&hash);
            words.push(Word { hash, place: begin + place.start..begin + place.end, begins_clause, is_stop_word });
        });
    }

    /// Calls `take` with the n-grams, those that begin with the same word in the order of their length. If it returns
    /// false, longer ones with the same beginning are left out.
    pub fn each_gram(&self, mut take: impl FnMut(Gram) -> bool) {
        for first in 0..self.words.len() {
            let (mut hash, mut are_stop_words) = (0, true);
            for (word, length) in self.words[first..].iter().zip(1..=LONGEST) {
                if length > 1 && word.begins_clause {
                    break;
                }
                hash = joined(hash, word.hash);
                are_stop_words &= word.is_stop_word;
                if !are_stop_words && !take(Gram { hash, first, length }) {
                    break;
                }
            }
        }
    }

    /// The hashes of the two n-grams that an n-gram of two words or more holds all but one word of.
    pub fn parts(&self, gram: Gram) -> [u64; 2] {
        let hash = |words: &[Word]| words.iter().fold(0, |hash, word| joined(hash, word.hash));
        let words = &self.words[gram.first..gram.first + gram.length];
        [hash(&words[..words.len() - 1]), hash(&words[1..])]
    }

    /// An n-gram as it is shown: its words, case-folded, with single spaces.
    pub fn phrase(&self, gram: Gram) -> String {
        let mut phrase = String::new();
        for word in &self.words[gram.first..gram.first + gram.length] {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            fold_word(&self.text[word.place.clone()], &mut phrase);
        }
        phrase
    }

    /// An n-gram as it is written here.
    pub fn written(&self, gram: Gram) -> &str {
        &self.text[self.words[gram.first].place.start..self.words[gram.first + gram.length - 1].place.end]
    }
}

fn hash_of(word: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(word.as_bytes());
    hasher.finish()
}

/// The hash of an n-gram from that of its beginning and that of its last word. Of many millions, two are the same once in
/// many thousand lakes.
fn joined(beginning: u64, word: u64) -> u64 {
    let product = (beginning.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(answers: &[&str]) -> Vec<String> {
        let mut words = Words::default();
        answers.iter().for_each(|answer| words.add(answer));
        let mut phrases = Vec::new();
        words.each_gram(|gram| {
            phrases.push(words.phrase(gram));
            true
        });
        phrases
    }

    #[test]
    fn n_grams_do_not_cross_clauses_or_answers_and_are_more_than_stop_words() {
        assert_eq!(
            phrases(&["We use CI/CD, of the", "DON\u{2019}T!"]),
            ["we use", "we use ci", "we use ci cd", "use", "use ci", "use ci cd", "ci", "ci cd", "cd"]
        );
        assert_eq!(phrases(&["a b c d e"]).iter().filter(|phrase| phrase.contains('e')).count(), 4);
        assert!(phrases(&["the", "of it", ""]).is_empty());
    }

    #[test]
    fn parts_are_n_grams_of_their_own() {
        let mut words = Words::default();
        words.add("Machine-learning models. Machine learning");
        let mut known = Vec::new();
        words.each_gram(|gram| {
            known.push((words.phrase(gram), gram.hash));
            true
        });
        let hash = |phrase: &str| known.iter().find(|(known, _)| known == phrase).unwrap().1;
        words.each_gram(|gram| {
            if gram.length == 3 {
                assert_eq!(words.parts(gram), [hash("machine learning"), hash("learning models")]);
                assert_eq!(words.written(gram), "Machine-learning models");
            }
            assert_eq!(gram.hash, hash(&words.phrase(gram)), "however it is written");
            true
        });
    }
}
