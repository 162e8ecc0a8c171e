//! The words of all interviews as numbers, packed into memory as far as there is room. The words of others are read from
//! their answers again each time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::answers::Answers;
use super::shards::Collected;
use super::standing::Standing;
use super::vocabulary::{AllWords, BREAK, SeenWords, Vocabulary};
use super::words::WordReader;
use crate::model::Result;

/// Bytes for words, about. One takes a byte or two.
pub const ROOM: u64 = 128 << 20;

/// The words of the interviews that count for anything.
pub struct Tokens<'a, A> {
    answers: &'a A,
    standing: &'a Standing,
    pub vocabulary: Vocabulary,
    /// Those of each part; `None` if there was no room for them.
    parts: Vec<Option<Packed>>,
    /// How many there are, and breaks.
    pub count: u64,
}

/// Numbers of words, of one interview after the other. A number has seven bits a byte, the lowest first, and all bytes but
/// its last one have the eighth bit.
#[derive(Default)]
struct Packed {
    bytes: Vec<u8>,
    /// Where the numbers of each interview end.
    ends: Vec<(u32, usize)>,
}

/// A part that was read, with the hashes of its words by their numbers there.
struct ReadPart {
    packed: Option<Packed>,
    hashes: Vec<u64>,
    count: u64,
}

impl<'a, A: Answers> Tokens<'a, A> {
    /// Reads the answers, and keeps those words that so many persons use.
    ///
    /// # Errors
    /// When the answers cannot be read.
    pub fn read(answers: &'a A, standing: &'a Standing, floor: u32, room: u64) -> Result<Self> {
        let (all, taken) = (Mutex::new(AllWords::default()), AtomicU64::new(0));
        let read = |part| -> Result<ReadPart> {
            let (packed, words, count) = read_part(answers, standing, part)?;
            let size = packed.bytes.len() as u64;
            let has_room = taken.fetch_add(size, Ordering::Relaxed) + size <= room;
            let hashes = words.add_to(&mut all.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(ReadPart { packed: has_room.then_some(packed), hashes, count })
        };
        let parts: Vec<ReadPart> = (0..answers.parts()).into_par_iter().map(read).collect::<Result<_>>()?;
        let vocabulary = all.into_inner().unwrap_or_else(PoisonError::into_inner).used_by(floor);
        let count = parts.iter().map(|part| part.count).sum();
        let renumber = |ReadPart { packed, hashes, .. }| {
            let numbers: Vec<u32> = hashes.iter().map(|hash| vocabulary.number(*hash)).collect();
            packed.map(|packed: Packed| packed.renumbered(&numbers))
        };
        let parts = parts.into_par_iter().map(renumber).collect();
        Ok(Self { answers, standing, vocabulary, parts, count })
    }

    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Reads all parts side by side: `collect` collects what there is of an interview that is wanted, and `take` gets what
    /// was collected for a shard.
    ///
    /// # Errors
    /// When the answers cannot be read.
    pub fn by_shard<T>(
        &self,
        is_wanted: impl Fn(u32) -> bool + Sync,
        collect: impl Fn(u32, &[u32], &mut Collected<T>) + Sync,
        take: impl Fn(usize, &[T]) + Sync,
    ) -> Result<()> {
        (0..self.parts.len()).into_par_iter().try_for_each(|part| -> Result<()> {
            let mut collected = Collected::new();
            self.each(part, &is_wanted, |interview, words| {
                collect(interview, words, &mut collected);
                collected.hand_on(&take);
            })?;
            collected.finish(&take);
            Ok(())
        })
    }

    /// Calls `take` with the words of each interview of a part that is wanted. Clause breaks and words that are too rare
    /// are [`BREAK`].
    ///
    /// # Errors
    /// When the answers cannot be read.
    pub fn each(&self, part: usize, is_wanted: impl Fn(u32) -> bool, mut take: impl FnMut(u32, &[u32])) -> Result<()> {
        let mut numbers = Vec::new();
        if let Some(packed) = &self.parts[part] {
            packed.each(&is_wanted, &mut numbers, take);
            return Ok(());
        }
        let mut reader = WordReader::default();
        let mut current = None;
        self.answers.each(part, &mut |interview, answer| {
            if current != Some(interview) {
                current.into_iter().for_each(|current| take(current, &numbers));
                numbers.clear();
                current = (self.standing.counts(interview) && is_wanted(interview)).then_some(interview);
            }
            if current.is_some() {
                reader.each(answer, |word| {
                    if word.begins_clause {
                        numbers.push(BREAK);
                    }
                    numbers.push(self.vocabulary.number(word.hash));
                });
            }
        })?;
        current.into_iter().for_each(|current| take(current, &numbers));
        Ok(())
    }
}

/// The words of a part, with the numbers that they get there, and how many there are.
fn read_part(answers: &impl Answers, standing: &Standing, part: usize) -> Result<(Packed, SeenWords, u64)> {
    let (mut packed, mut words, mut reader) = (Packed::default(), SeenWords::default(), WordReader::default());
    let (mut current, mut count) = (None, 0);
    answers.each(part, &mut |interview, answer| {
        if !standing.counts(interview) {
            return;
        }
        if current != Some(interview) {
            current.into_iter().for_each(|current| packed.end(current));
            current = Some(interview);
        }
        let is_last = standing.is_last(interview);
        reader.each(answer, |word| {
            if word.begins_clause {
                packed.push(BREAK);
            }
            packed.push(words.number(word.hash, word.folded, interview, is_last));
            count += 1;
        });
    })?;
    current.into_iter().for_each(|current| packed.end(current));
    Ok((packed, words, count))
}

impl Packed {
    fn push(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f | 0x80).to_le_bytes()[0]);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    /// Ends the numbers of an interview.
    fn end(&mut self, interview: u32) {
        self.ends.push((interview, self.bytes.len()));
    }

    fn each(&self, is_wanted: impl Fn(u32) -> bool, numbers: &mut Vec<u32>, mut take: impl FnMut(u32, &[u32])) {
        let mut begin = 0;
        for (interview, end) in &self.ends {
            if is_wanted(*interview) {
                numbers.clear();
                let (mut number, mut bits) = (0, 0);
                for byte in &self.bytes[begin..*end] {
                    number |= u32::from(byte & 0x7f) << bits;
                    bits += 7;
                    if byte & 0x80 == 0 {
                        numbers.push(number);
                        (number, bits) = (0, 0);
                    }
                }
                take(*interview, numbers);
            }
            begin = *end;
        }
    }

    /// The same words with other numbers.
    fn renumbered(&self, by: &[u32]) -> Self {
        let mut packed = Self { bytes: Vec::with_capacity(self.bytes.len()), ends: Vec::new() };
        self.each(
            |_| true,
            &mut Vec::new(),
            |interview, numbers| {
                let mut before = None;
                for number in numbers.iter().map(|number| by[*number as usize]) {
                    // One break is as good as two.
                    if number != BREAK || before != Some(BREAK) {
                        packed.push(number);
                    }
                    before = Some(number);
                }
                packed.end(interview);
            },
        );
        packed.bytes.shrink_to_fit();
        packed
    }
}
