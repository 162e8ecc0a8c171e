//! A clock that all programs of this machine share and that nobody sets.

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The clock that counts since the machine was started, also while it sleeps.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Returns the time since the machine was started, in microseconds.
pub fn steady_now() -> i64 {
    let time = clock_gettime(CLOCK);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// What stored times count from. Zeros stand for the wall clock, by which earlier versions of this program
/// stored times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Identifies the start of the machine; 0 if that is not known.
    pub boot: i64,
    /// When the machine was started, by the wall clock at the start of this program, in microseconds since 1970.
    pub began: i64,
}

impl Epoch {
    /// Returns the epoch of [`steady_now`].
    pub fn of_machine() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let digits = boot.map(|id| id.chars().filter(char::is_ascii_hexdigit).take(15).collect::<String>());
        let boot = digits.and_then(|digits| i64::from_str_radix(&digits, 16).ok()).unwrap_or(0);
        Self { boot, began: Timestamp::now().as_microsecond() - steady_now() }
    }

    /// Returns what is to be added to times of another epoch. Between two starts of the machine, or two machines, only
    /// the wall clock tells.
    pub fn shift_from(self, other: Self) -> i64 {
        if self.boot != 0 && self.boot == other.boot { 0 } else { other.began.saturating_sub(self.began) }
    }
}
