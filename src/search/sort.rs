//! The order in which mentions are shown.

use std::cmp::Ordering;

use super::context::{Neighbour, Side};
use super::hit::Hit;
use crate::model::{Error, Result};

/// The furthest neighbour that mentions are sorted by.
const FURTHEST: usize = 99;

/// An order of mentions: by the first key, then by the next. Mentions that are equal keep the order of the lake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order(Vec<SortKey>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortKey {
    /// When the interview settled.
    Time,
    Job,
    /// A neighbour, by its place among those of the hits.
    Neighbour(usize, Neighbour),
}

impl Order {
    /// Reads keys such as `time`, `job`, `1L` and `2R`.
    ///
    /// # Errors
    /// A usage error for anything else.
    pub fn parse(keys: &[String]) -> Result<Self> {
        let mut order = Self::default();
        for key in keys {
            let parsed = match key.as_str() {
                "time" => Some(SortKey::Time),
                "job" => Some(SortKey::Job),
                other => neighbour(other).map(|neighbour| SortKey::Neighbour(order.neighbours().len(), neighbour)),
            };
            let wrong = || {
                Error::usage(format!("mentions cannot be sorted by `{key}`"))
                    .hint("time, job, or the words before and after: 1L, 1R, 2R")
            };
            order.0.push(parsed.ok_or_else(wrong)?);
        }
        Ok(order)
    }

    /// Whether mentions are in the order of the lake.
    #[must_use]
    pub fn is_that_of_the_lake(&self) -> bool {
        self.0.is_empty()
    }

    /// The neighbours that mentions are sorted by.
    #[must_use]
    pub fn neighbours(&self) -> Vec<Neighbour> {
        let neighbour = |key: &SortKey| match key {
            SortKey::Neighbour(_, neighbour) => Some(*neighbour),
            _ => None,
        };
        self.0.iter().filter_map(neighbour).collect()
    }

    /// Sorts mentions, which are in the order of the lake.
    pub fn sort(&self, hits: &mut [Hit]) {
        hits.sort_by(|a, b| self.compare(a, b));
    }

    fn compare(&self, a: &Hit, b: &Hit) -> Ordering {
        let by = |key: &SortKey| match key {
            SortKey::Time => a.settled_at.cmp(&b.settled_at),
            SortKey::Job => a.job_id.cmp(&b.job_id),
            SortKey::Neighbour(at, _) => a.shown.neighbours[*at].cmp(&b.shown.neighbours[*at]),
        };
        self.0.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn neighbour(key: &str) -> Option<Neighbour> {
    let (distance, side) = match (key.strip_suffix(['l', 'L']), key.strip_suffix(['r', 'R'])) {
        (Some(distance), _) => (distance, Side::Left),
        (_, Some(distance)) => (distance, Side::Right),
        _ => return None,
    };
    let distance = distance.parse().ok().filter(|distance| (1..=FURTHEST).contains(distance))?;
    Some(Neighbour { side, distance })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::search::context::Shown;

    fn order(keys: &[&str]) -> Result<Order> {
        Order::parse(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn keys_are_time_job_and_neighbours() {
        let keys = order(&["1L", "time", "12r", "job"]).unwrap();
        let (left, right) =
            (Neighbour { side: Side::Left, distance: 1 }, Neighbour { side: Side::Right, distance: 12 });
        assert_eq!(keys.neighbours(), [left, right]);
        for wrong in ["", "L", "0L", "100R", "1", "-1L", "size", "1LR"] {
            assert!(order(&[wrong]).is_err(), "{wrong}");
        }
    }

    proptest! {
        /// Words of every script are sorted by their characters, the last key first, and no order is lost.
        #[test]
        fn later_keys_decide_only_where_earlier_ones_are_equal(
            rows in vec((0_i64..3, select(vec!["", "a", "b", "ß", "東", "ש", "م", "ก", "é", "🙂"]), select(vec!["", "x", "я", "あ"])), 0..40),
        ) {
            let hit = |((time, left, right), position): (&(i64, &str, &str), i64)| Hit {
                position,
                settled_at: Some(*time),
                shown: Shown { neighbours: vec![(*left).to_owned(), (*right).to_owned()], ..Shown::default() },
                ..Hit::default()
            };
            let mut hits: Vec<Hit> = rows.iter().zip(0..).map(hit).collect();
            order(&["1L", "time", "1R"]).unwrap().sort(&mut hits);
            let mut plainly: Vec<_> = rows.iter().zip(0_i64..).map(|((time, left, right), at)| (left.chars().collect::<Vec<_>>(), *time, right.chars().collect::<Vec<_>>(), at)).collect();
            plainly.sort();
            prop_assert_eq!(hits.iter().map(|hit| hit.position).collect::<Vec<_>>(), plainly.iter().map(|row| row.3).collect::<Vec<_>>());
        }
    }
}
