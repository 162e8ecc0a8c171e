//! `analyze`: figures and keyword hits, without fetching: on this machine, or in units of work for several.

mod command;
mod work;

pub use command::run;
