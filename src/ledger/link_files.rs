//! Links to recordings in files of their own: too many and too short-lived for SQLite.
//!
//! A file holds zstd frames, one after the other, and a frame holds JSON Lines, one a link. Files only grow, by whole
//! frames, and are dropped whole. A frame that is cut short or damaged ends its file: its links are asked for again.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, find_frame_compressed_size};

use crate::model::{Error, Result};

/// A frame is no longer than this, in bytes before it is compressed, plus one line.
const FRAME: usize = 1 << 20;
/// What a frame is trusted to hold, in bytes.
const LARGEST_FRAME: usize = 4 * FRAME;
/// A file that is longer gets no further frame, in bytes.
const FILE: u64 = 8 << 20;
/// A file that was begun so long ago gets no further frame, so that it can be dropped soon after a day.
const FILE_GROWS: SignedDuration = SignedDuration::from_hours(1);
const LEVEL: i32 = 3;
/// The extension of a file that is written anew, until it takes the place of the old one.
const UNFINISHED: &str = "new";

/// One line of a frame. The names are short because there are many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The interview's id.
    #[serde(rename = "i")]
    pub interview: String,
    /// The 0-based position of the answer in `responses[]`.
    #[serde(rename = "p")]
    pub position: u32,
    /// The name of the recording in an archive.
    #[serde(rename = "o")]
    pub object: String,
    /// `None`: no earlier link of this recording opens any more.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When the interview settled, in microseconds since 1970.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<i64>,
    /// When the link was fetched, in microseconds since 1970.
    #[serde(rename = "f")]
    pub fetched_at: i64,
}

/// The folder of the files.
#[derive(Debug)]
pub struct LinkFiles {
    folder: PathBuf,
    growing: Option<Growing>,
}

/// The file that this process appends to.
#[derive(Debug)]
struct Growing {
    file: File,
    path: PathBuf,
    begun_at: Timestamp,
}

/// A file of links.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkFile {
    /// Files are numbered in the order in which they were begun.
    pub number: u64,
    pub path: PathBuf,
}

impl LinkFiles {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, growing: None }
    }

    /// All files, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<LinkFile>> {
        let mut files = Vec::new();
        for path in self.paths()? {
            let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".zst")?.parse().ok());
            if let Some(number) = number.filter(|_| path.is_file()) {
                files.push(LinkFile { number, path });
            }
        }
        files.sort();
        Ok(files)
    }

    /// What is in the folder, if there is one.
    fn paths(&self) -> Result<Vec<PathBuf>> {
        let paths = fs::read_dir(&self.folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        match paths {
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            paths => paths.map_err(|error| Error::path("read", &self.folder, error)),
        }
    }

    /// Appends lines, in frames.
    ///
    /// # Errors
    /// When a file cannot be made or written. Some of the lines may be there then.
    pub fn append(&mut self, lines: &[Line], now: Timestamp) -> Result<()> {
        each_text(lines, |text| self.append_frame(text, now))
    }

    fn append_frame(&mut self, text: &[u8], now: Timestamp) -> Result<()> {
        if !self.growing.as_ref().is_some_and(|growing| growing.takes_more(now)) {
            self.growing = Some(self.begin(now)?);
        }
        let growing = self.growing.as_mut().expect("it was just set");
        let written = compressed(text).and_then(|frame| growing.file.write_all(&frame));
        let result = written.map_err(|error| Error::path("write", &growing.path, error));
        if result.is_err() {
            // What comes after half a frame would not be read.
            self.growing = None;
        }
        result
    }

    /// Makes the next file.
    fn begin(&self, now: Timestamp) -> Result<Growing> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| Error::path("make", &self.folder, error))?;
        let mut number = self.list()?.last().map_or(0, |last| last.number + 1);
        loop {
            let path = self.folder.join(format!("{number:08}.zst"));
            match OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Growing { file, path, begun_at: now }),
                // Another thread of a run keeps links, too.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(Error::path("make", &path, error)),
            }
        }
    }

    /// Drops the files that were last written at this time or before, and those that seem to be written after `latest`,
    /// whose age nobody knows. What an erasure that was killed left is dropped, too.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn drop_before(&mut self, time: Timestamp, latest: Timestamp) -> Result<()> {
        self.drop_unfinished()?;
        for LinkFile { path, .. } in self.list()? {
            let Some(written_at) = written_at(&path) else { continue };
            if written_at <= time || written_at > latest {
                self.delete(&path)?;
            }
        }
        Ok(())
    }

    /// Deletes a file. That it is not there is no error.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn delete(&mut self, path: &Path) -> Result<()> {
        self.growing.take_if(|growing| growing.path == path);
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::path("delete", path, error)),
            _ => Ok(()),
        }
    }
}

impl Growing {
    fn takes_more(&self, now: Timestamp) -> bool {
        // Somebody may have deleted the file, so that nobody would find what is appended.
        let is_there = self.path.exists();
        let is_short = self.file.metadata().is_ok_and(|metadata| metadata.len() < FILE);
        is_there && is_short && self.begun_at.duration_until(now).abs() < FILE_GROWS
    }
}

