//! From the plan to what was found.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::candidates::Difference;
use super::compare::{Compared, Comparison};
use super::corpus::Corpus;
use super::count::FLOOR;
use super::covered::Covered;
use super::details::{Uses, UsesOfAll, Written, uses, written};
use super::finding::{DiscoverTotals, DiscoverTotalsOf, Finding, share};
use super::plan::{Against, DiscoverPlan};
use super::standing::{Interview, Standing};
use super::tokens::{ROOM, Tokens};
use super::words::Words;
use crate::lake::Lake;
use crate::model::Result;
use crate::model::statistics::{log_odds_ratio, signed_root_g2};
use crate::search::selection::{Filters, Selection};

/// What was found, up to the limit: by job, in the order of their ids, the most distinctive first, and echoes of questions last.
#[derive(Debug, Default)]
pub struct Discovered {
    pub findings: Vec<Finding>,
    pub totals: DiscoverTotals,
    /// How each term is written, and how often; if a draft is made.
    pub written: HashMap<String, HashMap<String, u64>>,
    /// The jobs that have too few candidates to be compared, or the others have.
    pub too_few: Vec<Option<String>>,
}

/// Compares the answers of a lake.
///
/// # Errors
/// When the lake cannot be read, or a keyword set is too large.
pub fn discover(lake: &Lake, plan: &DiscoverPlan) -> Result<Discovered> {
    let shown = plan.filters.resolve(lake)?;
    let selection = match plan.against {
        Against::Previous => None,
        // Jobs are compared with all others, also with those that are not shown.
        Against::Others => {
            let filters = Filters { jobs: Vec::new(), departments: Vec::new(), ..plan.filters.clone() };
            Some(filters.resolve(lake)?)
        }
    };
    let corpus = Corpus::read(lake, selection.as_ref().unwrap_or(&shown))?;
    let groups = Groups::of(plan, &shown, &corpus);
    let interviews: Vec<Interview> = corpus
        .interviews
        .iter()
        .map(|found| Interview {
            id: found.id.clone(),
            group: groups.of_interview(found.job_id.as_ref(), found.settled_at),
            person: found.person,
            settled_at: found.settled_at,
        })
        .collect();
    let standing = Standing::new(&interviews);
    let tokens = Tokens::read(&corpus, &standing, FLOOR.into(), ROOM)?;
    let comparison = Comparison {
        tokens: &tokens,
        interviews: &interviews,
        standing: &standing,
        groups: u32::try_from(groups.jobs.len()).expect("jobs in memory"),
        is_compared: &|group| plan.against == Against::Others || group == 0,
        covered: &Covered::by(&plan.sets)?,
    };
    let Compared { mut differences, tests, sizes } = comparison.run()?;
    differences.retain(|one| groups.is_shown(one.group));
    let mut ranked: Vec<(Difference, bool)> = {
        let mut echoes = HashMap::new();
        let mut is_echo = |one: &Difference| {
            echoes.entry(one.group).or_insert_with(|| groups.questions(one.group, &corpus)).contains(&one.hash)
        };
        differences
            .into_iter()
            .map(|one| {
                let is_echo = is_echo(&one);
                (one, is_echo)
            })
            .collect()
    };
    let found = ranked.len() as u64;
    rank(&mut ranked, plan.limit);
    let (differences, echoes): (Vec<Difference>, Vec<bool>) = ranked.into_iter().unzip();
    let uses = uses(&tokens, &standing, &differences)?;
    let written = if plan.is_drafted { written(&corpus, &standing, &differences)? } else { Written::new() };
    let finding = |(one, echoes): (&Difference, &bool)| groups.finding(one, *echoes, &uses);
    let findings: Vec<Finding> = differences.iter().zip(&echoes).map(finding).collect();
    let phrases: HashMap<u64, &str> = differences.iter().map(|one| (one.hash, &*one.phrase)).collect();
    let written = written.into_iter().map(|(hash, written)| (phrases[&hash].to_owned(), written)).collect();
    let few =
        (0u32..).zip(&sizes).filter(|(group, sizes)| groups.is_shown(*group) && Comparison::<Corpus>::are_few(**sizes));
    let too_few = few.map(|(group, _)| groups.jobs[group as usize].clone()).collect();
    let candidates = interviews.iter().map(|interview| interview.person).collect::<HashSet<_>>().len();
    let of = DiscoverTotalsOf {
        answers: corpus.answers,
        interviews: interviews.len() as u64,
        candidates: candidates as u64,
    };
    let totals = DiscoverTotals { findings: found, tests: tests as u64, of };
    Ok(Discovered { findings, totals, written, too_few })
}

