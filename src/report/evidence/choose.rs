//! Chooses the answers to quote. The choice follows a hash of the interview, so that the content of an answer makes it
//! no likelier.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::report::aggregate::Aggregates;
use crate::report::anchors;
use crate::report::frames::Frames;
use crate::report::model::JobReport;

/// Number of quotes per keyword, at most.
pub const QUOTES: usize = 3;
/// Number of whole answers per question, at most.
const ANSWERS: usize = 5;
/// Number of answers per keyword that are chosen in reserve, because a match inside a masked name is not quoted.
const RESERVE: usize = 3;

/// An answer that may be quoted for a term or a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenAnswer {
    pub job: u32,
    /// Number of the term, or of the question.
    pub subject: u32,
    /// Index of the answer in `Responses`.
    pub response: u32,
    /// Index of the hit in `Hits`; 0 for a whole answer.
    pub hit: u32,
}

/// The answers of each job and subject with the lowest ranks, at most one per candidate.
struct TopRanked {
    most: usize,
    groups: BTreeMap<(u32, u32), Vec<Ranked>>,
}

/// Rank, candidate and answer.
type Ranked = (u64, u32, ChosenAnswer);

impl TopRanked {
    fn new(most: usize) -> Self {
        Self { most, groups: BTreeMap::new() }
    }

    fn offer(&mut self, rank: u64, candidate: u32, chosen: ChosenAnswer) {
        let group = self.groups.entry((chosen.job, chosen.subject)).or_default();
        if group.len() == self.most && group.last().is_some_and(|last| last.0 <= rank) {
            return;
        }
        if let Some(same) = group.iter().position(|other| other.1 == candidate) {
            if group[same].0 <= rank {
                return;
            }
            group.remove(same);
        }
        let at = group.partition_point(|other| other.0 < rank);
        group.insert(at, (rank, candidate, chosen));
        group.truncate(self.most);
    }

    /// The chosen answers by job, then by subject, then by rank.
    fn finish(self) -> Vec<ChosenAnswer> {
        self.groups.into_values().flatten().map(|(.., chosen)| chosen).collect()
    }
}

/// Chooses answers for each keyword whose figures a job shows, in the segments of the period.
pub fn choose_quotes(frames: &Frames, aggregates: &Aggregates, current: &Range<usize>) -> Vec<ChosenAnswer> {
    let hits = &frames.hits;
    let anchors: Vec<String> =
        hits.terms.iter().map(|term| anchors::term(&hits.sets[term.set as usize].0, &term.name)).collect();
    let shown = by_job(frames, aggregates, |job| job.keywords.iter().map(|keyword| keyword.anchor.as_str()).collect());
    // Looked up once per term of a job, not once per hit.
    let shown: Vec<Vec<bool>> =
        shown.iter().map(|shown| anchors.iter().map(|anchor| shown.contains(anchor.as_str())).collect()).collect();
    let ranks = ranks(frames);
    let mut best = TopRanked::new(QUOTES + RESERVE);
    for (hit, (response, term)) in (0u32..).zip(hits.response.iter().zip(&hits.term)) {
        let (interview, job) =
            (frames.responses.interview[*response as usize], frames.responses.job(*response as usize));
        if !current.contains(&(frames.interviews.segment[interview as usize] as usize))
            || !shown[job as usize].get(*term as usize).is_some_and(|shown| *shown)
        {
            continue;
        }
        let rank = mixed(ranks[interview as usize], u64::from(*term), frames.responses.position(*response as usize));
        let candidate = frames.interviews.candidate[interview as usize];
        best.offer(rank, candidate, ChosenAnswer { job, subject: *term, response: *response, hit });
    }
    best.finish()
}

/// Chooses answers for each question whose figures a job shows, in the segments of the period.
pub fn choose_answers(frames: &Frames, aggregates: &Aggregates, current: &Range<usize>) -> Vec<ChosenAnswer> {
    let responses = &frames.responses;
    let shown =
        by_job(frames, aggregates, |job| job.questions.iter().map(|question| question.anchor.as_str()).collect());
    let is_shown: Vec<bool> = responses
        .questions
        .iter()
        .map(|question| {
            shown[question.job as usize].contains(anchors::question(question.normalised.as_deref()).as_str())
        })
        .collect();
    let ranks = ranks(frames);
    let mut best = TopRanked::new(ANSWERS);
    for (response, question) in (0u32..).zip(&responses.question) {
        let at = response as usize;
        let interview = responses.interview[at];
        if responses.answered[at]
            && is_shown[*question as usize]
            && current.contains(&(frames.interviews.segment[interview as usize] as usize))
        {
            let rank = mixed(ranks[interview as usize], 0, responses.position(at));
            let candidate = frames.interviews.candidate[interview as usize];
            best.offer(rank, candidate, ChosenAnswer { job: responses.job(at), subject: *question, response, hit: 0 });
        }
    }
    best.finish()
}

/// The anchors that each job shows, by the number of the job. Jobs that are not in the report have none.
fn by_job<'a>(
    frames: &Frames,
    aggregates: &'a Aggregates,
    of: impl Fn(&'a JobReport) -> HashSet<&'a str>,
) -> Vec<HashSet<&'a str>> {
    let mut shown = vec![HashSet::new(); frames.jobs.len()];
    for (job, number) in aggregates.jobs.iter().zip(&aggregates.numbers) {
        shown[*number as usize] = of(job);
    }
    shown
}

/// A rank for each interview, which depends only on its id.
fn ranks(frames: &Frames) -> Vec<u64> {
    let rank = |id: &str| {
        let hash = Sha256::digest(id.as_bytes());
        u64::from_le_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
    };
    frames.interviews.ids.iter().map(rank).collect()
}

/// Mixes a rank with the term and the position, so that different terms are quoted from different interviews. The last
/// steps are those of SplitMix64.
fn mixed(rank: u64, of: u64, position: Option<i64>) -> u64 {
    let position = position.unwrap_or_default().unsigned_abs();
    let mut mixed = rank ^ (of << 32 | position).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_by_rank_are_chosen_and_no_candidate_twice() {
        let mut best = TopRanked::new(2);
        for (rank, candidate) in [(9, 1), (3, 2), (5, 1), (4, 2), (1, 3), (8, 4)] {
            best.offer(rank, candidate, ChosenAnswer { job: 0, subject: 0, response: candidate, hit: 0 });
        }
        let chosen: Vec<u32> = best.finish().into_iter().map(|chosen| chosen.response).collect();
        assert_eq!(chosen, [3, 2]);
    }
}
