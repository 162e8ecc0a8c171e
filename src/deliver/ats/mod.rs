//! The applicant tracking system: completed interviews are sent to it, each as the few requests of a connector.
//!
//! At least once, and to a system that heeds the `Idempotency-Key`, in effect once: what is to be sent is in the
//! outbox before it is sent, each step that is done is recorded, and a step whose answer was lost is sent again under
//! the same key. One request at a time: the systems' limits are lower than what one connection does, and what a kill
//! leaves in doubt is one request.

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
pub use pass::{Job, Summary, deliver};
