//! What commands work with: the network runtime, the signals that end a command, an open lake, the API, and the local
//! time zone.

mod api;
mod deadline;
mod interrupt;
mod network;
mod open;
mod zone;

pub use api::{InterviewApi, client, ids, pace, unknown};
pub use interrupt::Stops;
pub use network::{Network, runtime};
pub use open::Session;
pub use zone::local_zone_name;
