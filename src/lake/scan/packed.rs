//! One file: its bytes as they are, and what is packed in them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::needles::{Needles, Seen};
use super::parquet;

/// Looks through a file, as it is and unpacked.
///
/// # Errors
/// When it cannot be read, or not be unpacked.
pub fn scan_file(path: &Path, needles: &Needles) -> io::Result<Seen> {
    scan(File::open(path)?, needles)
}

/// Looks through an open file from its beginning.
pub(super) fn scan(mut file: File, needles: &Needles) -> io::Result<Seen> {
    file.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    let mut seen = needles.look_through(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    // What is unpacked counts, and not what it is packed in.
    let unpacked = match &start[..] {
        b"PAR1" => parquet::scan(&file, needles)?,
        [0x1F, 0x8B, ..] => needles.look_through(&mut MultiGzDecoder::new(file))?,
        [0x28, 0xB5, 0x2F, 0xFD] => needles.look_through(&mut zstd::Decoder::new(file)?)?,
        b"PK\x03\x04" => zip(&mut file, needles)?,
        _ => return Ok(seen),
    };
    seen.bytes = 0;
    seen += unpacked;
    Ok(seen)
}

/// Looks through the entries of a zip archive, by its central directory.
fn zip(file: &mut File, needles: &Needles) -> io::Result<Seen> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let cut = || io::Error::other("it is no whole zip archive");
    let u16_at = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let u32_at = |at: usize| usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok();
    let end = memchr::memmem::rfind(&bytes, b"PK\x05\x06").ok_or_else(cut)?;
    let (mut seen, mut at) = (Seen::default(), u32_at(end + 16).ok_or_else(cut)?);
    for _ in 0..u16_at(end + 10).ok_or_else(cut)? {
        let entry = || {
            let (method, size) = (u16_at(at + 10)?, u32_at(at + 20)?);
            let (name, extra, comment) = (u16_at(at + 28)?, u16_at(at + 30)?, u16_at(at + 32)?);
            let local = u32_at(at + 42)?;
            let data = local + 30 + u16_at(local + 26)? + u16_at(local + 28)?;
            Some((method, bytes.get(data..data.checked_add(size)?)?, 46 + name + extra + comment))
        };
        let (method, mut data, length) = entry().ok_or_else(cut)?;
        seen += match method {
            0 => needles.look_through(&mut data)?,
            8 => needles.look_through(&mut DeflateDecoder::new(data))?,
            _ => return Err(io::Error::other("it is packed in a way that this program does not know")),
        };
        at += length;
    }
    Ok(seen)
}
