//! Deliver: what leaves the lake for other programs.

pub mod export;
