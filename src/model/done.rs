//! The outcome of a piece of work: what it did, and the errors it met.

use super::error::{Error, Result};

/// The summary of a piece of work and the errors it met. The summary is also true when an error ended the work early:
/// everything done before the error stands.
#[derive(Debug)]
pub struct Done<T> {
    pub summary: T,
    pub errors: Vec<Error>,
}

impl<T> Done<T> {
    /// Creates the outcome of work that ended with a result.
    #[must_use]
    pub fn new(summary: T, result: Result<()>) -> Self {
        Self { summary, errors: result.err().into_iter().collect() }
    }

    /// Returns the summary, and adds the errors to those of a larger piece of work.
    pub fn into_summary(self, errors: &mut Vec<Error>) -> T {
        errors.extend(self.errors);
        self.summary
    }
}

impl<T: Default> Done<T> {
    /// Creates the outcome of work that could not begin.
    #[must_use]
    pub fn failed(error: Error) -> Self {
        Self { summary: T::default(), errors: vec![error] }
    }
}
