//! When an interview is fetched again.

use jiff::{SignedDuration, Timestamp};

use super::interview::{Interview, Status};

const HOURS_A_DAY: i64 = 24;
/// An open interview is fetched when it expires, and at this interval before.
const OPEN_EVERY: SignedDuration = SignedDuration::from_hours(3 * HOURS_A_DAY);
/// After its expiry, an open interview is fetched again after these numbers of days, and then no more.
const DAYS_AFTER_EXPIRY: [i64; 3] = [1, 2, 4];
/// How long after its end a completed interview that lacks a transcript is fetched again.
const TRANSCRIPTS_COME_WITHIN: SignedDuration = SignedDuration::from_hours(72);
/// The interval at which a completed interview that lacks a transcript is fetched again.
const LATE_EVERY: SignedDuration = SignedDuration::from_hours(HOURS_A_DAY);

/// Hours until a call is made again that the API answered in a way that another try at once would not change, after
/// each night on which it did. After the last one it is given up. They are a little less than whole days, so that a
/// nightly run that begins earlier than the last one does not miss a night.
const HOURS_AFTER_UNUSABLE: [i64; 4] = [20, 44, 92, 188];
/// Nights after which a call is given up that was not answered, or with a server's error. Until then, every run makes
/// it.
const UNANSWERED_NIGHTS: u32 = 10;

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It was answered in a way that another try would not change.
    Unusable,
    /// It was not answered, or with a server's error.
    Unanswered,
}

/// When a call is made again that failed on a number of nights in a row, the latest included. `None` when it is given
/// up.
#[must_use]
pub fn next_try(kind: FailureKind, nights: u32, at: Timestamp) -> Option<Timestamp> {
    match kind {
        FailureKind::Unusable => {
            let hours = HOURS_AFTER_UNUSABLE.get((nights as usize).checked_sub(1)?)?;
            Some(later(at, SignedDuration::from_hours(*hours)))
        }
        FailureKind::Unanswered => (nights < UNANSWERED_NIGHTS).then_some(at),
    }
}

/// When an interview that was just read is fetched again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextDue {
    /// It is fetched again at a time.
    At {
        time: Timestamp,
        /// How often it will have been fetched since it expired.
        asks_after_expiry: u32,
    },
    /// It is settled and complete.
    Never,
    /// It is still open long after its expiry, and not followed any more.
    Stale,
}

impl NextDue {
    /// Decides for an interview that was read at a time, and was fetched `asks_after_expiry` times since it expired.
    #[must_use]
    pub fn of(interview: &Interview, at: Timestamp, asks_after_expiry: u32) -> Self {
        if interview.status.is_settled() {
            let lacks_one = interview.responses.iter().any(|response| response.transcript.is_none());
            return Self::of_settled(&interview.status, interview.settled_at(), lacks_one, at);
        }
        Self::of_open(interview.expires_at, at, asks_after_expiry)
    }

    /// Decides for an open interview, as [`Self::of`].
    #[must_use]
    pub fn of_open(expires_at: Option<Timestamp>, at: Timestamp, asks_after_expiry: u32) -> Self {
        match expires_at {
            Some(expiry) if expiry <= at => match DAYS_AFTER_EXPIRY.get(asks_after_expiry as usize) {
                Some(days) => Self::after(at, SignedDuration::from_hours(days * HOURS_A_DAY), asks_after_expiry + 1),
                None => Self::Stale,
            },
            Some(expiry) if expiry < later(at, OPEN_EVERY) => Self::At { time: expiry, asks_after_expiry: 0 },
            _ => Self::after(at, OPEN_EVERY, 0),
        }
    }

    /// Decides for a settled interview, as [`Self::of`]. `lacks_one` is whether an answer has no transcript.
    #[must_use]
    pub fn of_settled(status: &Status, settled_at: Option<Timestamp>, lacks_one: bool, at: Timestamp) -> Self {
        let end = settled_at.map(transcripts_come_until);
        let is_worth_it = *status == Status::Completed && lacks_one;
        match end {
            Some(end) if is_worth_it && later(at, LATE_EVERY) <= end => Self::after(at, LATE_EVERY, 0),
            _ => Self::Never,
        }
    }

    /// When it is due, if ever, and how often it will have been fetched since it expired by then.
    #[must_use]
    pub fn due(self) -> (Option<Timestamp>, u32) {
        match self {
            Self::At { time, asks_after_expiry } => (Some(time), asks_after_expiry),
            Self::Never | Self::Stale => (None, 0),
        }
    }

    fn after(at: Timestamp, pause: SignedDuration, asks_after_expiry: u32) -> Self {
        Self::At { time: later(at, pause), asks_after_expiry }
    }
}

/// How long a transcript of an interview that settled at a time may still come.
#[must_use]
pub fn transcripts_come_until(settled_at: Timestamp) -> Timestamp {
    later(settled_at, TRANSCRIPTS_COME_WITHIN)
}

