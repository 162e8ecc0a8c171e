//! `status`: what is in a lake and what is still to be done ([`overview`]), or with `--check`, whether all of it is as it
//! should be ([`check`]). `files`: which files a table has at a version ([`mod@files`]). `jobs`: the jobs of a lake
//! ([`mod@jobs`]). None of them takes a lock, so they work during a run.

mod check;
mod command;
mod files;
mod jobs;
mod overview;

pub use command::run;
pub use files::files;
pub use jobs::jobs;
