//! Deliver: data that leaves the lake for other programs and people.

mod archived;
pub mod ats;
pub mod audio;
pub mod export;
mod fresh;
pub mod notes;
