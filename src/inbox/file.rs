//! Files of the inbox: appended to and fsynced in groups by the receiver, taken and freed by an ingest.
//!
//! The two agree by a lock of their own, held for the length of one group or of some renames: an ingest renames the files
//! that are there, so that nothing is appended to them any more, and a receiver whose file was taken begins another.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lake::durable::{create_private, sync, with_free_id};
use crate::lake::{crash, framing};
use crate::model::{Error, Result};
use crate::round0::webhook::Event;

/// A file is closed, and another begun, at this size: an ingest reads one at a time.
const CLOSE_AT_BYTES: u64 = 64 << 20;
/// Of a file that a receiver may append to, and of one that an ingest has taken.
const OPEN: &str = "inbox";
const TAKEN: &str = "taken";

#[derive(Debug, Serialize, Deserialize)]
struct EventHeader {
    id: String,
    kind: String,
    interview: Option<String>,
    source: String,
    received_at: Timestamp,
}

/// An event, and where and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedEvent {
    pub event: Event,
    /// Name of the account that it is of.
    pub source: String,
    pub at: Timestamp,
}

/// Whole events that were read of a file.
pub struct ReadEvents {
    pub events: Vec<ReceivedEvent>,
    /// Where the next one will begin, in bytes.
    pub next: u64,
}

/// Appends events in groups. One that failed leaves its file: what is behind a torn record would not be read.
pub struct InboxWriter {
    folder: PathBuf,
    lock: File,
    open: Option<InboxFile>,
}

struct InboxFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl InboxWriter {
    /// # Errors
    /// When the folder is not there or not writable.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let lock = open_lock(&folder)?;
        Ok(Self { folder, lock, open: None })
    }

    /// Appends a group of events. They are on the disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses them. Some may be there nevertheless.
    pub fn append(&mut self, group: &[ReceivedEvent]) -> io::Result<()> {
        let result = self.lock.lock().and_then(|()| self.append_locked(group));
        if result.is_err() {
            self.open = None;
        }
        self.lock.unlock().and(result)
    }

    fn append_locked(&mut self, group: &[ReceivedEvent]) -> io::Result<()> {
        // An ingest may have taken the file since.
        let there = self.open.take().filter(|open| open.path.exists() && open.bytes < CLOSE_AT_BYTES);
        let open = match there {
            Some(open) => self.open.insert(open),
            None => self.open.insert(InboxFile::create(&self.folder)?),
        };
        let mut bytes = Vec::new();
        for ReceivedEvent { event, source, at } in group {
            let (id, kind, interview) = (event.id.clone(), event.kind.clone(), event.interview.clone());
            let header = EventHeader { id, kind, interview, source: source.clone(), received_at: *at };
            bytes.extend(framing::frame(&header, &event.body)?);
        }
        open.file.write_all(&bytes)?;
        open.bytes += bytes.len() as u64;
        crash::point("inbox-appended");
        open.file.sync_data()?;
        crash::point("inbox-synced");
        Ok(())
    }
}

impl InboxFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let (path, file) = with_free_id(|id| {
            let path = folder.join(format!("{id}.{OPEN}"));
            // Its name must be free once it is taken, too.
            if path.with_extension(TAKEN).exists() {
                return Ok(None);
            }
            Ok::<_, io::Error>(create_private(&path)?.map(|file| (path, file)))
        })?;
        sync(folder)?;
        Ok(Self { path, file, bytes: 0 })
    }
}

fn open_lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    open.map_err(|error| Error::path("lock", &path, error))
}

/// Takes all that is in the inbox: files that are complete from now on, oldest first, also those that were taken before
/// and never freed. Only for who holds the lake.
///
/// # Errors
/// When the folder cannot be listed or a file cannot be renamed.
pub fn take(folder: &Path) -> Result<Vec<PathBuf>> {
    let lock = open_lock(folder)?;
    lock.lock().map_err(|error| Error::path("lock", folder, error))?;
    for path in files(folder)?.into_iter().filter(|path| has_extension(path, OPEN)) {
        fs::rename(&path, path.with_extension(TAKEN)).map_err(|error| Error::path("take", &path, error))?;
    }
    drop(lock);
    crash::point("inbox-taken");
    let mut taken = files(folder)?;
    taken.retain(|path| has_extension(path, TAKEN));
    Ok(taken)
}

/// Deletes a file whose events are in the ledger.
///
/// # Errors
/// When it cannot be deleted.
pub fn free(path: &Path) -> Result<()> {
    crash::point("inbox-recorded");
    fs::remove_file(path).map_err(|error| Error::path("delete the inbox file", path, error))
}

/// Files of the inbox, open and taken ones, oldest first; none where there is no inbox.
///
/// # Errors
/// When the folder cannot be listed.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.retain(|path| has_extension(path, OPEN) || has_extension(path, TAKEN));
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// Reads the whole events of a file in order; a torn last one is left out, as it was never acknowledged.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<ReceivedEvent>> {
    let fail = |error: io::Error| Error::path("read the inbox file", path, error);
    let file = File::open(path).map_err(fail)?;
    read_from(&file, 0).map(|read| read.events).map_err(fail)
}

/// Reads the whole events from a place on, in bytes, which must be where one begins.
///
/// # Errors
/// When the file cannot be read.
pub fn read_from(file: &File, place: u64) -> io::Result<ReadEvents> {
    let mut input = BufReader::new(file);
    input.seek(SeekFrom::Start(place))?;
    let (mut events, mut next) = (Vec::new(), place);
    while let Some((EventHeader { id, kind, interview, source, received_at }, body)) = framing::next(&mut input)? {
        events.push(ReceivedEvent { event: Event { id, kind, interview, body }, source, at: received_at });
        next = input.stream_position()?;
    }
    Ok(ReadEvents { events, next })
}

/// How many events wait, each counted once. Reads beside a receiver and an ingest.
///
/// # Errors
/// When a file cannot be read.
pub fn waiting(folder: &Path) -> Result<usize> {
    let mut ids = HashSet::new();
    for path in files(folder)? {
        // An ingest may free or rename it between the two.
        if let Ok(events) = read(&path) {
            ids.extend(events.into_iter().map(|received| received.event.id));
        }
    }
    Ok(ids.len())
}
