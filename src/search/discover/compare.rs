//! The persons of each group against those of all others, by every n-gram.

use std::sync::Arc;

use foldhash::HashMap;
use rayon::prelude::*;

use super::count::{Answers, FLOOR, count, replaced};
use super::covered::Covered;
use super::postings::{Postings, ranges};
use super::standing::{Interview, Persons, Standing};
use super::table::Table;
use crate::model::Result;
use crate::model::statistics::{FALSE_DISCOVERIES, Fisher, adjusted};

/// N-grams that are looked at together.
const BLOCK: usize = 64;

/// A group whose persons use an n-gram more often or more rarely than all others, beyond chance.
#[derive(Debug, Clone)]
pub struct Difference {
    pub phrase: Arc<str>,
    /// Of the n-gram.
    pub hash: u64,
    pub group: u32,
    /// Persons with and without it, in the group and outside of it.
    pub here: [u64; 2],
    pub others: [u64; 2],
    pub p: f64,
    pub q: f64,
}

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
    pub answers: &'a A,
    pub interviews: &'a [Interview],
    pub standing: &'a Standing,
    /// Number of groups, of which those are compared with all others that have enough persons and are wanted.
    pub groups: u32,
    pub is_compared: &'a (dyn Fn(u32) -> bool + Sync),
    pub covered: &'a Covered,
    /// Words of the answers, about.
    pub words: u64,
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
        let table = count(self.answers, self.standing, self.words)?;
        let replaced = replaced(self.answers, self.standing, &table)?;
        for range in ranges(&table, &replaced) {
            let postings = Postings::read(self.answers, self.standing, &table, &replaced, range.clone())?;
            let numbers: Vec<u32> = range.collect();
            let tested: Vec<(Vec<Difference>, usize)> = numbers
                .par_chunks(BLOCK)
                .map_init(
                    || Tester::new(&fisher, &outcome.sizes, &compared),
                    |tester, block| self.test(tester, &table, &postings, block),
                )
                .collect();
            for (differences, tests) in tested {
                outcome.differences.extend(differences);
                outcome.tests += tests;
            }
        }
        let p: Vec<f64> = outcome.differences.iter().map(|one| one.p).collect();
        let adjusted = adjusted(&p, outcome.tests);
        outcome.differences.iter_mut().zip(adjusted).for_each(|(one, q)| one.q = q);
        outcome.differences.retain(|one| one.q <= FALSE_DISCOVERIES);
        Ok(outcome)
    }

    /// Whether a group or all others have too few persons to be compared.
    pub fn are_few(sizes: [u64; 2]) -> bool {
        sizes.iter().any(|persons| *persons < u64::from(FLOOR))
    }

    /// Tests a block of n-grams. Returns those that may count, and the number of tests.
    fn test(&self, tester: &mut Tester, table: &Table, postings: &Postings, block: &[u32]) -> (Vec<Difference>, usize) {
        let phrases: Vec<Option<&str>> = block.iter().map(|number| postings.phrase(*number)).collect();
        let covered = self.covered.are(&phrases);
        let (mut differences, mut tests) = (Vec::new(), 0);
        let open = block.iter().zip(phrases).zip(covered).filter(|(_, is_covered)| !is_covered);
        for (number, phrase) in open.filter_map(|((number, phrase), _)| Some((*number, phrase?))) {
            let persons = self.standing.persons(postings.interviews(number));
            tests += tester.groups.len();
            let mut shared: Option<Arc<str>> = None;
            tester.test(&persons, |group, [here, others], p| {
                let phrase = shared.get_or_insert_with(|| phrase.into()).clone();
                differences.push(Difference { phrase, hash: table.hash(number), group, here, others, p, q: 1.0 });
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
}

impl<'a> Tester<'a> {
    fn new(fisher: &'a Fisher, sizes: &'a [[u64; 2]], groups: &'a [u32]) -> Self {
        Self { fisher, sizes, groups, known: HashMap::default(), without: HashMap::default() }
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
        let Self { fisher, sizes, groups, without, .. } = self;
        let without = without.entry(with[1]).or_insert_with(|| {
            // Where more use it than there are outside of a group, somebody in the group does.
            let can_lack = |group: &&u32| with[1] <= sizes[**group as usize][1];
            let test = |group: &u32| (*group, p(fisher, sizes[*group as usize], with));
            groups.iter().filter(can_lack).map(test).filter(|(_, p)| *p <= FALSE_DISCOVERIES).collect()
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
