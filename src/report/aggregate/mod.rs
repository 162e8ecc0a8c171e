//! The figures of a report, computed once: rows are laid out by job and segment, atoms are made of them, and what is
//! shown is added up of atoms and put into the model.

mod aggregates;
pub mod asked;
mod bins;
mod cards;
mod completion;
mod counted;
mod distinctive;
mod groups;
mod health;
mod keywords;
mod people;
mod questions;
mod share;
mod terms;
mod values;
mod wordings;

pub use self::aggregates::{Aggregates, aggregate, wanted};
pub use self::completion::Completions;
pub use self::counted::{Counted, DURATION, INTERVIEW_PACE, LENGTH};
pub use self::health::QuestionHealth;
pub use self::people::last;
pub use self::values::{Value, median};
pub use self::wordings::Wording;
