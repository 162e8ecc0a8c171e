//! Deliver: what leaves the lake for other programs and people.

pub mod audio;
pub mod export;
pub mod notes;
