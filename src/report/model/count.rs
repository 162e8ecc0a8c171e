//! Counts, which may be held back.

use std::fmt;

use serde::{Serialize, Serializer};

/// A count of interviews, answers or mentions. `None` is a count that is held back: it is 1 to 4 itself, or it would
/// give such a count away. It is written "<5".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub Option<i64>);

impl Default for Count {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(count) => serializer.serialize_i64(count),
            None => serializer.serialize_str(HIDDEN),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(count) => write!(formatter, "{count}"),
            None => formatter.write_str(HIDDEN),
        }
    }
}

/// The text that stands for a count that is held back, in every format.
pub const HIDDEN: &str = "<5";

/// The privacy floor: a group shows figures only if it has at least this many candidates.
pub const PRIVACY_FLOOR: i64 = 5;
