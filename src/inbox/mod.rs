//! The inbox: events of the vendor's webhooks, from the moment they are acknowledged until an ingest has read them.
//!
//! [`receive`] takes requests, checks them, and answers once [`file`](mod@file) has their events on disk. It needs neither
//! the ledger nor the lake's lock, so it answers while a run is going on. An ingest then takes the files.

pub mod file;
pub mod follow;
mod known;
pub mod metrics;
pub mod receive;
mod serve;
pub mod stalled;
