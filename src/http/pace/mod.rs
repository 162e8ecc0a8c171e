//! The pace of requests: how many are in flight, how often they go out, and when all hold back.
//!
//! `governor.rs` decides when a request may go out. It works in virtual time, without a clock or sleep, so that a
//! property test can run days of it against a simulated server with a fixed or sliding window, any latency, and other
//! clients of the same key. `pacer.rs` gives it the time of a clock that nobody sets (`http/steady.rs`), and makes
//! requests wait. Three conditions must hold before a request goes out:
//!
//! 1. **Our own window has room.** A request counts from when it is sent until a window's length after its answer.
//!    Wherever in between the server counted it, no window of either kind then holds more than the limit. `window.rs`
//!    keeps these times in a file for each key and address under the user's state folder (`$XDG_STATE_HOME/roundup`).
//!    The file is locked and written before each request goes out, so that a killed run, a second lake and another
//!    command share it.
//! 2. **The even pace is kept.** Two requests are at least as far apart as our share of the limit spreads them over a
//!    window. A pause is made up for, at no more than twice this pace.
//! 3. **The server's count has room.** The newest `Remaining`, less the requests sent since, must not be used up.
//!    Requests that have left our own window since then are added only once the answers have shown that the server's
//!    window slides.
//!
//! Requests that the server counted and we did not send are those of other clients (`other_clients.rs`). These clients
//! are left as many requests as they use, or as many as they will use at their present rate. A limit above 6,000 a
//! window is kept by the even pace alone, at 97 % of it.
//!
//! A 429 sets a deadline for all requests (`Retry-After`, else the message, else the reset; from 1 s to 15 min). After
//! it, one request goes alone. Any other answer that reports no requests left makes them wait for its reset, for 15 min at
//! most. A 429 is never a failure of the interview. An API that answered before and is gone is waited for ten minutes.

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
