//! `status`: what is in a lake and what is still to be done ([`overview`]), or with `--check`, whether all of it is as it
//! should be ([`check`]). `files`: which files a table has at a version ([`mod@files`]). Neither takes a lock, so they work
//! during a run.

mod check;
mod command;
mod files;
mod overview;

pub use command::run;
pub use files::files;
