//! The pages: one on all jobs, and one on each job. They load nothing, and work without their script. They are filled
//! from the model alone: this module makes layout, words and pictures, but computes no figure.

mod evidence;
pub mod format;
mod index;
mod job;
mod pages;
mod pictures;
mod rows;
#[cfg(test)]
mod sample;
mod search_index;
mod shown;
#[cfg(test)]
mod tests;

pub use self::pages::pages;
