//! Data that stopped coming: transcripts, durations, and events.

use std::ops::Range;

use jiff::ToSpan;

use super::found::{Found, Measured, day};
use crate::model::statistics::band::{Stop, stop};
use crate::pipeline::FindingKind;
use crate::report::aggregate::Counted;
use crate::report::html::format::{percent, thousands};
use crate::report::model::Unit;

/// Runs of weeks for which it is said, after which it is no news.
const SAID_FOR_RUNS: usize = 3;

/// What stopped coming, over all these jobs.
pub fn stopped(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let mut found = Vec::new();
    let runs = runs(counted, jobs);
    for (at, what) in [(1, "transcript"), (2, "duration")] {
        let counts: Vec<[u64; 2]> = runs.iter().map(|(_, run)| [run[at], run[0]]).collect();
        if let Some(stop) = news(&counts) {
            let from = counted.calendar.weeks[runs[stop.first].0.start].from;
            let what = format!("answers have no {what} since the week from {}", day(from));
            found.push(found_stop(stop, counts.len(), &what, "answers"));
        }
    }
    let events = events(counted, jobs);
    if let Some(stop) = news(&events) {
        let since = counted.calendar.period.until.saturating_sub(((events.len() - stop.first) as i64 * 7).days());
        let what = format!("no interview came through events since {}", day(since));
        found.push(found_stop(stop, events.len(), &what, "interviews"));
    }
    found
}

/// Runs of weeks that cut no group of few, with their answers, and those that have a transcript and a duration.
fn runs(counted: &Counted<'_>, jobs: &[u32]) -> Vec<(Range<usize>, [u64; 3])> {
    let runs = counted.atoms.runs(jobs, &counted.calendar.week_segments).into_iter();
    let of_run = |run: Range<usize>| {
        let union = counted.atoms.within(jobs, &counted.segments_of(&run));
        if !union.is_shown(jobs) {
            return (run, [0; 3]);
        }
        let counts = counted.counts_of(&union.atoms);
        let responses = counts.responses;
        let with = [responses, responses - counts.without_transcript, responses - counts.without_duration];
        (run, with.map(i64::unsigned_abs))
    };
    runs.map(of_run).filter(|(_, counts)| counts[0] > 0).collect()
}

/// Interviews of the last weeks, and those among them that came through events, oldest first.
fn events(counted: &Counted<'_>, jobs: &[u32]) -> Vec<[u64; 2]> {
    let days = counted.calendar.day_edges.len() - 1;
    let mut weeks = vec![[0; 2]; days / 7];
    for one in &counted.frames.interviews.completions {
        let day = counted.calendar.day(one.at).filter(|_| jobs.binary_search(&one.job).is_ok());
        if let Some(week) = day.map(|day| day / 7) {
            weeks[week][0] += u64::from(one.by_event);
            weeks[week][1] += 1;
        }
    }
    weeks
}

/// What stopped, as long as it is news.
fn news(runs: &[[u64; 2]]) -> Option<Stop> {
    stop(runs).filter(|stop| runs.len() - stop.first <= SAID_FOR_RUNS)
}

fn found_stop(Stop { first, now, before }: Stop, runs: usize, what: &str, of: &str) -> Found {
    let [value, previous] = [now, before].map(|[with, all]| float(with) / float(all));
    let count = |count: u64| thousands(i64::try_from(count).expect("a count in memory"));
    let text = format!(
        "{what} ({} of {} {of}); before, {} had",
        count(now[1] - now[0]),
        count(now[1]),
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

#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_is_no_news_after_three_runs() {
        let stopped = |runs: usize| [vec![[97, 100]], vec![[0, 30]; runs]].concat();
        assert_eq!(news(&stopped(3)).map(|stop| stop.first), Some(1));
        assert_eq!(news(&stopped(4)), None);
    }
}
