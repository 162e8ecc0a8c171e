//! The pace of requests: how many are in flight, how often they go out, and when all hold back.
//!
//! `governor.rs` decides when a request may go out, in virtual time: no clock, no sleep, so that a property test can run days
//! of it against a simulated server with a fixed or sliding window, any latency, and others on the same key. `pacer.rs` gives
//! it the time of the clock and lets requests wait. Three things must agree before a request goes:
//!
//! 1. **Our own window.** A request counts from its send until a window's length after its answer. Wherever between the two the
//!    server counted it, no window of either kind then holds more than the limit. `window.rs` keeps these times in a file for
//!    each key and address under the user's state folder (`$XDG_STATE_HOME/roundup`), locked and written before each send, so
//!    that a killed run, a second lake and another command share them.
//! 2. **The even pace**: the limit's share of a window between two sends. A pause is made up for, at twice that at most.
//! 3. **The server's word.** The newest `Remaining`, less what was sent since, must leave room. What entries have left our own
//!    window since then is added only once the answers have shown that the server's window slides.
//!
//! What the server counted and we did not send is others' (`other_clients.rs`). They are left what they use, or what their
//! rate says they will. Limits above 6,000 a window are kept by the even pace alone, at 97 %.
//!
//! A 429 is a deadline for all requests (`Retry-After`, else the message, else the reset; from 1 s to 15 min), then one goes
//! alone. It is never a failure of the interview. An API that was there and is gone is waited for ten minutes.

mod budget;
mod governor;
pub mod limiter;
mod micros;
mod other_clients;
mod pacer;
#[cfg(test)]
mod tests;
mod window;

pub use budget::Budget;
pub use pacer::{InFlight, Pace, Pacer};
