//! What is compared with what.

use crate::keywords::KeywordSet;
use crate::search::selection::Filters;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Each job with all others.
    Others,
    /// A period with the one before.
    Previous,
}

/// What is looked for, and in which answers.
#[derive(Debug, Clone)]
pub struct DiscoverPlan {
    /// Where jobs are compared with others, the jobs and departments are those that are shown. Where periods are, the
    /// earliest time is that of the period before.
    pub filters: Filters,
    pub against: Against,
    /// When the period begins that is compared with the one before, in microseconds since 1970.
    pub begins: Option<i64>,
    /// The sets whose terms are known already.
    pub sets: Vec<KeywordSet>,
    /// The most findings of each job, or of the period.
    pub limit: Option<usize>,
    /// Whether a keyword set is made of what is found.
    pub is_drafted: bool,
}
