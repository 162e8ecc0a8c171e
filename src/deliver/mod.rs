//! Deliver: data that leaves the lake for other programs and people.

pub mod ats;
pub mod audio;
pub mod export;
mod fresh;
pub mod notes;
