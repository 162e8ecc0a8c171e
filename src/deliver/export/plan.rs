//! The plan of an export.

use super::selection::InterviewSelection;
use crate::keywords::KeywordSet;
use crate::pipeline::ExportFormat;

/// What a row is.
pub enum RowType {
    /// An interview, settled or open: the columns of `interviews`.
    Interviews,
    /// An answer, transcript included: the columns of `responses`.
    Responses,
    /// A settled interview with its figures under the names of the vendor's sample, and for each term of the sets the
    /// number of answers in which it occurs.
    Analysis {
        /// None for those that the lake was analysed with.
        sets: Vec<KeywordSet>,
        /// The sets as they are written after `roundup analyze --keywords`.
        reference: String,
    },
}

/// What is exported, and how it is written.
pub struct Plan {
    pub what: RowType,
    pub format: ExportFormat,
    pub selection: InterviewSelection,
    /// CSV as the rows are stored: no byte-order mark, and no apostrophe before what could be a formula.
    pub raw: bool,
}
