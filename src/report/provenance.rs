//! The origin of a report's figures, and the data that is not in them.

use jiff::Timestamp;

use super::aggregate::Aggregates;
use super::frames::Frames;
use super::model::{Count, KeywordSetName, LeftOut, PRIVACY_FLOOR, Provenance, RunReference};
use super::period::Calendar;
use super::privacy::alone;
use crate::lake::read::{ParquetFile, string_at, strings, time_at, times};
use crate::lake::schema;
use crate::lake::{Lake, LakeCounts};
use crate::model::Result;

const WEEK_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// Describes the origin of the figures, and adds to `aggregates` the counts that only the ledger knows.
///
/// # Errors
/// When the ledger or the table of runs cannot be read.
pub fn provenance(
    lake: &Lake,
    calendar: &Calendar,
    frames: &Frames,
    aggregates: &mut Aggregates,
    run: Option<RunReference>,
) -> Result<Provenance> {
    let counts = lake.ledger_if_allowed()?.map(|ledger| lake.counts(&ledger)).transpose()?;
    let is_whole = frames.jobs.iter().all(|job| job.is_wanted);
    if let Some(counts) = counts.as_ref().filter(|_| is_whole) {
        (aggregates.open.stale, aggregates.open.gone) =
            (Some(of_people(counts.interviews.stale)), Some(of_people(counts.interviews.gone)));
        if let Some(quality) = &mut aggregates.quality {
            quality.quarantined = Some(of_people(counts.quarantined));
        }
    }
    let interviews = &frames.interviews;
    let [in_period, in_previous_period] = aggregates.settled;
    let history = interviews.first_settled.map_or(0, |first| (calendar.current.until - first).max(0) / WEEK_MICROS);
    let run = match run {
        Some(run) => Some(run),
        None => newest_run(lake)?,
    };
    let as_text = |micros: i64| Timestamp::from_microsecond(micros).ok().map(|time| time.to_string());
    Ok(Provenance {
        data_until: interviews.last_settled.and_then(as_text),
        run,
        inputs_sha256: frames.inputs.sha256(),
        keyword_sets: frames.hits.sets.iter().cloned().map(|(name, sha256)| KeywordSetName { name, sha256 }).collect(),
        interviews_in_lake: in_lake(frames, aggregates.settled_of_all),
        interviews_in_period: in_period,
        interviews_in_previous_period: calendar.previous.map(|_| in_previous_period),
        left_out: left_out(frames, aggregates, counts.as_ref()),
        weeks_of_history: u32::try_from(history).unwrap_or(u32::MAX),
    })
}

/// Settled interviews of the lake. The count is held back if, together with the other counts shown, it would give away
/// a small count.
fn in_lake(frames: &Frames, in_period: Count) -> Count {
    let interviews = &frames.interviews;
    let current = interviews.memberships.iter().filter(|membership| membership.current).count() as u64;
    let outside = interviews.settled - current - interviews.without_time;
    let parts = [(in_period, current), (of_people(outside), outside)];
    let parts = parts.into_iter().chain([(of_people(interviews.without_time), interviews.without_time)]);
    let held_back: Vec<u64> = parts.filter(|(shown, _)| shown.0.is_none()).map(|(_, count)| count).collect();
    let is_safe = held_back.is_empty()
        || (held_back.len() > 1 && held_back.into_iter().sum::<u64>() >= PRIVACY_FLOOR.unsigned_abs());
    Count(signed(interviews.settled).filter(|settled| *settled == 0 || (is_safe && *settled >= PRIVACY_FLOOR)))
}

