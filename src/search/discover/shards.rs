//! What is counted by hash, in shards that each hold the hashes between two others. A thread collects what it has for a
//! shard, and a shard takes much of it at once: so threads seldom wait for one another, and what is counted together is in
//! the processor's cache.

/// Binary logarithm of the number of shards.
const BITS: u32 = 8;
pub const SHARDS: usize = 1 << BITS;

/// Items that are handed on together.
const MANY: usize = 512;

/// The shard of a hash.
pub fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> (64 - BITS)).expect("a few bits")
}

/// The least hash of a shard.
pub fn first_of(shard: usize) -> u64 {
    (shard as u64) << (64 - BITS)
}

/// What a thread has for each shard.
pub struct Collected<T>(Vec<Vec<T>>);

impl<T> Collected<T> {
    pub fn new() -> Self {
        Self((0..SHARDS).map(|_| Vec::new()).collect())
    }

    pub fn add(&mut self, hash: u64, item: T) {
        self.0[shard_of(hash)].push(item);
    }

    /// Hands on what there is much of. It is called between two interviews, so that all of an interview in a shard is
    /// handed on together.
    pub fn hand_on(&mut self, take: impl FnMut(usize, &[T])) {
        self.hand_on_from(MANY, take);
    }

    /// Hands on all.
    pub fn finish(mut self, take: impl FnMut(usize, &[T])) {
        self.hand_on_from(1, take);
    }

    fn hand_on_from(&mut self, least: usize, mut take: impl FnMut(usize, &[T])) {
        for (shard, items) in self.0.iter_mut().enumerate().filter(|(_, items)| items.len() >= least) {
            take(shard, items);
            items.clear();
        }
    }
}
