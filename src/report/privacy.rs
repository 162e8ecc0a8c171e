//! Suppression: which counts are held back, so that no count of 1 to 4 is shown or can be had by subtraction.
//!
//! Counts are cells; a [`Sum`] says that a published total is made of parts. A cell below the floor is held back. Then,
//! until nothing changes: where one part of a shown total is held back alone, or all that are come to fewer than the
//! floor, the smallest other part is held back as well (or the total, when no part is left); and where all parts of a
//! total that is held back are shown, so is the smallest of them. Zeros say nothing of anybody and are shown.

use super::model::{Count, PRIVACY_FLOOR};

/// A count that was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell(u32);

impl Cell {
    fn at(self) -> usize {
        self.0 as usize
    }
}

/// All counts of a report that could give one another away.
#[derive(Debug, Default)]
pub struct Cells {
    values: Vec<i64>,
    hidden: Vec<bool>,
    sums: Vec<Sum>,
    /// Counts, and those that are shown only where these are.
    followers: Vec<(Cell, Vec<Cell>)>,
}

#[derive(Debug)]
struct Sum {
    total: Cell,
    parts: Vec<Cell>,
}

impl Cells {
    /// Enters a count.
    pub fn add(&mut self, value: i64) -> Cell {
        self.enter(value, (1..PRIVACY_FLOOR).contains(&value))
    }

    /// Enters a count of a group that shows nothing.
    pub fn add_hidden(&mut self, value: i64) -> Cell {
        self.enter(value, value != 0)
    }

    fn enter(&mut self, value: i64, hidden: bool) -> Cell {
        self.values.push(value);
        self.hidden.push(hidden);
        Cell(u32::try_from(self.values.len() - 1).expect("a report has fewer than 2^32 counts"))
    }

    /// Says that a total is the sum of parts.
    pub fn sum(&mut self, total: Cell, parts: impl IntoIterator<Item = Cell>) {
        let parts = self.not_zero(parts);
        self.sums.push(Sum { total, parts });
    }

    /// As [`Self::sum`], of parts that are shown only where the total is.
    pub fn sum_or_nothing(&mut self, total: Cell, parts: impl IntoIterator<Item = Cell> + Clone) {
        self.sum(total, parts.clone());
        self.follow(total, parts);
    }

    /// Says that counts are shown only where another is, without being parts of it.
    pub fn follow(&mut self, leader: Cell, followers: impl IntoIterator<Item = Cell>) {
        let followers = self.not_zero(followers);
        self.followers.push((leader, followers));
    }

    /// Enters the sum of counts, which nobody reads but anybody can work out.
    pub fn add_sum(&mut self, parts: &[Cell]) -> Cell {
        let total = self.add(parts.iter().map(|part| self.values[part.at()]).sum());
        self.sum(total, parts.iter().copied());
        total
    }

    /// Enters the sum of counts that were settled, which is held back where any of them is: what is left of it says
    /// nothing that they do not.
    pub fn add_settled_sum(&mut self, parts: impl IntoIterator<Item = Cell>) -> Cell {
        let (mut sum, mut hidden) = (0, false);
        for part in parts {
            sum += self.values[part.at()];
            hidden |= self.hidden[part.at()];
        }
        self.enter(sum, hidden)
    }

    fn not_zero(&self, parts: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
        parts.into_iter().filter(|part| self.values[part.at()] != 0).collect()
    }

    /// Holds back what must be. Each pass hides a cell or is the last.
    pub fn solve(&mut self) {
        let (sums, followers) = (std::mem::take(&mut self.sums), std::mem::take(&mut self.followers));
        loop {
            let mut changed = sums.iter().filter(|sum| self.settle(sum)).count();
            for (leader, followers) in &followers {
                if !self.hidden[leader.at()] {
                    continue;
                }
                for follower in followers {
                    changed += usize::from(!std::mem::replace(&mut self.hidden[follower.at()], true));
                }
            }
            if changed == 0 {
                break;
            }
        }
        (self.sums, self.followers) = (sums, followers);
    }

    /// Makes one sum safe; says whether it had to hide anything.
    fn settle(&mut self, sum: &Sum) -> bool {
        let mut changed = false;
        loop {
            let is_hidden = |part: &&Cell| self.hidden[part.at()];
            let held_back = sum.parts.iter().filter(is_hidden).count();
            let held_back_sum: i64 = sum.parts.iter().filter(is_hidden).map(|part| self.values[part.at()]).sum();
            let is_safe = if self.hidden[sum.total.at()] {
                sum.parts.is_empty() || held_back > 0
            } else {
                held_back == 0 || (held_back > 1 && held_back_sum >= PRIVACY_FLOOR)
            };
            if is_safe {
                return changed;
            }
            let shown = sum.parts.iter().filter(|part| !self.hidden[part.at()]);
            let smallest = shown.min_by_key(|part| self.values[part.at()]).copied();
            self.hidden[smallest.unwrap_or(sum.total).at()] = true;
            changed = true;
        }
    }

