//! Looks at the files of all tables, in parallel, one table after the other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::file::{Expected, Looked, Parents, place_of};
use super::finding::{Finding, FindingKind, way_out};
use super::keys::{Key, merged, shared};
use crate::lake::agreement::{Disagreement, disagreements_in};
use crate::lake::log::Version;
use crate::lake::place::staged_path;
use crate::lake::places::Lake;
use crate::lake::schema::{
    AUDIO, CANDIDATES, DELIVERIES, INTERVIEW_METRICS, INTERVIEWS, KEYWORD_HITS, QUESTIONS, RESPONSE_METRICS, RESPONSES,
    TABLES, Table, is_source, table,
};
use crate::lake::sources::source_place;
use crate::ledger::LiveFile;
use crate::model::Result;

/// What was looked at in the tables, and what was found.
#[derive(Debug, Default)]
pub struct Tables {
    pub files: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: Vec<Finding>,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
}

/// The sorted keys of a table's files, by path.
type KeysByFile<'a> = BTreeMap<&'a str, Vec<Key>>;

/// The keys that rows of other tables are compared with.
#[derive(Default)]
struct Kept<'a> {
    by_file: HashMap<&'static str, KeysByFile<'a>>,
    /// Of all interviews. `None` when a file of theirs could not be read.
    interviews: Option<Vec<Key>>,
}

/// Looks at all files of a version. `progress` is called with how many are done and how many there are.
///
/// # Errors
/// When the lake's folders cannot be listed.
pub fn look(lake: &Lake, version: &Version, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Tables> {
    let mut found = Tables::default();
    let mut other: HashSet<String> = HashSet::new();
    for disagreement in disagreements_in(lake.root(), TABLES.iter().map(|table| table.name), version.files())? {
        found.findings.push(of_disagreement(lake, &disagreement));
        other.insert(disagreement.path().to_owned());
    }
    let unknown = version.files().filter(|file| table(&file.table).is_none());
    found.findings.extend(unknown.map(|file| {
        let what = format!("this program knows no table {}", file.table);
        Finding::new(FindingKind::Schema, &file.path, what, "update roundup on this machine")
    }));
    let (done, of) = (AtomicU64::new(0), version.files().count() as u64);
    let mut kept = Kept::default();
    for table in TABLES.iter().copied() {
        let files: Vec<&LiveFile> = version.files().filter(|file| file.table == table.name).collect();
        let there: Vec<&LiveFile> = files.iter().copied().filter(|file| !other.contains(&file.path)).collect();
        let look = |file: &&LiveFile| {
            let parents = kept.parents(table, file);
            let looked = Expected { lake, version, file, table, parents }.look();
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, of);
            looked
        };
        let looked: Vec<Looked> = there.par_iter().map(look).collect();
        let mut keys = KeysByFile::new();
        for (file, Looked { findings, keys: of_file, rows, bytes }) in there.into_iter().zip(looked) {
            found.files += 1;
            found.rows += rows;
            found.bytes += bytes;
            found.findings.extend(findings);
            // Rows of a derived file are compared with those of its source, so that no other file can have them.
            keys.extend(of_file.filter(|_| is_source(table.name)).map(|keys| (&*file.path, keys)));
        }
        found.findings.extend(doubled(lake, table, &keys));
        if table.name == INTERVIEWS.name {
            kept.interviews = (keys.len() == files.len()).then(|| merged(&keys));
            if kept.interviews.is_none() {
                found.notes.push(
                    "a file of interviews could not be read, so other rows were not compared with interviews"
                        .to_owned(),
                );
            }
        }
        if [INTERVIEWS.name, RESPONSES.name].contains(&table.name) {
            kept.by_file.insert(table.name, keys);
        }
    }
    Ok(found)
}

impl Kept<'_> {
    /// What the rows of a file belong to. `None` if they belong to nothing, or it is not known what there is.
    fn parents(&self, table: &Table, file: &LiveFile) -> Option<Parents<'_>> {
        let of_source = |source: &Table| {
            let path = format!("{}/{}", source.name, source_place(place_of(file)));
            self.by_file.get(source.name)?.get(&*path).map(Vec::as_slice)
        };
        let (what, columns, keys): (_, &[_], _) =
            if [&RESPONSE_METRICS, &KEYWORD_HITS].map(|it| it.name).contains(&table.name) {
                ("answer of the same month and batch", RESPONSES.key, of_source(&RESPONSES)?)
            } else if table.name == INTERVIEW_METRICS.name {
                ("interview of the same month and batch", INTERVIEWS.key, of_source(&INTERVIEWS)?)
            } else if [&RESPONSES, &CANDIDATES, &QUESTIONS, &AUDIO, &DELIVERIES].map(|it| it.name).contains(&table.name)
            {
                ("settled interview", INTERVIEWS.key, self.interviews.as_deref()?)
            } else {
                return None;
            };
        Some(Parents { what, columns, keys })
    }
}

/// Keys that are in several files.
fn doubled(lake: &Lake, table: &Table, keys: &KeysByFile<'_>) -> Vec<Finding> {
    let finding = |(files, count): (Vec<&str>, u64)| {
        let (last, others) = files.split_last().expect("a shared key is in two files at least");
        let what = format!("{count} of its keys ({}) are also in {}", table.key.join(", "), others.join(", "));
        Finding::new(FindingKind::Doubled, *last, what, way_out(lake, FindingKind::Doubled, table.name))
    };
    shared(keys).into_iter().map(finding).collect()
}

fn of_disagreement(lake: &Lake, disagreement: &Disagreement) -> Finding {
    let path = disagreement.path();
    let (kind, what) = match disagreement {
        Disagreement::Missing(_) => (FindingKind::Missing, "it is in the log and not there"),
        Disagreement::Changed(_) => (FindingKind::Changed, "it has another size than the log says"),
        Disagreement::Foreign(_) => (FindingKind::Foreign, "it is in no commit"),
    };
    let hint = if kind != FindingKind::Foreign && is_staged(lake, path) {
        "the next run or import finishes the batch that it belongs to".to_owned()
    } else {
        way_out(lake, kind, path.split('/').next().unwrap_or_default())
    };
    Finding::new(kind, path, what, hint)
}

/// Whether a file is still to be put into its place, as that of a killed run.
fn is_staged(lake: &Lake, path: &str) -> bool {
    let batches = fs::read_dir(lake.staging_folder()).into_iter().flatten().flatten();
    batches.into_iter().any(|batch| staged_path(&batch.path(), path).exists())
}
