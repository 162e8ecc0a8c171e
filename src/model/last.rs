//! A test counts a person once: with their last interview.

use std::hash::Hash;

use foldhash::HashMap;

/// The last row of each key, where `is_later` says whether its second row is after its first.
#[must_use]
pub fn last<K: Hash + Eq>(
    keyed: impl Iterator<Item = (K, u32)>,
    is_later: impl Fn(u32, u32) -> bool,
) -> HashMap<K, u32> {
    let mut last: HashMap<K, u32> = HashMap::default();
    for (key, row) in keyed {
        let known = last.entry(key).or_insert(row);
        if is_later(*known, row) {
            *known = row;
        }
    }
    last
}
