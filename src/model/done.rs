//! What a piece of work did, and what went wrong with it.

use super::error::{Error, Result};

/// What was done, and the errors that were met. The summary is true also when an error ended the work early: what was done
/// by then stands.
#[derive(Debug)]
pub struct Done<T> {
    pub summary: T,
    pub errors: Vec<Error>,
}

impl<T> Done<T> {
    /// Work that ended with a result.
    #[must_use]
    pub fn new(summary: T, result: Result<()>) -> Self {
        Self { summary, errors: result.err().into_iter().collect() }
    }

    /// The summary; the errors go to those of a larger work.
    pub fn into_summary(self, errors: &mut Vec<Error>) -> T {
        errors.extend(self.errors);
        self.summary
    }
}

impl<T: Default> Done<T> {
    /// Work that could not begin.
    #[must_use]
    pub fn failed(error: Error) -> Self {
        Self { summary: T::default(), errors: vec![error] }
    }
}
