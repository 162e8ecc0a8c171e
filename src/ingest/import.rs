//! Imports bodies of `GET /interviews/:id` from files, without calling the API. Memory is bounded by one batch, and some
//! bytes for each interview.

use std::fmt::Display;
use std::fs::File;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::bodies::{Bodies, Chunk};
use super::cut::{Arrival, Published, cut_interviews};
use super::quarantine;
use super::repeats::{Came, Repeats};
use super::warnings::{WarningKind, Warnings};
use crate::lake::tombstones::Tombstones;
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::{InterviewState, Ledger};
use crate::model::body::{self, Violation};
use crate::model::{Done, Error, Interview, Provenance, Result, Via};

/// A batch is published at this many bytes of bodies.
const BATCH_BYTES: usize = 64 << 20;
/// A batch is published at this many interviews.
const BATCH_INTERVIEWS: usize = 20_000;
/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportSummary {
    /// Bodies that were read.
    pub bodies: u64,
    pub newly_settled: u64,
    pub still_open: u64,
    pub responses: u64,
    /// Interviews that were settled in the lake before, and stay as they were.
    pub there_before: u64,
    /// Bodies that came again in these files, or gave way to a later one of their interview.
    pub repeated: u64,
    /// Bodies that differ from an earlier one of their interview in these files, which stays.
    pub contradicted: u64,
    /// Interviews of persons who were erased, or too old to be kept, which are not loaded.
    pub erased: u64,
    /// Bodies that were set aside because they break the contract.
    pub quarantined: u64,
    /// Bodies that an earlier import set aside already.
    pub quarantined_before: u64,
    /// Interviews with half characters (lone surrogates), which were read as U+FFFD.
    pub mended: u64,
}

/// Imports files in order; `-` is standard input. Gzip and zstd are recognised by their first bytes.
///
/// It ends early when a file cannot be read or the lake cannot be written. Batches that were published before stay
/// published.
pub fn import(
    lake: &Lake,
    ledger: &mut Ledger,
    source: &str,
    files: &[impl AsRef<Path>],
    progress: &dyn Fn(u64),
) -> Done<ImportSummary> {
    let (keys, tombstones) = match lake.candidate_keys().and_then(|keys| Ok((keys, lake.tombstones()?))) {
        Ok(read) => read,
        Err(error) => return Done::failed(error),
    };
    let mut importer = Importer {
        keys,
        tombstones,
        lake,
        ledger,
        provenance: Provenance {
            source: source.to_owned(),
            via: Via::Import,
            again: false,
            fetched_at: Timestamp::now(),
        },
        pending: Vec::new(),
        pending_bytes: 0,
        repeats: Repeats::default(),
        warnings: Warnings::default(),
        summary: ImportSummary::default(),
        progress,
    };
    let imported = files.iter().try_for_each(|file| importer.file(file.as_ref())).and_then(|()| importer.cut());
    importer.warnings.end();
    Done::new(importer.summary, imported)
}

/// An import in progress.
struct Importer<'a> {
    lake: &'a Lake,
    ledger: &'a mut Ledger,
    keys: CandidateKeys,
    tombstones: Tombstones,
    provenance: Provenance,
    pending: Vec<Arrival>,
    pending_bytes: usize,
    repeats: Repeats,
    warnings: Warnings,
    summary: ImportSummary,
    progress: &'a dyn Fn(u64),
}

impl Importer<'_> {
    fn file(&mut self, path: &Path) -> Result<()> {
        let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let fail = |line: usize, error: io::Error| Error::failed(format!("cannot read {name}:{line}: {error}"));
        let input = open(path).map_err(|error| Error::usage(format!("cannot open {name}: {error}")))?;
        let mut bodies = Bodies::new(input).map_err(|error| fail(1, error))?;
        let mut chunk = Chunk::new();
        while bodies.read(&mut chunk).map_err(|error| fail(bodies.line() + 1, error))? {
            self.chunk(&name, &chunk)?;
        }
        if bodies.ends_in_list() {
            tracing::warn!("{name} ends before its list does: what came after line {} is not in it", bodies.line());
        }
        Ok(())
    }

    fn chunk(&mut self, name: &str, chunk: &Chunk) -> Result<()> {
        let bodies = chunk.bodies();
        self.summary.bodies += bodies.len() as u64;
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let read = |(_, body): &(usize, &[u8])| {
            body::read_interview(body).map(|interview| (hasher.hash_one(&interview), interview))
        };
        let read: Vec<Result<(u64, Interview), Violation>> = bodies.par_iter().map(read).collect();
        for ((line, body), interview) in bodies.into_iter().zip(read) {
            match interview {
                Ok((hash, interview)) => self.add(&format_args!("{name}:{line}"), body.len(), hash, interview),
                Err(_) if self.tombstones.cover_body(body) => self.summary.erased += 1,
                Err(violation) => {
                    // Such a body may have no id. Named by its hash, one that is imported twice is kept once.
                    let id = quarantine::import_id(&Sha256::digest(body));
                    if quarantine::keep(self.lake, &id, body)? {
                        self.summary.quarantined += 1;
                        let message = format!("{name}:{line} is set aside as {id}: {violation}");
                        self.warnings.add(WarningKind::SetAside, &id, &message);
                    } else {
                        self.summary.quarantined_before += 1;
                    }
                }
            }
            if self.pending_bytes >= BATCH_BYTES || self.pending.len() >= BATCH_INTERVIEWS {
                self.cut()?;
            }
        }
        (self.progress)(self.summary.bodies);
        Ok(())
    }

    /// Adds an interview to the batch, unless these files had it before.
    fn add(&mut self, place: &dyn Display, bytes: usize, hash: u64, interview: Interview) {
        match self.repeats.note(&interview, hash) {
            Came::Again => self.summary.repeated += 1,
            Came::Otherwise => {
                self.summary.contradicted += 1;
                let id = &interview.id;
                let message = format!("{place} is left out: another body of interview {id} came before it, and stays");
                self.warnings.add(WarningKind::Contradicted, id, &message);
            }
            Came::New => {
                // Answers of a few bytes take more than these in memory.
                self.pending_bytes += bytes.max(size_of_val(&*interview.responses));
                self.summary.mended += u64::from(interview.mended);
                self.pending.push(Arrival { provenance: self.provenance.clone(), interview });
            }
        }
    }

    fn cut(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let mut read_now = Vec::new();
        if !self.lake.quarantine_is_empty() {
            for Arrival { interview, .. } in &pending {
                if self.ledger.state(&interview.id)? != Some(InterviewState::Settled) {
                    read_now.push(interview.id.clone());
                }
            }
        }
        let Published { settled, open, responses, repeated, superseded, erased, .. } =
            cut_interviews(self.lake, self.ledger, &self.keys, pending, None)?;
        self.summary.newly_settled += settled;
        self.summary.still_open += open;
        self.summary.responses += responses;
        self.summary.there_before += repeated;
        self.summary.repeated += superseded;
        self.summary.erased += erased;
        read_now.iter().try_for_each(|id| quarantine::forget(self.lake, id))
    }
}

/// Opens a file or standard input, and decompresses it if it begins like gzip or zstd.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut raw = BufReader::with_capacity(1 << 20, raw);
    let start = raw.fill_buf()?;
    if start.starts_with(&[0x1F, 0x8B]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 20, MultiGzDecoder::new(raw))));
    }
    if start.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 20, zstd::Decoder::with_buffer(raw)?)));
    }
    Ok(Box::new(raw))
}
