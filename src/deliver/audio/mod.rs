//! Audio: recordings from the vendor's host into an archive, each once, verified, and listed in the table `audio`.
//!
//! An ingest takes the links out of a settled body as it is spooled, and hands them to the ledger once a second. With
//! `[audio]` a second thread, with a connection of its own, opens them as they come (`during_ingest.rs`). After the
//! other stages a pass over the lake (`pass.rs`) does what is left: answers with a recording that the table `audio`
//! lacks (`missing.rs`). Where there is no live link, or it answers 400, 401, 403, 404 or 410, the interview is requested
//! again, once, through the API's client and pace, twenty at a time (`renew.rs`), so that a host which opens no link
//! costs few calls. Downloads go to a pool (`pool.rs`) and come back to the thread that owns the ledger. Those of an
//! ingest have three seconds to finish after it, so that reports do not wait for them.
//!
//! The client for links has no key and no proxy, and follows no redirect. `address.rs` checks the address in a link,
//! and is the client's resolver, so that no connection is made to an address that was not checked. Nothing is written
//! before the first bytes were recognised as audio (`sniff.rs`). A recording is downloaded into `.roundup/` inside the
//! archive (`partial.rs`), with the host's `ETag` and the synced length beside it, by which the next try or run resumes
//! (`download.rs`). A part with another `ETag` or total is of other bytes, whatever `If-Range` asked for: then it is begun
//! anew. It is synced and renamed, never over another file ([`store`]). Then it is recorded in the ledger,
//! then published in the table, then deleted from the ledger. A file of the right length that is in the place already
//! is taken for the recording: that is what a crash between renaming and recording leaves.
//!
//! Something that is not a recording is tried on three nights, what a host or the API does not deliver on ten
//! (`outcomes.rs`). A failure of another kind restarts the count, and so does a longer partial download. Twenty
//! failures in a row end the pass and count no try, unless each is plainly the recording's own (too long, empty, its
//! place taken): the cause is then a host, a login page or a wrong key, and no reason to give the recordings up. An
//! interview is gone for good only from an API that returned another one. Recordings that failed come last the next
//! time. When an interview is replaced, its rows of `audio` follow their answers (`lake/recordings.rs`).

mod address;
mod archiver;
mod batch;
mod cloud;
mod content_range;
mod download;
mod during_ingest;
mod erase;
mod estimate;
mod missing;
mod outcomes;
mod partial;
mod pass;
mod pool;
mod renew;
mod sniff;
pub mod store;
mod summary;
mod table;

pub use archiver::Archiver;
pub use erase::erase;
pub use estimate::{Estimate, estimate};
pub use missing::RecordingSelection;
pub use renew::{ClientsOf, LinkRenewer};
pub use summary::ArchiveSummary;
pub use table::publish_archived;
