//! The window of a key: every request that still counts. All programs of this user that use the key share it.
//!
//! A small file holds a slot for each request. It is locked, read and written before a request goes out, so that this
//! program knows of all requests of a program that was killed or that runs beside it. Nothing in the file needs an
//! fsync: it must outlive the process, not the machine, because the window has passed after a reboot.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::{io, process};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::micros::Micros;

/// How long a request without an answer may still be in flight: longer than the client's time-out.
const LONGEST_CALL: Micros = 130_000_000;
/// The first eight bytes of the file.
const MAGIC: i64 = i64::from_le_bytes(*b"roundup1");
/// Length of the file's header in bytes.
const HEADER: usize = 48;
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
    file: Option<File>,
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
    pub fn shared(length: Micros, path: &Path, now: Micros) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        let mut window = Self { file: Some(file), ..Self::in_memory(length) };
        window.lock()?;
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
    pub fn lock(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
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
        self.limit = u32::try_from(number(24)).ok().filter(|limit| *limit > 0);
        self.slots.clear();
        self.slots.extend((HEADER..bytes.len() / SLOT * SLOT).step_by(SLOT).map(|at| Slot {
            sent: number(at),
            answered: number(at + 8),
            process: u32::try_from(number(at + 16)).unwrap_or(0),
        }));
        Ok(())
    }

    /// Unlocks the file for other programs.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn unlock(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::unlock)
    }

    /// Whether other programs share this window.
    pub fn is_shared(&self) -> bool {
        self.file.is_some()
    }

    /// Goes on without a file, from the requests that are known by now.
    pub fn drop_file(&mut self) {
        self.file = None;
    }

    fn write_header(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        file.write_all_at(
            [MAGIC, self.not_before, self.last_due, self.limit.unwrap_or(0).into()]
                .map(i64::to_le_bytes)
                .as_flattened(),
            0,
        )
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
        if let Some(file) = &self.file {
            let bytes = [new.sent, new.answered, new.process.into()].map(i64::to_le_bytes);
            file.write_all_at(bytes.as_flattened(), (HEADER + slot * SLOT) as u64)?;
        }
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
        let Some(file) = &self.file else { return Ok(()) };
        file.write_all_at(&now.to_le_bytes(), (HEADER + slot * SLOT + 8) as u64)
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
        self.write_header()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH: Micros = 1_000_000;

    /// Steps of two programs that use a window: which program acts, how much later, and whether it sends or gets an
    /// answer.
    fn steps() -> impl Strategy<Value = Vec<(bool, Micros, bool)>> {
        prop::collection::vec((any::<bool>(), 0..400_000_i64, any::<bool>()), 1..120)
    }

    proptest! {
        /// Two programs that share a file know at every moment what a single program knows that does everything itself.
        #[test]
        fn a_shared_window_is_one_window(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state/window");
            let mut now = 1_800_000_000_000_000;
            let mut shared = [Window::shared(LENGTH, &path, now).unwrap(), Window::shared(LENGTH, &path, now).unwrap()];
            let mut alone = Window::in_memory(LENGTH);
            let mut in_flight = [Vec::new(), Vec::new()];
            for (which, pause, sends) in steps {
                now += 1 + pause;
                let which = usize::from(which);
                let window = &mut shared[which];
                window.lock().unwrap();
                prop_assert_eq!(window.used(now), alone.used(now));
                prop_assert_eq!(window.free_at(1, now), alone.free_at(1, now));
                prop_assert_eq!(window.sent_between(now - LENGTH, now), alone.sent_between(now - LENGTH, now));
                prop_assert_eq!(window.dropped(now - LENGTH / 2, now), alone.dropped(now - LENGTH / 2, now));
                prop_assert_eq!(window.last_due, alone.last_due);
                if sends {
                    in_flight[which].push((window.send(now, now).unwrap(), alone.send(now, now).unwrap()));
                }
                window.unlock().unwrap();
                if !sends && let Some((here, there)) = in_flight[which].pop() {
                    window.answered(here, now).unwrap();
                    alone.answered(there, now).unwrap();
                }
            }
        }
    }

    #[test]
    fn what_a_killed_program_had_under_way_counts_for_a_length_from_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window");
        let now = 1_800_000_000_000_000;
        let mut window = Window::shared(LENGTH, &path, now).unwrap();
        window.send(now, now).unwrap();
        window.hold_until(now + 7).unwrap();
        // The same process opens it again, like a new process that has the id of the killed one.
        let mut next = Window::shared(LENGTH, &path, now + 10).unwrap();
        next.lock().unwrap();
        assert_eq!((next.used(now + 10), next.used(now + 10 + LENGTH)), (1, 0));
        assert_eq!(next.not_before, now + 7);
    }

    #[test]
    fn a_file_of_something_else_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window");
        fs::write(&path, "x".repeat(100)).unwrap();
        let mut window = Window::shared(LENGTH, &path, 5).unwrap();
        assert_eq!(window.used(5), 0);
        window.send(5, 5).unwrap();
        let other = Window::shared(LENGTH, &path, 6).unwrap();
        assert_eq!(other.used(6), 1);
    }
}
