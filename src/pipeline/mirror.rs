//! The mirror of a lake, resolved from a pipeline file.

use jiff::SignedDuration;

use super::file::MirrorSection;
use crate::model::{Error, Result, Section};

/// How a lake is mirrored.
#[derive(Debug, Clone)]
pub struct MirrorPlan {
    /// Address of the mirror.
    pub to: String,
    /// Tables that stay at home.
    pub withheld: Vec<String>,
    /// How long files stay there that were replaced or removed, for readers that hold an older version.
    pub keep_old: SignedDuration,
}

pub(super) fn resolve(mirror: MirrorSection, at: &mut Section<'_>) -> MirrorPlan {
    MirrorPlan {
        to: mirror.to,
        withheld: mirror.exclude_tables,
        keep_old: at.or("keep-old", parse_keep_old(&mirror.keep_old), SignedDuration::ZERO),
    }
}

/// Parses how long old files stay: `1h`, `0s`.
///
/// # Errors
/// A usage error for anything else, and for more than a year.
pub fn parse_keep_old(text: &str) -> Result<SignedDuration> {
    let time: Option<SignedDuration> = text.parse().ok();
    let allowed = SignedDuration::ZERO..=SignedDuration::from_hours(366 * 24);
    time.filter(|time| allowed.contains(time)).ok_or_else(|| {
        Error::usage(format!("`{text}` is no time for which old files can stay")).hint("for example 1h, or 0s")
    })
}
