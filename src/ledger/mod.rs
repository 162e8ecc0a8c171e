//! The ledger: what this lake has heard of and what is being published, in SQLite. All SQL of the program is here.

mod batches;
mod connection;
mod events;
mod interviews;
mod links;
mod outbox;

pub use batches::{BatchFile, UnfinishedBatch};
pub use connection::Ledger;
pub use events::{JUDGED_BY, TakenEvent};
pub use interviews::{Counts, Due, DueCounts, FirstSeen, KnownQuestion, QuestionsWanted, Seen, Sighting, State};
pub use links::{ArchiveFailure, Archived, KeptLink, Recording, RecordingState, UnarchivedRecording};
pub use outbox::{DeadLetter, Entry, OutboxCounts, OutboxState, Outgoing, Wanted};
