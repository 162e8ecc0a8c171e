//! What commands work with: the threads that talk to the network, the signals that end a command, an open lake, and the API.

mod api;
mod deadline;
mod interrupt;
mod network;
mod open;

pub use api::{Api, client, ids, pace, unknown};
pub use deadline::next_moment;
pub use interrupt::Stops;
pub use network::{Network, runtime};
pub use open::Session;
