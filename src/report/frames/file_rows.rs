//! Where the entries of a column lie in the files that they were read from.

use std::path::PathBuf;

/// Files, and the row in its file of every entry. Entries mostly follow one another in a file as they do in the column, so
/// only the places where they do not take room.
#[derive(Debug, Default)]
pub struct FileRows {
    /// Files, each with the entry that is its first.
    files: Vec<(PathBuf, u32)>,
    /// Entries that begin a run of rows that follow one another, each with its row.
    runs: Vec<(u32, u32)>,
    entries: u32,
}

impl FileRows {
    /// Begins a file. Entries that are added from now on are in it.
    pub fn begin(&mut self, path: PathBuf) {
        self.files.push((path, self.entries));
        self.runs.push((self.entries, 0));
    }

    /// Adds an entry, which is in this row of the file.
    pub fn push(&mut self, row: usize) {
        let row = u32::try_from(row).expect("a file has fewer than 2^32 rows");
        let (first, at) = self.runs.last_mut().expect("a file was begun");
        if *first == self.entries {
            *at = row;
        } else if *at + (self.entries - *first) != row {
            self.runs.push((self.entries, row));
        }
        self.entries += 1;
    }

    /// The row of an entry in its file.
    pub fn row(&self, entry: u32) -> u32 {
        let (first, row) = self.runs[self.runs.partition_point(|(first, _)| *first <= entry) - 1];
        row + (entry - first)
    }

    /// The files that hold some entries, which are sorted: of each file those in it, with their rows, in the order of the
    /// file.
    pub fn by_file(&self, entries: &[u32]) -> Vec<(&PathBuf, Vec<(u32, u32)>)> {
        let ends = self.files.iter().skip(1).map(|(_, first)| *first).chain([self.entries]);
        let mut found = Vec::new();
        for ((path, first), end) in self.files.iter().zip(ends) {
            let from = entries.partition_point(|entry| entry < first);
            let until = entries.partition_point(|entry| *entry < end);
            if from < until {
                let mut wanted: Vec<(u32, u32)> =
                    entries[from..until].iter().map(|entry| (*entry, self.row(*entry))).collect();
                wanted.sort_unstable_by_key(|(_, row)| *row);
                found.push((path, wanted));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_entry_is_in_its_file_and_row(
            files in prop::collection::vec(prop::collection::vec(0..40usize, 0..30), 1..6),
            wanted in prop::collection::btree_set(0..200u32, 0..40),
        ) {
            let mut rows = FileRows::default();
            let mut plain = Vec::new();
            for (number, file) in files.iter().enumerate() {
                let path = PathBuf::from(number.to_string());
                rows.begin(path.clone());
                for row in file {
                    rows.push(*row);
                    plain.push((path.clone(), u32::try_from(*row).unwrap()));
                }
            }
            let wanted: Vec<u32> = wanted.into_iter().filter(|entry| (*entry as usize) < plain.len()).collect();
            let mut found: Vec<(u32, (PathBuf, u32))> = Vec::new();
            for (path, entries) in rows.by_file(&wanted) {
                prop_assert!(entries.is_sorted_by_key(|(_, row)| *row) && !entries.is_empty());
                found.extend(entries.into_iter().map(|(entry, row)| (entry, (path.clone(), row))));
            }
            found.sort_by_key(|(entry, _)| *entry);
            let expected: Vec<_> = wanted.iter().map(|entry| (*entry, plain[*entry as usize].clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
