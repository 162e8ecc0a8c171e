//! The pages: one of all jobs, and one of each. They ask for nothing from anywhere, work without their script, and are
//! filled from the model alone: what is made here is layout, words and pictures, never a figure.

mod evidence;
mod format;
mod index;
mod job;
mod pages;
mod pictures;
mod rows;
#[cfg(test)]
mod sample;
mod shown;
#[cfg(test)]
mod tests;

pub use self::pages::pages;
