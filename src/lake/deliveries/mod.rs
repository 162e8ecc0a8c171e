//! Deliveries to other systems, recorded so that they outlive the ledger: nobody is written to twice because it is gone.
//!
//! The outbox in the ledger says what is to be sent. How a delivery ended is also a row of the lake's table `deliveries`
//! (`table.rs`), written at the end of a pass. Until then, and for the steps of a delivery that is under way, there is
//! `_roundup/deliveries` (`journal.rs`), which is synced before the next request is sent. [`Outbox`] (`outbox.rs`) writes
//! to both, to the journal first. A ledger that is rebuilt reads the table, then the journal.

mod journal;
mod outbox;
pub(super) mod table;

pub use journal::{Trust, rewrite, take_in};
pub use outbox::Outbox;
