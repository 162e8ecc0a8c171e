//! Which n-grams may be used by enough persons, in a fixed amount of memory.

use std::sync::atomic::{AtomicU8, Ordering};

/// Binary logarithms of the fewest and of the most counters.
const SMALLEST: u32 = 16;
const LARGEST: u32 = 27;

/// Counters of uses, of which several n-grams may share one. So a count is that of any of its n-grams or more.
pub struct Sketch {
    counters: Vec<AtomicU8>,
    shift: u32,
    enough: u8,
}

impl Sketch {
    /// Makes counters for about so many uses, that count up to `enough`.
    pub fn new(uses: u64, enough: u8) -> Self {
        let bits = uses.checked_ilog2().unwrap_or(0).clamp(SMALLEST, LARGEST);
        let mut counters = Vec::new();
        counters.resize_with(1 << bits, AtomicU8::default);
        Self { counters, shift: 64 - bits, enough }
    }

    pub fn add(&self, hash: u64) {
        let counter = self.counter(hash);
        // What is enough is not counted on, so that a counter cannot overflow.
        if counter.load(Ordering::Relaxed) < self.enough {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether an n-gram may have been added often enough.
    pub fn has_enough(&self, hash: u64) -> bool {
        self.counter(hash).load(Ordering::Relaxed) >= self.enough
    }

    fn counter(&self, hash: u64) -> &AtomicU8 {
        &self.counters[usize::try_from(hash >> self.shift).expect("fewer than 2^27")]
    }
}
