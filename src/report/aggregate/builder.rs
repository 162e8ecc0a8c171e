//! The counts, cells and names that the model is filled from.

use super::cells::Entered;
use super::counted::ReportCounts;
use crate::report::frames::Frames;
use crate::report::model::{Count, PRIVACY_FLOOR};
use crate::report::period::Calendar;
use crate::report::privacy::{Cell, Cells};

/// The counts, cells and names that the model is filled from.
pub struct ModelBuilder<'a> {
    pub frames: &'a Frames,
    pub calendar: &'a Calendar,
    pub raw: &'a ReportCounts,
    pub entered: &'a Entered,
    pub cells: &'a Cells,
}

impl ModelBuilder<'_> {
    /// The count of a cell as it is shown. A count without a cell is 0.
    pub fn count_or_zero(&self, cell: Option<&Cell>) -> Count {
        cell.map_or(Count(Some(0)), |cell| self.cells.count(*cell))
    }

    pub fn settled(&self, completed: Cell, expired: Cell) -> Count {
        let shown = self.cells.shown(completed).zip(self.cells.shown(expired));
        Count(shown.map(|(completed, expired)| completed + expired))
    }

    pub fn common_question_types(&self, mut question_types: Vec<(u32, i64)>) -> Vec<(u32, i64)> {
        question_types.retain(|(_, asked)| *asked >= PRIVACY_FLOOR);
        question_types.sort_by_key(|(question_type, _)| self.question_type(*question_type));
        question_types
    }

    pub fn question_type(&self, question_type: u32) -> String {
        self.frames.responses.question_types.texts[question_type as usize].clone()
    }
}
