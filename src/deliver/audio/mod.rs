//! Audio: recordings from the vendor's host into an archive, each once, verified, and told of by the table `audio`.
//!
//! An ingest takes the links out of a settled body as it is spooled, and once a second the ledger gets them. With `[audio]` a
//! second thread, with a connection of its own, opens them as they come (`beside.rs`). After the other stages a pass over the
//! lake (`pass.rs`) does what is left: answers with a recording, less the table `audio` (`missing.rs`). Where there is no live
//! link, or it answers 401, 403, 404 or 410, the interview is asked for again, once, through the API's client and pace, twenty
//! at a time (`renew.rs`), so that a host which opens no link costs few calls. Downloads go to a pool (`pool.rs`) and come back
//! to the thread that owns the ledger. Those beside an ingest have three seconds after it, so that reports wait for none.
//!
//! The client for links has no key, no proxy and follows nothing. `address.rs` judges the address in a link, and is the
//! client's resolver, so that no connection is made to an address that was not judged. Nothing is written before the first
//! bytes were seen to be audio (`sniff.rs`). A recording comes into `.roundup/` inside the archive (`part.rs`), with the host's
//! `ETag` and the length that was synced beside it, by which the next try or run goes on (`download.rs`). It is synced and
//! renamed, never over another file ([`store`]). Then the ledger knows it, then the table, then the ledger forgets it. Who
//! finds a file of the right length in the place takes it for the recording, which is what a crash between renaming and the
//! ledger leaves.
//!
//! What is no recording is tried on three nights, what a host or the API does not give on ten (`outcomes.rs`). Trouble of
//! another kind begins the count anew, and so does more that came. Twenty failures in a row end the pass and count no try,
//! unless each is plainly the recording's own (too long, empty, its place taken): that is a host, a login page or a wrong key,
//! and no reason to give all up. An interview is gone for good only from an API that answered with another one. What failed
//! comes last the next time. When an interview is replaced, its rows of `audio` follow their answers (`lake/recordings.rs`).

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
pub use summary::ArchiveSummary;
pub use table::publish_archived;
