//! What is at hand while the model is filled: what of the counts is shown, and how numbers are called.

use super::cells::Entered;
use super::counted::Counted;
use crate::report::frames::Frames;
use crate::report::model::{Count, PRIVACY_FLOOR};
use crate::report::period::Calendar;
use crate::report::privacy::{Cell, Cells};

/// Everything at hand while the model is filled.
pub struct Hand<'a> {
    pub frames: &'a Frames,
    pub calendar: &'a Calendar,
    pub raw: &'a Counted,
    pub entered: &'a Entered,
    pub cells: &'a Cells,
}

impl Hand<'_> {
    /// What is shown of a count that is 0 where no cell was entered for it.
    pub fn count_or_zero(&self, cell: Option<&Cell>) -> Count {
        cell.map_or(Count(Some(0)), |cell| self.cells.count(*cell))
    }

    pub fn settled(&self, completed: Cell, expired: Cell) -> Count {
        let shown = self.cells.shown(completed).zip(self.cells.shown(expired));
        Count(shown.map(|(completed, expired)| completed + expired))
    }

    pub fn sorted_kinds(&self, mut kinds: Vec<(u32, i64)>) -> Vec<(u32, i64)> {
        kinds.retain(|(_, asked)| *asked >= PRIVACY_FLOOR);
        kinds.sort_by_key(|(kind, _)| self.kind(*kind));
        kinds
    }

    pub fn kind(&self, kind: u32) -> String {
        self.frames.responses.kinds.texts[kind as usize].clone()
    }
}
