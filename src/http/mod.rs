//! The parts that all HTTP clients share: settings and limits, bodies, the pace of requests, pauses between tries, the
//! early end of work, and a clock that nobody sets.

pub mod body;
pub mod cancel;
pub mod client;
pub mod pace;
pub mod retry;
pub mod steady;
