//! The words that enough persons use, each with a number.

use foldhash::HashMap;

use super::tally::Tally;
use super::words::is_stop_word;

/// The number that stands for a clause break, and for words that too few persons use: no n-gram with one of these is used
/// by more.
pub const BREAK: u32 = 0;

/// The words of some answers, numbered in the order in which they come, from 1 on.
#[derive(Default)]
pub struct SeenWords {
    numbers: HashMap<u64, u32>,
    words: Vec<SeenWord>,
    /// The words as they are shown, one after the other.
    spellings: String,
}

struct SeenWord {
    hash: u64,
    tally: Tally,
    last: u32,
    /// Where its spelling ends.
    end: usize,
}

/// The words of all answers, by their hashes.
#[derive(Default)]
pub struct AllWords(HashMap<u64, (Tally, Box<str>)>);

/// The words that enough persons use. The most frequent have the smallest numbers, from 1 on.
pub struct Vocabulary {
    numbers: HashMap<u64, u32>,
    /// By number; nothing is at 0.
    words: Vec<Word>,
    spellings: Vec<Box<str>>,
}

/// A word that enough persons use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Word {
    pub hash: u64,
    pub is_stop_word: bool,
    pub tally: Tally,
}

impl SeenWords {
    /// The number of a word in an interview, which is counted.
    pub fn number(&mut self, hash: u64, spelling: &str, interview: u32, is_last: bool) -> u32 {
        let Self { numbers, words, spellings } = self;
        let number = *numbers.entry(hash).or_insert_with(|| {
            spellings.push_str(spelling);
            words.push(SeenWord { hash, tally: Tally::default(), last: u32::MAX, end: spellings.len() });
            u32::try_from(words.len()).expect("words in memory")
        });
        let word = &mut words[number as usize - 1];
        word.tally.add(word.last != interview, is_last);
        word.last = interview;
        number
    }

    /// Adds the words to others. Returns their hashes by their numbers; nothing is at 0.
    pub fn add_to(self, all: &mut AllWords) -> Vec<u64> {
        let mut begin = 0;
        for word in &self.words {
            let known = all.0.entry(word.hash);
            let (tally, _) = known.or_insert_with(|| (Tally::default(), self.spellings[begin..word.end].into()));
            tally.merge(word.tally);
            begin = word.end;
        }
        [0].into_iter().chain(self.words.iter().map(|word| word.hash)).collect()
    }
}

impl AllWords {
    /// Those that so many persons use.
    pub fn used_by(self, floor: u32) -> Vocabulary {
        let is_frequent = |(_, (tally, _)): &(u64, (Tally, Box<str>))| tally.persons >= floor;
        let mut frequent: Vec<(u64, (Tally, Box<str>))> = self.0.into_iter().filter(is_frequent).collect();
        frequent.sort_unstable_by_key(|(hash, (tally, _))| (std::cmp::Reverse(tally.uses), *hash));
        let mut vocabulary =
            Vocabulary { numbers: HashMap::default(), words: vec![Word::default()], spellings: vec!["".into()] };
        for (number, (hash, (tally, spelling))) in (1..).zip(frequent) {
            vocabulary.numbers.insert(hash, number);
            vocabulary.words.push(Word { hash, is_stop_word: is_stop_word(hash), tally });
            vocabulary.spellings.push(spelling);
        }
        vocabulary
    }
}

impl Vocabulary {
    /// The number of the word with a hash.
    pub fn number(&self, hash: u64) -> u32 {
        self.numbers.get(&hash).copied().unwrap_or(BREAK)
    }

    pub fn word(&self, number: u32) -> &Word {
        &self.words[number as usize]
    }

    /// A word as it is shown.
    pub fn spelling(&self, number: u32) -> &str {
        &self.spellings[number as usize]
    }

    /// All words with their numbers.
    pub fn words(&self) -> impl Iterator<Item = (u32, &Word)> {
        (0..).zip(&self.words).skip(1)
    }
}
