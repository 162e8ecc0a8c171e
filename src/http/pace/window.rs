//! The window of a key: every request that still counts. All programs of this user that use the key share it.
//!
//! A small file holds a slot for each request. It is locked, read and written before a request goes out, so that this
//! program knows of all requests of a program that was killed or that runs beside it. Nothing in the file needs an
//! fsync: it must outlive the process, not the machine, because the window has passed after a reboot.
//!
//! Its times are of the machine's steady clock, so that nothing changes when the wall clock is set. The wall clock only
//! tells how old the times are that another start of the machine left. A time that cannot be true counts as now.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::{io, process};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::budget::LONGEST;
use super::micros::{Micros, micros};
use crate::http::steady::Epoch;
use crate::model::clock::latest_possible;

#[cfg(test)]
mod tests;

/// How long a request without an answer may still be in flight: longer than the client's time-out.
const LONGEST_CALL: Micros = 130_000_000;
/// The first eight bytes of the file.
const MAGIC: i64 = i64::from_le_bytes(*b"roundup1");
/// Length of the file's header in bytes.
const HEADER: usize = 48;
/// Where the header holds the limit, in bytes.
const LIMIT_AT: usize = 24;
/// Length of a slot in the file in bytes.
const SLOT: usize = 24;

/// A request. It counts from `sent` until a window's length after `answered`, because the server counted it somewhere
/// in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    sent: Micros,
    /// When it was answered, or 0 while it is in flight.
    answered: Micros,
    /// The id of the process that sent it.
    process: u32,
}

/// The requests of a key, and the other values that all its users share.
#[derive(Debug)]
pub struct Window {
    length: Micros,
    slots: Vec<Slot>,
    /// The time before which no request goes out.
    pub not_before: Micros,
    /// When the last request was due by the even pace.
    pub last_due: Micros,
    /// Requests allowed in a window, as the server last reported.
    pub limit: Option<u32>,
    file: Option<SharedFile>,
}

/// The file that holds the window.
#[derive(Debug)]
struct SharedFile {
    file: File,
    /// What the times of this program count from.
    epoch: Epoch,
}

impl Window {
    /// Creates a window that no other program shares.
    pub fn in_memory(length: Micros) -> Self {
        Self { length, slots: Vec::new(), not_before: 0, last_due: 0, limit: None, file: None }
    }

