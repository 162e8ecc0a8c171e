//! A slice of a file in memory, and the reuse of that memory.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A slice of a file in memory. Without it, every page would take several system calls.
pub struct FileSlice {
    begin: u64,
    bytes: Bytes,
}

impl FileSlice {
    /// Reads a slice of a file in one read.
    pub fn read(file: &File, begin: u64, length: usize) -> io::Result<Self> {
        let mut bytes = SPARE.take();
        if bytes.len() < length {
            bytes = vec![0; length.next_power_of_two()];
        }
        file.read_exact_at(&mut bytes[..length], begin)?;
        Ok(Self { begin, bytes: Bytes::from_owner(ReusedBuffer(bytes)).slice(..length) })
    }

    fn from(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let at = start.checked_sub(self.begin).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..)).ok_or_else(|| ParquetError::EOF("beyond what was read".to_owned()))
    }
}

impl Length for FileSlice {
    fn len(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }
}

impl ChunkReader for FileSlice {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut rest = self.from(start)?;
        if rest.len() < length {
            return Err(ParquetError::EOF("beyond what was read".to_owned()));
        }
        rest.truncate(length);
        Ok(rest)
    }
}

thread_local! {
    /// Memory for the next slice that the thread reads. New memory must be cleared by the system first, which takes
    /// longer than reading into it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Memory that is kept for the next read when it is dropped.
struct ReusedBuffer(Vec<u8>);

impl AsRef<[u8]> for ReusedBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for ReusedBuffer {
    fn drop(&mut self) {
        // A thread that is ending keeps no memory.
        let _ending = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
    }
}
