//! The pace of requests: one type owns how many are under way, how often they go out, and when all hold back.

mod budget;
mod governor;
pub mod limiter;
mod micros;
mod others;
mod pacer;
#[cfg(test)]
mod tests;
mod window;

pub use budget::Budget;
pub use pacer::{Pace, Pacer, UnderWay};
