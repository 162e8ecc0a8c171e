//! The vendor's bodies: which fields of them are read, and how a breach of the contract is handled.
//!
//! A body is read into the model as it is parsed. What nobody reads is passed over and never built. So what reading takes
//! follows from the size of the body and from [`MOST_ENTRIES`], whatever is in it.

mod contract;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use contract::{
    LARGEST_BODY, MOST_ENTRIES, Violation, read_interview, read_interview_of, read_questions_of, time_of,
};