    /// Opens the window that a file holds. The file is created if it does not exist.
    ///
    /// # Errors
    /// When the file cannot be made, opened or read.
    pub fn shared(length: Micros, path: &Path, epoch: Epoch, now: Micros) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        let mut window = Self { file: Some(SharedFile { file, epoch }), ..Self::in_memory(length) };
        window.lock(now)?;
        // Requests in flight under this process's id are those of an earlier process that had the same id.
        for slot in 0..window.slots.len() {
            if window.slots[slot].answered == 0 && window.slots[slot].process == process::id() {
                window.answered(slot, now)?;
            }
        }
        window.unlock()?;
        Ok(window)
    }

    /// Locks the file against other programs and reads their changes. Requests are sent between this call and
    /// [`Self::unlock`].
    ///
    /// # Errors
    /// When the file cannot be locked, read or written.
    pub fn lock(&mut self, now: Micros) -> io::Result<()> {
        let Some(SharedFile { file, epoch }) = &self.file else { return Ok(()) };
        file.lock()?;
        let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0)?;
        let number =
            |at: usize| bytes.get(at..at + 8).map_or(0, |bytes| i64::from_le_bytes(bytes.try_into().expect("8 bytes")));
        if number(0) != MAGIC {
            // The file is new or not ours, so the window begins empty.
            file.set_len(0)?;
            self.slots.clear();
            return self.write_header();
        }
        (self.not_before, self.last_due) = (number(8), number(16));
        self.limit = u32::try_from(number(LIMIT_AT)).ok().filter(|limit| *limit > 0);
        self.slots.clear();
        self.slots.extend((HEADER..bytes.len() / SLOT * SLOT).step_by(SLOT).map(|at| Slot {
            sent: number(at),
            answered: number(at + 8),
            process: u32::try_from(number(at + 16)).unwrap_or(0),
        }));
        let (found, epoch) = (Epoch { boot: number(32), began: number(40) }, *epoch);
        let shift = epoch.shift_from(found);
        self.shift(shift);
        let was_ahead = self.forget_times_ahead(now);
        if was_ahead {
            tracing::warn!(
                "requests with this key were recorded at times that are still to come, which is forgotten; was the clock \
                 of this machine wrong?"
            );
        }
        if was_ahead || shift != 0 { self.write_all() } else { Ok(()) }
    }

    /// Moves all times.
    fn shift(&mut self, by: Micros) {
        let times = self.slots.iter_mut().flat_map(|slot| [&mut slot.sent, &mut slot.answered]);
        // 0 stands for a time that is not there.
        for time in times.chain([&mut self.not_before, &mut self.last_due]).filter(|time| **time != 0) {
            *time = time.saturating_add(by);
        }
    }

    /// Forgets times that cannot be true, and returns whether there were any. When such a request was really sent is not
    /// known, so it counts from now.
    fn forget_times_ahead(&mut self, now: Micros) -> bool {
        let latest = latest_possible(now, 0);
        let mut found = false;
        for slot in self.slots.iter_mut().filter(|slot| slot.sent.max(slot.answered) > latest) {
            found = true;
            slot.sent = slot.sent.min(now);
            slot.answered = slot.answered.min(now);
        }
        if self.last_due > latest {
            (self.last_due, found) = (now, true);
        }
        if self.not_before > latest_possible(now, micros(LONGEST)) {
            (self.not_before, found) = (0, true);
        }
        found
    }

    /// Unlocks the file for other programs.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn unlock(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |shared| shared.file.unlock())
    }

    /// Whether other programs share this window.
    pub fn is_shared(&self) -> bool {
        self.file.is_some()
    }

    /// Goes on without a file, from the requests that are known by now.
    pub fn drop_file(&mut self) {
        self.file = None;
    }

    fn write(&self, at: usize, numbers: &[i64]) -> io::Result<()> {
        let Some(SharedFile { file, .. }) = &self.file else { return Ok(()) };
        let bytes: Vec<u8> = numbers.iter().copied().flat_map(i64::to_le_bytes).collect();
        file.write_all_at(&bytes, at as u64)
    }

    fn write_header(&self) -> io::Result<()> {
        let Some(SharedFile { epoch: Epoch { boot, began }, .. }) = self.file else { return Ok(()) };
        let limit = self.limit.unwrap_or(0).into();
        self.write(0, &[MAGIC, self.not_before, self.last_due, limit, boot, began])
    }

    fn write_slot(&self, slot: usize) -> io::Result<()> {
        let Slot { sent, answered, process } = self.slots[slot];
        self.write(HEADER + slot * SLOT, &[sent, answered, process.into()])
    }

    fn write_all(&self) -> io::Result<()> {
        self.write_header()?;
        (0..self.slots.len()).try_for_each(|slot| self.write_slot(slot))
    }

    /// Records that a request which was due at `due` goes out at `now`, and returns its slot.
    ///
    /// # Errors
    /// When the file cannot be written. The request must not go out then.
    pub fn send(&mut self, now: Micros, due: Micros) -> io::Result<usize> {
        let new = Slot { sent: now, answered: 0, process: process::id() };
        // A slot is kept for another window's length after it stopped counting, because a slow answer may look back at
        // it.
        let slot =
            self.slots.iter().position(|slot| self.counts_until(slot).is_some_and(|end| end + self.length <= now));
        let slot = slot.unwrap_or_else(|| {
            self.slots.push(new);
            self.slots.len() - 1
        });
        self.slots[slot] = new;
        self.last_due = due;
        self.write_slot(slot)?;
        self.write_header()?;
        Ok(slot)
    }

    /// Records that the request of a slot was answered or given up. This needs no lock, because the slot is this
    /// program's own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn answered(&mut self, slot: usize, now: Micros) -> io::Result<()> {
        // The slot is missing only if someone emptied the file meanwhile.
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.answered = now;
        }
        self.write(HEADER + slot * SLOT + 8, &[now])
    }

    /// Keeps all programs from sending before a time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn hold_until(&mut self, until: Micros) -> io::Result<()> {
        self.not_before = self.not_before.max(until);
        self.write_header()
    }

    /// Records the limit that the server reports, for programs that start later and have no answer yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_limit(&mut self, limit: u32) -> io::Result<()> {
        if self.limit == Some(limit) {
            return Ok(());
        }
        self.limit = Some(limit);
        // The rest of the header may have been changed by others meanwhile.
        self.write(LIMIT_AT, &[limit.into()])
    }

    /// Returns when a request stops counting, or `None` while it is in flight from this process.
    fn counts_until(&self, slot: &Slot) -> Option<Micros> {
        match slot.answered {
            0 if slot.process == process::id() => None,
            // Its process may have been killed, or may have given it up long ago.
            0 => Some(slot.sent + LONGEST_CALL + self.length),
            answered => Some(answered + self.length),
        }
    }

    /// Gives up the requests of processes that have ended. They have reached the server by now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn release_dead(&mut self, now: Micros) -> io::Result<()> {
        for slot in 0..self.slots.len() {
            let Slot { answered, process, .. } = self.slots[slot];
            if answered == 0 && process != process::id() && !is_alive(process) {
                self.answered(slot, now)?;
            }
        }
        Ok(())
    }

    /// Returns how many requests count at `now`.
    pub fn used(&self, now: Micros) -> usize {
        self.slots.iter().filter(|slot| self.counts_until(slot).is_none_or(|end| end > now)).count()
    }

    /// Returns when at least `count` of the requests that count now will have stopped counting, or `None` if that
    /// depends on an answer.
    pub fn free_at(&self, count: usize, now: Micros) -> Option<Micros> {
        let mut ends: Vec<Micros> =
            self.slots.iter().filter_map(|slot| self.counts_until(slot)).filter(|end| *end > now).collect();
        ends.sort_unstable();
        ends.get(count.checked_sub(1)?).copied()
    }

    /// Returns how many requests went out after `after` and no later than `until`.
    pub fn sent_between(&self, after: Micros, until: Micros) -> usize {
        self.slots.iter().filter(|slot| slot.sent > after && slot.sent <= until).count()
    }

    /// Returns how many requests a server with a sliding window has certainly dropped since it gave the answer that
    /// came at `heard`: it counted them then and does not count them now.
    pub fn dropped(&self, heard: Micros, now: Micros) -> usize {
        let certain =
            |slot: &&Slot| slot.answered != 0 && slot.sent > heard - self.length && slot.answered + self.length <= now;
        self.slots.iter().filter(certain).count()
    }

    /// Returns when a server with a sliding window will certainly drop the next of the requests that it counted in the
    /// answer that came at `heard`.
    pub fn next_dropped(&self, heard: Micros, now: Micros) -> Option<Micros> {
        let later = self.slots.iter().filter(|slot| slot.answered != 0 && slot.sent > heard - self.length);
        later.map(|slot| slot.answered + self.length).filter(|end| *end > now).min()
    }
}

fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(Errno::SRCH)))
}
