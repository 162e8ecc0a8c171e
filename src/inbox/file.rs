//! Files of the inbox. The receiver appends to them and fsyncs them in groups; an ingest takes and deletes them.
//!
//! Both hold a lock of the inbox, for one group or for a few renames. An ingest renames the files that are there, so
//! that nothing more is appended to them. A receiver whose file was taken begins another one.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lake::durable::{create_private, sync, with_free_id, write_whole};
use crate::lake::{crash, framing};
use crate::model::{Error, Result};
use crate::round0::webhook::Event;

/// At this size a file is closed and another one begun, because an ingest reads a whole file at a time.
const CLOSE_AT_BYTES: u64 = 64 << 20;
/// How much [`InboxWriter::check`] writes: some twenty events.
const CHECKED_BYTES: usize = 64 << 10;
/// Extension of a file that a receiver may append to.
const OPEN: &str = "inbox";
/// Extension of a file that an ingest has taken.
const TAKEN: &str = "taken";
/// Extension of a file whose events are in the ledger. It is kept until all of them are answered, so that a ledger that is
/// lost costs no event.
const RECORDED: &str = "recorded";

/// The header of an event in a file.
#[derive(Debug, Serialize, Deserialize)]
struct EventHeader {
    id: String,
    kind: String,
    interview: Option<String>,
    source: String,
    received_at: Timestamp,
}

/// An event, with its account and when it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedEvent {
    pub event: Event,
    /// Name of its account.
    pub source: String,
    pub at: Timestamp,
}

/// Complete events that were read from a file.
pub struct ReadEvents {
    pub events: Vec<ReceivedEvent>,
    /// Where the next event will begin, in bytes.
    pub next: u64,
}

/// Appends events in groups. After a failure it begins another file, because nothing after a torn record would be read.
pub struct InboxWriter {
    folder: PathBuf,
    lock: File,
    open: Option<InboxFile>,
}

/// A file that is appended to.
struct InboxFile {
    path: PathBuf,
    file: File,
    /// Length of the groups that are on the disk.
    bytes: u64,
}

impl InboxWriter {
    /// # Errors
    /// When the folder is not there or not writable.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let lock = open_lock(&folder)?;
        Ok(Self { folder, lock, open: None })
    }

    /// Appends a group of events. When this returns, they are on the disk.
    ///
    /// # Errors
    /// When they cannot be written. Some of them may still be in the file.
    pub fn append(&mut self, group: &[ReceivedEvent]) -> io::Result<()> {
        let result = self.lock.lock().and_then(|()| self.append_locked(group));
        if result.is_err()
            && let Some(open) = self.open.take()
        {
            open.give_up();
        }
        self.lock.unlock().and(result)
    }

    /// Checks that events can be written, by writing to a file that has no name and is gone afterwards.
    ///
    /// # Errors
    /// When they cannot.
    pub fn check(&self) -> io::Result<()> {
        let mut file = tempfile::tempfile_in(&self.folder)?;
        file.write_all(&[0; CHECKED_BYTES])?;
        file.sync_data()
    }

    fn append_locked(&mut self, group: &[ReceivedEvent]) -> io::Result<()> {
        // An ingest may have taken the file since.
        let there = self.open.take().filter(|open| open.path.exists() && open.bytes < CLOSE_AT_BYTES);
        let open = match there {
            Some(open) => self.open.insert(open),
            None => {
                let new = self.open.insert(InboxFile::create(&self.folder)?);
                sync(&self.folder)?;
                new
            }
        };
        let mut bytes = Vec::new();
        for event in group {
            bytes.extend(framed(event)?);
        }
        open.file.write_all(&bytes)?;
        crash::point("inbox-appended");
        open.file.sync_data()?;
        open.bytes += bytes.len() as u64;
        crash::point("inbox-synced");
        Ok(())
    }
}

impl InboxFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let (path, file) = with_free_id(|id| {
            let path = folder.join(format!("{id}.{OPEN}"));
            // The name that it gets when it is taken must be free as well.
            if path.with_extension(TAKEN).exists() {
                return Ok(None);
            }
            Ok::<_, io::Error>(create_private(&path)?.map(|file| (path, file)))
        })?;
        Ok(Self { path, file, bytes: 0 })
    }

    /// Takes back the group that failed, so that a full disk does not fill up with torn records and empty files. The
    /// file is not appended to again, since programs that follow it may have read a part of that group. If this fails as
    /// well, readers leave out the torn end.
    fn give_up(self) {
        let _torn_end_stays = match self.bytes {
            0 => fs::remove_file(&self.path),
            whole => self.file.set_len(whole),
        };
    }
}

