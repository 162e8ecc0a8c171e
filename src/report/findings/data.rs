//! Data that stopped coming: transcripts, durations, and events.

use std::ops::Range;

use jiff::ToSpan;

use super::found::{Found, Measured, day};
use crate::pipeline::FindingKind;
use crate::report::aggregate::Counted;
use crate::report::html::format::{percent, thousands};
use crate::report::model::Unit;

/// Least number of answers, or of interviews, on each side.
const ENOUGH: i64 = 30;
/// What stopped is there in this share, at most, and was in one less this.
const HARDLY: f64 = 0.1;
/// Runs of weeks for which it is said, after which it is no news.
const SAID_FOR_RUNS: usize = 3;

/// What stopped coming, over all these jobs.
pub fn stopped(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let mut found = Vec::new();
    let runs = runs(counted, jobs);
    for (at, what) in [(1, "transcript"), (2, "duration")] {
        let counts: Vec<[i64; 2]> = runs.iter().map(|(_, run)| [run[at], run[0]]).collect();
        if let Some(stop) = stop(&counts) {
            let from = counted.calendar.weeks[runs[stop.first].0.start].from;
            let what = format!("answers have no {what} since the week from {}", day(from));
            found.push(stop.found(counts.len(), &what, "answers"));
        }
    }
    let events = events(counted, jobs);
    if let Some(stop) = stop(&events) {
        let since = counted.calendar.period.until.saturating_sub(((events.len() - stop.first) as i64 * 7).days());
        let what = format!("no interview came through events since {}", day(since));
        found.push(stop.found(events.len(), &what, "interviews"));
    }
    found
}

/// Runs of weeks that cut no group of few, with their answers, and those that have a transcript and a duration.
fn runs(counted: &Counted<'_>, jobs: &[u32]) -> Vec<(Range<usize>, [i64; 3])> {
    let runs = counted.atoms.runs(jobs, &counted.calendar.week_segments).into_iter();
    let of_run = |run: Range<usize>| {
        let union = counted.atoms.within(jobs, &counted.segments_of(&run));
        if !union.is_shown(jobs) {
            return (run, [0; 3]);
        }
        let counts = counted.counts_of(&union.atoms);
        let responses = counts.responses;
        (run, [responses, responses - counts.without_transcript, responses - counts.without_duration])
    };
    runs.map(of_run).filter(|(_, counts)| counts[0] > 0).collect()
}

/// Interviews of the last weeks, and those among them that came through events, oldest first.
fn events(counted: &Counted<'_>, jobs: &[u32]) -> Vec<[i64; 2]> {
    let days = counted.calendar.day_edges.len() - 1;
    let mut weeks = vec![[0; 2]; days / 7];
    for one in &counted.frames.interviews.completions {
        let day = counted.calendar.day(one.at).filter(|_| jobs.binary_search(&one.job).is_ok());
        if let Some(week) = day.map(|day| day / 7) {
            weeks[week][0] += i64::from(one.by_event);
            weeks[week][1] += 1;
        }
    }
    weeks
}

/// Something that is no longer there.
struct Stop {
    /// The first run or week without it.
    first: usize,
    /// How many there were since, and how many of them had it.
    now: [i64; 2],
    before: [i64; 2],
}

/// Finds whether what nearly all had is in hardly any of the last runs, which come as how many have it, and of how many.
fn stop(runs: &[[i64; 2]]) -> Option<Stop> {
    let hardly = |[with, all]: &[i64; 2]| float(*with) <= HARDLY * float(*all);
    let first = runs.iter().rposition(|run| !hardly(run))? + 1;
    let sum = |runs: &[[i64; 2]]| runs.iter().fold([0, 0], |sum, run| [sum[0] + run[0], sum[1] + run[1]]);
    let (before, now) = (sum(&runs[..first]), sum(&runs[first..]));
    let was_there = float(before[0]) >= (1.0 - HARDLY) * float(before[1]);
    let is_said = was_there && now[1] >= ENOUGH && before[1] >= ENOUGH && runs.len() - first <= SAID_FOR_RUNS;
    is_said.then_some(Stop { first, now, before })
}

impl Stop {
    fn found(self, runs: usize, what: &str, of: &str) -> Found {
        let Self { first, now, before } = self;
        let [value, previous] = [now, before].map(|[with, all]| float(with) / float(all));
        let text = format!(
            "{what} ({} of {} {of}); before, {} had",
            thousands(now[1] - now[0]),
            thousands(now[1]),
            percent(Some(previous))
        );
        Found {
            job: None,
            kind: FindingKind::Data,
            is_new: runs - first == 1,
            anchor: "data".to_owned(),
            text,
            about: what.to_owned(),
            weight: float(now[1]),
            measured: Measured {
                previous: Some(previous),
                previous_n: usize::try_from(before[1]).ok(),
                ..Measured::plain(Unit::Share, value, usize::try_from(now[1]).unwrap_or_default())
            },
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
fn float(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nearly_all_had_and_hardly_any_has_has_stopped() {
        let first = |runs: &[[i64; 2]]| stop(runs).map(|stop| stop.first);
        assert_eq!(first(&[[97, 100], [40, 40], [0, 30]]), Some(2));
        assert_eq!(first(&[[97, 100], [40, 40], [0, 20], [1, 30]]), Some(2));
        assert_eq!(first(&[[97, 100], [40, 40], [0, 29]]), None, "too few");
        assert_eq!(first(&[[80, 100], [0, 30]]), None, "not all had it");
        assert_eq!(first(&[[97, 100], [20, 40]]), None, "some still have it");
        assert_eq!(first(&[[97, 100], [0, 30], [0, 30], [0, 30], [0, 30]]), None, "no news");
        assert_eq!(first(&[[0, 100]]), None, "nobody ever had it");
        assert_eq!(first(&[]), None);
    }
}
