//! Which files of a month are merged.

use std::collections::BTreeMap;

/// Most bytes of the files that are merged into one.
pub const FULL_BYTES: u64 = 256 << 20;
/// Files from this size on are left as they are, so that new ones beside them do not have them rewritten again and again.
pub const LARGE_BYTES: u64 = 64 << 20;
/// Most files that are merged into one: all of them are open at once.
pub const MOST_FILES: usize = 512;
/// A run merges the files of a month if it has more small ones than this.
pub const MANY: usize = 32;

/// The files of one name in a month, of tables that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Size of the largest of them.
    pub bytes: u64,
    /// Only batches that are alike in this are merged. `None` for one that is merged with no other.
    pub like: Option<String>,
}

impl Batch {
    /// Whether it may be merged with others.
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.bytes < LARGE_BYTES && self.like.is_some()
    }
}

/// The batches that are merged, by their index: each group becomes one file of each table. `batches` are sorted by name,
/// and so are the groups. There are none if there are fewer than `least` small ones.
#[must_use]
pub fn groups(batches: &[Batch], least: usize) -> Vec<Vec<usize>> {
    if batches.iter().filter(|batch| batch.is_small()).count() < least.max(2) {
        return Vec::new();
    }
    let mut open: BTreeMap<&str, (u64, Vec<usize>)> = BTreeMap::new();
    let mut closed = Vec::new();
    for (index, batch) in batches.iter().enumerate().filter(|(_, batch)| batch.is_small()) {
        let (bytes, group) = open.entry(batch.like.as_deref().unwrap_or_default()).or_default();
        if !group.is_empty() && (*bytes + batch.bytes > FULL_BYTES || group.len() == MOST_FILES) {
            closed.push(std::mem::take(group));
            *bytes = 0;
        }
        *bytes += batch.bytes;
        group.push(index);
    }
    closed.extend(open.into_values().map(|(_, group)| group));
    closed.retain(|group| group.len() > 1);
    closed.sort_unstable();
    closed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn batch() -> impl Strategy<Value = Batch> {
        let bytes = prop_oneof![0..1000_u64, Just(LARGE_BYTES - 1), Just(LARGE_BYTES), 0..2 * LARGE_BYTES];
        let like = prop::option::weighted(0.9, "[ab]");
        (bytes, like).prop_map(|(bytes, like)| Batch { bytes, like })
    }

    fn merged(batches: &[Batch], groups: &[Vec<usize>]) -> Vec<Batch> {
        let taken: BTreeSet<usize> = groups.iter().flatten().copied().collect();
        let stay =
            batches.iter().enumerate().filter(|(index, _)| !taken.contains(index)).map(|(_, batch)| batch.clone());
        let new = groups.iter().map(|group| Batch {
            bytes: group.iter().map(|index| batches[*index].bytes).sum(),
            like: batches[group[0]].like.clone(),
        });
        stay.chain(new).collect()
    }

    proptest! {
        #[test]
        fn small_ones_that_are_alike_are_merged_up_to_the_ceiling_and_once(batches in vec(batch(), 0..60)) {
            let found = groups(&batches, 2);
            let all: Vec<usize> = found.iter().flatten().copied().collect();
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "each is in one group");
            for group in &found {
                prop_assert!((2..=MOST_FILES).contains(&group.len()) && group.is_sorted());
                prop_assert!(group.iter().all(|index| batches[*index].is_small()));
                prop_assert!(group.iter().all(|index| batches[*index].like == batches[group[0]].like));
                prop_assert!(group.iter().map(|index| batches[*index].bytes).sum::<u64>() <= FULL_BYTES);
            }
            let after = merged(&batches, &found);
            prop_assert_eq!(groups(&after, 2), Vec::<Vec<usize>>::new(), "nothing is left to merge");
            for like in ["a", "b"] {
                let small = after.iter().filter(|batch| batch.is_small() && batch.like.as_deref() == Some(like));
                prop_assert!(small.count() <= 1);
            }
        }

        #[test]
        fn a_run_merges_only_many(batches in vec(batch(), 0..80)) {
            let small = batches.iter().filter(|batch| batch.is_small()).count();
            let expected = if small > MANY { groups(&batches, 2) } else { Vec::new() };
            prop_assert_eq!(groups(&batches, MANY + 1), expected);
        }
    }

    #[test]
    fn more_than_can_be_open_at_once_are_merged_in_turns() {
        let tiny = Batch { bytes: 1, like: Some(String::new()) };
        let mut batches = vec![tiny; 3 * MOST_FILES + 1];
        let found = groups(&batches, 2);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [MOST_FILES; 3]);
        batches = merged(&batches, &found);
        assert_eq!(groups(&batches, 2), [[0, 1, 2, 3]]);
    }
}
