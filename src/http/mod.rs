//! What any HTTP client here needs: the client's settings and limits, the pace of requests, and pauses between tries.

pub mod client;
pub mod pace;
pub mod retry;
