//! Lists the units of work of a version of the lake.

use std::collections::BTreeMap;
use std::{fs, path};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::unit::{ID_DIGITS, Unit, UnitInput, UnitOutput, output_name};
use crate::analyze::derived::{DerivedFile, DerivedKind, SourceHashes};
use crate::analyze::request::AnalyzeRequest;
use crate::lake::Lake;
use crate::lake::log::Version;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{INTERVIEWS, RESPONSES};
use crate::ledger::LiveFile;

/// Where the files of a version are: in the folder of the lake, or in a mirror.
pub trait Shelf: Sync {
    /// The path or address of a file.
    fn address(&self, file: &LiveFile) -> String;

    /// Opens a derived file. `None` if it is not there as the version has it.
    fn derived(&self, file: &LiveFile) -> Option<ParquetFile>;
}

impl Shelf for Lake {
    fn address(&self, file: &LiveFile) -> String {
        let path = self.root().join(&file.path);
        path::absolute(&path).unwrap_or(path).display().to_string()
    }

    fn derived(&self, file: &LiveFile) -> Option<ParquetFile> {
        let path = self.root().join(&file.path);
        // One in no commit is of an analysis that was killed, and is made and collected like one that is missing.
        let is_there = fs::metadata(&path).is_ok_and(|metadata| metadata.len() == file.bytes);
        is_there.then(|| ParquetFile::open(&path).ok()).flatten()
    }
}

/// Lists the units of work that a request leaves to do, the largest first, so that the last ones to be done are small.
/// Results go below `out`, a path or an address.
pub fn list(version: &Version, request: &AnalyzeRequest, shelf: &dyn Shelf, out: &str) -> Vec<Unit> {
    let interviews: Vec<&LiveFile> = version.files().filter(|file| file.table == INTERVIEWS.name).collect();
    let units = interviews.into_par_iter().filter_map(|file| unit(version, request, shelf, out, file));
    let mut units: Vec<Unit> = units.collect();
    units.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.place.cmp(&other.place)));
    units
}

/// The unit of a batch. `None` if all that is derived from it is up to date.
fn unit(
    version: &Version,
    request: &AnalyzeRequest,
    shelf: &dyn Shelf,
    out: &str,
    interviews: &LiveFile,
) -> Option<Unit> {
    let (_, place) = interviews.path.split_once('/')?;
    let responses = version.file(&format!("{}/{place}", RESPONSES.name));
    let sources = SourceHashes {
        interviews: interviews.sha256.clone(),
        responses: responses.map(|responses| responses.sha256.clone()),
    };
    let kinds = DerivedKind::all(request).into_iter();
    let files = kinds.filter_map(|kind| DerivedFile::of(kind, request, place, &sources));
    let there = |file: &DerivedFile| version.file(&file.path).and_then(|there| shelf.derived(there));
    let is_stale = |file: &DerivedFile| request.force || file.staleness(there(file).as_ref()).is_some();
    let files: Vec<DerivedFile> = files.filter(is_stale).collect();
    if files.is_empty() {
        return None;
    }
    let by = env!("CARGO_PKG_VERSION").to_owned();
    let id = id_of(place, &by, &files);
    let output = |file: DerivedFile| UnitOutput {
        table: file.kind.table().name.to_owned(),
        set: file.kind.set().map(str::to_owned),
        to: format!("{out}/{}", output_name(&id, &file.path)),
        metadata: file.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    };
    let outputs = files.into_iter().map(output).collect();
    let inputs = [Some(interviews), responses].into_iter().flatten().map(|file| UnitInput {
        table: file.table.clone(),
        from: shelf.address(file),
        rows: file.rows,
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    });
    let inputs: Vec<UnitInput> = inputs.collect();
    let bytes = inputs.iter().map(|input| input.bytes).sum();
    let rows = responses.map_or(0, |responses| responses.rows);
    Some(Unit { unit: id, place: place.to_owned(), by, bytes, rows, inputs, outputs })
}

/// A hash of all that a unit's outputs follow from.
fn id_of(place: &str, by: &str, files: &[DerivedFile]) -> String {
    let outputs: BTreeMap<&str, &Vec<(&str, String)>> =
        files.iter().map(|file| (file.path.as_str(), &file.metadata)).collect();
    let text = serde_json::to_vec(&(place, by, outputs)).expect("plain data");
    hex::encode(Sha256::digest(text))[..ID_DIGITS].to_owned()
}
