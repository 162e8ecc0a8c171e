//! The vendor's API: a client, its calls and their outcomes, and its webhooks.

pub mod call;
pub mod client;
pub mod fetch;
pub mod keys;
pub mod webhook;
