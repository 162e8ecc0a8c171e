//! Makes the files of one unit of work.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::unit::{MadeFile, Unit, UnitInput, UnitOutput, UnitResult};
use crate::analyze::batch::{Batch, BatchResult};
use crate::analyze::derived::{DerivedFile, DerivedKind, SourceHashes, StagedFile, about};
use crate::analyze::request::AnalyzeRequest;
use crate::keywords::Prefilter;
use crate::lake::durable::{sha256_of, sync, sync_with_parent};
use crate::lake::schema::{INTERVIEWS, RESPONSES};
use crate::lake::temporary::{TemporaryFolder, clear_abandoned};
use crate::lake::work_folder::MAKING;
use crate::model::{Error, Result, is_address};
use crate::objects::{Places, Uploaded};

/// The same where a unit's inputs and outputs are in stores, and the folder is with those of other programs.
const MAKING_ELSEWHERE: &str = ".roundup-making-";

/// Makes the files of a unit, each whole under its name or not at all.
///
/// # Errors
/// When the unit was listed by another version of the program or for another request, an input is not as it was listed, or
/// a file cannot be written.
pub fn make(unit: &Unit, request: &AnalyzeRequest, prefilter: &Prefilter, places: &Places) -> Result<UnitResult> {
    let outputs = outputs(unit, request)?;
    let making = folder_for(unit)?;
    let made = make_in(making.path(), unit, outputs, request, prefilter, places);
    // What cannot be removed is left to the next program that makes a unit there, or that opens the lake.
    let _is_left = making.clear();
    made
}

fn make_in(
    making: &Path,
    unit: &Unit,
    outputs: Vec<DerivedFile<'_>>,
    request: &AnalyzeRequest,
    prefilter: &Prefilter,
    places: &Places,
) -> Result<UnitResult> {
    let interviews = input(unit, INTERVIEWS.name).ok_or_else(|| damaged(unit, "it has no interviews"))?;
    let responses = input(unit, RESPONSES.name);
    let batch = Batch {
        place: unit.place.clone(),
        interviews: at_hand(interviews, making, places)?,
        responses: responses.map(|input| at_hand(input, making, places)).transpose()?,
        lake: None,
        outputs,
    };
    let BatchResult { staged, responses, .. } = batch.make(making, request, prefilter)?;
    let mut files = Vec::new();
    for (staged, output) in staged.iter().zip(&unit.outputs) {
        put(staged, &output.to, places)?;
        files.push(MadeFile {
            table: output.table.clone(),
            set: output.set.clone(),
            at: output.to.clone(),
            rows: staged.file.rows,
            bytes: staged.file.bytes,
            sha256: staged.file.sha256.clone(),
        });
    }
    Ok(UnitResult { unit: unit.unit.clone(), place: unit.place.clone(), responses, files, error: None })
}

/// The files to make, as this program makes them.
fn outputs<'a>(unit: &Unit, request: &AnalyzeRequest<'a>) -> Result<Vec<DerivedFile<'a>>> {
    let own = env!("CARGO_PKG_VERSION");
    if unit.by != own {
        let message = format!("{}: listed by roundup {}, and this is {own}", unit.place, unit.by);
        return Err(Error::usage(message).hint("give every machine the same program"));
    }
    let hash = |table| input(unit, table).map(|input| input.sha256.clone());
    let sources =
        SourceHashes { interviews: hash(INTERVIEWS.name).unwrap_or_default(), responses: hash(RESPONSES.name) };
    let kinds = DerivedKind::all(request);
    unit.outputs.iter().map(|output| as_listed(unit, output, request, &kinds, &sources)).collect()
}

