//! roundup: the nightly roundup of ROUND0 interviews.
//!
//! In reading order, which is the order in which modules may know one another: bodies are understood by [`model`];
//! [`keywords`] finds terms in a text; [`pipeline`] says what is wanted; what is known of every interview is in the
//! [`ledger`], and rows are in the [`lake`]; [`http`] is what any client of a server needs, [`objects`] are those of
//! object stores, [`round0`] is the vendor's API, and the [`sandbox`] a stand-in for it; the [`inbox`] keeps what the
//! vendor's webhooks say. The stages [`ingest`], [`mod@analyze`], [`mod@report`], [`mod@search`], [`deliver`],
//! [`mirror`] and [`expect`] never call one
//! another: they meet in the lake. Only [`commands`] knows more than one of them.

pub mod model;

pub mod keywords;
pub mod pipeline;

pub mod http;
pub mod lake;
pub mod ledger;
pub mod objects;
pub mod round0;
pub mod sandbox;

pub mod inbox;

pub mod analyze;
pub mod deliver;
pub mod expect;
pub mod ingest;
pub mod mirror;
pub mod report;
pub mod search;

pub mod commands;
