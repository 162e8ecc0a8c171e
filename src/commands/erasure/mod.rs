//! Erasures: the commands `forget` and `retain`, and what other commands that open a lake go on with. Who is meant
//! (`persons.rs`), what is too old (`age.rs`), what there is of it (`plan.rs`, `exports.rs`), the steps (`carry_out.rs`,
//! `mirrors.rs`), what is said of it (`text.rs`), and the search for what is left (`verify.rs`).
//!
//! A record in the lake says who is being erased until all is done. Every command that opens a lake to write goes on with
//! what is recorded there, from the beginning: each step finds what is left of it, and none does harm twice.

mod age;
mod carry_out;
mod exports;
mod forget;
mod mirrors;
mod persons;
mod plan;
mod retain;
mod text;
mod verify;

pub use age::{erase_too_old, too_old};
pub use carry_out::open_ledger;
pub use forget::forget;
pub use retain::retain;
pub use text::{plan_on_screen, receipt_on_screen};
