//! The spool: a body is on disk before it counts as fetched.
//!
//! A spool file is a sequence of records ([`framing`]). Bodies are stored byte for byte, because a newer program must
//! be able to set aside one that it cannot read. A record that a crash cut short ends the file: its body was never
//! counted.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::lake::durable::{create_private, sync, with_free_id, write_whole};
use crate::lake::{crash, framing};
use crate::model::{Error, Provenance, Result};
use crate::round0::call::Call;

/// The interval of syncs. A power cut costs at most the requests of this time.
pub const SYNC_EVERY: Duration = Duration::from_secs(1);
/// At this size a spool file is closed, and a batch cut from it.
const CLOSE_AT_BYTES: u64 = 64 << 20;
/// At this many bodies a spool file is closed, and a batch cut from it.
const CLOSE_AT_BODIES: u64 = 20_000;

/// One fetched body. All fields except the body are in the record's line of JSON, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolRecord {
    pub call: Call,
    /// The id that was requested.
    pub id: String,
    #[serde(flatten)]
    pub provenance: Provenance,
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// Appends records, and fsyncs them in groups. When [`SpoolWriter::append`] returns, the operating system has the
/// record, so that a killed program loses none. The fsync is for a power cut.
pub struct SpoolWriter {
    folder: PathBuf,
    open: Option<SpoolFile>,
}

/// A spool file that is appended to.
struct SpoolFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    bodies: u64,
    synced: Instant,
    is_synced: bool,
}

impl SpoolWriter {
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    /// Appends a record. If the spool file is now full, syncs it and returns its path, to be cut.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, record: &SpoolRecord) -> Result<Option<PathBuf>> {
        let folder = self.folder.clone();
        self.try_append(record).map_err(|error| Error::path("write to the spool in", &folder, error))
    }

    fn try_append(&mut self, record: &SpoolRecord) -> io::Result<Option<PathBuf>> {
        let bytes = framing::frame(record, &record.body)?;
        if self.open.is_none() {
            self.open = Some(SpoolFile::create(&self.folder)?);
        }
        let open = self.open.as_mut().expect("just opened");
        open.file.write_all(&bytes)?;
        crash::point("spool-appended");
        open.bytes += bytes.len() as u64;
        open.bodies += 1;
        open.is_synced = false;
        if open.bytes >= CLOSE_AT_BYTES || open.bodies >= CLOSE_AT_BODIES {
            return self.close();
        }
        if open.synced.elapsed() >= SYNC_EVERY {
            open.sync()?;
        }
        Ok(None)
    }

    /// Syncs records that are not synced yet. Called when nothing is appended for a while.
    ///
    /// # Errors
    /// When it cannot be synced.
    pub fn sync(&mut self) -> Result<()> {
        let Some(open) = self.open.as_mut().filter(|open| !open.is_synced) else { return Ok(()) };
        open.sync().map_err(|error| Error::path("write to the spool in", &self.folder, error))
    }

    /// Syncs and closes the open spool file, if there is one, and returns its path.
    ///
    /// # Errors
    /// When it cannot be synced.
    pub fn finish(&mut self) -> Result<Option<PathBuf>> {
        let folder = self.folder.clone();
        self.close().map_err(|error| Error::path("write to the spool in", &folder, error))
    }

    fn close(&mut self) -> io::Result<Option<PathBuf>> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        open.sync()?;
        crash::point("spool-closed");
        Ok(Some(open.path))
    }
}

impl SpoolFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let (path, file) = with_free_id(|id| {
            let path = folder.join(format!("{id}.spool"));
            Ok::<_, io::Error>(create_private(&path)?.map(|file| (path, file)))
        })?;
        sync(folder)?;
        crash::point("spool-made");
        Ok(Self { path, file, bytes: 0, bodies: 0, synced: Instant::now(), is_synced: true })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = Instant::now();
        self.is_synced = true;
        Ok(())
    }
}

/// The spool files that are waiting to be cut, oldest first.
///
/// # Errors
/// When the folder cannot be listed.
pub fn waiting(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "spool"));
    paths.sort();
    Ok(paths)
}

/// Reads the complete records of a spool file in order. A torn last one is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<SpoolRecord>> {
    let fail = |error: io::Error| Error::path("read the spool file", path, error);
    let mut input = BufReader::new(File::open(path).map_err(fail)?);
    let mut records = Vec::new();
    while let Some((record, body)) = framing::next(&mut input).map_err(fail)? {
        records.push(SpoolRecord { body, ..record });
    }
    Ok(records)
}

/// How many records are to be erased.
///
/// # Errors
/// When a file cannot be read.
pub fn count(folder: &Path, is_erased: &dyn Fn(&SpoolRecord) -> bool) -> Result<u64> {
    let mut count = 0;
    for path in waiting(folder)? {
        count += read(&path)?.iter().filter(|record| is_erased(record)).count() as u64;
    }
    Ok(count)
}

/// Erases records from the files that wait to be cut. A file that has no other records is deleted. The caller must hold
/// the lake's lock.
///
/// # Errors
/// When a file cannot be read or written.
pub fn erase(folder: &Path, is_erased: &dyn Fn(&SpoolRecord) -> bool) -> Result<()> {
    for path in waiting(folder)? {
        let records = read(&path)?;
        if !records.iter().any(is_erased) {
            continue;
        }
        let fail = |error: io::Error| Error::path("write the spool file", &path, error);
        let mut bytes = Vec::new();
        for record in records.iter().filter(|record| !is_erased(record)) {
            bytes.extend(framing::frame(record, &record.body).map_err(fail)?);
        }
        if bytes.is_empty() { fs::remove_file(&path) } else { write_whole(&path, &bytes, 0o600) }.map_err(fail)?;
    }
    Ok(())
}

/// Deletes a spool file whose records are published.
///
/// # Errors
/// When it cannot be deleted.
pub fn free(path: &Path) -> Result<()> {
    crash::point("spool-published");
    fs::remove_file(path).map_err(|error| Error::path("delete the spool file", path, error))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::Via;

    #[test]
    fn the_line_of_a_record_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (source, fetched_at) = ("default".to_owned(), Timestamp::UNIX_EPOCH);
        let provenance = Provenance { source, via: Via::Webhook, again: true, fetched_at };
        let record = SpoolRecord { call: Call::Interview, id: "a-1".to_owned(), provenance, body: b"{}".to_vec() };
        let mut writer = SpoolWriter::new(folder.path().to_owned());
        writer.append(&record).unwrap();
        let path = writer.finish().unwrap().unwrap();
        let line = r#"{"call":"interview","id":"a-1","source":"default","via":"webhook","again":true,"#.to_owned()
            + r#""fetched_at":"1970-01-01T00:00:00Z","length":2,"crc32":2745614147}"#;
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{line}\n{{}}\n"));
        assert_eq!(read(&path).unwrap(), std::slice::from_ref(&record));
        // As older programs wrote it, and with a word that this one does not know.
        let other = line.replace(r#""again":true,"#, "").replace("webhook", "pigeon");
        fs::write(&path, format!("{other}\n{{}}\n")).unwrap();
        let provenance = Provenance { via: Via::Other("pigeon".to_owned()), again: false, ..record.provenance.clone() };
        assert_eq!(read(&path).unwrap(), [SpoolRecord { provenance, ..record }]);
    }
}
