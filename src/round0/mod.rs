//! The vendor's API: the client that reads it, its calls and what becomes of them, and its webhooks.

pub mod call;
pub mod client;
pub mod fetch;
pub mod webhook;
