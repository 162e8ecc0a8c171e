//! The words of a person's answers, and the n-grams that they make.

use std::ops::Range;
use std::sync::LazyLock;

use foldhash::HashSet;

use super::hash::{LONGEST, longer, of_word};
use crate::keywords::Text;
use crate::keywords::text::unspaced::is_unspaced;
use crate::keywords::text::words::WordFinder;
use crate::keywords::text::{clauses, fold_word};

/// Snowball's English stop words, by their hashes.
static STOP_WORDS: LazyLock<HashSet<u64>> =
    LazyLock::new(|| include_str!("stop_words.txt").split_ascii_whitespace().map(of_word).collect());

/// Finds the words of one answer after another, and reuses its memory.
#[derive(Default)]
pub struct WordReader {
    finder: WordFinder,
    folded: String,
}

/// A word of an answer.
pub struct ReadWord<'a> {
    /// Case-folded.
    pub folded: &'a str,
    /// Of the word, case-folded.
    pub hash: u64,
    /// Where it is in the answer.
    pub place: Range<usize>,
    pub begins_clause: bool,
}

/// The words of some answers, in their order.
#[derive(Default)]
pub struct Words {
    /// The answers as they are in the lake, one after the other.
    text: String,
    words: Vec<Word>,
    reader: WordReader,
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
    length: usize,
}

/// Whether the words of an answer can be found, as far as there are any.
pub fn has_words(text: Text) -> bool {
    !text.as_str().trim_start().is_empty() && !is_unspaced(text)
}

/// Whether a word is one of those that make no term alone.
pub fn is_stop_word(hash: u64) -> bool {
    STOP_WORDS.contains(&hash)
}

impl WordReader {
    /// Calls `take` with each word of an answer, in order.
    pub fn each(&mut self, answer: &str, mut take: impl FnMut(ReadWord)) {
        let Self { finder, folded } = self;
        let mut end = None;
        finder.for_each(answer, |place| {
            folded.clear();
            fold_word(&answer[place.clone()], folded);
            let begins_clause = end.is_none_or(|end| clauses::ends_between(answer, end..place.start));
            end = Some(place.end);
            take(ReadWord { folded, hash: of_word(folded), place, begins_clause });
        });
    }
}

impl Words {
    pub fn clear(&mut self) {
        self.text.clear();
        self.words.clear();
    }

    /// Adds the words of an answer.
    pub fn add(&mut self, answer: &str) {
        let Self { text, words, reader } = self;
        let begin = text.len();
        text.push_str(answer);
        text.push('\n');
        reader.each(answer, |ReadWord { hash, place, begins_clause, .. }| {
            let place = begin + place.start..begin + place.end;
            words.push(Word { hash, place, begins_clause, is_stop_word: is_stop_word(hash) });
        });
    }

    /// Calls `take` with the n-grams, those that begin with the same word in the order of their length.
    pub fn each_gram(&self, mut take: impl FnMut(Gram)) {
        for first in 0..self.words.len() {
            let (mut hash, mut are_stop_words) = (0, true);
            for (word, length) in self.words[first..].iter().zip(1..=LONGEST) {
                if length > 1 && word.begins_clause {
                    break;
                }
                hash = longer(hash, word.hash);
                are_stop_words &= word.is_stop_word;
                if !are_stop_words {
                    take(Gram { hash, first, length });
                }
            }
        }
    }

    /// An n-gram as it is written here.
    pub fn written(&self, gram: Gram) -> &str {
        &self.text[self.words[gram.first].place.start..self.words[gram.first + gram.length - 1].place.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The n-grams as they are written, and their hashes.
    fn grams(answers: &[&str]) -> Vec<(String, u64)> {
        let mut words = Words::default();
        answers.iter().for_each(|answer| words.add(answer));
        let mut grams = Vec::new();
        words.each_gram(|gram| grams.push((words.written(gram).to_owned(), gram.hash)));
        grams
    }

    fn phrases(answers: &[&str]) -> Vec<String> {
        grams(answers).into_iter().map(|(phrase, _)| phrase).collect()
    }

    #[test]
    fn n_grams_do_not_cross_clauses_or_answers_and_are_more_than_stop_words() {
        assert_eq!(
            phrases(&["We use CI/CD, of the", "DON\u{2019}T!"]),
            ["We use", "We use CI", "We use CI/CD", "use", "use CI", "use CI/CD", "CI", "CI/CD", "CD"]
        );
        assert_eq!(phrases(&["a b c d e"]).iter().filter(|phrase| phrase.contains('e')).count(), 4);
        assert!(phrases(&["the", "of it", ""]).is_empty());
    }

    #[test]
    fn an_n_gram_has_one_hash_however_it_is_written() {
        let [ours, theirs] = ["Machine-learning models", "machine LEARNING  models"].map(|text| grams(&[text]));
        let hashes = |grams: &[(String, u64)]| grams.iter().map(|(_, hash)| *hash).collect::<Vec<_>>();
        assert_eq!(hashes(&ours), hashes(&theirs));
        let alone = grams(&["learning models"])[1].1;
        assert_eq!(ours.iter().find(|(phrase, _)| phrase == "learning models").map(|(_, hash)| *hash), Some(alone));
    }
}
