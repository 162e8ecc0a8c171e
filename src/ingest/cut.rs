//! Cuts a batch: turns interviews and questions into rows, and publishes the rows together.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::lake::log::CommitKind;
use crate::lake::open_interviews::{open_interviews_after, open_interviews_path};
use crate::lake::publish::Staging;
use crate::lake::replace::replace;
use crate::lake::row_groups::{InterviewSize, row_groups};
use crate::lake::rows::{self, InterviewRow, QuestionRow};
use crate::lake::schema;
use crate::lake::tombstones::{Age, Named, Tombstones};
use crate::lake::write::ROW_GROUP_ROWS;
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::{
    Change, FirstSeen, InterviewState, KnownInterview, KnownQuestion, Ledger, QuestionsNeed, QuestionsWanted, Sighting,
};
use crate::model::due::NextDue;
use crate::model::interview::month_of;
use crate::model::{Interview, Provenance, Question, Result};
use crate::pipeline::QuestionPolicy;

/// An interview whose body was read.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub provenance: Provenance,
    pub interview: Interview,
}

/// The questions of a settled interview that were read.
#[derive(Debug)]
pub struct QuestionsArrival {
    pub interview: QuestionsWanted,
    pub questions: Vec<Question>,
}

/// Counts of what a cut published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    pub settled: u64,
    pub open: u64,
    pub responses: u64,
    /// Interviews whose questions were published.
    pub questions: u64,
    /// Interviews that were settled in the lake before, and stay as they were.
    pub repeated: u64,
    /// Bodies that gave way to another one of their interview.
    pub superseded: u64,
    /// Interviews that were settled in the lake before and whose rows were replaced.
    pub replaced: u64,
    /// Interviews of persons who were erased, or too old to be kept.
    pub erased: u64,
}

/// Publishes interviews as one batch. Those that are settled in the lake already are left as they are, unless they were
/// fetched again: then changed rows are replaced. If an interview came several times, a settled body wins over an open
/// one, the first settled one over later ones, and the last open one over earlier ones.
///
/// `questions` decides whose questions are fetched. It is `None` when there is no API to ask (an import).
///
/// # Errors
/// When the lake or the ledger cannot be written.
pub fn cut_interviews(
    lake: &Lake,
    ledger: &mut Ledger,
    keys: &CandidateKeys,
    arrivals: Vec<Arrival>,
    questions: Option<QuestionPolicy>,
) -> Result<Published> {
    let tombstones = lake.tombstones()?;
    let (arrivals, erased) = without_erased(lake, keys, &tombstones, arrivals)?;
    let followed = followed(ledger, &erased)?;
    let erased = erased.len() as u64;
    let came = arrivals.len() as u64;
    let Distinct { arrivals, replacing, repeated } = distinct(arrivals, ledger, &tombstones)?;
    let superseded = came - repeated - arrivals.len() as u64;
    let mut published = Published { repeated, superseded, erased, ..Published::default() };
    let InterviewRows { settled, open, next } = to_rows(arrivals, ledger, keys, &tombstones)?;

    let mut sightings = sightings_of(&settled, &next, questions, ledger.known_questions()?);
    sightings.extend(sightings_of(&open, &next, None, HashSet::new()));
    let open_table = open_interviews_after(lake, ledger, &settled, &open, &followed)?;
    if sightings.is_empty() && open_table.is_none() {
        ledger.unfollow(followed.iter().map(String::as_str))?;
        return Ok(published);
    }
    let kind = match questions {
        _ if !replacing.is_empty() => CommitKind::Replace,
        Some(_) => CommitKind::Ingest,
        None => CommitKind::Import,
    };
    let mut staging = Staging::begin(lake, ledger, kind)?;
    if let Some(table) = open_table {
        staging.replace(&open_interviews_path(), &schema::OPEN_INTERVIEWS, table.groups())?;
    }
    let (there, mut settled): (Vec<_>, Vec<_>) =
        settled.into_iter().partition(|row| replacing.contains(&row.interview.id));
    published.settled = settled.len() as u64;
    published.open = open.len() as u64;
    published.responses = settled.iter().map(|row| row.interview.responses.len() as u64).sum();
    let replaced = replace(lake, &mut staging, there)?;
    published.replaced = replaced.count;
    settled.extend(replaced.moved);
    for (month, mut rows) in by_month(settled, |row| row.settled_at) {
        rows.sort_by(|a, b| a.interview.id.cmp(&b.interview.id));
        staging.write(&schema::CANDIDATES, &month, rows.chunks(ROW_GROUP_ROWS).map(rows::candidates))?;
        rows.sort_by(|a, b| (&a.interview.job.id, &a.interview.id).cmp(&(&b.interview.job.id, &b.interview.id)));
        staging.write(&schema::RESPONSES, &month, response_groups(&rows).map(rows::responses))?;
        staging.write(&schema::INTERVIEWS, &month, rows.chunks(ROW_GROUP_ROWS).map(rows::interviews))?;
    }
    staging.publish(ledger, Change { sightings: &sightings, ..Change::default() })?;
    ledger.unfollow(followed.iter().map(String::as_str))?;
    Ok(published)
}

