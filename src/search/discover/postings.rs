//! Which interviews use each n-gram, for as many shards at a time as fit into a fixed amount of memory.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answers::Answers;
use super::grams::each_gram;
use super::shards::{Collected, SHARDS, shard_of};
use super::table::Table;
use super::tokens::Tokens;
use super::vocabulary::BREAK;
use crate::model::Result;

/// Bytes for postings, about.
const ROOM: u64 = 72 << 20;
/// Bytes of an n-gram itself and of one interview that uses it.
const OF_GRAM: u64 = 12;
const OF_INTERVIEW: u64 = 4;

/// The n-grams of some shards, each with its interviews.
pub struct Postings {
    first_shard: usize,
    shards: Vec<Mutex<Shard>>,
}

/// The n-grams of a shard.
pub struct Shard {
    /// The number of the first one.
    first: usize,
    /// Where the interviews of each begin, and where those of the last one end.
    begins: Vec<u32>,
    /// How many of these are there already.
    filled: Vec<u32>,
    interviews: Vec<u32>,
}

/// Cuts the shards into ranges whose postings fit into memory. N-grams that are replaced need none.
pub fn ranges(table: &Table, replaced: &[bool]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut begin, mut room) = (0, 0);
    for shard in 0..SHARDS {
        let numbers = table.of_shard(shard);
        let all = table.interviews[numbers.clone()].iter().zip(&replaced[numbers]);
        let open = all.filter(|(_, is_replaced)| !**is_replaced);
        room += open.map(|(interviews, _)| OF_GRAM + OF_INTERVIEW * u64::from(*interviews)).sum::<u64>();
        if room >= ROOM || shard + 1 == SHARDS {
            ranges.push(begin..shard + 1);
            (begin, room) = (shard + 1, 0);
        }
    }
    ranges
}

impl Postings {
    /// Reads the answers for the n-grams of some shards.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read<A: Answers>(
        tokens: &Tokens<A>,
        table: &Table,
        replaced: &[bool],
        shards: Range<usize>,
    ) -> Result<Self> {
        let empty = |shard| Mutex::new(Shard::with_room(table, replaced, table.of_shard(shard)));
        let postings = Self { first_shard: shards.start, shards: shards.clone().map(empty).collect() };
        let add = |shard: usize, uses: &[(u64, u32)]| postings.shard(shard).add(table, replaced, uses);
        let collect = |interview, words: &[u32], collected: &mut Collected<(u64, u32)>| {
            let mut add_to = |hash: u64| {
                if shards.contains(&shard_of(hash)) {
                    collected.add(hash, (hash, interview));
                }
            };
            let words_alone = words.iter().filter(|word| **word != BREAK).map(|word| tokens.vocabulary.word(*word));
            words_alone.filter(|word| !word.is_stop_word).for_each(|word| add_to(word.hash));
            each_gram(words, &tokens.vocabulary, |gram| {
                let may_be_here = gram.is_stop_words || table.may_have(gram.hash);
                if may_be_here && !gram.is_stop_words {
                    add_to(gram.hash);
                }
                may_be_here
            });
        };
        tokens.by_shard(|_| true, collect, add)?;
        Ok(postings)
    }

    /// The n-grams of a shard.
    pub fn shard(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard - self.first_shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn with_room(table: &Table, replaced: &[bool], numbers: Range<usize>) -> Self {
        let (mut begins, mut end) = (vec![0], 0);
        for (interviews, is_replaced) in table.interviews[numbers.clone()].iter().zip(&replaced[numbers.clone()]) {
            end += if *is_replaced { 0 } else { *interviews };
            begins.push(end);
        }
        let interviews = vec![0; end as usize];
        Self { first: numbers.start, begins, filled: vec![0; numbers.len()], interviews }
    }

    /// Adds uses, those of an interview one after the other.
    fn add(&mut self, table: &Table, replaced: &[bool], uses: &[(u64, u32)]) {
        for (hash, interview) in uses {
            let Some(number) = table.number(*hash).filter(|number| !replaced[*number as usize]) else { continue };
            let at = number as usize - self.first;
            let end = (self.begins[at] + self.filled[at]) as usize;
            if self.filled[at] == 0 || self.interviews[end - 1] != *interview {
                self.interviews[end] = *interview;
                self.filled[at] += 1;
            }
        }
    }

    /// The interviews that use an n-gram, in no order.
    pub fn interviews(&self, number: u32) -> &[u32] {
        let at = number as usize - self.first;
        &self.interviews[self.begins[at] as usize..self.begins[at + 1] as usize]
    }
}
