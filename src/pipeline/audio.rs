//! The archive of recordings, resolved from a pipeline file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::file::AudioSection;
use super::place::place;
use super::times::{parse_max_time, parse_midnight};
use crate::model::{Error, Result, Section, is_address};

#[derive(Debug, Clone)]
pub struct AudioPlan {
    /// The folder of the archive, or the address of an object store.
    pub out: PathBuf,
    /// Number of downloads under way at once, at most.
    pub concurrency: usize,
    /// Size of a recording in bytes, at most.
    pub max_bytes: u64,
    /// Duration of a download, at most.
    pub max_time: Duration,
    /// Only recordings of interviews that settled at this instant or later are downloaded; `None` for all.
    pub from: Option<Timestamp>,
    /// Whether links may lead to this machine, and do without TLS then.
    pub allow_loopback: bool,
}

impl AudioPlan {
    /// The folder of the archive; `None` if it is an object store.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        Some(self.out.as_path()).filter(|out| !is_address(&out.to_string_lossy()))
    }
}

pub(super) fn resolve(audio: AudioSection, folder: &Path, at: &mut Section<'_>) -> AudioPlan {
    AudioPlan {
        out: place(folder, &audio.out),
        concurrency: at.at_least_1("concurrency", audio.concurrency),
        max_bytes: at.or("max-bytes", parse_size(&audio.max_bytes), u64::MAX),
        max_time: at.or("max-time", parse_max_time(&audio.max_time), Duration::MAX),
        from: audio.from.and_then(|text| at.keep("from", parse_midnight(&text))),
        allow_loopback: audio.allow_loopback,
    }
}

/// Parses a number of bytes: `200MB`, `1GB`, `5000`.
///
/// # Errors
/// A usage error for anything else, and for 0.
pub fn parse_size(text: &str) -> Result<u64> {
    let units = [("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1)];
    let unit = units.iter().find_map(|(unit, factor)| Some((text.trim().strip_suffix(unit)?, factor)));
    let size = unit.and_then(|(number, factor)| number.trim().parse::<u64>().ok()?.checked_mul(*factor));
    let wrong = || Error::usage(format!("`{text}` is no size")).hint("for example 200MB; 1 MB is 1,000,000 bytes");
    size.filter(|size| *size > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_the_units_people_write() {
        for (text, size) in [("200MB", 200_000_000), ("1 GB", 1_000_000_000), ("5KB", 5_000), ("7B", 7), ("12", 12)] {
            assert_eq!(parse_size(text).unwrap(), size, "{text}");
        }
        for text in ["", "0", "-1MB", "1.5GB", "MB", "9999999999999GB", "10 M"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
