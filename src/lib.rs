//! roundup: the nightly roundup of ROUND0 interviews.
//!
//! In reading order, which is the order in which modules may know one another: bodies are understood by [`model`];
//! [`pipeline`] says what is wanted; rows live in the [`lake`], and what is known of every interview in the
//! [`ledger`]; [`round0`] is the vendor's API; [`ingest`] fills the lake. Only [`commands`] knows more than one stage.

pub mod model;
pub mod pipeline;
pub mod ledger;
pub mod lake;
pub mod round0;
pub mod ingest;