    /// What is shown of a cell.
    #[must_use]
    pub fn count(&self, cell: Cell) -> Count {
        Count((!self.hidden[cell.at()]).then_some(self.values[cell.at()]))
    }

    /// The count itself, if it is shown.
    #[must_use]
    pub fn shown(&self, cell: Cell) -> Option<i64> {
        self.count(cell).0
    }
}

/// A count that stands for itself.
#[must_use]
pub fn alone(value: i64) -> Count {
    Count((!(1..PRIVACY_FLOOR).contains(&value)).then_some(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(parts: &[i64]) -> (Option<i64>, Vec<Option<i64>>) {
        let mut cells = Cells::default();
        let total = cells.add(parts.iter().sum());
        let parts: Vec<Cell> = parts.iter().map(|part| cells.add(*part)).collect();
        cells.sum(total, parts.iter().copied());
        cells.solve();
        (cells.shown(total), parts.into_iter().map(|part| cells.shown(part)).collect())
    }

    #[test]
    fn a_small_count_takes_the_smallest_other_with_it() {
        assert_eq!(shown(&[40, 3, 12]), (Some(55), vec![Some(40), None, None]));
        assert_eq!(shown(&[40, 0, 12]), (Some(52), vec![Some(40), Some(0), Some(12)]));
    }

    #[test]
    fn small_counts_that_come_to_little_are_not_left_alone() {
        // 2 in all could only be 1 and 1.
        assert_eq!(shown(&[1, 1, 30, 50]), (Some(82), vec![None, None, None, Some(50)]));
    }

    #[test]
    fn without_another_part_the_total_goes() {
        assert_eq!(shown(&[3]), (None, vec![None]));
        assert_eq!(shown(&[3, 0]), (None, vec![None, Some(0)]));
    }

    #[test]
    fn parts_of_a_total_that_is_not_shown_go_with_it_where_asked() {
        let mut cells = Cells::default();
        let total = cells.add_hidden(20);
        let parts = [cells.add(9), cells.add(11)];
        cells.sum_or_nothing(total, parts);
        cells.solve();
        assert_eq!(parts.map(|part| cells.shown(part)), [None, None]);
    }

    #[test]
    fn a_sum_of_settled_counts_says_nothing_that_they_do_not() {
        let mut cells = Cells::default();
        let parts = [12, 3, 7].map(|part| cells.add(part));
        cells.solve();
        let [some, all] = [&parts[..1], &parts[..]].map(|parts| cells.add_settled_sum(parts.iter().copied()));
        assert_eq!((cells.shown(some), cells.shown(all)), (Some(12), None));
    }

    #[test]
    fn a_sum_that_can_be_worked_out_binds_its_parts() {
        let mut cells = Cells::default();
        let parts = [cells.add(3), cells.add(8)];
        cells.add_sum(&parts);
        cells.solve();
        assert_eq!(parts.map(|part| cells.shown(part)), [None, None]);
    }

    proptest! {
        /// In a table with both margins shown, every held back cell has another value that fits all that is shown.
        #[test]
        fn no_small_count_follows_from_what_is_shown(table in prop::collection::vec(prop::collection::vec(0i64..9, 3), 3)) {
            let mut cells = Cells::default();
            let entered: Vec<Vec<Cell>> = table.iter().map(|row| row.iter().map(|value| cells.add(*value)).collect()).collect();
            let rows: Vec<Cell> = table.iter().map(|row| cells.add(row.iter().sum())).collect();
            let columns: Vec<Cell> = (0..3).map(|at| cells.add(table.iter().map(|row| row[at]).sum())).collect();
            for at in 0..3 {
                cells.sum(rows[at], entered[at].iter().copied());
                cells.sum(columns[at], entered.iter().map(|row| row[at]));
            }
            cells.solve();
            let lines = (0..3).flat_map(|at| {
                let row: Vec<Cell> = entered[at].clone();
                let column: Vec<Cell> = entered.iter().map(|row| row[at]).collect();
                [(rows[at], row), (columns[at], column)]
            });
            for (total, parts) in lines {
                let held_back: Vec<i64> = parts.iter().filter(|part| cells.shown(**part).is_none()).map(|part| cells.values[part.at()]).collect();
                if let Some(total) = cells.shown(total) {
                    let rest: i64 = parts.iter().filter_map(|part| cells.shown(*part)).sum();
                    prop_assert!(held_back.len() != 1);
                    prop_assert!(held_back.is_empty() || total - rest >= PRIVACY_FLOOR);
                }
                for part in parts {
                    prop_assert!(cells.shown(part).is_none_or(|value| value == 0 || value >= PRIVACY_FLOOR));
                }
            }
        }
    }
}
