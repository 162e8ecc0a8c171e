//! The vendor's API: the client that reads it, the pace it is read at, its webhooks, and a stand-in for it.

pub mod client;
pub mod pace;
pub mod retry;
pub mod sandbox;
pub mod webhook;
