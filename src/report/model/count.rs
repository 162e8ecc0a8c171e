//! Counts, which may be held back.

use std::fmt;

use serde::{Serialize, Serializer};

/// A count of interviews, answers or mentions; `None` is written "<5": it is one of 1 to 4, or one by which such a
/// count could be worked out.
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

/// How a count that is held back is written, in every format.
pub const HIDDEN: &str = "<5";

/// Fewest candidates of a group whose figures are shown.
pub const PRIVACY_FLOOR: i64 = 5;
