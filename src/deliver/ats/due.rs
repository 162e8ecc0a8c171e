//! When an interview that could not be delivered is tried again.

use jiff::{SignedDuration, Timestamp};

/// Hours after each try without success; after the last one it is a dead letter. A little less than whole days, so that
/// a nightly run that begins earlier than the last does not miss a night.
const HOURS: [i64; 8] = [1, 4, 20, 20, 44, 92, 188, 188];

/// So long an interview is held back for recordings that are not archived: links open for a day, and a host that does not
/// answer has two more nights. From when the outbox met it, as an archive of older interviews may only begin then.
pub const HELD_BACK_FOR_RECORDINGS: SignedDuration = SignedDuration::from_hours(72);

/// So long recordings that come after the note are attached: as many nights as an archive tries.
pub const RECORDINGS_FOLLOW_WITHIN: SignedDuration = SignedDuration::from_hours(10 * 24);

/// When to try again what was tried so often without success, this time included; `None` when it is given up.
#[must_use]
pub fn next_try(tries: u32, now: Timestamp) -> Option<Timestamp> {
    let hours = HOURS.get((tries as usize).checked_sub(1)?)?;
    Some(now.checked_add(SignedDuration::from_hours(*hours)).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_never_shorten_and_end(start in -1_000_000_000_i64..4_000_000_000) {
            let mut now = Timestamp::from_second(start).unwrap();
            let mut last = SignedDuration::ZERO;
            let mut tries = 0;
            loop {
                tries += 1;
                let Some(next) = next_try(tries, now) else { break };
                let pause = next.duration_since(now);
                prop_assert!(pause >= last && pause <= SignedDuration::from_hours(8 * 24));
                last = pause;
                now = next;
            }
            prop_assert_eq!(tries as usize, HOURS.len() + 1);
            let took = now.duration_since(Timestamp::from_second(start).unwrap());
            prop_assert!((14..40).contains(&(took.as_hours() / 24)), "given up after {} days", took.as_hours() / 24);
        }
    }
}
