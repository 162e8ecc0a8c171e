//! The inbox: events of the vendor's webhooks, from the moment they are acknowledged until an ingest has read them.
//!
//! [`receive`] takes requests and checks them (`serve.rs` holds the limits of connections). What passes goes to one thread,
//! which writes all that waits as one group, fsyncs it, and only then has it acknowledged. That needs neither the ledger nor
//! the lake's lock, so a receiver answers while a run is going on. The files ([`file`](mod@file)) are framed as the spool's;
//! [`follow`] is for who only looks.
//!
//! An ingest holds the inbox's own lock while it renames the files that are there, for which a receiver waits as long as for
//! one group. Then it records their events in the ledger, each id once for 30 days, and deletes the files. An event stays open
//! there until its interview was asked for and what came is published, so that a run that is refused or killed asks again.
//! Asking twice is harmless, which is why nothing here needs more than at-least-once. An interview that is also listed counts
//! as first seen in its list: otherwise the cohort of a list would lose those of it that were completed. A source's last four
//! weeks stay known however old they are, so that the warning of a webhook that is dead ([`stalled`]) does not fade.
//!
//! `listen --then` starts runs as processes of this same program, without the webhook's secret in their environment and in a
//! process group of their own, so that a Ctrl-C reaches them once, through the receiver. A second one is passed on as well and
//! ends the run at once; a third ends the receiver alone. It keeps nothing: what is due after a crash is in the inbox and among
//! the ledger's open events.

pub mod file;
pub mod follow;
mod known;
pub mod metrics;
pub mod receive;
mod serve;
pub mod stalled;
