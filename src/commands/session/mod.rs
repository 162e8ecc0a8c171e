//! What commands work with: the network runtime, the signals that end a command, an open lake, and the API.

mod api;
mod deadline;
mod interrupt;
mod network;
mod open;

pub use api::{InterviewApi, client, ids, pace, unknown};
pub use interrupt::Stops;
pub use network::{Network, runtime};
pub use open::Session;
