//! Applicant tracking systems, simulated as far as the connectors of `docs/ats/` need them. A search by e-mail address
//! finds the candidates of the sandbox's interviews, and writes with the same key are counted as one.

mod dialects;
mod faults;
mod routes;
mod state;

pub use faults::AtsFault;
pub use routes::router;
pub use state::{AtsWrite, Systems};
