//! Builds the new folders of a month in staging.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use arrow::row::OwnedRow;

use super::merge::{Ends, Merge, Order};
use super::months::{Files, Part};
use crate::lake::access::{make_table_folder, take_access, take_group};
use crate::lake::durable::sync_all;
use crate::lake::exchange::folder_of;
use crate::lake::places::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::retired::flat;
use crate::lake::schema::{
    CANDIDATES, INTERVIEW_METRICS, INTERVIEWS, KEYWORD_HITS, RESPONSES, SCHEMA, SOURCE, SOURCE_SHA256, TABLE, Table,
    is_source, table,
};
use crate::lake::sources::source_sha256;
use crate::lake::write::{WrittenFile, write_extended, write_groups};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// The staging of a compaction.
pub struct Building<'a> {
    pub lake: &'a Lake,
    pub folder: &'a Path,
    /// The files that were made so far.
    pub made: Vec<LiveFile>,
}

/// A merged file, and the last key of each of its row groups.
struct Made {
    file: LiveFile,
    staged: PathBuf,
    last_keys: Vec<OwnedRow>,
}

impl Building<'_> {
    /// Makes the folders of a part, with its merged files and, linked, those that stay. `name` names the merged files.
    ///
    /// # Errors
    /// When a file cannot be read, written or linked.
    pub fn build(&mut self, part: &Part, name: &str, progress: &mut dyn FnMut()) -> Result<()> {
        let merged: BTreeSet<usize> = part.groups.iter().flatten().copied().collect();
        let folders = part.folders();
        for folder in &folders {
            self.make_folder(folder)?;
            for (_, batch) in part.batches.iter().enumerate().filter(|(index, _)| !merged.contains(index)) {
                let Some(file) = batch.in_folder(folder) else { continue };
                let path = self.lake.root().join(&file.path);
                let linked = fs::hard_link(&path, self.staged(&file.path));
                linked.map_err(|error| Error::path("link", &path, error))?;
            }
        }
        for (number, group) in part.groups.iter().enumerate() {
            let name = if number == 0 { format!("{name}.parquet") } else { format!("{name}-{}.parquet", number + 1) };
            let batches: Vec<&Files> = group.iter().map(|index| &part.batches[*index]).collect();
            if part.is_of_interviews {
                self.merge_interviews(&batches, &name, progress)?;
            } else {
                let table = table(&batches[0].files[0].table).expect("it is in the log");
                self.merge(table, &Order::of(table), &batches, &name)?;
                progress();
            }
        }
        for folder in &folders {
            let path = self.lake.root().join(folder);
            let staged = self.folder.join(flat(folder));
            take_access(&path, &staged).map_err(|error| Error::path("change who may read", &staged, error))?;
        }
        Ok(())
    }

    /// Syncs all that was made.
    ///
    /// # Errors
    /// When it cannot be synced.
    pub fn sync(&self) -> Result<()> {
        let files: Vec<PathBuf> = self.made.iter().map(|file| self.staged(&file.path)).collect();
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        let all = files.iter().map(PathBuf::as_path).chain(folders).chain([self.folder]);
        sync_all(&all.collect::<Vec<_>>())
    }

    /// Where a file of the lake is built.
    fn staged(&self, path: &str) -> PathBuf {
        let folder = folder_of(path);
        self.folder.join(flat(folder)).join(&path[folder.len() + 1..])
    }

    fn make_folder(&self, folder: &str) -> Result<()> {
        let staged = self.folder.join(flat(folder));
        let table = folder.split('/').next().unwrap_or_default();
        make_table_folder(table, &staged).map_err(|error| Error::path("make", &staged, error))
    }

    /// Merges the files of interviews, of their answers and candidates, and what was made from them.
    fn merge_interviews(&mut self, batches: &[&Files], name: &str, progress: &mut dyn FnMut()) -> Result<()> {
        let (by_answer, by_interview) = (Order::of(&RESPONSES), Order::of(&INTERVIEWS));
        let responses = self.merge(&RESPONSES, &by_answer, batches, name)?;
        progress();
        let interviews = self.merge(&INTERVIEWS, &by_interview, batches, name)?;
        progress();
        if batches.iter().any(|batch| batch.of(&CANDIDATES).is_some()) {
            self.merge(&CANDIDATES, &Order::of(&CANDIDATES), batches, name)?;
            progress();
        }
        let derived = batches[0].files.iter().filter(|file| !is_source(&file.table));
        for file in derived {
            let table = table(&file.table).expect("it is in the log");
            let (source, order) = match table.name {
                name if name == INTERVIEW_METRICS.name => (&interviews, &by_interview),
                _ => (&responses, &by_answer),
            };
            let sha256 = source_sha256(table, Some(&interviews.file.sha256), Some(&responses.file.sha256));
            let files = self.open(batches, folder_of(&file.path))?;
            let metadata = metadata(&files[0], &source.file, sha256.as_deref().unwrap_or_default());
            let metadata: Vec<(&str, &str)> = metadata.iter().map(|(key, value)| (&**key, &**value)).collect();
            let mut merge = Merge::of(table, order, &files, Ends::At(source.last_keys.clone()))?;
            let path = format!("{}/{name}", folder_of(&file.path));
            let staged = self.staged(&path);
            let written = if table.name == KEYWORD_HITS.name {
                write_groups(&staged, table, &metadata, &mut merge)?
            } else {
                extended(&staged, table, &metadata, source, &mut merge)?
            };
            self.add(table, path, &written, &files)?;
            progress();
        }
        Ok(())
    }

    /// Merges the files of a table that was not made from others.
    fn merge(&mut self, table: &Table, order: &Order, batches: &[&Files], name: &str) -> Result<Made> {
        let mut of_table = batches.iter().filter_map(|batch| batch.of(table));
        let folder = folder_of(&of_table.next().expect("a group has files").path).to_owned();
        let files = self.open(batches, &folder)?;
        let path = format!("{folder}/{name}");
        let staged = self.staged(&path);
        let mut merge = Merge::of(table, order, &files, Ends::Full)?;
        let written = write_groups(&staged, table, &[], &mut merge)?;
        let last_keys = std::mem::take(&mut merge.last_keys);
        let file = self.add(table, path, &written, &files)?;
        Ok(Made { file, staged, last_keys })
    }

    fn open(&self, batches: &[&Files], folder: &str) -> Result<Vec<ParquetFile>> {
        let files = batches.iter().filter_map(|batch| batch.in_folder(folder));
        files.map(|file| ParquetFile::open(&self.lake.root().join(&file.path))).collect()
    }

    /// Takes a file in that was made, if it has as many rows as those that it was made of.
    fn add(&mut self, table: &Table, path: String, written: &WrittenFile, files: &[ParquetFile]) -> Result<LiveFile> {
        let WrittenFile { rows, size: bytes, sha256 } = written.clone();
        if rows != files.iter().map(ParquetFile::rows).sum::<u64>() {
            return Err(Error::failed(format!("merging files of {} has lost or doubled rows", table.name)));
        }
        let staged = self.staged(&path);
        let folder = self.lake.root().join(folder_of(&path));
        take_group(&staged, &folder).map_err(|error: io::Error| Error::path("publish", &staged, error))?;
        let file = LiveFile { table: table.name.to_owned(), path, rows, bytes, sha256 };
        self.made.push(file.clone());
        Ok(file)
    }
}

