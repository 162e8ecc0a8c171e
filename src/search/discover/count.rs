//! Which n-grams enough persons use, counted by hash first and exactly for those that may be enough.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;
use rayon::prelude::*;

use super::answers::Answers;
use super::grams::{Gram, each_gram};
use super::shards::{Collected, SHARDS, shard_of};
use super::sketch::{Enough, Sketch};
use super::standing::Standing;
use super::table::{Counted, Table};
use super::tokens::Tokens;
use super::vocabulary::Vocabulary;
use crate::model::Result;

/// Persons who must use an n-gram.
pub const FLOOR: u8 = 5;
/// Tenths of the uses of an n-gram that a longer one holds that takes its place.
const HELD: u64 = 9;
/// Bytes for n-grams that are counted exactly, and of each of them, about.
const ROOM: usize = 80 << 20;
const OF_GRAM: usize = 80;

/// N-grams that begin with the same word, beside the word itself.
const GRAMS_OF_WORD: u64 = 3;

/// A use of an n-gram.
struct Use {
    hash: u64,
    /// The numbers of the first and the last word.
    ends: [u32; 2],
    interview: u32,
    length: u8,
}

/// The n-grams that enough persons use.
///
/// # Errors
/// When the answers cannot be read.
pub fn count<A: Answers>(tokens: &Tokens<A>, standing: &Standing) -> Result<Table> {
    let enough = count_by_hash(tokens, standing)?;
    let rounds = (enough.count() * OF_GRAM).div_ceil(ROOM).max(1);
    let shards = SHARDS.div_ceil(rounds);
    let mut table = Table::default();
    for first in (0..SHARDS).step_by(shards) {
        let counted = count_exactly(tokens, standing, &enough, first..SHARDS.min(first + shards))?;
        table.add(counted, FLOOR.into());
    }
    table.index();
    Ok(table)
}

/// Counts all n-grams, several together.
fn count_by_hash<A: Answers>(tokens: &Tokens<A>, standing: &Standing) -> Result<Enough> {
    let sketch = Sketch::new(tokens.count * GRAMS_OF_WORD, FLOOR);
    let add = |shard: usize, hashes: &[u64]| sketch.add(shard, hashes);
    let collect = |_, words: &[u32], collected: &mut Collected<u64>| {
        each_gram(words, &tokens.vocabulary, |gram| {
            collected.add(gram.hash, gram.hash);
            true
        });
    };
    tokens.by_shard(|interview| standing.is_last(interview), collect, add)?;
    Ok(sketch.enough())
}

/// Counts the n-grams of some shards that may be used by enough persons.
fn count_exactly<A: Answers>(
    tokens: &Tokens<A>,
    standing: &Standing,
    enough: &Enough,
    shards: Range<usize>,
) -> Result<Vec<HashMap<u64, Counted>>> {
    let counted: Vec<Mutex<HashMap<u64, Counted>>> = shards.clone().map(|_| Mutex::default()).collect();
    for (number, word) in tokens.vocabulary.words() {
        let shard = shard_of(word.hash);
        if shards.contains(&shard) && !word.is_stop_word {
            let mut counted = counted[shard - shards.start].lock().unwrap_or_else(PoisonError::into_inner);
            counted.insert(word.hash, Counted::of_word(number, word));
        }
    }
    let add = |shard: usize, uses: &[Use]| {
        let mut counted = counted[shard - shards.start].lock().unwrap_or_else(PoisonError::into_inner);
        for Use { hash, ends, interview, length } in uses {
            let counted = counted.entry(*hash).or_insert_with(|| Counted::new(*length, *ends));
            counted.add(*interview, standing.is_last(*interview));
        }
    };
    let collect = |interview, words: &[u32], collected: &mut Collected<Use>| {
        each_gram(words, &tokens.vocabulary, |gram| {
            let may_be_enough = enough.has(gram.hash);
            if may_be_enough && !gram.is_stop_words && shards.contains(&shard_of(gram.hash)) {
                let Gram { hash, length, first, last, .. } = gram;
                let length = u8::try_from(length).expect("a few words");
                collected.add(hash, Use { hash, ends: [first, last], interview, length });
            }
            may_be_enough
        });
    };
    tokens.by_shard(|_| true, collect, add)?;
    Ok(counted.into_iter().map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

/// Which n-grams a longer one takes the place of, by their numbers. If it has more than one word more, so does one that
/// has one word more, since that holds all its uses.
pub fn replaced(table: &Table, vocabulary: &Vocabulary) -> Vec<bool> {
    let mut replaced = Vec::new();
    replaced.resize_with(table.len(), || AtomicBool::new(false));
    (0..table.len()).into_par_iter().for_each(|at| {
        let uses = u64::from(table.uses[at]);
        let number = u32::try_from(at).expect("numbers of n-grams");
        for part in table.parts(number, vocabulary).into_iter().flatten() {
            if uses * 10 >= u64::from(table.uses[part as usize]) * HELD {
                replaced[part as usize].store(true, Ordering::Relaxed);
            }
        }
    });
    replaced.into_iter().map(AtomicBool::into_inner).collect()
}