/// Adds a pause to a time. The result is capped, because bodies can hold any time.
fn later(time: Timestamp, pause: SignedDuration) -> Timestamp {
    time.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::LONGEST_UNTIL_FETCHED;
    use crate::model::body::read_interview;

    fn interview(json: &str) -> Interview {
        read_interview(json.as_bytes()).unwrap()
    }

    fn next(interview: &Interview, at: &str, asks: u32) -> String {
        match NextDue::of(interview, at.parse().unwrap(), asks) {
            NextDue::At { time, asks_after_expiry } => format!("{time} {asks_after_expiry}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_open_one_is_asked_for_at_its_expiry_or_every_three_days() {
        let open = interview(r#"{"id":"a","status":"invited","expires_at":"2026-05-10T12:00:00Z"}"#);
        assert_eq!(next(&open, "2026-05-01T00:00:00Z", 0), "2026-05-04T00:00:00Z 0");
        assert_eq!(next(&open, "2026-05-08T00:00:00Z", 0), "2026-05-10T12:00:00Z 0");
        let without = interview(r#"{"id":"a","status":"something_new"}"#);
        assert_eq!(next(&without, "2026-05-01T00:00:00Z", 0), "2026-05-04T00:00:00Z 0");
    }

    #[test]
    fn past_its_expiry_it_is_asked_for_after_one_two_and_four_days_and_then_is_stale() {
        let open = interview(r#"{"id":"a","status":"in_progress","expires_at":"2026-05-10T12:00:00Z"}"#);
        assert_eq!(next(&open, "2026-05-10T12:00:00Z", 0), "2026-05-11T12:00:00Z 1");
        assert_eq!(next(&open, "2026-05-11T12:00:00Z", 1), "2026-05-13T12:00:00Z 2");
        assert_eq!(next(&open, "2026-05-13T12:00:00Z", 2), "2026-05-17T12:00:00Z 3");
        assert_eq!(next(&open, "2026-05-17T12:00:00Z", 3), "Stale");
        // Its expiry was put off meanwhile.
        assert_eq!(next(&open, "2026-05-09T12:00:00Z", 3), "2026-05-10T12:00:00Z 0");
    }

    proptest! {
        #[test]
        fn nothing_is_put_off_for_longer_than_the_ledger_believes(
            hours in -2000_i64..2000, asks in 0_u32..6, status in prop::sample::select(vec!["invited", "completed"]),
        ) {
            let at: Timestamp = "2026-05-10T12:00:00Z".parse().unwrap();
            let time = at + SignedDuration::from_hours(hours);
            let body = format!(
                r#"{{"id":"a","status":"{status}","expires_at":"{time}","completed_at":"{time}","responses":[{{"transcript":null}}]}}"#
            );
            if let NextDue::At { time, .. } = NextDue::of(&interview(&body), at, asks) {
                prop_assert!(time <= at + LONGEST_UNTIL_FETCHED, "{}", time);
            }
        }
    }

    #[test]
    fn a_call_that_fails_is_made_after_one_two_four_and_eight_days_and_then_no_more() {
        let at: Timestamp = "2026-05-10T02:00:00Z".parse().unwrap();
        let hours = |kind, nights| next_try(kind, nights, at).map(|next| next.duration_since(at).as_hours());
        let unusable: Vec<_> = (1..=6).map(|nights| hours(FailureKind::Unusable, nights)).collect();
        assert_eq!(unusable, [Some(20), Some(44), Some(92), Some(188), None, None]);
        let unanswered: Vec<_> = (8..=11).map(|nights| hours(FailureKind::Unanswered, nights)).collect();
        assert_eq!(unanswered, [Some(0), Some(0), None, None]);
    }

    #[test]
    fn a_transcript_is_waited_for_three_days() {
        let late = interview(
            r#"{"id":"a","status":"completed","completed_at":"2026-05-10T12:00:00Z","responses":[{"transcript":null}]}"#,
        );
        assert_eq!(next(&late, "2026-05-10T13:00:00Z", 0), "2026-05-11T13:00:00Z 0");
        assert_eq!(next(&late, "2026-05-12T12:00:00Z", 0), "2026-05-13T12:00:00Z 0");
        assert_eq!(next(&late, "2026-05-12T13:00:00Z", 0), "Never");
        let whole = interview(
            r#"{"id":"a","status":"completed","completed_at":"2026-05-10T12:00:00Z","responses":[{"transcript":""}]}"#,
        );
        assert_eq!(next(&whole, "2026-05-10T13:00:00Z", 0), "Never");
        let expired = interview(r#"{"id":"a","status":"expired","expires_at":"2026-05-10T12:00:00Z"}"#);
        assert_eq!(next(&expired, "2026-05-10T13:00:00Z", 0), "Never");
    }
}
