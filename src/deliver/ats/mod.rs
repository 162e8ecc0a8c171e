//! The applicant tracking system: completed interviews are sent to it, each as a few requests that a connector
//! describes.
//!
//! A connector (`file.rs` as written, `load.rs` checked, `connector.rs` resolved) lists requests. `request.rs` fills
//! them from what `content.rs` reads of the lake, `delivery.rs` sends them in order through `client.rs`, and
//! `answer.rs` judges the responses: a status is not enough, because systems answer 200 with an error or with somebody
//! else. A search says where in each candidate the e-mail is, and only one who has it there is written to. The output of
//! a template is escaped by the environment's one formatter (`template.rs`), and an address is refused unless the file or
//! a setting names its host.
//!
//! Delivery is at least once, and in effect once for a system that heeds the `Idempotency-Key`. What is to be sent is
//! in the ledger's outbox before it is sent: a row for each connector and interview, with the hash of its answers, so
//! that the same answers are sent once, and changed ones again. One query finds those that are due (`due.rs`), without
//! reading a file. A step that writes is recorded, so that a file that fails does not write the note before it once
//! more; the record outlives the ledger (`lake/deliveries/`). A step that captures is sent again, because captured values
//! are not stored. So is one whose candidate is not known a moment later (404), having been merged with another. A step
//! whose response was lost is sent again under the same key, which follows from connector, interview, answers and step,
//! and from how often the interview was put back, because its body may then be another. An interview whose steps are done
//! except for recordings that are not archived yet is `open`, and costs no request until some are. The lake never learns
//! what a response said or whom it is about.
//!
//! Requests are sent one at a time (`pass.rs`): the systems' limits are lower than what one connection can do, and a
//! crash leaves only one request in doubt.
//!
//! A run of a connector ends after five 429s in a row (`client.rs`), a second refusal in a row (`delivery.rs`), or five
//! failures in a row (`pass.rs`).

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
pub use dry_run::{PlannedRequest, dry_run};
pub use pass::{DeliveryOptions, DeliverySummary, deliver};