fn open_lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    open.map_err(|error| Error::path("lock", &path, error))
}

/// Takes all files of the inbox, and returns them oldest first, including those that were taken before and never
/// deleted. Nothing is appended to them any more. The caller must hold the lake's lock.
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

/// Marks a taken file as one whose events are in the ledger. They wait no longer.
///
/// # Errors
/// When it cannot be renamed.
pub fn mark_recorded(path: &Path) -> Result<()> {
    crash::point("inbox-recorded");
    let renamed = fs::rename(path, path.with_extension(RECORDED));
    renamed.map_err(|error| Error::path("rename the inbox file", path, error))
}

/// The files whose events are in the ledger, oldest first.
///
/// # Errors
/// When the folder cannot be listed.
pub fn recorded(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = all_files(folder)?;
    paths.retain(|path| has_extension(path, RECORDED));
    Ok(paths)
}

/// Deletes a file whose events are all answered.
///
/// # Errors
/// When it cannot be deleted.
pub fn free(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|error| Error::path("delete the inbox file", path, error))
}

/// The files of the inbox whose events are not in the ledger, open and taken, oldest first. Empty if there is no inbox.
///
/// # Errors
/// When the folder cannot be listed.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = all_files(folder)?;
    paths.retain(|path| has_extension(path, OPEN) || has_extension(path, TAKEN));
    Ok(paths)
}

/// How many events are to be erased. Reads files that a receiver may append to.
///
/// # Errors
/// When a file cannot be read.
pub fn count(folder: &Path, is_erased: &dyn Fn(&ReceivedEvent) -> bool) -> Result<u64> {
    let mut count = 0;
    for path in files(folder)?.into_iter().chain(recorded(folder)?) {
        count += read(&path)?.iter().filter(|event| is_erased(event)).count() as u64;
    }
    Ok(count)
}

/// Erases events, also while a receiver works: all files are taken first, so that it begins another one. A file that has
/// no other events is deleted. The caller must hold the lake's lock.
///
/// # Errors
/// When a file cannot be read or written.
pub fn erase(folder: &Path, is_erased: &dyn Fn(&ReceivedEvent) -> bool) -> Result<()> {
    let taken = take(folder)?;
    for path in taken.into_iter().chain(recorded(folder)?) {
        let events = read(&path)?;
        if !events.iter().any(is_erased) {
            continue;
        }
        let mut bytes = Vec::new();
        let fail = |error| Error::path("write the inbox file", &path, error);
        for event in events.iter().filter(|event| !is_erased(event)) {
            bytes.extend(framed(event).map_err(fail)?);
        }
        if bytes.is_empty() { free(&path)? } else { write_whole(&path, &bytes, 0o600).map_err(fail)? }
    }
    Ok(())
}

fn framed(ReceivedEvent { event, source, at }: &ReceivedEvent) -> io::Result<Vec<u8>> {
    let (id, kind, interview) = (event.id.clone(), event.kind.clone(), event.interview.clone());
    let header = EventHeader { id, kind, interview, source: source.clone(), received_at: *at };
    framing::frame(&header, &event.body)
}

fn all_files(folder: &Path) -> Result<Vec<PathBuf>> {
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
    paths.sort();
    Ok(paths)
}

/// Whether nothing more is appended to the file.
pub fn is_taken(path: &Path) -> bool {
    has_extension(path, TAKEN)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// Reads the complete events of a file in order. A torn last one is left out, because it was never acknowledged.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<ReceivedEvent>> {
    let fail = |error: io::Error| Error::path("read the inbox file", path, error);
    let file = File::open(path).map_err(fail)?;
    read_from(&file, 0).map(|read| read.events).map_err(fail)
}

/// Reads the complete events from an offset on, in bytes, at which an event must begin.
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

/// How many events wait, each counted once. Can be called while a receiver and an ingest are running.
///
/// # Errors
/// When a file cannot be read.
pub fn waiting(folder: &Path) -> Result<usize> {
    let mut ids = HashSet::new();
    for path in files(folder)? {
        // An ingest may delete or rename the file after it was listed.
        if let Ok(events) = read(&path) {
            ids.extend(events.into_iter().map(|received| received.event.id));
        }
    }
    Ok(ids.len())
}
