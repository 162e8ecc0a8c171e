//! Where the figures of a report come from, and what is not in them.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::aggregate::Aggregates;
use super::frames::Frames;
use super::model::{Count, Figures, KeywordSetName, LeftOut, PRIVACY_FLOOR, Provenance, Run};
use super::period::Calendar;
use super::privacy::alone;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, strings, time_at, times};
use crate::lake::schema;
use crate::ledger::Counts;
use crate::model::Result;

const WEEK_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// Says where figures come from, and adds to them what only the ledger knows.
///
/// # Errors
/// When the ledger or the table of runs cannot be read.
pub fn provenance(
    lake: &Lake,
    calendar: &Calendar,
    frames: &Frames,
    aggregates: &mut Aggregates,
    run: Option<Run>,
) -> Result<Provenance> {
    let counts = lake.ledger_for_reading()?.counts()?;
    let is_whole = frames.jobs.iter().all(|job| job.is_wanted);
    if is_whole {
        let signed = |count: u64| Some(alone(i64::try_from(count).expect("a count of interviews")));
        (aggregates.open.stale, aggregates.open.gone) = (signed(counts.stale), signed(counts.gone));
        if let Some(quality) = &mut aggregates.quality {
            quality.quarantined = Some(counts.quarantined);
        }
    }
    let interviews = &frames.interviews;
    let in_period = |counts: fn(&super::period::Place) -> bool| {
        let is_meant =
            |row: &usize| frames.jobs[interviews.job[*row] as usize].is_wanted && counts(&interviews.places[*row]);
        (0..interviews.ids.len()).filter(is_meant).count()
    };
    let (current, previous) = (in_period(|place| place.current), in_period(|place| place.previous));
    // Less the completed ones it would give away how many expired.
    let count = |count: usize, figures: Option<&Figures>| {
        let is_safe = count == 0 || figures.is_some_and(|all| all.completed.0.is_some() && all.expired.0.is_some());
        Count(is_safe.then(|| i64::try_from(count).expect("a count of interviews")))
    };
    let in_period = count(current, aggregates.overall.as_ref());
    let history = interviews.first_settled.map_or(0, |first| (calendar.current.until - first).max(0) / WEEK_MICROS);
    let run = match run {
        Some(run) => Some(run),
        None => newest_run(lake)?,
    };
    let as_text = |micros: i64| Timestamp::from_microsecond(micros).ok().map(|time| time.to_string());
    Ok(Provenance {
        data_until: interviews.last_settled.and_then(as_text),
        run,
        inputs_sha256: hash_of(&frames.inputs),
        keyword_sets: frames.hits.sets.iter().cloned().map(|(name, sha256)| KeywordSetName { name, sha256 }).collect(),
        interviews_in_lake: interviews.settled,
        interviews_in_period: in_period,
        interviews_in_previous_period: calendar.previous.map(|_| count(previous, aggregates.overall_previous.as_ref())),
        left_out: left_out(frames, aggregates, &counts, in_period),
        weeks_of_history: u32::try_from(history).unwrap_or(u32::MAX),
    })
}

fn left_out(frames: &Frames, aggregates: &Aggregates, counts: &Counts, in_period: Count) -> Vec<LeftOut> {
    let interviews = &frames.interviews;
    let not_asked_for = frames.jobs.iter().filter(|job| !job.is_wanted).count() as u64;
    // Of a narrowed report, or of one that holds back its total, neither may be worked out.
    let in_period = in_period.0.filter(|_| not_asked_for == 0).map(i64::unsigned_abs);
    let outside = in_period.map_or(0, |in_period| interviews.settled - in_period - interviews.without_time);
    let open = if not_asked_for == 0 { interviews.open.job.len() as u64 } else { 0 };
    let held_back = format!("fewer than {PRIVACY_FLOOR} candidates, or such a job could be worked out from them");
    let counted = [
        (outside, "settled interviews", "outside the period"),
        (interviews.without_time, "settled interviews", "no time is known of them"),
        (open, "open interviews", "not completed or expired yet"),
        (aggregates.jobs_held_back, "jobs", held_back.as_str()),
        (not_asked_for, "jobs", "not asked for"),
        (counts.quarantined, "bodies", "set aside because they break the contract"),
        (counts.failed, "interviews", "given up for now after the last try"),
        (counts.gone, "interviews", "unknown to the API"),
        (counts.excluded, "interviews", "kept out of the lake by a pattern"),
    ];
    let mut left_out: Vec<LeftOut> = counted
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, why)| LeftOut { what: what.to_owned(), count: Some(count), why: why.to_owned() })
        .collect();
    left_out.extend(frames.hits.sets_left_out.iter().map(|set| LeftOut {
        what: format!("keyword set {set}"),
        count: None,
        why: "not every answer was searched for it as it is now".to_owned(),
    }));
    left_out
}

/// The newest row of `runs`.
fn newest_run(lake: &Lake) -> Result<Option<Run>> {
    let mut newest: Option<(String, i64)> = None;
    for path in lake.files(&schema::RUNS)? {
        let rows = ParquetFile::open(&path)?.all(&["run_id", "started_at"])?;
        for row in 0..rows.num_rows() {
            let started_at = time_at(times(&rows, "started_at"), row).unwrap_or_default();
            newest = newest.max(Some((strings(&rows, "run_id").value(row).to_owned(), started_at)));
        }
    }
    let run = newest.and_then(|(run_id, micros)| Some((run_id, Timestamp::from_microsecond(micros).ok()?)));
    Ok(run.map(|(run_id, started_at)| Run { run_id, started_at: started_at.to_string() }))
}

fn hash_of(inputs: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    for (name, sha256) in inputs {
        hash.update(format!("{sha256}  {name}\n"));
    }
    hex::encode(hash.finalize())
}
