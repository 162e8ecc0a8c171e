//! Imports bodies of `GET /interviews/:id` from files, one a line, without calling the API. Memory is bounded by one
//! batch.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::cut::{Arrival, Published, cut_interviews};
use super::quarantine;
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::Ledger;
use crate::model::body::{self, Violation};
use crate::model::{Error, Interview, Provenance, Result, Via};

/// Bytes of a chunk of lines that are parsed in parallel.
const CHUNK_BYTES: usize = 4 << 20;
/// A batch is published at this many bytes of bodies.
const BATCH_BYTES: usize = 64 << 20;
/// A batch is published at this many interviews.
const BATCH_INTERVIEWS: usize = 20_000;
/// Most bytes of a line. It is longer than any body; a file without line feeds must not fill the memory.
const LONGEST_LINE: usize = 64 << 20;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportSummary {
    /// Lines that were not blank.
    pub lines: u64,
    pub newly_settled: u64,
    pub still_open: u64,
    pub responses: u64,
    /// Interviews that were settled in the lake before, or came twice.
    pub repeated: u64,
    /// Lines that were set aside because they break the contract.
    pub quarantined: u64,
    /// Lines that an earlier import set aside already.
    pub quarantined_before: u64,
}

/// Imports files in order; `-` is standard input. Gzip and zstd are recognised by their first bytes.
///
/// # Errors
/// When a file cannot be read or the lake cannot be written. Batches that were published before stay published.
pub fn import(
    lake: &Lake,
    ledger: &mut Ledger,
    source: &str,
    files: &[impl AsRef<Path>],
    progress: &dyn Fn(u64),
) -> Result<ImportSummary> {
    let mut importer = Importer {
        keys: lake.candidate_keys()?,
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
        summary: ImportSummary::default(),
        progress,
    };
    for file in files {
        importer.file(file.as_ref())?;
    }
    importer.cut()?;
    Ok(importer.summary)
}

/// An import in progress.
struct Importer<'a> {
    lake: &'a Lake,
    ledger: &'a mut Ledger,
    keys: CandidateKeys,
    provenance: Provenance,
    pending: Vec<Arrival>,
    pending_bytes: usize,
    summary: ImportSummary,
    progress: &'a dyn Fn(u64),
}

/// A line of a file that is not blank.
struct Line {
    /// 1-based.
    number: usize,
    body: Vec<u8>,
}

impl Importer<'_> {
    fn file(&mut self, path: &Path) -> Result<()> {
        let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let fail = |line: usize, error: io::Error| Error::failed(format!("cannot read {name}:{line}: {error}"));
        let mut input = open(path).map_err(|error| Error::usage(format!("cannot open {name}: {error}")))?;
        let mut number = 0;
        loop {
            let mut chunk = Vec::new();
            let mut bytes = 0;
            while bytes < CHUNK_BYTES {
                let mut line = Vec::new();
                let most = LONGEST_LINE as u64 + 1;
                let read = input.by_ref().take(most).read_until(b'\n', &mut line);
                if read.map_err(|error| fail(number + 1, error))? == 0 {
                    break;
                }
                number += 1;
                if line.len() > LONGEST_LINE {
                    return Err(fail(number, io::Error::other("the line is longer than 64 MB")));
                }
                let body = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&line).trim_ascii();
                if !body.is_empty() {
                    bytes += body.len();
                    chunk.push(Line { number, body: body.to_vec() });
                }
            }
            if chunk.is_empty() {
                return Ok(());
            }
            self.chunk(&name, chunk)?;
        }
    }

    fn chunk(&mut self, name: &str, chunk: Vec<Line>) -> Result<()> {
        self.summary.lines += chunk.len() as u64;
        let read: Vec<Result<Interview, Violation>> =
            chunk.par_iter().map(|line| body::read_interview(&line.body)).collect();
        for (Line { number, body }, interview) in chunk.into_iter().zip(read) {
            match interview {
                Ok(interview) => {
                    self.pending_bytes += body.len();
                    self.pending.push(Arrival { provenance: self.provenance.clone(), interview });
                }
                Err(violation) => {
                    // Such a body may have no id. Named by its hash, one that is imported twice is kept once.
                    let id = quarantine::import_id(&Sha256::digest(&body));
                    if quarantine::keep(self.lake, &id, &body)? {
                        self.summary.quarantined += 1;
                        tracing::warn!(line = number, "{name}:{number} is set aside as {id}: {violation}");
                    } else {
                        self.summary.quarantined_before += 1;
                    }
                }
            }
            if self.pending_bytes >= BATCH_BYTES || self.pending.len() >= BATCH_INTERVIEWS {
                self.cut()?;
            }
        }
        (self.progress)(self.summary.lines);
        Ok(())
    }

    fn cut(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let Published { settled, open, responses, repeated, .. } =
            cut_interviews(self.lake, self.ledger, &self.keys, pending, None)?;
        self.summary.newly_settled += settled;
        self.summary.still_open += open;
        self.summary.responses += responses;
        self.summary.repeated += repeated;
        Ok(())
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
