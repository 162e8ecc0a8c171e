//! What a pipeline says of the archive of recordings, resolved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::file::AudioSection;
use super::place::place;
use super::times::{parse_max_time, parse_midnight};
use crate::model::{Error, Result, is_address};

#[derive(Debug, Clone)]
pub struct AudioPlan {
    /// A folder, or the address of an object store.
    pub out: PathBuf,
    /// Downloads under way at once, at most.
    pub concurrency: usize,
    /// Largest recording.
    pub max_bytes: u64,
    /// How long one may take.
    pub max_time: Duration,
    /// Only recordings of interviews that settled from this instant on.
    pub from: Option<Timestamp>,
    /// Whether links may lead to this machine, also without TLS.
    pub allow_loopback: bool,
}

impl AudioPlan {
    /// Where recordings are, unless that is an object store.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        Some(self.out.as_path()).filter(|out| !is_address(&out.to_string_lossy()))
    }
}

pub(super) fn resolve(audio: AudioSection, folder: &Path) -> Result<AudioPlan> {
    if audio.concurrency == 0 {
        return Err(Error::usage("concurrency under [audio] is at least 1"));
    }
    Ok(AudioPlan {
        out: place(folder, &audio.out),
        concurrency: audio.concurrency,
        max_bytes: parse_size(&audio.max_bytes)?,
        max_time: parse_max_time(&audio.max_time)?,
        from: audio.from.map(|text| parse_midnight(&text)).transpose()?,
        allow_loopback: audio.allow_loopback,
    })
}

/// A number of bytes: `200MB`, `1GB`, `5000`.
///
/// # Errors
/// A usage error for anything else, and for none.
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
