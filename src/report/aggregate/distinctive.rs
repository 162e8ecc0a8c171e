//! The terms that set a job apart from all others.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::counted::Counted;
use crate::model::statistics::{FALSE_DISCOVERIES, Fisher, adjusted, log_odds_ratio, signed_root_g2};
use crate::report::anchors;
use crate::report::model::Distinctive;

/// Number of distinctive terms per job, at most.
const MOST: usize = 10;

impl Counted<'_> {
    /// The distinctive terms of each job whose content is shown, the most distinctive first.
    pub fn distinctive(&self) -> BTreeMap<u32, Vec<Distinctive>> {
        let rows = &self.frames.interviews;
        let current = &self.calendar.current_segments;
        let jobs: Vec<u32> = (0u32..).take(self.frames.jobs.len()).filter(|job| self.is_shown(*job, current)).collect();
        let mut here = vec![0; self.frames.jobs.len()];
        let mut elsewhere = here.clone();
        let mut all = 0;
        for (row, job) in rows.job.iter().enumerate() {
            here[*job as usize] +=
                u64::from(self.people.in_job[row] && current.contains(&(rows.segment[row] as usize)));
            if self.people.in_all[row] {
                all += 1;
                elsewhere[*job as usize] += 1;
            }
        }
        for job in self.people.outside_of.iter().flatten() {
            elsewhere[*job as usize] -= 1;
        }
        let fisher = Fisher::up_to(all * 2);
        let of_job = |job: &u32| -> Vec<(u32, Distinctive)> {
            let (n, others_n) = (here[*job as usize], all - elsewhere[*job as usize]);
            let terms = (0u32..).take(self.frames.hits.terms.len());
            let compared = |term: u32| Some((*job, self.compare(*job, term, n, others_n, &fisher)?));
            if others_n == 0 { Vec::new() } else { terms.filter_map(compared).collect() }
        };
        let mut found: Vec<(u32, Distinctive)> = jobs.par_iter().flat_map_iter(of_job).collect();
        let p: Vec<f64> = found.iter().map(|(_, one)| one.p).collect();
        for ((_, one), q) in found.iter_mut().zip(adjusted(&p, p.len())) {
            one.q = q;
        }
        let mut by_job: BTreeMap<u32, Vec<Distinctive>> = BTreeMap::new();
        for (job, one) in found.into_iter().filter(|(_, one)| one.q <= FALSE_DISCOVERIES) {
            by_job.entry(job).or_default().push(one);
        }
        for terms in by_job.values_mut() {
            let strength = |one: &Distinctive| one.signed_root_g2.abs();
            terms.sort_by(|a, b| {
                strength(b).total_cmp(&strength(a)).then_with(|| (&a.set, &a.term).cmp(&(&b.set, &b.term)))
            });
            terms.truncate(MOST);
        }
        by_job
    }

    /// Compares the persons of a job with those of all others; `None` for a term that nobody said.
    fn compare(&self, job: u32, term: u32, n: u64, others_n: u64, fisher: &Fisher) -> Option<Distinctive> {
        let [with, _] = self.terms.persons.get(&(job, term)).copied().unwrap_or_default();
        let others_with = self.terms.persons_elsewhere(job, term);
        if with + others_with == 0 {
            return None;
        }
        let named = &self.frames.hits.terms[term as usize];
        let set = &self.frames.hits.sets[named.set as usize].0;
        let (here, others) = ([with, n - with], [others_with, others_n - others_with]);
        #[expect(clippy::cast_precision_loss, reason = "counts of persons are far below 2^53")]
        let share = |[with, without]: [u64; 2]| with as f64 / (with + without) as f64;
        let signed = |count: u64| i64::try_from(count).expect("a count of persons");
        Some(Distinctive {
            set: set.clone(),
            term: named.name.clone(),
            anchor: anchors::term(set, &named.name),
            n: signed(n),
            others_n: signed(others_n),
            share: share(here),
            others_share: share(others),
            log_odds_ratio: log_odds_ratio(here, others),
            signed_root_g2: signed_root_g2(here, others),
            p: fisher.p(here, others),
            q: 1.0,
        })
    }
}
