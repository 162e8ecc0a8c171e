//! What any HTTP client here needs: the client's settings and limits, the pace of requests, pauses between tries,
//! and what ends work early.

pub mod cancel;
pub mod client;
pub mod pace;
pub mod retry;
