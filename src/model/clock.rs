//! Which stored times can be true. A run whose clock was ahead leaves times that are still to come, and believing them
//! would keep every later run waiting until then.

/// By how much clocks are set back in everyday use, in microseconds.
const ADJUSTMENT: i64 = 1_000_000;

/// The latest time, in microseconds, that can have been stored by `now` if nothing is ever put off for longer than
/// `longest`. A later one is from a clock that was ahead, and is forgotten. For the time of something that was done,
/// `longest` is 0.
#[must_use]
pub const fn latest_possible(now: i64, longest: i64) -> i64 {
    now.saturating_add(longest).saturating_add(ADJUSTMENT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;

    #[test]
    fn a_time_is_believed_up_to_the_longest_wait() {
        for (stored, longest, expected) in [
            (-HOUR, 0, true),
            (0, 0, true),
            (SECOND, 0, true),
            (SECOND + 1, 0, false),
            (HOUR, HOUR, true),
            (HOUR + SECOND + 1, HOUR, false),
            (24 * HOUR, HOUR, false),
            (i64::MIN, 0, true),
            (i64::MAX, HOUR, false),
        ] {
            let now = 1_800_000_000 * SECOND;
            assert_eq!(now.saturating_add(stored) <= latest_possible(now, longest), expected, "{stored} {longest}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_put_off_by_a_right_clock_is_believed_ever_after(
            stored_at: i64, wait in 0..HOUR, later in 0..i64::MAX,
        ) {
            let due = stored_at.saturating_add(wait);
            prop_assert!(due <= latest_possible(stored_at.saturating_add(later), HOUR));
        }

        #[test]
        fn what_is_believed_is_due_within_the_longest_wait(stored: i64, now: i64, longest in 0..HOUR) {
            if stored <= latest_possible(now, longest) {
                prop_assert!(i128::from(stored) - i128::from(now) <= i128::from(longest + ADJUSTMENT));
            }
        }
    }
}
