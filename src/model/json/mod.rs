//! Reads JSON of others within bounds.
//!
//! As a tree, JSON can take a hundred times its size in memory. So it is read into what is kept of it (`keep.rs`), and
//! where a tree is needed the number of its values is bounded (`tree.rs`).

mod halves;
mod keep;
mod parse;
mod tree;

pub use halves::mend;
pub use keep::{Fields, Keep, Leaves, Name, Read, pass_over};
pub use parse::{Parsed, Refused, parse, without_mark};
pub use tree::{NoTree, read_tree};
