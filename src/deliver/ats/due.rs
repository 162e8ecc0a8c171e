//! Which interviews are due, and when one that could not be delivered is tried again.

use jiff::{SignedDuration, Timestamp};

use super::connector::Connector;
use crate::ledger::{Ledger, Outgoing, OutgoingFilter};
use crate::model::{Error, Result};
use crate::pipeline::AtsPlan;

/// The time from which on completed interviews are sent.
pub struct SinceTime {
    pub at: Timestamp,
    /// Whether it is still to be recorded in the ledger.
    pub is_new: bool,
}

/// The time from which on completed interviews are sent: that of the plan, which holds for this run only; else that of
/// the connector's first run; else now. A run for named interviews ignores it, and does not count as the first run.
///
/// # Errors
/// When the ledger cannot be read.
pub fn since(
    ledger: &Ledger,
    connector: &Connector,
    plan: &AtsPlan,
    ids: &[String],
    now: Timestamp,
) -> Result<SinceTime> {
    let recorded = ledger.connector_since(&connector.name)?;
    let is_new = recorded.is_none() && ids.is_empty();
    if is_new && plan.since.is_none() {
        tracing::warn!(
            "{}: this is its first run, and what was completed before {} is not sent; --since DAY, or `since` under \
             [ats], sends older interviews",
            connector.name,
            now.strftime("%Y-%m-%d %H:%M UTC")
        );
    }
    Ok(SinceTime { at: plan.since.or(recorded).unwrap_or(now), is_new })
}

/// The interviews that are to be sent.
///
/// # Errors
/// A usage error for an interview that is named and cannot be sent, and when the ledger cannot be read.
pub fn outgoing(
    ledger: &Ledger,
    connector: &Connector,
    ids: &[String],
    filter: OutgoingFilter<'_>,
    now: Timestamp,
) -> Result<Vec<Outgoing>> {
    if ids.is_empty() {
        return ledger.outgoing(&connector.name, filter, now);
    }
    let one = |id: &String| {
        let unknown = || Error::usage(format!("{id} is no completed interview of this lake"));
        ledger.outgoing_one(&connector.name, id)?.ok_or_else(unknown)
    };
    ids.iter().map(one).collect()
}

/// Hours to wait after each failed try. After the last one the interview is a dead letter. They are a little less than
/// whole days, so that a nightly run that begins earlier than the last one does not miss a night.
const HOURS: [i64; 8] = [1, 4, 20, 20, 44, 92, 188, 188];

/// How long an interview is held back for recordings that are not archived: links open for a day, and a host that does
/// not respond has two more nights. Counted from when the interview entered the outbox, because the archive of older
/// interviews may only begin then.
pub const HELD_BACK_FOR_RECORDINGS: SignedDuration = SignedDuration::from_hours(72);

/// How long recordings are still attached after the note was sent: as many nights as archiving is tried.
pub const RECORDINGS_FOLLOW_WITHIN: SignedDuration = SignedDuration::from_hours(10 * 24);

/// When to try again after a number of failed tries, the latest included. `None` when it is given up.
#[must_use]
pub fn next_try(tries: u32, now: Timestamp) -> Option<Timestamp> {
    let hours = HOURS.get((tries as usize).checked_sub(1)?)?;
    Some(now.checked_add(SignedDuration::from_hours(*hours)).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::LONGEST_UNTIL_SENT;

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
                prop_assert!(pause >= last && pause <= LONGEST_UNTIL_SENT);
                last = pause;
                now = next;
            }
            prop_assert_eq!(tries as usize, HOURS.len() + 1);
            let took = now.duration_since(Timestamp::from_second(start).unwrap());
            prop_assert!((14..40).contains(&(took.as_hours() / 24)), "given up after {} days", took.as_hours() / 24);
        }
    }
}
