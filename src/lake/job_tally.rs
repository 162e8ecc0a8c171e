//! What the tables of interviews say of each job: its names, when it was seen, and how many interviews it has. All that
//! counts jobs counts here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, PrimitiveArray};
use arrow::datatypes::{DataType, Int32Type};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use super::read::{ParquetFile, dictionary, time_at, times, timestamp_at};
use super::schema::INTERVIEWS;
use crate::ledger::LiveFile;
use crate::model::{Result, Status};

/// The columns that name a job and tell the status of an interview. Few values repeat in many rows.
const TEXTS: [&str; 4] = ["job_id", "job_title", "department", "status"];
const TIMES: [&str; 3] = ["settled_at", "first_seen_at", "asked_at"];

/// Jobs by id.
pub type Jobs = BTreeMap<Option<String>, LakeJob>;

/// A job, with the latest of the names that are not null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LakeJob {
    /// The vendor's id; null for interviews without one.
    pub id: Option<String>,
    #[serde(serialize_with = "as_text")]
    pub title: Option<Arc<str>>,
    #[serde(serialize_with = "as_text")]
    pub department: Option<Arc<str>>,
    /// When the lake first saw an interview of it.
    pub first_seen_at: Option<Timestamp>,
    /// When the newest body of an interview of it was read.
    pub last_seen_at: Option<Timestamp>,
    /// Number of interviews by status, in the vendor's words.
    pub statuses: BTreeMap<String, u64>,
    /// All titles that it had.
    #[serde(skip)]
    pub titles: BTreeSet<Arc<str>>,
    /// When the title and the department were.
    #[serde(skip)]
    latest: [Option<i64>; 2],
}

impl LakeJob {
    fn take_names(&mut self, at: [Option<i64>; 2], title: Option<Arc<str>>, department: Option<Arc<str>>) {
        let [title_at, department_at] = &mut self.latest;
        for (at, text, latest, latest_at) in
            [(at[0], title, &mut self.title, title_at), (at[1], department, &mut self.department, department_at)]
        {
            // At equal times the greater one, so that the order of files does not matter.
            if text.is_some() && (*latest_at, &*latest) < (at, &text) {
                (*latest_at, *latest) = (at, text);
            }
        }
    }

    fn take_times(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first_seen_at = self.first_seen_at.into_iter().chain(first).min();
        self.last_seen_at = self.last_seen_at.max(last);
    }

