//! Forgets times that are still to come and cannot be true, because a run's clock was ahead.

use jiff::{SignedDuration, Timestamp};

use super::connection::Ledger;
use crate::model::Result;
use crate::model::clock::latest_possible;

/// The longest time for which an interview is put off until it is fetched again.
pub const LONGEST_UNTIL_FETCHED: SignedDuration = SignedDuration::from_hours(4 * 24);
/// The longest time for which an interview is put off until it is sent again.
pub const LONGEST_UNTIL_SENT: SignedDuration = SignedDuration::from_hours(188);

/// A kind of stored times.
struct StoredTimes {
    /// What they are of, in the plural.
    what: &'static str,
    /// What follows from forgetting them.
    so: &'static str,
    /// Forgets those that are ahead. `:now` is the time; what was done later than `:done`, or is due later than
    /// `:fetched` or `:sent`, is ahead.
    sql: &'static str,
}

const STORED: [StoredTimes; 5] = [
    StoredTimes {
        what: "interviews to be fetched again",
        so: "they are due now",
        sql: "UPDATE interviews SET next_due = :now, changed_at = min(changed_at, :now)
              WHERE next_due IS NOT NULL AND (next_due > :fetched OR changed_at > :done)",
    },
    StoredTimes {
        what: "stale interviews",
        so: "they may have been left alone too early and are due now",
        sql: "UPDATE interviews SET state = 'open', next_due = :now, changed_at = :now
              WHERE state = 'stale' AND changed_at > :done",
    },
    StoredTimes {
        what: "interviews to be sent",
        so: "they are due now",
        sql: "UPDATE outbox SET next_due = NULL, changed_at = min(changed_at, :now), met_at = min(met_at, :now)
              WHERE state <> 'delivered' AND state <> 'dead'
                  AND (next_due > :sent OR changed_at > :done OR met_at > :done)",
    },
    StoredTimes {
        what: "first runs of connectors",
        so: "what is completed from now on is sent; --since DAY, or `since` under [ats], sends older interviews",
        // A whole day was given, and may be still to come. And if it is now that the clock is wrong, what was completed
        // long ago must not be sent.
        sql: "UPDATE connectors SET since = max(:now, coalesce(
                  (SELECT max(settled_at) + 1 FROM interviews WHERE settled_at < since), :now))
              WHERE since > :done AND since % 86400000000 <> 0",
    },
    StoredTimes {
        what: "recordings",
        so: "those that are not archived are tried again",
        // A failure of an unknown time is none of this run.
        sql: "UPDATE recordings SET counted_at = min(counted_at, :now),
                  changed_at = CASE state WHEN 'archived' THEN min(changed_at, :now) ELSE 0 END
              WHERE changed_at > :done OR counted_at > :done",
    },
];

/// The latest time that can be stored, in microseconds, if nothing is put off for longer than `longest`.
pub(super) fn latest_stored(now: Timestamp, longest: SignedDuration) -> i64 {
    latest_possible(now.as_microsecond(), i64::try_from(longest.as_micros()).unwrap_or(i64::MAX))
}

impl Ledger {
    /// Forgets times that cannot be true, and logs a warning for each kind.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn forget_times_ahead(&mut self, now: Timestamp) -> Result<()> {
        let forgotten = self.write(|transaction| {
            let mut forgotten = Vec::new();
            for StoredTimes { what, so, sql } in &STORED {
                let mut statement = transaction.prepare(sql)?;
                let times = [
                    (":now", now.as_microsecond()),
                    (":done", latest_stored(now, SignedDuration::ZERO)),
                    (":fetched", latest_stored(now, LONGEST_UNTIL_FETCHED)),
                    (":sent", latest_stored(now, LONGEST_UNTIL_SENT)),
                ];
                for (name, time) in times {
                    if let Some(index) = statement.parameter_index(name)? {
                        statement.raw_bind_parameter(index, time)?;
                    }
                }
                let count = statement.raw_execute()?;
                if count > 0 {
                    forgotten.push((what, so, count));
                }
            }
            Ok(forgotten)
        })?;
        for (what, so, count) in forgotten {
            tracing::warn!(
                "{count} {what} have times too far ahead to be true, so {so}; was the clock of this machine wrong, or is \
                 it now?"
            );
        }
        Ok(())
    }
}
