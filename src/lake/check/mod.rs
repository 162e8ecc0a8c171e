//! Checks a lake as deep as it goes: every byte, page and key of its files against its log, its ledger and its own rules.
//! Takes no lock and changes nothing.
//!
//! [`deep`] looks at the log, the ledger and what is private ([`private`]), and has [`tables`] look at the files: each is
//! hashed ([`file`](mod@file)) and then read whole ([`walk`]). Keys are compared as hashes of 16 bytes ([`keys`]), one
//! table after the other. Those of interviews and answers are kept to the end, since other tables are compared with them,
//! which is what takes memory: 160 MB for ten million answers, and 32 MB for their million interviews.

mod deep;
mod file;
mod finding;
mod keys;
mod private;
mod tables;
mod walk;

pub use deep::{Checked, check};
pub use finding::{Finding, FindingKind};
