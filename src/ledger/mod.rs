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
pub use interviews::{
    DueCounts, DueInterview, FirstSeen, InterviewCounts, InterviewState, KnownInterview, KnownQuestion,
    QuestionsWanted, Sighting,
};
pub use links::{ArchiveFailure, ArchivedRecording, KeptLink, RecordingId, RecordingState, UnarchivedRecording};
pub use outbox::{DeadLetter, OutboxCounts, OutboxEntry, OutboxState, Outgoing, OutgoingFilter};
