//! Tells whether the ledger's file is as this program left it. When a ledger is closed, its checksum is written beside it;
//! when it is opened, the two are compared. A killed program leaves no seal, and SQLite's own log makes up for that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::{Deserialize, Serialize};

/// What the file of a closed ledger was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    bytes: u64,
    crc32: u32,
    /// When it was last written to, in seconds since 1970 and nanoseconds: a file with this time was not touched, and is
    /// not read.
    modified: (i64, i64),
}

/// Seals the file when it is dropped, which has to be after its connection is closed.
pub struct Seal {
    path: PathBuf,
    /// The mark that was broken. It is made again if nothing was written.
    before: Option<Mark>,
}

impl Mark {
    /// Whether a file was not written to since, by its size and time.
    fn is_of(&self, now: &fs::Metadata) -> bool {
        now.len() == self.bytes && time(now) == self.modified
    }
}

impl Seal {
    /// Breaks the seal of a file that is going to be written to.
    pub fn broken(path: &Path) -> Self {
        let before = read(path);
        // If it stays, the file does not fit it any more, and the ledger is rebuilt: that costs time only.
        let _not_there = fs::remove_file(seal_of(path));
        Self { path: path.to_owned(), before }
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        // Another process that has it open would keep its log.
        let is_closed = fs::metadata(with_suffix(&self.path, "-wal")).map_or(true, |wal| wal.len() == 0);
        let unchanged = self.before.filter(|mark| fs::metadata(&self.path).is_ok_and(|now| mark.is_of(&now)));
        if let Some(mark) = unchanged.or_else(|| mark(&self.path).ok()).filter(|_| is_closed) {
            let bytes = serde_json::to_vec(&mark).expect("plain data");
            let seal = seal_of(&self.path);
            let new = seal.with_extension("new");
            // Without a seal, the next opening does not compare.
            let written = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new);
            let written = written.and_then(|mut file| file.write_all(&bytes));
            let _unsealed = written.and_then(|()| fs::rename(new, seal));
        }
    }
}

/// What is wrong with the file of a ledger; `None` for one that is whole, or is not there.
pub fn damage(path: &Path) -> Option<&'static str> {
    if let Some(sealed) = read(path)
        && fs::metadata(path).is_ok_and(|now| !sealed.is_of(&now))
        && mark(path).is_ok_and(|now| (now.bytes, now.crc32) != (sealed.bytes, sealed.crc32))
    {
        return Some("it is not as it was left");
    }
    let looked = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
    match looked.err()?.sqlite_error_code()? {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Some("it is damaged"),
        _ => None,
    }
}

fn read(path: &Path) -> Option<Mark> {
    serde_json::from_slice(&fs::read(seal_of(path)).ok()?).ok()
}

fn mark(path: &Path) -> io::Result<Mark> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut hash = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(Mark { bytes: metadata.len(), crc32: hash.finalize(), modified: time(&metadata) })
}

fn time(metadata: &fs::Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

fn seal_of(path: &Path) -> PathBuf {
    with_suffix(path, ".seal")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
