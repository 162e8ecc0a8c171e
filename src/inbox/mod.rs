//! The inbox: events of the vendor's webhooks, from the moment they are acknowledged until an ingest has read them.
//!
//! [`receive`] takes requests and checks them (`serve.rs` limits the connections). Accepted events go to one thread,
//! which writes all that wait as one group, fsyncs it, and only then acknowledges them (`write.rs`). That needs neither the
//! ledger nor the lake's lock, so a receiver answers while a run is going on. What cannot be written is answered with 503,
//! and `/healthz` with it, until there is room again. The files ([`file`](mod@file)) have the same
//! framing as the spool's; [`follow`] is for programs that only read them.
//!
//! An ingest holds the inbox's own lock while it renames the files that are there; a receiver waits for that as long as
//! for one group. Then the ingest records their events in the ledger, each id once for 30 days, and deletes the files.
//! An event stays open there until its interview was requested and the result is published, so that the next run asks
//! again if this one is refused or killed. Asking twice is harmless, which is why at-least-once is enough here. An
//! interview that is also listed counts as first seen in its list: otherwise the cohort of a list would lose its
//! completed interviews. The last four weeks of events of a source are kept however old they are, so that the warning
//! about a dead webhook ([`stalled`]) does not fade.
//!
//! `listen --then` starts runs as processes of this same program, without the webhook's secret in their environment and
//! in a process group of their own, so that a Ctrl-C reaches them only once, through the receiver. A second one is
//! passed on as well, and ends the run at once; a third ends only the receiver. It stores nothing: what is due after a
//! crash is in the inbox and among the ledger's open events.

pub mod file;
pub mod follow;
mod known;
pub mod metrics;
pub mod receive;
mod serve;
pub mod stalled;
mod write;
