//! The origin of a report's figures, and the data that is not in them.

use jiff::Timestamp;

use super::aggregate::Aggregates;
use super::frames::Frames;
use super::model::{Figures, KeywordSetName, LeftOut, NewestInterview, Provenance, RunReference};
use super::period::Calendar;
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
            (Some(signed(counts.interviews.stale)), Some(signed(counts.interviews.gone)));
        if let Some(quality) = &mut aggregates.quality {
            quality.quarantined = Some(signed(counts.quarantined));
        }
    }
    let interviews = &frames.interviews;
    let history = interviews.first_settled.map_or(0, |first| (calendar.current.until - first).max(0) / WEEK_MICROS);
    let erased = if is_whole { erased_transcripts(lake, calendar)? } else { Vec::new() };
    let run = match run {
        Some(run) => Some(run),
        None => newest_run(lake)?,
    };
    let as_text = |micros: i64| Timestamp::from_microsecond(micros).ok().map(|time| time.to_string());
    let settled = |figures: &Figures| figures.completed + figures.expired;
    let in_period = settled(&aggregates.overall);
    Ok(Provenance {
        data_until: interviews.last_settled.and_then(as_text),
        newest: newest(calendar, frames).filter(|_| in_period == 0),
        run,
        inputs_sha256: frames.inputs.sha256(),
        keyword_sets: frames.hits.sets.iter().cloned().map(|(name, sha256)| KeywordSetName { name, sha256 }).collect(),
        interviews_in_lake: signed(interviews.settled),
        interviews_in_period: in_period,
        interviews_in_previous_period: aggregates.overall_previous.as_ref().map(settled),
        left_out: [left_out(calendar, frames, counts.as_ref()), erased].concat(),
        weeks_of_history: u32::try_from(history).unwrap_or(u32::MAX),
    })
}

/// The newest interview of the jobs that the report is of.
fn newest(calendar: &Calendar, frames: &Frames) -> Option<NewestInterview> {
    let of_jobs = frames.interviews.newest.iter().filter(|(job, _)| frames.jobs[**job as usize].is_wanted);
    let at = Timestamp::from_microsecond(*of_jobs.map(|(_, at)| at).max()?).ok()?;
    let until = calendar.zone.to_datetime(at).date().tomorrow().ok()?;
    Some(NewestInterview { settled_at: at.to_string(), until })
}

fn left_out(calendar: &Calendar, frames: &Frames, counts: Option<&LakeCounts>) -> Vec<LeftOut> {
    let interviews = &frames.interviews;
    let not_asked_for = frames.jobs.iter().filter(|job| !job.is_wanted).count();
    let is_current = |segment: &&u32| calendar.current_segments.contains(&(**segment as usize));
    let in_period = interviews.segment.iter().filter(is_current).count() as u64;
    let in_some = [
        (interviews.settled - in_period - interviews.without_time, "settled interviews", "outside the period"),
        (interviews.without_time, "settled interviews", "no time is known of them"),
        (interviews.open.job.len() as u64, "open interviews", "not completed or expired yet"),
        (not_asked_for as u64, "jobs", "not asked for"),
    ];
    let mut counted = in_some.to_vec();
    if let Some(LakeCounts { interviews, quarantined, discarded }) = counts {
        counted.extend([
            (*quarantined, "bodies", "set aside because they break the contract"),
            (*discarded, "interviews", "whose body was set aside and discarded"),
            (interviews.failed, "interviews", "given up for now after the last try"),
            (interviews.given_up, "interviews", "given up, as asking for them failed on many nights"),
            (interviews.gone, "interviews", "unknown to the API"),
            (interviews.excluded, "interviews", "kept out of the lake by a pattern"),
        ]);
    }
    let mut left_out: Vec<LeftOut> = counted
        .into_iter()
        .filter(|(count, ..)| *count != 0)
        .map(|(count, what, why)| LeftOut { what: what.to_owned(), count: Some(signed(count)), why: why.to_owned() })
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

/// How many answers of the period have no transcript any more, because it was erased.
fn erased_transcripts(lake: &Lake, calendar: &Calendar) -> Result<Vec<LeftOut>> {
    const COLUMNS: [&str; 2] = ["settled_at", "transcript_erased_at"];
    let period = calendar.current.from..calendar.current.until;
    let mut count = 0;
    for path in lake.files(&schema::RESPONSES)? {
        let file = ParquetFile::open(&path)?;
        let groups = if file.present(&COLUMNS).len() < COLUMNS.len() { 0 } else { file.row_groups() };
        for group in (0..groups).filter(|group| !file.is_all_null(*group, COLUMNS[1])) {
            let rows = file.row_group(group, &COLUMNS)?;
            let [settled, erased] = COLUMNS.map(|name| times(&rows, name));
            let is_in = |row: &usize| {
                time_at(erased, *row).is_some() && time_at(settled, *row).is_some_and(|at| period.contains(&at))
            };
            count += (0..rows.num_rows()).filter(is_in).count() as u64;
        }
    }
    let (what, why) = ("transcripts of answers".to_owned(), "erased; their figures are kept".to_owned());
    Ok((count > 0).then(|| LeftOut { what, count: Some(signed(count)), why }).into_iter().collect())
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("a count of interviews")
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
