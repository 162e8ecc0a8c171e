//! Applicant tracking systems, played as far as the connectors of `docs/ats/` need them: who looks a candidate up by
//! e-mail finds the candidates of the sandbox's interviews, and what is written is counted once for each key.

mod dialects;
mod faults;
mod routes;
mod state;

pub use faults::AtsFault;
pub use routes::router;
pub use state::{AtsWrite, Systems};