/// Writes merged figures beside the columns of their merged source.
fn extended(
    path: &Path,
    table: &Table,
    metadata: &[(&str, &str)],
    source: &Made,
    merge: &mut Merge<'_>,
) -> Result<WrittenFile> {
    let file = ParquetFile::open(&source.staged)?;
    let own = source.file.table.as_str();
    let shared = crate::lake::schema::table(own).expect("its source").column_names();
    let copied = table.columns.iter().take_while(|column| shared.contains(&column.name)).count();
    let mut groups: Vec<Vec<ArrayRef>> = Vec::new();
    for group in merge {
        let group = group?;
        if groups.len() >= file.row_groups() || group.num_rows() != file.rows_in_group(groups.len()) {
            return Err(Error::failed(format!("{} has other rows than {own}", table.name)));
        }
        groups.push(group.columns()[copied..].to_vec());
    }
    write_extended(path, table, metadata, &file, groups)
}

/// The metadata of a merged derived file: that of the first one, with the new source. The writer adds the first two.
fn metadata(first: &ParquetFile, source: &LiveFile, sha256: &str) -> Vec<(String, String)> {
    let place = source.path.split_once('/').map_or("", |(_, place)| place);
    let own = first.own_metadata().filter(|(key, _)| ![TABLE, SCHEMA].contains(key));
    own.map(|(key, value)| {
        let value = match key {
            SOURCE => place,
            SOURCE_SHA256 => sha256,
            _ => value,
        };
        (key.to_owned(), value.to_owned())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::schema::RESPONSE_METRICS;

    #[test]
    fn figures_begin_with_columns_of_their_source_and_share_no_others() {
        for (figures, source) in [(&RESPONSE_METRICS, &RESPONSES), (&INTERVIEW_METRICS, &INTERVIEWS)] {
            let shared = source.column_names();
            let names = figures.column_names();
            let copied = names.iter().take_while(|name| shared.contains(name)).count();
            assert!(copied > 0 && names[copied..].iter().all(|name| !shared.contains(name)), "{}", figures.name);
            assert_eq!(figures.sorted_by, source.sorted_by);
        }
        assert_eq!(KEYWORD_HITS.sorted_by, RESPONSES.sorted_by);
    }
}