/// The file that an output asks for. It has the metadata that the output names, or the request is another one.
fn as_listed<'a>(
    unit: &Unit,
    output: &UnitOutput,
    request: &AnalyzeRequest<'a>,
    kinds: &[DerivedKind<'a>],
    sources: &SourceHashes,
) -> Result<DerivedFile<'a>> {
    let is_meant = |kind: &&DerivedKind| kind.table().name == output.table && kind.set() == output.set.as_deref();
    let what = match &output.set {
        Some(set) => format!("{}: {} of {set}", unit.place, output.table),
        None => format!("{}: {}", unit.place, output.table),
    };
    let kind = kinds.iter().find(is_meant).ok_or_else(|| {
        Error::usage(format!("{what}: no such set was given")).hint("give every machine the sets of `--list-work`")
    })?;
    let file = DerivedFile::of(*kind, request, &unit.place, sources)
        .ok_or_else(|| damaged(unit, "it has no answers to make this from"))?;
    let differs = |(key, value): &&(&str, String)| output.metadata.get(*key) != Some(value);
    if let Some((key, _)) = file.metadata.iter().find(differs) {
        let message = format!("{what}: {} here", about(key));
        return Err(Error::usage(message).hint("give every machine the sets and metrics of `--list-work`"));
    }
    Ok(file)
}

fn input<'u>(unit: &'u Unit, table: &str) -> Option<&'u UnitInput> {
    unit.inputs.iter().find(|input| input.table == table)
}

/// A temporary folder on the file system that the files of a unit are to be on. Those of killed workers there go.
fn folder_for(unit: &Unit) -> Result<TemporaryFolder> {
    let first = unit.outputs.first().ok_or_else(|| damaged(unit, "it makes nothing"))?;
    let temporary = env::temp_dir();
    let (folder, prefix) = if is_address(&first.to) {
        (temporary.as_path(), MAKING_ELSEWHERE)
    } else {
        let folder = Path::new(&first.to).parent().ok_or_else(|| damaged(unit, "its results are in no folder"))?;
        fs::create_dir_all(folder).map_err(|error| Error::path("make", folder, error))?;
        (folder, MAKING)
    };
    clear_abandoned(folder, prefix);
    TemporaryFolder::new(folder, prefix).map_err(|error| Error::path("make a folder in", folder, error))
}

/// The path of a file to read, which is copied into a folder if it is an object. It has the bytes that were listed.
fn at_hand(input: &UnitInput, folder: &Path, places: &Places) -> Result<PathBuf> {
    let (path, sha256) = if is_address(&input.from) {
        let (objects, name) = places.of(&input.from)?;
        let path = folder.join(format!("{}.parquet", input.table));
        let sha256 = objects.download(&name, &path)?;
        (path, sha256.ok_or_else(|| Error::failed(format!("{} is missing", input.from)))?)
    } else {
        let path = PathBuf::from(&input.from);
        let sha256 = sha256_of(&path).map_err(|error| Error::path("read", &path, error))?;
        (path, sha256)
    };
    if sha256 == input.sha256 {
        return Ok(path);
    }
    Err(Error::failed(format!("{} is not as it was listed: its bytes are others", input.from))
        .hint("it was replaced since, or is damaged: `roundup status --check` tells"))
}

/// Puts a file that was made where it is to be, whole or not at all.
fn put(made: &StagedFile, to: &str, places: &Places) -> Result<()> {
    let StagedFile { staged, file } = made;
    if is_address(to) {
        let (objects, name) = places.of(to)?;
        return match objects.create_file(&name, staged, &file.sha256)? {
            Uploaded::Changed => Err(Error::path("read", staged, "it has changed")),
            Uploaded::New | Uploaded::Existing => Ok(()),
        };
    }
    let to = Path::new(to);
    let folder = to.parent().ok_or_else(|| Error::usage(format!("{} is in no folder", to.display())))?;
    sync(staged)
        .and_then(|()| fs::rename(staged, to))
        .and_then(|()| sync_with_parent(folder))
        .map_err(|error| Error::path("write", to, error))
}

fn damaged(unit: &Unit, what: &str) -> Error {
    Error::usage(format!("unit {} of {} cannot be made: {what}", unit.unit, unit.place))
}
