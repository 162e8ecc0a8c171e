//! The counts of both periods that may be compared.

use std::collections::BTreeMap;

use super::builder::ModelBuilder;
use super::cells::{GroupCells, TotalCells};
use super::counted::Totals;

/// The counts that are shown for both periods, this one first. They are keyed by job, or by `None` for all jobs
/// together.
#[derive(Default)]
pub struct Comparable {
    /// Completed interviews of each period.
    pub completed: BTreeMap<Option<u32>, [i64; 2]>,
    /// Completed and expired interviews of each period's cohort.
    pub cohorts: BTreeMap<Option<u32>, [[i64; 2]; 2]>,
    /// Interviews of each period that contain the term, by job and term.
    pub keywords: BTreeMap<(Option<u32>, u32), [i64; 2]>,
}

impl ModelBuilder<'_> {
    pub fn comparable(&self, totals: &Totals, entered: &TotalCells, jobs: &[u32]) -> Comparable {
        let pair = |now, before| Some([self.count_or_zero(now).0?, self.count_or_zero(before).0?]);
        let mut comparable = Comparable::default();
        let mut groups: BTreeMap<Option<u32>, (&GroupCells, &GroupCells)> = BTreeMap::new();
        if totals.is_shown == [true; 2] {
            groups.insert(None, (&entered.all, &entered.all_previous));
        }
        let are_shown = |job: &&u32| self.raw.current.jobs.contains(job) && self.raw.previous.jobs.contains(job);
        for job in jobs.iter().filter(are_shown) {
            groups.insert(Some(*job), (&self.entered.jobs[job], &self.entered.jobs_previous[job]));
        }
        for (group, (now, before)) in groups {
            let Some(completed) = pair(Some(&now.flow.completed), Some(&before.flow.completed)) else { continue };
            comparable.completed.insert(group, completed);
            // If the open interviews are not shown, neither is the rate.
            let settled = |group: &GroupCells| {
                let [completed, expired, open] = group.flow.cohort.map(|cell| self.cells.shown(cell));
                open.and(Some([completed?, expired?]))
            };
            if let Some(cohorts) = settled(now).zip(settled(before)) {
                comparable.cohorts.insert(group, cohorts.into());
            }
            for term in 0..u32::try_from(self.frames.hits.terms.len()).expect("few terms") {
                let (now, before) = match group {
                    None => (entered.keywords.get(&term), entered.keywords_previous.get(&term)),
                    Some(job) => {
                        (self.entered.keywords.get(&(job, term)), self.entered.keywords_previous.get(&(job, term)))
                    }
                };
                if let Some([now, before]) = pair(now.map(|keyword| &keyword.interviews), before)
                    && now + before > 0
                {
                    comparable.keywords.insert((group, term), [now, before]);
                }
            }
        }
        comparable
    }
}
