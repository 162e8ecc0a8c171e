//! Follows an inbox from outside: returns new events, without changing its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::file::{ReceivedEvent, files, is_taken, read_from};
use crate::model::{Error, Result};

/// Reads new events of an inbox. Files stay open, so that no event is missed when an ingest takes and deletes one.
pub struct Follower {
    folder: PathBuf,
    /// Files by their name without extension, which changes when an ingest takes the file.
    open: BTreeMap<PathBuf, FollowedFile>,
}

/// A file that is being followed.
struct FollowedFile {
    file: File,
    /// Where the next event will begin, in bytes.
    next: u64,
    /// The file's length when it was last read, so that a torn record at its end is not read again and again.
    length: u64,
}

impl Follower {
    /// Follows from now on. Events that are there already are skipped.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let mut follower = Self { folder, open: BTreeMap::new() };
        follower.news()?;
        Ok(follower)
    }

    /// Complete events that were added since the last call, oldest first within a file.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub fn news(&mut self) -> Result<Vec<ReceivedEvent>> {
        // Open files come first: the name of one that is deleted is free, and a new file may have it.
        let mut news = Vec::new();
        let mut deleted = BTreeSet::new();
        for (name, open) in &mut self.open {
            news.extend(open.news(name)?);
            if open.file.metadata().map_err(|error| failed(name, error))?.nlink() == 0 {
                deleted.insert(name.clone());
            }
        }
        deleted.iter().for_each(|name| _ = self.open.remove(name));
        for path in files(&self.folder)? {
            let name = path.with_extension("");
            if self.open.contains_key(&name) {
                continue;
            }
            // An ingest may rename or delete the file after it was listed. A renamed one is found by the next call.
            let Ok(file) = File::open(&path) else { continue };
            let mut open = FollowedFile { file, next: 0, length: 0 };
            let events = open.news(&name)?;
            // What an erasure leaves of a file was all in the file.
            if !(deleted.contains(&name) && is_taken(&path)) {
                news.extend(events);
            }
            self.open.insert(name, open);
        }
        Ok(news)
    }
}

impl FollowedFile {
    /// Complete events that were added since the last call.
    fn news(&mut self, name: &Path) -> Result<Vec<ReceivedEvent>> {
        let length = self.file.metadata().map_err(|error| failed(name, error))?.len();
        if length == self.length {
            return Ok(Vec::new());
        }
        let read = read_from(&self.file, self.next).map_err(|error| failed(name, error))?;
        (self.next, self.length) = (read.next, length);
        Ok(read.events)
    }
}

fn failed(name: &Path, error: io::Error) -> Error {
    Error::path("read the inbox file", name, error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use jiff::Timestamp;

    use super::super::file::{InboxWriter, erase, free, take};
    use super::*;
    use crate::round0::webhook::Event;

    fn event(id: &str) -> ReceivedEvent {
        let (id, kind) = (id.to_owned(), "interview_ended".to_owned());
        let event = Event { id, kind, interview: Some("a-1".to_owned()), body: b"{}".to_vec() };
        ReceivedEvent { event, source: "default".to_owned(), at: Timestamp::UNIX_EPOCH }
    }

    fn news(follower: &mut Follower) -> Vec<String> {
        follower.news().unwrap().into_iter().map(|received| received.event.id).collect()
    }

    #[test]
    fn each_event_is_seen_once_also_when_an_ingest_takes_and_deletes_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = InboxWriter::new(folder.path().to_owned()).unwrap();
        writer.append(&[event("before")]).unwrap();
        let mut follower = Follower::new(folder.path().to_owned()).unwrap();
        assert!(news(&mut follower).is_empty());
        writer.append(&[event("1"), event("2")]).unwrap();
        assert_eq!(news(&mut follower), ["1", "2"]);
        writer.append(&[event("3")]).unwrap();
        take(folder.path()).unwrap().iter().for_each(|path| free(path).unwrap());
        writer.append(&[event("4")]).unwrap();
        assert_eq!(news(&mut follower), ["3", "4"]);
        assert!(news(&mut follower).is_empty());
        assert_eq!(follower.open.len(), 1, "a file that is deleted is let go");
    }

    #[test]
    fn a_new_file_may_have_the_name_of_a_deleted_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut follower = Follower::new(folder.path().to_owned()).unwrap();
        // As of two files that are begun within a millisecond.
        let name = folder.path().join("20260301T020000000Z.inbox");
        for id in ["1", "2"] {
            InboxWriter::new(folder.path().to_owned()).unwrap().append(&[event(id)]).unwrap();
            fs::rename(files(folder.path()).unwrap().remove(0), &name).unwrap();
            assert_eq!(news(&mut follower), [id]);
            free(&name).unwrap();
        }
        assert!(news(&mut follower).is_empty());
    }

    #[test]
    fn what_an_erasure_leaves_is_not_seen_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = InboxWriter::new(folder.path().to_owned()).unwrap();
        let mut follower = Follower::new(folder.path().to_owned()).unwrap();
        writer.append(&[event("1"), event("2")]).unwrap();
        assert_eq!(news(&mut follower), ["1", "2"]);
        erase(folder.path(), &|received| received.event.id == "1").unwrap();
        assert!(news(&mut follower).is_empty());
        writer.append(&[event("3")]).unwrap();
        assert_eq!(news(&mut follower), ["3"]);
    }

    #[test]
    fn an_event_that_has_not_come_whole_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = InboxWriter::new(folder.path().to_owned()).unwrap();
        let mut follower = Follower::new(folder.path().to_owned()).unwrap();
        writer.append(&[event("1")]).unwrap();
        let path = files(folder.path()).unwrap().remove(0);
        let whole = fs::read(&path).unwrap();
        let append = |path: &Path, bytes: &[u8]| {
            File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
        };
        assert_eq!(news(&mut follower), ["1"]);
        for end in [1, whole.len() / 2, whole.len() - 1] {
            append(&path, &whole[..end]);
            assert!(news(&mut follower).is_empty(), "{end} bytes of {}", whole.len());
            append(&path, &whole[end..]);
            assert_eq!(news(&mut follower), ["1"]);
        }
    }
}