    /// Adds what other files say of the same job.
    fn add(&mut self, other: Self) {
        self.take_names(other.latest, other.title, other.department);
        self.take_times(other.first_seen_at, other.last_seen_at);
        self.titles.extend(other.titles);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

fn as_text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

/// The jobs of settled interviews, which are counted once: a batch adds its own.
#[derive(Debug, Default)]
pub struct JobTally {
    /// The files that are counted, with their SHA-256, by path.
    counted: BTreeMap<String, String>,
    jobs: Jobs,
}

impl JobTally {
    /// The jobs of files of `interviews`. Reads those that it has not counted yet, or if one that it has counted is no
    /// longer among them, all.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(&mut self, files: &[(&LiveFile, PathBuf)]) -> Result<Jobs> {
        let is_same = |file: &LiveFile| self.counted.get(&file.path) == Some(&file.sha256);
        if files.iter().filter(|(file, _)| is_same(file)).count() < self.counted.len() {
            *self = Self::default();
        }
        let new: Vec<&(&LiveFile, PathBuf)> =
            files.iter().filter(|(file, _)| !self.counted.contains_key(&file.path)).collect();
        let jobs = count_all(&new.iter().map(|(_, path)| path.as_path()).collect::<Vec<_>>())?;
        add(&mut self.jobs, jobs);
        self.counted.extend(new.into_iter().map(|(file, _)| (file.path.clone(), file.sha256.clone())));
        Ok(self.jobs.clone())
    }

    /// Goes on to the files of `interviews` that hold the rows of those that are `removed`.
    pub(super) fn rename(&mut self, removed: &HashSet<&str>, added: &[LiveFile]) {
        self.counted.retain(|path, _| !removed.contains(path.as_str()));
        let added = added.iter().filter(|file| file.table == INTERVIEWS.name);
        self.counted.extend(added.map(|file| (file.path.clone(), file.sha256.clone())));
    }
}

/// The jobs of files of interviews, settled or open.
///
/// # Errors
/// When a file cannot be read.
pub fn count_all(paths: &[&Path]) -> Result<Jobs> {
    let both = |mut all: Jobs, jobs: Jobs| {
        add(&mut all, jobs);
        all
    };
    // Added up at once: the jobs of each of thousands of files would take more memory than all else.
    let counted = paths.par_iter().try_fold(Jobs::new, |all, path| Ok(both(all, count(path)?)));
    counted.try_reduce(Jobs::new, |all, jobs| Ok(both(all, jobs)))
}

/// Adds jobs to others.
pub fn add(all: &mut Jobs, jobs: Jobs) {
    for (id, job) in jobs {
        all.entry(id.clone()).or_insert_with(|| LakeJob { id, ..LakeJob::default() }).add(job);
    }
}

/// Interviews that have the same texts.
struct Alike {
    count: u64,
    /// The latest time at which they settled.
    settled_at: i64,
    first_seen_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
}

fn count(path: &Path) -> Result<Jobs> {
    let packed = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let file = ParquetFile::open_as(path, &TEXTS.map(|name| (name, packed())))?;
    let columns = file.present(&[&TEXTS[..], &TIMES].concat());
    let mut jobs = Jobs::new();
    for group in 0..file.row_groups() {
        let rows = file.row_group(group, &columns)?;
        let texts = TEXTS.map(|name| dictionary(&rows, name));
        let keys = texts.map(|column| column.keys());
        let [settled, first_seen] = [TIMES[0], TIMES[1]].map(|name| times(&rows, name));
        let asked = rows.column_by_name(TIMES[2]).map(|_| times(&rows, TIMES[2]));
        let mut all: HashMap<[Option<i32>; 4], Alike> = HashMap::new();
        for row in 0..rows.num_rows() {
            let settled_at = time_at(settled, row).unwrap_or(i64::MIN);
            let first = timestamp_at(first_seen, row);
            let last = asked.and_then(|asked| timestamp_at(asked, row)).or(first);
            let alike = all.entry(keys.map(|keys| key_at(keys, row))).or_insert(Alike {
                count: 0,
                settled_at,
                first_seen_at: first,
                last_seen_at: last,
            });
            alike.count += 1;
            alike.settled_at = alike.settled_at.max(settled_at);
            alike.first_seen_at = alike.first_seen_at.into_iter().chain(first).min();
            alike.last_seen_at = alike.last_seen_at.max(last);
        }
        for (keys, alike) in all {
            let text = |column: usize| {
                let key = usize::try_from(keys[column]?).expect("keys count from 0");
                Some(texts[column].values().value(key))
            };
            let [id, title, department, status] = [0, 1, 2, 3].map(text);
            let [title, department] = [title, department].map(|name| name.map(Arc::from));
            // The names in open interviews count as older than those in any settled one.
            let is_settled = status.is_some_and(|status| Status::from_word(status).is_settled());
            let named_at = Some(if is_settled { alike.settled_at } else { i64::MIN });
            let id = id.map(str::to_owned);
            let job = jobs.entry(id).or_insert_with_key(|id| LakeJob { id: id.clone(), ..LakeJob::default() });
            job.titles.extend(title.clone());
            job.take_names([named_at; 2], title, department);
            job.take_times(alike.first_seen_at, alike.last_seen_at);
            *job.statuses.entry(status.unwrap_or_default().to_owned()).or_default() += alike.count;
        }
    }
    Ok(jobs)
}

fn key_at(keys: &PrimitiveArray<Int32Type>, row: usize) -> Option<i32> {
    keys.is_valid(row).then(|| keys.value(row))
}
