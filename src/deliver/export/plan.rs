//! What is exported, and how it is written.

use super::selection::Selection;
use crate::keywords::KeywordSet;
use crate::pipeline::ExportFormat;

/// What a row is.
pub enum What {
    /// An interview, settled or open: the columns of `interviews`.
    Interviews,
    /// An answer, transcript included: the columns of `responses`.
    Responses,
    /// A settled interview with its figures under the names of the vendor's sample, and for each term of the set the
    /// number of answers in which it occurs.
    Analysis {
        set: KeywordSet,
        /// The set as `roundup analyze --keywords` is told of it.
        reference: String,
    },
}

/// An export.
pub struct Plan {
    pub what: What,
    pub format: ExportFormat,
    pub selection: Selection,
    /// CSV as the rows are stored: no byte-order mark, and no apostrophe before what could be a formula.
    pub raw: bool,
}
