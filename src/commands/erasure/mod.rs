//! Erasures, for `forget`, `retain` and whatever opens a lake: who is meant (`persons.rs`), what there is of them
//! (`plan.rs`), the steps (`carry_out.rs`, `mirrors.rs`), what is said of it (`text.rs`), and the search for what is left (`verify.rs`).
//!
//! A record in the lake says who is being erased until all is done. Every command that opens a lake to write goes on with
//! what is recorded there, from the beginning: each step finds what is left of it, and none does harm twice.

mod age;
mod carry_out;
mod mirrors;
mod persons;
mod plan;
mod text;
mod verify;

pub use age::{retain, too_old};
pub use carry_out::{carry_out, open_ledger};
pub use persons::{Asked, resolve};
pub use plan::find;
pub use text::{plan_on_screen, receipt_on_screen};
pub use verify::{verified_on_screen, verify};
