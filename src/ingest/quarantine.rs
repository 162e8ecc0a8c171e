//! Keeps bodies that cannot be read, byte for byte, so that no answer is lost. To learn the reason, they are read
//! again.

use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::cut::{Arrival, Published, cut_interviews};
use crate::lake::Lake;
use crate::lake::durable::write_whole;
use crate::ledger::{InterviewState, Ledger};
use crate::model::body::{self, Violation};
use crate::model::{Error, Interview, Provenance, Result, Via};
use crate::pipeline::QuestionPolicy;

/// Prefix of the name of an imported line, which may have no id.
const IMPORT: &str = "import-";

/// A body that was set aside.
#[derive(Debug, Clone)]
pub struct QuarantinedBody {
    /// The id that was asked for, or `import-` and a hash of an imported line.
    pub id: String,
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    pub since: Timestamp,
    /// Why it cannot be read, or `None` when this version of the program can read it.
    pub violation: Option<Violation>,
}

/// The result of a retry, in numbers of bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// Published, as settled or open.
    pub settled: u64,
    pub open: u64,
    /// To be fetched again by the next ingest.
    pub due: u64,
    /// Imported lines that still cannot be read.
    pub stay: u64,
}

/// The name under which an imported line is kept.
pub fn import_id(hash: &[u8]) -> String {
    format!("{IMPORT}{}", hex::encode(&hash[..16]))
}

/// Keeps a body under the id that was fetched. Returns whether it was not there before.
///
/// # Errors
/// When it cannot be written.
pub fn keep(lake: &Lake, id: &str, body: &[u8]) -> Result<bool> {
    let path = lake.set_aside_path(id);
    let is_new = !path.exists();
    write_whole(&path, body, 0o600).map_err(|error| Error::path("write", &path, error))?;
    Ok(is_new)
}

/// Deletes the body of an id, if one is kept.
///
/// # Errors
/// When it cannot be deleted.
pub fn forget(lake: &Lake, id: &str) -> Result<()> {
    let path = lake.set_aside_path(id);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::path("delete", &path, error)),
        _ => Ok(()),
    }
}

/// Every body that is kept, by id.
///
/// # Errors
/// When the folder or a body cannot be read.
pub fn list(lake: &Lake) -> Result<Vec<QuarantinedBody>> {
    let folder = lake.quarantine_folder();
    let fail = |error: io::Error| Error::path("list", &folder, error);
    let mut kept = Vec::new();
    for entry in fs::read_dir(&folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        let id = name.to_str().and_then(Lake::set_aside_id);
        let Some(id) = id.and_then(|id| percent_decode_str(id).decode_utf8().ok()) else { continue };
        let metadata = entry.metadata().map_err(fail)?;
        let since = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
        let violation = read(&id, &load(lake, &id)?).err();
        kept.push(QuarantinedBody { id: id.into_owned(), path: entry.path(), size: metadata.len(), since, violation });
    }
    kept.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(kept)
}

/// The bytes of a body that is kept.
///
/// # Errors
/// A usage error when no body of the id is kept.
pub fn load(lake: &Lake, id: &str) -> Result<Vec<u8>> {
    let path = lake.set_aside_path(id);
    fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::usage(format!("no body of {id} is set aside")).hint("`roundup quarantine list` says which are")
        }
        _ => Error::path("read", &path, error),
    })
}

fn read(id: &str, bytes: &[u8]) -> Result<Interview, Violation> {
    if id.starts_with(IMPORT) { body::read_interview(bytes) } else { body::read_interview_of(id, bytes) }
}

/// Reads bodies again. Those that this version can read are published. The others are fetched again by the next ingest,
/// except for imported lines, which stay.
///
/// # Errors
/// When one of them is missing, or the lake cannot be written.
pub fn retry(lake: &Lake, ledger: &mut Ledger, ids: &[String]) -> Result<Retried> {
    let mut retried = Retried::default();
    let mut arrivals = Vec::new();
    let mut readable = Vec::new();
    for id in ids {
        let via = if id.starts_with(IMPORT) { Via::Import } else { Via::List };
        match read(id, &load(lake, id)?) {
            Ok(interview) => {
                let source = ledger.source_of(id)?.unwrap_or_else(|| "default".to_owned());
                let provenance = Provenance { source, via, again: false, fetched_at: Timestamp::now() };
                arrivals.push(Arrival { provenance, interview });
                readable.push(id);
            }
            Err(_) if via == Via::Import => retried.stay += 1,
            Err(violation) => {
                ledger.make_due(id, &violation.to_string())?;
                retried.due += 1;
            }
        }
    }
    let published: Published =
        cut_interviews(lake, ledger, &lake.candidate_keys()?, arrivals, Some(QuestionPolicy::Unseen))?;
    (retried.settled, retried.open) = (published.settled, published.open);
    for id in readable {
        forget(lake, id)?;
    }
    Ok(retried)
}

/// The ids of the bodies that are to be erased. `is_erased` is asked with the id of each, which is empty for one that was
/// imported.
///
/// # Errors
/// When a body cannot be read.
pub fn erased(lake: &Lake, is_erased: &dyn Fn(&str, &[u8]) -> bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for QuarantinedBody { id, .. } in list(lake)? {
        let named = if id.starts_with(IMPORT) { "" } else { &id };
        if is_erased(named, &load(lake, &id)?) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The interview that a body was asked for; `None` for one that was imported.
#[must_use]
pub fn interview_of(id: &str) -> Option<&str> {
    Some(id).filter(|id| !id.starts_with(IMPORT))
}

/// Deletes bodies for good. Their interviews are not fetched again.
///
/// # Errors
/// When one of them is missing, or cannot be deleted. Those before it are deleted then.
pub fn discard(lake: &Lake, ledger: &mut Ledger, ids: &[String]) -> Result<()> {
    for id in ids {
        load(lake, id)?;
    }
    for id in ids {
        if let Some(source) = ledger.source_of(id)? {
            ledger.record_end(id, &source, InterviewState::Quarantined, "discarded")?;
        }
        forget(lake, id)?;
    }
    Ok(())
}