/// Erasing links.
impl LinkFiles {
    /// How many lines are of some interviews.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn lines_of(&self, interviews: &HashSet<&str>) -> Result<u64> {
        let files = self.list()?;
        let lines = files.iter().flat_map(|file| file.frames(0)).flat_map(|frame| frame.lines);
        Ok(lines.filter(|line| interviews.contains(line.interview.as_str())).count() as u64)
    }

    /// Erases the lines of some interviews. A file that has any is written anew in its place, without what is behind a
    /// frame that cannot be read; one that has no other lines is deleted.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn erase(&mut self, interviews: &HashSet<&str>) -> Result<()> {
        // This process would go on appending to a file that has lost its name.
        self.growing = None;
        self.drop_unfinished()?;
        for LinkFile { path, number } in self.list()? {
            let file = LinkFile { path: path.clone(), number };
            let is_kept = |line: &Line| !interviews.contains(line.interview.as_str());
            let lines: Vec<Line> = file.frames(0).into_iter().flat_map(|frame| frame.lines).collect();
            if lines.iter().all(is_kept) {
                continue;
            }
            let fail = |error| Error::path("write", &path, error);
            let mut bytes = Vec::new();
            let kept: Vec<Line> = lines.into_iter().filter(is_kept).collect();
            each_text(&kept, |text| compressed(text).map(|frame| bytes.extend(frame)).map_err(fail))?;
            if bytes.is_empty() {
                self.delete(&path)?;
                continue;
            }
            let new = path.with_extension(UNFINISHED);
            let written = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new);
            let written = written.and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
            written.and_then(|()| fs::rename(&new, &path)).map_err(fail)?;
        }
        // Also if nothing was erased now: an erasure that was killed may have renamed a file.
        self.sync()
    }

    /// Deletes the files that an erasure was writing when it was killed: they hold links, and nobody reads them.
    fn drop_unfinished(&mut self) -> Result<()> {
        for path in self.paths()? {
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                self.delete(&path)?;
            }
        }
        Ok(())
    }

    /// Makes new names and lost ones last through a power cut, so that nothing that was erased comes back.
    fn sync(&self) -> Result<()> {
        match File::open(&self.folder).and_then(|folder| folder.sync_all()) {
            Err(error) if !is_missing(&error) => Err(Error::path("sync", &self.folder, error)),
            _ => Ok(()),
        }
    }
}

/// Whether there is no such folder.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes the text of each frame that lines are written in: by size, since a frame that is too long is not read.
fn each_text(lines: &[Line], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).expect("strings and integers");
        text.push(b'\n');
        if text.len() >= FRAME {
            take(&text)?;
            text.clear();
        }
    }
    if text.is_empty() { Ok(()) } else { take(&text) }
}

fn compressed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(LEVEL).expect("3 is a zstd level");
    compressor.set_parameter(CParameter::ChecksumFlag(true)).and_then(|()| compressor.compress(text))
}

/// When a file was last written.
fn written_at(path: &Path) -> Option<Timestamp> {
    fs::metadata(path).ok()?.modified().ok()?.try_into().ok()
}

/// A whole frame, and where it begins and ends in its file.
#[derive(Debug)]
pub struct Frame {
    pub begin: u64,
    pub end: u64,
    pub lines: Vec<Line>,
}

impl LinkFile {
    /// Reads the whole frames from an offset on. A file that cannot be read, or not further, has none.
    pub fn frames(&self, offset: u64) -> Vec<Frame> {
        self.read(offset, None)
    }

    /// Reads the frame at an offset.
    pub fn frame(&self, Range { begin, end }: Range) -> Vec<Line> {
        self.read(begin, Some(end - begin)).into_iter().flat_map(|frame| frame.lines).collect()
    }

    fn read(&self, offset: u64, most: Option<u64>) -> Vec<Frame> {
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(most.unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
            std::io::Result::Ok(bytes)
        };
        let Ok(bytes) = read() else { return Vec::new() };
        // Times that were set by a clock that was ahead.
        let latest = written_at(&self.path).map_or(i64::MAX, Timestamp::as_microsecond);
        let mut frames = Vec::new();
        let mut at = 0;
        while let Some(size) = find_frame_compressed_size(&bytes[at..]).ok().filter(|size| *size > 0) {
            let Some(lines) = lines_of(&bytes[at..at + size], latest) else { break };
            let begin = offset + at as u64;
            at += size;
            frames.push(Frame { begin, end: offset + at as u64, lines });
        }
        frames
    }
}

/// Where a frame is in its file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub begin: u64,
    pub end: u64,
}

fn lines_of(frame: &[u8], latest: i64) -> Option<Vec<Line>> {
    let text = Decompressor::new().ok()?.decompress(frame, LARGEST_FRAME).ok()?;
    let lines = serde_json::Deserializer::from_slice(&text).into_iter::<Line>();
    lines.map(|line| line.map(|line| Line { fetched_at: line.fetched_at.min(latest), ..line }).ok()).collect()
}