/// Sorts differences by group, the strongest first, and those that are in the group's questions last.
fn rank(differences: &mut Vec<(Difference, bool)>, limit: Option<usize>) {
    let strength = |one: &Difference| signed_root_g2(one.here, one.others).abs();
    differences.sort_by(|(a, a_echoes), (b, b_echoes)| {
        (a.group, *a_echoes)
            .cmp(&(b.group, *b_echoes))
            .then_with(|| strength(b).total_cmp(&strength(a)))
            .then_with(|| a.phrase.cmp(&b.phrase))
    });
    let (mut group, mut count) = (None, 0);
    differences.retain(|(one, _)| {
        count = if group == Some(one.group) { count + 1 } else { 1 };
        group = Some(one.group);
        limit.is_none_or(|limit| count <= limit)
    });
}

/// What is compared with one another.
struct Groups<'a> {
    against: Against,
    begins: Option<i64>,
    selection: &'a Selection,
    /// The jobs, by their groups; where periods are compared, the period and the one before.
    jobs: Vec<Option<String>>,
}

impl<'a> Groups<'a> {
    fn of(plan: &DiscoverPlan, selection: &'a Selection, corpus: &Corpus) -> Self {
        let jobs = match plan.against {
            Against::Others => {
                let jobs: BTreeSet<&Option<String>> = corpus.interviews.iter().map(|found| &found.job_id).collect();
                jobs.into_iter().cloned().collect()
            }
            Against::Previous => vec![None, None],
        };
        Self { against: plan.against, begins: plan.begins, selection, jobs }
    }

    fn of_interview(&self, job_id: Option<&String>, settled_at: Option<i64>) -> u32 {
        let group = match self.against {
            Against::Others => self.jobs.binary_search_by(|job| job.as_ref().cmp(&job_id)).expect("jobs of all"),
            Against::Previous => usize::from(settled_at < self.begins),
        };
        u32::try_from(group).expect("jobs in memory")
    }

    fn is_shown(&self, group: u32) -> bool {
        match self.against {
            Against::Others => self.selection.has_job(self.jobs[group as usize].as_deref()),
            Against::Previous => group == 0,
        }
    }

    /// The hashes of the n-grams in the questions of a group.
    fn questions(&self, group: u32, corpus: &Corpus) -> HashSet<u64> {
        let is_of = |job: &Option<String>| self.against == Against::Previous || *job == self.jobs[group as usize];
        let mut words = Words::default();
        let asked = corpus.questions.iter().filter(|(job, _)| is_of(job));
        asked.flat_map(|(_, texts)| texts).for_each(|text| words.add(text));
        let mut hashes = HashSet::new();
        words.each_gram(|gram| _ = hashes.insert(gram.hash));
        hashes
    }

    fn finding(&self, one: &Difference, echoes: bool, uses: &UsesOfAll) -> Finding {
        let Uses { all, most } = uses.get(&(one.hash, one.group)).copied().unwrap_or_default();
        let ([candidates, without], [other_candidates, others_without]) = (one.here, one.others);
        Finding {
            job_id: self.jobs[one.group as usize].clone(),
            term: one.phrase.to_string(),
            echoes,
            candidates,
            of: candidates + without,
            other_candidates,
            other_of: other_candidates + others_without,
            log_odds_ratio: log_odds_ratio(one.here, one.others),
            signed_root_g2: signed_root_g2(one.here, one.others),
            p: one.p,
            q: one.q,
            uses: all,
            largest_share: (all > 0).then(|| share(most, all)),
        }
    }
}
