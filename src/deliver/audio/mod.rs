//! Audio: recordings from the vendor's host into an archive, each once, verified, and told of by the table `audio`.
//!
//! What a link leads to is not trusted: see [`address`] for where one may lead, and [`sniff`] for what may be behind it.

mod address;
mod archiver;
mod batch;
mod beside;
#[cfg(feature = "cloud")]
mod cloud;
mod download;
mod missing;
mod outcomes;
mod outlook;
mod part;
mod pass;
mod pool;
mod renew;
mod sniff;
pub mod store;
mod summary;
mod table;

pub use archiver::Archiver;
pub use missing::Selection;
pub use outlook::{Outlook, outlook};
pub use renew::{Asker, ClientOf};
pub use summary::Summary;
pub use table::publish_archived;
