//! A file of what the table `deliveries` does not have yet. It can be made again from the ledger, as long as that is there.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lake::durable::{batch_id, move_to, write_whole};
use crate::lake::framing::{frame, next};
use crate::lake::places::Lake;
use crate::ledger::{BegunDelivery, EndedDelivery, KnownConnector, Ledger};
use crate::model::{Error, Result};

const NAME: &str = "deliveries";

/// The header of a record.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The id of the lake that it is of.
    lake: String,
}

/// A record of the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    Connector(KnownConnector),
    Begun(BegunDelivery),
    Ended(EndedDelivery),
}

/// The journal of a lake, open for appending.
pub struct Journal {
    path: PathBuf,
    file: File,
    lake: String,
}

impl Journal {
    /// Writes the journal anew from the ledger, which has taken in what was there, and opens it.
    ///
    /// # Errors
    /// When the ledger cannot be read or the file cannot be written.
    pub fn of(lake: &Lake, ledger: &Ledger) -> Result<Self> {
        let (path, id) = (path(lake), id(lake)?);
        let mut bytes = Vec::new();
        let connectors = ledger.connectors()?.into_iter().map(Entry::Connector);
        let ended = ledger.unpublished_deliveries()?.into_iter().map(Entry::Ended);
        let begun = ledger.begun_deliveries()?.into_iter().map(Entry::Begun);
        for entry in connectors.chain(ended).chain(begun) {
            bytes.extend(record(&id, &entry));
        }
        let written = write_whole(&path, &bytes, 0o600);
        let file = written.and_then(|()| OpenOptions::new().append(true).open(&path));
        let file = file.map_err(|error| Error::path("write", &path, error))?;
        Ok(Self { path, file, lake: id })
    }

    /// Appends entries, and returns when they are on the disk.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let bytes: Vec<u8> = entries.iter().flat_map(|entry| record(&self.lake, entry)).collect();
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        written.map_err(|error| Error::path("write to", &self.path, error))
    }
}

/// Writes the journal anew from the ledger, which has taken in what was there and has erased some of it since.
///
/// # Errors
/// When the ledger cannot be read or the file cannot be written.
pub fn rewrite(lake: &Lake, ledger: &Ledger) -> Result<()> {
    if path(lake).exists() { Journal::of(lake, ledger).map(drop) } else { Ok(()) }
}

/// Whose journal is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// That of this lake.
    ThisLake,
    /// Whichever is there: the lake has lost its log and its ledger, and with them the id that the journal names.
    AnyLake,
}

/// Tells the ledger what the journal has and it does not know, as after a crash or when the ledger was rebuilt. A journal
/// of another lake is set aside.
///
/// # Errors
/// When the journal cannot be read or the ledger cannot be written.
pub fn take_in(lake: &Lake, ledger: &mut Ledger, trust: Trust) -> Result<()> {
    let path = path(lake);
    let fail = |error| Error::path("read", &path, error);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file.map_err(fail)?,
    };
    let bytes = file.metadata().map_err(fail)?.len();
    let mut input = BufReader::new(file);
    let (mut connectors, mut ended, mut begun) = (Vec::new(), Vec::new(), Vec::new());
    let mut whole = 0;
    while let Some((header, body)) = next::<Header>(&mut input).map_err(fail)? {
        if trust == Trust::ThisLake && header.lake != id(lake)? {
            tracing::warn!(
                "{} is of another lake, and is moved to {}",
                path.display(),
                lake.foreign_folder().display()
            );
            return move_to(&lake.foreign_folder().join(batch_id(Timestamp::now())), &path, NAME);
        }
        let Ok(entry) = serde_json::from_slice(&body) else { break };
        whole += frame(&header, &body).map_err(fail)?.len() as u64;
        match entry {
            Entry::Connector(connector) => connectors.push(connector),
            Entry::Ended(one) => ended.push(one),
            Entry::Begun(one) => begun.push(one),
        }
    }
    if whole < bytes {
        tracing::warn!(
            "{} is damaged or was cut short after {whole} of {bytes} bytes; if the ledger was lost as well, a delivery \
             that was under way is begun again under the same keys",
            path.display()
        );
    }
    ledger.take_in_deliveries(&connectors, &ended, &begun, false)?;
    if trust == Trust::AnyLake { rewrite(lake, ledger) } else { Ok(()) }
}

fn record(lake: &str, entry: &Entry) -> Vec<u8> {
    let body = serde_json::to_vec(entry).expect("plain data");
    frame(&Header { lake: lake.to_owned() }, &body).expect("plain data")
}

fn path(lake: &Lake) -> PathBuf {
    lake.own().join(NAME)
}

/// The id of a lake. One without a log has no deliveries.
fn id(lake: &Lake) -> Result<String> {
    Ok(lake.version()?.map(|version| version.lake.clone()).unwrap_or_default())
}
