//! The nights before a run, from the table `runs`.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::night::{Night, PastNight};
use crate::lake::Lake;
use crate::lake::run_rows::{PastRun, read_since};
use crate::model::Result;

/// Nights from which something is learnt.
pub const NIGHTS: usize = 56;
/// How much earlier or later a nightly run may begin than on the night before.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(3);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The nights before a run that began at a time, the latest first; and what earlier runs of its own night found, if any.
/// A night is the 24 hours that end three hours after the time of day of the run.
///
/// # Errors
/// When the table cannot be read.
pub fn before(lake: &Lake, began: Timestamp) -> Result<(Vec<PastNight>, Option<Night>)> {
    let first = began.saturating_sub(DAY * (i32::try_from(NIGHTS).expect("a few") + 1)).expect("a span of days");
    Ok(nights(read_since(lake, first)?, began))
}

/// The nights of some runs.
fn nights(runs: Vec<PastRun>, began: Timestamp) -> (Vec<PastNight>, Option<Night>) {
    let mut nights: Vec<PastNight> = Vec::new();
    let (mut own, mut sorted) = (None::<Night>, runs);
    sorted.sort_by_key(|run| std::cmp::Reverse(run.started_at));
    for run in sorted {
        let Some(night) = night_of(&run.values) else { continue };
        let ago = began.duration_since(run.started_at) + TOLERANCE;
        let ago = usize::try_from(ago.as_secs() / DAY.as_secs()).unwrap_or_default();
        if run.started_at >= began || ago > NIGHTS {
            continue;
        }
        if ago == 0 {
            own.get_or_insert_default().add(night);
            continue;
        }
        match nights.last_mut().filter(|last| last.ago == ago) {
            // What this one did not reach, a later one of the night did, if that was whole.
            Some(last) => last.night.add(night),
            None => nights.push(PastNight { ago, is_whole: run.complete, night }),
        }
    }
    (nights, own)
}

/// The figures of a run; `None` for one without an ingest, or of an older version.
fn night_of(values: &Value) -> Option<Night> {
    values.get("completed").filter(|count| count.is_u64())?;
    Night::deserialize(values).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn run(started_at: &str, completed: u64, complete: bool) -> PastRun {
        let night = Night { completed, answers: completed * 5, ..Night::default() };
        PastRun { started_at: at(started_at), complete, values: serde_json::to_value(night).unwrap() }
    }

    #[test]
    fn a_night_has_the_runs_of_a_day() {
        let runs = vec![
            run("2026-06-10T00:30:00Z", 10, true),
            // Three hours late, and three hours early.
            run("2026-06-09T03:20:00Z", 9, true),
            run("2026-06-07T22:00:00Z", 8, true),
            // One that fell short, and one that made up for it.
            run("2026-06-07T00:31:00Z", 3, false),
            run("2026-06-07T02:00:00Z", 4, true),
            run("2026-06-06T00:30:00Z", 6, false),
            run("2026-03-01T00:30:00Z", 1, true),
        ];
        let (nights, own) = nights(runs, at("2026-06-11T00:29:00Z"));
        let found: Vec<(usize, u64, bool)> =
            nights.iter().map(|night| (night.ago, night.night.completed, night.is_whole)).collect();
        assert_eq!(found, [(1, 10, true), (2, 9, true), (3, 8, true), (4, 7, true), (5, 6, false)]);
        assert_eq!(own, None);
    }

    #[test]
    fn runs_of_the_same_day_are_one_night_with_the_last() {
        let runs = vec![run("2026-06-10T20:00:00Z", 2, true), run("2026-06-10T06:00:00Z", 5, true)];
        let (nights, own) = nights(runs, at("2026-06-10T23:00:00Z"));
        assert_eq!((nights.len(), own.map(|night| night.completed)), (0, Some(7)));
    }

    #[test]
    fn what_has_no_figures_is_no_night() {
        let old =
            PastRun { started_at: at("2026-06-10T00:30:00Z"), complete: true, values: json!({"completed": null}) };
        assert_eq!(nights(vec![old], at("2026-06-11T00:30:00Z")), (Vec::new(), None));
    }
}