/// Interviews that the ledger follows though their person was erased: they were open then, and known by an address alone.
fn followed(ledger: &Ledger, erased: &[Arrival]) -> Result<HashSet<String>> {
    let mut followed = HashSet::new();
    for Arrival { interview, .. } in erased {
        if ledger.state(&interview.id)?.is_some_and(|state| state != InterviewState::Settled) {
            followed.insert(interview.id.clone());
        }
    }
    Ok(followed)
}

/// Publishes the questions of settled interviews as one batch.
///
/// # Errors
/// When the lake or the ledger cannot be written.
pub fn cut_questions(lake: &Lake, ledger: &mut Ledger, arrivals: Vec<QuestionsArrival>) -> Result<Published> {
    if arrivals.is_empty() {
        return Ok(Published::default());
    }
    let mut ids: Vec<String> = Vec::with_capacity(arrivals.len());
    let mut months: BTreeMap<String, Vec<QuestionRow>> = BTreeMap::new();
    for QuestionsArrival { interview, questions } in arrivals {
        let rows = months.entry(interview.month).or_default();
        rows.extend(questions.into_iter().map(|question| QuestionRow {
            interview_id: interview.id.clone(),
            job_id: interview.job_id.clone(),
            settled_at: interview.settled_at,
            question,
        }));
        ids.push(interview.id);
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Questions)?;
    for (month, mut rows) in months {
        rows.sort_by(|a, b| (&a.job_id, &a.interview_id).cmp(&(&b.job_id, &b.interview_id)));
        staging.write(&schema::QUESTIONS, &month, question_groups(&rows).map(rows::questions))?;
    }
    staging.publish(ledger, Change { questions_published: &ids, ..Change::default() })?;
    Ok(Published { questions: ids.len() as u64, ..Published::default() })
}

/// One arrival of each interview that is to be published.
struct Distinct {
    arrivals: Vec<Arrival>,
    /// Ids of those that are settled in the lake already.
    replacing: HashSet<String>,
    /// How many are settled in the lake already and stay as they are.
    repeated: u64,
}

/// Leaves out interviews that were erased, or whose person was, and those that are too old to be kept. What only its
/// body told is not asked for again. Returns those that are left, and those that are not.
fn without_erased(
    lake: &Lake,
    keys: &CandidateKeys,
    tombstones: &Tombstones,
    arrivals: Vec<Arrival>,
) -> Result<(Vec<Arrival>, Vec<Arrival>)> {
    let is_erased = |arrival: &Arrival| {
        let interview = &arrival.interview;
        tombstones.cover(interview) || tombstones.is_too_old(Age::Interviews, interview.settled_at())
    };
    let (erased, arrivals): (Vec<Arrival>, Vec<Arrival>) = arrivals.into_iter().partition(is_erased);
    let now = Timestamp::now();
    let new = erased.iter().map(|arrival| arrival.interview.id.as_str()).filter(|id| !tombstones.has_interview(id));
    lake.add_tombstones(new.map(|id| Named::Interview(id).tombstone(keys, now)))?;
    Ok((arrivals, erased))
}

fn distinct(arrivals: Vec<Arrival>, ledger: &Ledger, tombstones: &Tombstones) -> Result<Distinct> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Arrival> = Vec::with_capacity(arrivals.len());
    let mut replacing = HashSet::new();
    let mut repeated = 0;
    for arrival in arrivals {
        let Arrival { provenance: Provenance { again, .. }, interview: Interview { id, status, .. } } = &arrival;
        if ledger.state(id)? == Some(InterviewState::Settled) {
            // Whose transcripts are erased by age does not get them back.
            let is_too_old = tombstones.is_too_old(Age::Transcripts, arrival.interview.settled_at());
            if is_too_old || !(*again && status.is_settled()) {
                if *again && !status.is_settled() {
                    let status = status.as_str();
                    tracing::warn!(id, "interview {id} was settled and is {status} now; it stays as it was");
                }
                repeated += 1;
                continue;
            }
            replacing.insert(id.clone());
        }
        match places.get(id) {
            None => {
                places.insert(id.clone(), kept.len());
                kept.push(arrival);
            }
            Some(&place) if !kept[place].interview.status.is_settled() => kept[place] = arrival,
            Some(_) => {}
        }
    }
    Ok(Distinct { arrivals: kept, replacing, repeated })
}

/// Rows of interviews, and when each is due next, by its id.
struct InterviewRows {
    settled: Vec<InterviewRow>,
    open: Vec<InterviewRow>,
    next: HashMap<String, NextDue>,
}

