//! The record of an erasure that is not over.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lake::access::make_private_folder;
use crate::lake::crash;
use crate::lake::durable::{sync, sync_with_parent, with_free_id, write_whole};
use crate::lake::places::Lake;
use crate::lake::tombstones::Age;
use crate::model::{Error, Result};

/// What an erasure is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErasureKind {
    /// A person, or an interview, on request.
    #[default]
    Forget,
    /// What is older than it is kept.
    Retain,
}

impl ErasureKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::Retain => "retain",
        }
    }
}

/// What goes from the tables, by the ids of interviews.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rows {
    /// All rows.
    pub interviews: BTreeSet<String>,
    /// The transcripts of their answers. Their figures stay.
    pub transcripts: BTreeSet<String>,
    /// Names and addresses.
    pub candidates: BTreeSet<String>,
    /// Rows of recordings.
    pub audio: BTreeSet<String>,
}

impl Rows {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { interviews, transcripts, candidates, audio } = self;
        [interviews, transcripts, candidates, audio].into_iter().all(BTreeSet::is_empty)
    }

    /// All interviews that it is of.
    #[must_use]
    pub fn all(&self) -> BTreeSet<&str> {
        let Self { interviews, transcripts, candidates, audio } = self;
        [interviews, transcripts, candidates, audio].into_iter().flatten().map(String::as_str).collect()
    }

    /// Those whose words are no longer there.
    #[must_use]
    pub fn without_words(&self) -> HashSet<&str> {
        self.interviews.iter().chain(&self.transcripts).map(String::as_str).collect()
    }
}

/// How much was found of what is erased, before anything was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Rows or bodies by place: a table, `spool`, `inbox`, `quarantine`, `ledger`, `links`, `set-aside`.
    pub places: BTreeMap<String, u64>,
    /// Files of the tables.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Names of recordings in the archives.
    pub objects: BTreeSet<String>,
    /// Folders and addresses of archives.
    pub archives: BTreeSet<String>,
    /// Folders of reports that quote an erased answer.
    pub reports: BTreeSet<String>,
    /// Paths of exports.
    pub exports: BTreeSet<String>,
    /// Names of connectors whose systems were sent answers.
    pub sent_to: BTreeSet<String>,
}

/// Who is being erased. It is on the disk until the erasure is over, for the lake's owner alone, and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Erasing {
    pub id: String,
    pub at: Timestamp,
    pub kind: ErasureKind,
    pub rows: Rows,
    /// The vendor's ids of candidates, as far as they were given.
    pub candidates: BTreeSet<String>,
    /// The keys of candidates in this lake.
    pub keys: BTreeSet<String>,
    /// Addresses, in lower case.
    pub emails: BTreeSet<String>,
    /// Addresses that are shared with a person who stays: they are no tombstone.
    pub shared: BTreeSet<String>,
    pub names: BTreeSet<String>,
    /// What is kept for how many days, and the time before which interviews had settled that lose it.
    pub ages: BTreeMap<Age, (u32, Timestamp)>,
    pub found: Found,
    /// Folders of reports that were made anew, and of those that lost their pages instead.
    pub reports_made_anew: BTreeSet<String>,
    pub reports_without_pages: BTreeSet<String>,
}

impl Erasing {
    /// The texts by which what is erased is found in bodies and files: ids and addresses, but for those that somebody who
    /// stays has, too.
    #[must_use]
    pub fn texts(&self) -> BTreeSet<&str> {
        let ids = self.rows.interviews.iter().chain(&self.candidates).chain(self.emails.difference(&self.shared));
        ids.map(String::as_str).collect()
    }

    /// These texts, and the keys that stand for candidates in the tables of this lake.
    pub fn texts_and_keys(&self) -> impl Iterator<Item = &str> {
        self.texts().into_iter().chain(self.keys.iter().map(String::as_str))
    }

    /// Begins an erasure. When this returns, its record is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(mut self, lake: &Lake) -> Result<Self> {
        let folder = folder(lake);
        let fail = |error: io::Error| Error::path("write", &folder, error);
        make_private_folder(&folder).and_then(|()| sync_with_parent(&folder)).map_err(fail)?;
        self.id = with_free_id(|id| Ok::<_, Error>((!folder.join(id).exists()).then(|| id.to_owned())))?;
        self.update(lake)?;
        crash::point("erase-begun");
        Ok(self)
    }

    /// Writes the record anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn update(&self, lake: &Lake) -> Result<()> {
        let path = folder(lake).join(&self.id);
        let bytes = serde_json::to_vec(self).expect("plain data");
        write_whole(&path, &bytes, 0o600).map_err(|error| Error::path("write", &path, error))
    }

    /// Deletes the record: the erasure is over.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn end(self, lake: &Lake) -> Result<()> {
        let folder = folder(lake);
        let deleted = fs::remove_file(folder.join(&self.id)).and_then(|()| sync(&folder));
        deleted.map_err(|error| Error::path("delete", &folder, error))
    }

    /// How many erasures are not over. Can be called while another program carries one out.
    #[must_use]
    pub fn count(lake: &Lake) -> usize {
        let names = fs::read_dir(folder(lake)).into_iter().flatten().flatten().map(|entry| entry.path());
        names.filter(|path| path.extension().is_none()).count()
    }

    /// The erasures that are not over, oldest first. The caller must hold the lake's lock.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn all(lake: &Lake) -> Result<Vec<Self>> {
        let folder = folder(lake);
        let fail = |path: &Path, error: &dyn std::fmt::Display| Error::path("read the erasure", path, error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| fail(&folder, &error))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| fail(&folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "new") {
                // One that never got its name: nothing was erased for it.
                fs::remove_file(&path).map_err(|error| fail(&path, &error))?;
                continue;
            }
            let bytes = fs::read(&path).map_err(|error| fail(&path, &error))?;
            all.push(serde_json::from_slice::<Self>(&bytes).map_err(|_| fail(&path, &"it is damaged"))?);
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }
}

fn folder(lake: &Lake) -> PathBuf {
    lake.own().join("erasing")
}
