//! A search from the plan to what was found.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;

use super::finder::Finder;
use super::group::{GroupFound, GroupRequest, HitRequest};
use super::hit::Hit;
use super::part::Part;
use super::query::Query;
use super::scan::{Unit, scan, units};
use super::selection::{Filters, Selection};
use super::sort::Order;
use super::source::Source;
use super::tally::{By, Parts, Tally, Totals};
use crate::lake::Lake;
use crate::lake::schema::CANDIDATES;
use crate::model::{Error, Result};

/// What is searched for, where, and what is shown of it.
#[derive(Debug)]
pub struct SearchPlan {
    pub filters: Filters,
    /// Words of context on each side of a mention.
    pub context: usize,
    pub order: Order,
    /// The most mentions that are shown.
    pub limit: Option<usize>,
    /// Whether names, addresses and numbers are masked.
    pub is_masked: bool,
    pub by: Option<By>,
    /// Time zone in which months begin.
    pub time_zone: TimeZone,
}

/// A search that is ready to run.
pub struct Search<'a> {
    plan: &'a SearchPlan,
    finder: Finder,
    selection: Selection,
    sources: Vec<Source>,
}

/// What a search has counted.
#[derive(Debug, Default)]
pub struct Found {
    all: Tally,
    parts: Parts,
    /// The row groups with mentions.
    units: Vec<Unit>,
    /// Mentions that were not shown, since nobody knows whose name to mask in them.
    pub withheld: u64,
}

impl<'a> Search<'a> {
    /// # Errors
    /// When the lake cannot be read, or the terms are too many.
    pub fn new(lake: &Lake, query: Query, plan: &'a SearchPlan) -> Result<Self> {
        if plan.is_masked && !lake.is_readable(&CANDIDATES) {
            return Err(Error::failed("the table of candidates cannot be read, so names cannot be masked")
                .hint("--by counts and shows no answers; --unmasked shows them as they are"));
        }
        let selection = plan.filters.resolve(lake)?;
        Ok(Self { plan, finder: Finder::new(query)?, selection, sources: Source::all(lake)? })
    }

    /// Counts mentions without showing any.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn count(&self) -> Result<Found> {
        let mut counted = Found::default();
        scan(&self.sources, &units(&self.sources), &self.request(None), &mut |unit, found| {
            counted.add(unit, found);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(counted)
    }

    /// Calls `take` with mentions, in their order and up to the limit, and counts all. Where they were counted before,
    /// what has none is not searched again.
    ///
    /// # Errors
    /// When the lake cannot be read, or `take` fails.
    pub fn each_hit(&self, counted: Option<&Found>, take: &mut dyn FnMut(&[Hit]) -> Result<()>) -> Result<Found> {
        let units = counted.map_or_else(|| units(&self.sources), |counted| counted.units.clone());
        let SearchPlan { order, context, is_masked, limit, .. } = self.plan;
        let neighbours = order.neighbours();
        let most = limit.filter(|_| order.is_that_of_the_lake()).unwrap_or(usize::MAX);
        let enough = AtomicBool::new(most == 0);
        let hits = HitRequest { context: *context, is_masked: *is_masked, neighbours, most, enough };
        let request = self.request(Some(hits));
        let mut left = limit.unwrap_or(usize::MAX);
        let mut sorted = Vec::new();
        let mut found = Found::default();
        scan(&self.sources, &units, &request, &mut |unit, mut group| {
            let mut hits = std::mem::take(&mut group.hits);
            found.add(unit, group);
            if !order.is_that_of_the_lake() {
                sorted.append(&mut hits);
                return Ok(ControlFlow::Continue(()));
            }
            hits.truncate(left);
            left -= hits.len();
            if !hits.is_empty() {
                take(&hits)?;
            }
            if left == 0
                && let Some(hits) = &request.hits
            {
                hits.enough.store(true, Ordering::Relaxed);
            }
            Ok(if left == 0 && counted.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if !order.is_that_of_the_lake() {
            order.sort(&mut sorted);
            sorted.truncate(left);
            take(&sorted)?;
        }
        Ok(found)
    }

    fn request(&self, hits: Option<HitRequest>) -> GroupRequest<'_> {
        let SearchPlan { by, time_zone, .. } = self.plan;
        GroupRequest { finder: &self.finder, selection: &self.selection, by: *by, time_zone, hits }
    }
}

impl Found {
    fn add(&mut self, unit: Unit, found: GroupFound) {
        if found.all.mentions > 0 {
            self.units.push(unit);
        }
        self.all.merge(found.all);
        found.parts.into_iter().for_each(|(key, shown, tally)| self.parts.add(key, shown, tally));
        self.withheld += found.withheld;
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.all.totals()
    }

    /// The counts of each part: months in their order, others by their mentions, the most first.
    #[must_use]
    pub fn parts(&self, by: By) -> Vec<Part> {
        let mut parts: Vec<Part> = self
            .parts
            .0
            .iter()
            .map(|(key, (shown, tally))| Part {
                job_id: key.job_id.clone(),
                value: shown.clone(),
                totals: tally.totals(),
            })
            .collect();
        if by != By::Month {
            parts.sort_by_key(|part| std::cmp::Reverse(part.totals.mentions));
        }
        parts
    }
}