fn to_rows(
    arrivals: Vec<Arrival>,
    ledger: &Ledger,
    keys: &CandidateKeys,
    tombstones: &Tombstones,
) -> Result<InterviewRows> {
    let mut next = HashMap::with_capacity(arrivals.len());
    let mut rows = Vec::with_capacity(arrivals.len());
    let changed_at = Timestamp::now();
    for Arrival { provenance, mut interview } in arrivals {
        let at = provenance.fetched_at;
        let status = interview.status.as_str().to_owned();
        let (first_seen, asks) = match ledger.known_interview(&interview.id)? {
            Some(KnownInterview { first, asked_at, asks_after_expiry }) => {
                // A body that a killed run has published already is no second ask.
                let is_same = asked_at.map(Timestamp::as_microsecond) == Some(at.as_microsecond());
                (first, asks_after_expiry - u32::from(is_same && asks_after_expiry > 0))
            }
            None => (FirstSeen { at, via: provenance.via.clone(), status }, 0),
        };
        next.insert(interview.id.clone(), NextDue::of(&interview, at, asks));
        let is_past = interview.expires_at.is_some_and(|expiry| expiry <= at);
        let asks_after_expiry =
            (!interview.status.is_settled()).then(|| if is_past { asks.saturating_add(1) } else { 0 });
        let candidate_key = interview.candidate.id.as_deref().map(|id| keys.key_of(id));
        let settled_at = interview.settled_at();
        if tombstones.is_too_old(Age::Candidates, settled_at) {
            (interview.candidate.name, interview.candidate.email) = (None, None);
        }
        let is_too_old = tombstones.is_too_old(Age::Transcripts, settled_at);
        rows.push(InterviewRow {
            provenance,
            interview,
            candidate_key,
            settled_at,
            first_seen,
            changed_at,
            asks_after_expiry,
            transcripts_erased_at: is_too_old.then_some(changed_at),
        });
    }
    let (settled, open) = rows.into_iter().partition(|row: &InterviewRow| row.interview.status.is_settled());
    Ok(InterviewRows { settled, open, next })
}

fn sightings_of(
    rows: &[InterviewRow],
    next: &HashMap<String, NextDue>,
    policy: Option<QuestionPolicy>,
    mut known: HashSet<KnownQuestion>,
) -> Vec<Sighting> {
    let sighting = |row: &InterviewRow| {
        let interview = &row.interview;
        let job = interview.job.id.clone().unwrap_or_default();
        // The empty id stands for the job itself, because a job without answers can be new as well.
        let shown = interview.responses.iter().filter_map(|response| response.question_id.clone());
        let question_ids: Vec<String> = match policy {
            None | Some(QuestionPolicy::None) => Vec::new(),
            Some(_) => std::iter::once(String::new()).chain(shown).collect(),
        };
        let mut unseen = false;
        for question in &question_ids {
            unseen |= known.insert(KnownQuestion { job_id: job.clone(), question_id: question.clone() });
        }
        let next = next[&interview.id];
        let (next_due, asks_after_expiry) = next.due();
        Sighting {
            id: interview.id.clone(),
            source: row.provenance.source.clone(),
            state: InterviewState::after(&interview.status, next),
            at: row.provenance.fetched_at,
            next_due,
            asks_after_expiry,
            status: interview.status.as_str().to_owned(),
            job_id: interview.job.id.clone(),
            settled_at: row.settled_at,
            month: month_of(row.settled_at),
            first_seen: row.first_seen.clone(),
            questions: match policy {
                Some(QuestionPolicy::All) => QuestionsNeed::Wanted,
                Some(QuestionPolicy::Unseen) if unseen => QuestionsNeed::Wanted,
                Some(QuestionPolicy::Unseen | QuestionPolicy::None) | None => QuestionsNeed::NotWanted,
            },
            question_ids,
        }
    };
    rows.iter().map(sighting).collect()
}

fn by_month<T>(rows: Vec<T>, settled_at: impl Fn(&T) -> Option<Timestamp>) -> BTreeMap<String, Vec<T>> {
    let mut months: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in rows {
        months.entry(month_of(settled_at(&row))).or_default().push(row);
    }
    months
}

/// Slices of interviews whose answers form one row group each.
fn response_groups(rows: &[InterviewRow]) -> impl Iterator<Item = &[InterviewRow]> {
    let sizes = rows.iter().map(|InterviewRow { interview, .. }| InterviewSize {
        rows: interview.responses.len(),
        transcript_bytes: interview.transcript_bytes(),
    });
    row_groups(sizes).map(|group| &rows[group.interviews])
}

/// Slices of questions that form one row group each. Those of an interview stay together.
fn question_groups(rows: &[QuestionRow]) -> impl Iterator<Item = &[QuestionRow]> {
    let interviews = rows.chunk_by(|a, b| a.interview_id == b.interview_id);
    let sizes = interviews.map(|rows| InterviewSize { rows: rows.len(), transcript_bytes: 0 });
    row_groups(sizes).map(|group| &rows[group.rows])
}
