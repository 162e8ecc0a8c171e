//! Erases rows of persons from the tables, and what tells of them in the lake's own folder.
//!
//! Who is being erased, and what was found of them, stands in `_roundup/erasing/<id>` (`record.rs`), written before
//! anything else and deleted after everything; every opening goes on with what is there. `find.rs` finds the files that
//! have them (`aged.rs` what is too old), and `rewrite.rs` writes these anew, with the figures that were derived from
//! them: rows are left out, and no figure is computed again. All of it is one commit. `receipt.rs` is what is kept: a row of
//! the table `erasures`. `theirs.rs` says which bodies that wait are theirs, `leftovers.rs` clears what lies elsewhere in
//! `_roundup/`, and at the end `forget.rs` makes the log and the Delta tables forget the files as they were before.

mod aged;
mod find;
mod forget;
mod leftovers;
mod receipt;
mod record;
mod rewrite;
mod theirs;

pub use aged::aged;
pub use find::{Touched, touched};
pub use forget::forget_files;
pub use leftovers::{clear_leftovers, leftovers};
pub use receipt::{Receipt, is_recorded, record};
pub use record::{Erasing, ErasureKind, Found, Rows};
pub use rewrite::erase_rows;
pub use theirs::Theirs;
