//! `status`: what is in a lake and what is still to be done ([`overview`]), or with `--check`, whether all of it is as it
//! should be ([`check`]). Takes no lock, so it works during a run.

mod check;
mod command;
mod overview;

pub use command::run;
