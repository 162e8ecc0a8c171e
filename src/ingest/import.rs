//! Imports bodies of `GET /interviews/:id` from files, one a line, without calling the API. Memory is bounded by one
//! batch.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::cut::{Arrival, Published, cut_interviews};
use super::quarantine;
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::Ledger;
use crate::model::body::{self, LARGEST_BODY, Violation};
use crate::model::json::without_mark;
use crate::model::{Error, Interview, Provenance, Result, Via};

/// Bytes of a chunk of lines that are parsed in parallel.
const CHUNK_BYTES: usize = 4 << 20;
/// A batch is published at this many bytes of bodies.
const BATCH_BYTES: usize = 64 << 20;
/// A batch is published at this many interviews.
const BATCH_INTERVIEWS: usize = 20_000;
/// How much of a line is read: the largest body, between a byte order mark and a line feed, and one byte more. What is
/// behind it is passed over, so that a file without line feeds does not fill the memory.
const LONGEST_LINE: u64 = LARGEST_BODY as u64 + 6;

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
    /// Interviews with half characters (lone surrogates), which were read as U+FFFD.
    pub mended: u64,
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

/// Some lines of a file, without the blank ones.
struct Chunk {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// A line of a chunk.
struct Line {
    /// 1-based.
    number: usize,
    place: Range<usize>,
}

impl Chunk {
    fn body(&self, line: &Line) -> &[u8] {
        body_of(&self.bytes[line.place.clone()])
    }
}

/// The body of a line. Files that were put together may have a byte order mark on any line. A line that was cut is too
/// large whatever is in it, and stays as it is.
fn body_of(line: &[u8]) -> &[u8] {
    if line.len() as u64 >= LONGEST_LINE { line } else { without_mark(line).trim_ascii() }
}

impl Importer<'_> {
    fn file(&mut self, path: &Path) -> Result<()> {
        let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let fail = |line: usize, error: io::Error| Error::failed(format!("cannot read {name}:{line}: {error}"));
        let mut input = open(path).map_err(|error| Error::usage(format!("cannot open {name}: {error}")))?;
        let mut number = 0;
        let mut chunk = Chunk { bytes: Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4), lines: Vec::new() };
        loop {
            chunk.bytes.clear();
            chunk.lines.clear();
            while chunk.bytes.len() < CHUNK_BYTES {
                let begin = chunk.bytes.len();
                if read_line(&mut input, &mut chunk.bytes).map_err(|error| fail(number + 1, error))? == 0 {
                    break;
                }
                number += 1;
                if body_of(&chunk.bytes[begin..]).is_empty() {
                    chunk.bytes.truncate(begin);
                } else {
                    chunk.lines.push(Line { number, place: begin..chunk.bytes.len() });
                }
            }
            if chunk.lines.is_empty() {
                return Ok(());
            }
            self.chunk(&name, &chunk)?;
        }
    }

    fn chunk(&mut self, name: &str, chunk: &Chunk) -> Result<()> {
        self.summary.lines += chunk.lines.len() as u64;
        let read: Vec<Result<Interview, Violation>> =
            chunk.lines.par_iter().map(|line| body::read_interview(chunk.body(line))).collect();
        for (line, interview) in chunk.lines.iter().zip(read) {
            let (number, body) = (line.number, chunk.body(line));
            match interview {
                Ok(interview) => {
                    // Answers of a few bytes take more than these in memory.
                    self.pending_bytes += body.len().max(size_of_val(&*interview.responses));
                    self.summary.mended += u64::from(interview.mended);
                    self.pending.push(Arrival { provenance: self.provenance.clone(), interview });
                }
                Err(violation) => {
                    // Such a body may have no id. Named by its hash, one that is imported twice is kept once.
                    let id = quarantine::import_id(&Sha256::digest(body));
                    if quarantine::keep(self.lake, &id, body)? {
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

/// Appends the next line, and of one that is too long its start. Returns how many bytes were appended.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', bytes)?;
    if read as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(read)
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
