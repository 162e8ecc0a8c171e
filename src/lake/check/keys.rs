//! Keys of rows as hashes of 16 bytes, and which of them are there more than once.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};

use arrow::array::{Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use foldhash::quality::FixedState;
use rayon::prelude::*;

use crate::lake::read::{integers, times, views};
use crate::lake::schema::{Column, ColumnType, Table};

/// The hash of a key. That two of ten million keys share one by chance is out of the question.
pub type Key = u128;

const HALVES: [FixedState; 2] =
    [FixedState::with_seed(0x726f_756e_6475_7031), FixedState::with_seed(0x726f_756e_6475_7032)];

/// Into how many parts the keys of a table are divided to be compared. A thread copies one part at a time.
const PARTS: u8 = 64;

/// The columns of a batch that make a key. Texts were read as views.
pub struct KeyColumns<'a>(Vec<KeyColumn<'a>>);

enum KeyColumn<'a> {
    Text(&'a StringViewArray),
    Integer(&'a Int64Array),
    Time(&'a TimestampMicrosecondArray),
}

impl<'a> KeyColumns<'a> {
    /// Partition columns are not in a batch, and are left out: they are the same for all rows of a file, and keys of two
    /// files are only compared where they are no part of the key.
    pub fn of(batch: &'a RecordBatch, table: &Table, names: &[&str]) -> Self {
        let columns = table.columns.iter().filter(|column| names.contains(&column.name));
        let column = |column: &Column| match column.column_type {
            ColumnType::Integer => KeyColumn::Integer(integers(batch, column.name)),
            ColumnType::Time => KeyColumn::Time(times(batch, column.name)),
            _ => KeyColumn::Text(views(batch, column.name)),
        };
        Self(columns.map(column).collect())
    }

    /// The key of a row. `None` if a part of it is null: it equals no other then, as in SQL.
    pub fn key(&self, row: usize) -> Option<Key> {
        let is_null = |column: &KeyColumn<'_>| match column {
            KeyColumn::Text(texts) => texts.is_null(row),
            KeyColumn::Integer(integers) => integers.is_null(row),
            KeyColumn::Time(times) => times.is_null(row),
        };
        if self.0.iter().any(is_null) {
            return None;
        }
        let [first, second] = HALVES.map(|half| {
            let mut hasher = half.build_hasher();
            for column in &self.0 {
                match column {
                    KeyColumn::Text(texts) => texts.value(row).hash(&mut hasher),
                    KeyColumn::Integer(integers) => integers.value(row).hash(&mut hasher),
                    KeyColumn::Time(times) => times.value(row).hash(&mut hasher),
                }
            }
            hasher.finish()
        });
        Some(Key::from(first) << 64 | Key::from(second))
    }
}

/// How many different keys are more than once among sorted ones.
pub fn repeated(sorted: &[Key]) -> u64 {
    sorted.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).count() as u64
}

/// How many keys several files have, by the files that have them. The keys of each file are sorted.
pub fn shared<'a>(files: &BTreeMap<&'a str, Vec<Key>>) -> BTreeMap<Vec<&'a str>, u64> {
    let part_of = |key: Key| (key >> (Key::BITS - PARTS.trailing_zeros())) as u8;
    let of_part = |part: u8| {
        let mut keys: Vec<(Key, &str)> = Vec::new();
        for (file, sorted) in files {
            let begin = sorted.partition_point(|key| part_of(*key) < part);
            let of_file = sorted[begin..].iter().take_while(|key| part_of(**key) == part);
            keys.extend(of_file.map(|key| (*key, *file)));
        }
        keys.sort_unstable();
        keys.dedup();
        let mut found: BTreeMap<Vec<&'a str>, u64> = BTreeMap::new();
        for same in keys.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            *found.entry(same.iter().map(|(_, file)| *file).collect()).or_default() += 1;
        }
        found
    };
    let merge = |mut all: BTreeMap<Vec<&'a str>, u64>, found| {
        for (files, count) in found {
            *all.entry(files).or_default() += count;
        }
        all
    };
    (0..PARTS).into_par_iter().map(of_part).reduce(BTreeMap::new, merge)
}

/// All keys of a table, sorted.
pub fn merged(files: &BTreeMap<&str, Vec<Key>>) -> Vec<Key> {
    let mut all = Vec::with_capacity(files.values().map(Vec::len).sum());
    files.values().for_each(|keys| all.extend(keys));
    all.par_sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow::array::ArrayRef;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::lake::schema::{KEYWORD_HITS, RESPONSES};

    fn keys(ids: &[Option<&str>], positions: &[i64]) -> Vec<Option<Key>> {
        let columns: [(&str, ArrayRef); 2] = [
            ("interview_id", Arc::new(ids.iter().copied().collect::<StringViewArray>())),
            ("position", Arc::new(Int64Array::from(positions.to_vec()))),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap();
        let columns = KeyColumns::of(&batch, &RESPONSES, RESPONSES.key);
        (0..batch.num_rows()).map(|row| columns.key(row)).collect()
    }

    #[test]
    fn a_key_is_all_of_its_columns() {
        let found = keys(&[Some("a"), Some("a"), Some("b"), Some("a"), None], &[0, 1, 0, 0, 0]);
        assert_eq!(found[0], found[3]);
        assert_eq!(found.iter().flatten().collect::<std::collections::HashSet<_>>().len(), 3);
        assert_eq!(found[4], None);
        assert!(KEYWORD_HITS.key.contains(&"set") && KEYWORD_HITS.partitions.contains(&"set"));
    }

    proptest! {
        #[test]
        fn shared_and_repeated_keys_are_counted(files in vec(vec(0_u128..40, 0..30), 0..5)) {
            // All over the range, so that every part has some.
            let spread = |key: u128| (key % 7) << 125 | key;
            let names: Vec<String> = (0..files.len()).map(|file| format!("file {file}")).collect();
            let mut sorted = BTreeMap::new();
            for (name, keys) in names.iter().zip(&files) {
                let mut keys: Vec<Key> = keys.iter().map(|key| spread(*key)).collect();
                keys.sort_unstable();
                sorted.insert(name.as_str(), keys);
            }
            let mut expected: BTreeMap<Vec<&str>, u64> = BTreeMap::new();
            for key in (0..40).map(spread) {
                let having: Vec<&str> =
                    sorted.iter().filter(|(_, keys)| keys.contains(&key)).map(|(name, _)| *name).collect();
                if having.len() > 1 {
                    *expected.entry(having).or_default() += 1;
                }
            }
            prop_assert_eq!(shared(&sorted), expected);
            for keys in sorted.values() {
                let twice = (0..40).map(spread).filter(|key| keys.iter().filter(|it| *it == key).count() > 1).count();
                prop_assert_eq!(repeated(keys), twice as u64);
            }
            let mut all: Vec<Key> = sorted.values().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(merged(&sorted), all);
        }
    }
}