fn left_out(frames: &Frames, aggregates: &Aggregates, counts: Option<&LakeCounts>) -> Vec<LeftOut> {
    let interviews = &frames.interviews;
    let not_asked_for = frames.jobs.iter().filter(|job| !job.is_wanted).count() as u64;
    let is_whole = not_asked_for == 0;
    // In a narrowed report, or if the total is held back, the number of interviews outside the period must not be
    // derivable.
    let in_period = aggregates.settled_of_all.0.filter(|_| is_whole).map(i64::unsigned_abs);
    let outside = in_period.map_or(0, |in_period| interviews.settled - in_period - interviews.without_time);
    let open = if is_whole { aggregates.open_in_all } else { Count(Some(0)) };
    let mut held_back = format!("fewer than {PRIVACY_FLOOR} candidates, or such a job could be worked out from them");
    if !is_whole {
        held_back.push_str("; nor are they in the figures over all jobs");
    }
    // Counts of jobs need no protection.
    let of_jobs = |count: u64| Count(signed(count));
    let mut counted = vec![
        (of_people(outside), "settled interviews", "outside the period"),
        (of_people(interviews.without_time), "settled interviews", "no time is known of them"),
        (open, "open interviews", "not completed or expired yet"),
        (of_jobs(aggregates.jobs_held_back), "jobs", held_back.as_str()),
        (of_jobs(not_asked_for), "jobs", "not asked for"),
    ];
    if let Some(LakeCounts { interviews, quarantined, discarded }) = counts {
        counted.extend([
            (of_people(*quarantined), "bodies", "set aside because they break the contract"),
            (of_people(*discarded), "interviews", "whose body was set aside and discarded"),
            (of_people(interviews.failed), "interviews", "given up for now after the last try"),
            (of_people(interviews.given_up), "interviews", "given up, as asking for them failed on many nights"),
            (of_people(interviews.gone), "interviews", "unknown to the API"),
            (of_people(interviews.excluded), "interviews", "kept out of the lake by a pattern"),
        ]);
    }
    let mut left_out: Vec<LeftOut> = counted
        .into_iter()
        .filter(|(count, ..)| *count != Count(Some(0)))
        .map(|(count, what, why)| LeftOut { what: what.to_owned(), count: Some(count), why: why.to_owned() })
        .collect();
    if counts.is_none() {
        tracing::warn!(
            "the report lacks quotes, and how many interviews are gone or set aside: both need the lake's owner"
        );
        let what = "interviews that are gone, set aside, given up or kept out".to_owned();
        left_out.push(LeftOut {
            what,
            count: None,
            why: "how many these are, only the owner of the lake can read".to_owned(),
        });
    }
    left_out.extend(frames.hits.sets_left_out.iter().map(|set| LeftOut {
        what: format!("keyword set {set}"),
        count: None,
        why: "not every answer was searched for it as it is now".to_owned(),
    }));
    left_out
}

/// A count of interviews that is held back on its own if it is small.
fn of_people(count: u64) -> Count {
    signed(count).map_or(Count(None), alone)
}

fn signed(count: u64) -> Option<i64> {
    i64::try_from(count).ok()
}

/// The newest run of a pipeline in the table `runs`.
fn newest_run(lake: &Lake) -> Result<Option<RunReference>> {
    let mut newest: Option<(String, i64)> = None;
    for path in lake.files(&schema::RUNS)? {
        let file = ParquetFile::open(&path)?;
        let rows = file.all(&file.present(&["run_id", "started_at", "command"]))?;
        let commands = rows.column_by_name("command").map(|_| strings(&rows, "command"));
        // Before other commands had rows, all were of runs.
        let is_run = |row: &usize| commands.and_then(|all| string_at(all, *row)).is_none_or(|name| name == "run");
        for row in (0..rows.num_rows()).filter(is_run) {
            let started_at = time_at(times(&rows, "started_at"), row).unwrap_or_default();
            newest = newest.max(Some((strings(&rows, "run_id").value(row).to_owned(), started_at)));
        }
    }
    let run = newest.and_then(|(run_id, micros)| Some((run_id, Timestamp::from_microsecond(micros).ok()?)));
    Ok(run.map(|(run_id, started_at)| RunReference { run_id, started_at: started_at.to_string() }))
}
