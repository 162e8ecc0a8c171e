//! The persons of each group against those of all others, by every n-gram.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use rayon::prelude::*;

use super::answers::Answers;
use super::candidates::{Candidates, Difference};
use super::count::{FLOOR, count, replaced};
use super::covered::Covered;
use super::postings::{Postings, Shard, ranges};
use super::standing::{Interview, Persons, Standing};
use super::table::Table;
use super::tokens::Tokens;
use crate::model::Result;
use crate::model::statistics::{FALSE_DISCOVERIES, Fisher};

/// N-grams that are looked at together.
const BLOCK: usize = 64;
/// Most p that a thread remembers of each kind: about 10 MB.
const MOST_KNOWN: usize = 1 << 18;

/// What was compared, and what came of it.
pub struct Compared {
    pub differences: Vec<Difference>,
    /// Number of tests, of which the differences are those that count.
    pub tests: usize,
    /// Persons in each group, and outside of it.
    pub sizes: Vec<[u64; 2]>,
}

/// What is compared.
pub struct Comparison<'a, A> {
    pub tokens: &'a Tokens<'a, A>,
    pub interviews: &'a [Interview],
    pub standing: &'a Standing,
    /// Number of groups, of which those are compared with all others that have enough persons and are wanted.
    pub groups: u32,
    pub is_compared: &'a (dyn Fn(u32) -> bool + Sync),
    pub covered: &'a Covered,
}

impl<A: Answers> Comparison<'_, A> {
    /// Finds the n-grams that tell groups apart.
    ///
    /// # Errors
    /// When the answers cannot be read.
    pub fn run(&self) -> Result<Compared> {
        let rows = 0..u32::try_from(self.interviews.len()).expect("interviews in memory");
        let persons = self.standing.persons(rows);
        let mut sizes = vec![persons.elsewhere(); self.groups as usize];
        persons.by_group().for_each(|(group, sides)| sizes[group as usize] = sides);
        let is_compared = |group: &u32| (self.is_compared)(*group) && !Self::are_few(sizes[*group as usize]);
        let compared: Vec<u32> = (0..self.groups).filter(is_compared).collect();
        let fisher = Fisher::up_to(sizes.iter().map(|[here, others]| here + others).max().unwrap_or(0));
        let mut outcome = Compared { differences: Vec::new(), tests: 0, sizes };
        if compared.is_empty() {
            return Ok(outcome);
        }
        let table = count(self.tokens, self.standing)?;
        let replaced = replaced(&table, &self.tokens.vocabulary);
        // What a thread has computed is of use for all that it looks at.
        let tester = || Mutex::new(Tester::new(&fisher, &outcome.sizes, &compared));
        let testers: Vec<Mutex<Tester<'_>>> = (0..=rayon::current_num_threads()).map(|_| tester()).collect();
        let all = |candidates| self.test_all(&table, &replaced, &testers, candidates);
        let (mut candidates, tests) = all(Candidates::new())?;
        if let Some(bound) = candidates.lacks(tests) {
            (candidates, _) = all(Candidates::up_to(bound))?;
        }
        (outcome.differences, outcome.tests) = (candidates.counted(tests), tests);
        Ok(outcome)
    }

    /// Tests all n-grams that no longer one takes the place of. Returns the differences with the number of tests.
    fn test_all(
        &self,
        table: &Table,
        replaced: &[bool],
        testers: &[Mutex<Tester<'_>>],
        candidates: Candidates,
    ) -> Result<(Candidates, usize)> {
        let (candidates, tests) = (Mutex::new(candidates), AtomicUsize::new(0));
        for shards in ranges(table, replaced) {
            let postings = Postings::read(self.tokens, table, replaced, shards.clone())?;
            shards.into_par_iter().for_each(|shard| {
                let (postings, numbers) = (postings.shard(shard), table.of_shard(shard));
                let open: Vec<u32> = (0..)
                    .zip(replaced)
                    .take(numbers.end)
                    .skip(numbers.start)
                    .filter_map(|(number, is_replaced)| (!is_replaced).then_some(number))
                    .collect();
                let thread = rayon::current_thread_index().unwrap_or(testers.len() - 1);
                let mut tester = testers[thread].lock().unwrap_or_else(PoisonError::into_inner);
                for block in open.chunks(BLOCK) {
                    let (differences, made) = self.test(&mut tester, table, &postings, block);
                    tests.fetch_add(made, Ordering::Relaxed);
                    candidates.lock().unwrap_or_else(PoisonError::into_inner).add(differences);
                }
            });
        }
        Ok((candidates.into_inner().unwrap_or_else(PoisonError::into_inner), tests.into_inner()))
    }

    /// Whether a group or all others have too few persons to be compared.
    pub fn are_few(sizes: [u64; 2]) -> bool {
        sizes.iter().any(|persons| *persons < u64::from(FLOOR))
    }

    /// Tests a block of n-grams. Returns those that may count, and the number of tests.
    fn test(&self, tester: &mut Tester, table: &Table, postings: &Shard, block: &[u32]) -> (Vec<Difference>, usize) {
        let phrase = |number| table.phrase(number, &self.tokens.vocabulary);
        let covered = self.covered.are(block, phrase);
        let (mut differences, mut tests) = (Vec::new(), 0);
        for (number, _) in block.iter().zip(covered).filter(|(_, is_covered)| !is_covered) {
            let persons = self.standing.persons(postings.interviews(*number).iter().copied());
            tests += tester.groups.len();
            let mut shared: Option<Arc<str>> = None;
            tester.test(&persons, |group, [here, others], p| {
                let phrase = shared.get_or_insert_with(|| phrase(*number).into()).clone();
                differences.push(Difference { phrase, hash: table.hash(*number), group, here, others, p, q: 1.0 });
            });
        }
        (differences, tests)
    }
}

