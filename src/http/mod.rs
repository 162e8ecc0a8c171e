//! The parts that all HTTP clients share: settings and limits, bodies, the pace of requests, pauses between tries, and the
//! early end of work.

pub mod body;
pub mod cancel;
pub mod client;
pub mod pace;
pub mod retry;
