//! The applicant tracking system: completed interviews are sent to it, each as the few requests of a connector.
//!
//! A connector (`file.rs` as written, `load.rs` found right, `connector.rs` the result) names requests. `request.rs` fills
//! them from what `content.rs` read of the lake, `delivery.rs` takes them in order, `client.rs` sends them, and `answer.rs`
//! judges what came: a status is not enough, as systems answer 200 with an error or with the first of all candidates. What a
//! template writes is escaped by the environment's one formatter (`template.rs`), and an address is refused unless the file or
//! a setting names its host.
//!
//! At least once, and to a system that heeds the `Idempotency-Key`, in effect once. What is to be sent is in the ledger's
//! outbox before it is sent: a row for each connector and interview, with the hash of the answers that are sent, so that they
//! are sent once, and others again. Which are due (`due.rs`) is one query, and reads no file. A step that wrote is recorded, so
//! that a file that fails does not write the note before it once more; a step that captured is done again, as what it found is
//! kept nowhere. A step whose answer was lost is sent again under the same key, which follows from connector, interview,
//! answers and step, and from how often the interview was put back, as its body may then be another. An interview whose steps
//! are done but for recordings that are not archived yet is `open`, and costs no request until some are. The ledger is never
//! told what an answer said or whom it is about.
//!
//! One request at a time (`pass.rs`): the systems' limits are lower than what one connection does, and what a kill leaves in
//! doubt is one request.

mod answer;
mod client;
mod connector;
mod content;
mod delivery;
mod dry_run;
mod due;
mod file;
mod load;
mod pass;
mod request;
mod secret;
mod template;

pub use connector::{Connector, Secrets};
pub use dry_run::{Shown, dry_run};
pub use pass::{DeliveryOptions, DeliverySummary, deliver};
