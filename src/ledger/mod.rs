//! The ledger, in SQLite: what is known of each interview, what is being published, and what is to be sent. All SQL of
//! the program is here.

mod ahead;
mod before_log;
mod commits;
mod connection;
mod deliveries;
mod erase;
mod events;
mod failed_calls;
mod interviews;
mod link_files;
mod links;
mod outbox;
mod questions;
mod recordings;
mod seal;

pub use ahead::{LONGEST_UNTIL_FETCHED, LONGEST_UNTIL_SENT};
pub use before_log::{BatchFile, UnfinishedBatch};
pub use commits::{Applied, Change, LiveFile};
pub use connection::Ledger;
pub use deliveries::{BegunDelivery, DeliveryId, EndedDelivery, KnownConnector};
pub use events::{JUDGED_BY, TakenEvent};
pub use failed_calls::{CallOf, CallStanding, FailedCall, INTERVIEW, QUESTIONS, RefusedEvent, UnfetchedIds};
pub use interviews::{DueCounts, DueInterview, FirstSeen, InterviewCounts, InterviewState, KnownInterview, Sighting};
pub use links::{KeptLink, LinkPlace, LiveLinks};
pub use outbox::{DeadLetter, OutboxCounts, OutboxEntry, OutboxState, Outgoing, OutgoingFilter};
pub use questions::{KnownQuestion, QuestionsNeed, QuestionsWanted};
pub use recordings::{ArchiveFailure, ArchivedRecording, RecordingId, RecordingState, UnarchivedRecording};