/// Tests, each of which is made once.
struct Tester<'a> {
    fisher: &'a Fisher,
    sizes: &'a [[u64; 2]],
    groups: &'a [u32],
    known: HashMap<(u32, [u64; 2]), f64>,
    /// For a number of persons, the groups that are told apart by having none of them, each with p.
    without: HashMap<u64, Vec<(u32, f64)>>,
    /// How many these are.
    lacking: usize,
}

impl<'a> Tester<'a> {
    fn new(fisher: &'a Fisher, sizes: &'a [[u64; 2]], groups: &'a [u32]) -> Self {
        Self { fisher, sizes, groups, known: HashMap::default(), without: HashMap::default(), lacking: 0 }
    }

    /// Calls `found` with each group that may differ from all others, with the persons with and without an n-gram on
    /// both sides, and with p.
    fn test(&mut self, persons: &Persons, mut found: impl FnMut(u32, [[u64; 2]; 2], f64)) {
        for (group, with) in persons.by_group() {
            if self.groups.binary_search(&group).is_ok() {
                let p = self.p(group, with);
                if p <= FALSE_DISCOVERIES {
                    found(group, self.table(group, with), p);
                }
            }
        }
        // Most groups have nobody who uses a rare n-gram.
        let with = persons.elsewhere();
        let Self { fisher, sizes, groups, without, lacking, .. } = self;
        if *lacking >= MOST_KNOWN {
            without.clear();
            *lacking = 0;
        }
        let without = without.entry(with[1]).or_insert_with(|| {
            // Where more use it than there are outside of a group, somebody in the group does.
            let can_lack = |group: &&u32| with[1] <= sizes[**group as usize][1];
            let test = |group: &u32| (*group, p(fisher, sizes[*group as usize], with));
            let told: Vec<(u32, f64)> =
                groups.iter().filter(can_lack).map(test).filter(|(_, p)| *p <= FALSE_DISCOVERIES).collect();
            *lacking += told.len();
            told
        });
        let is_there = |group: u32| persons.by_group().any(|(other, _)| other == group);
        for (group, p) in without.iter().filter(|(group, _)| !is_there(*group)) {
            found(*group, table(sizes[*group as usize], with), *p);
        }
    }

    fn table(&self, group: u32, with: [u64; 2]) -> [[u64; 2]; 2] {
        table(self.sizes[group as usize], with)
    }

    fn p(&mut self, group: u32, with: [u64; 2]) -> f64 {
        let Self { fisher, sizes, known, .. } = self;
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        *known.entry((group, with)).or_insert_with(|| p(fisher, sizes[group as usize], with))
    }
}

/// Persons with and without an n-gram, in a group and outside of it.
fn table(sizes: [u64; 2], with: [u64; 2]) -> [[u64; 2]; 2] {
    [[with[0], sizes[0] - with[0]], [with[1], sizes[1] - with[1]]]
}

fn p(fisher: &Fisher, sizes: [u64; 2], with: [u64; 2]) -> f64 {
    let [here, others] = table(sizes, with);
    fisher.p(here, others)
}
