//! What a report says, final and suppressed: every page, sheet and file renders this and computes no figure of its own.
//!
//! Figures are in [`Report`]; words of people are in [`Evidence`] and nowhere else, so that only pages hold them.
//! A null figure could not be computed, or its group is below the privacy floor. Titles, departments, questions and
//! terms are text as it came: whoever renders it escapes it.

mod changes;
mod count;
mod evidence;
mod figures;
mod job;
mod provenance;
mod report;

pub use self::changes::{Changes, Finding};
pub use self::count::{Count, HIDDEN, PRIVACY_FLOOR};
pub use self::evidence::{Evidence, JobEvidence, KeywordQuotes, QuestionAnswers, Quote, WholeAnswer};
pub use self::figures::{
    Bin, Card, Completion, Distribution, Figures, OpenFigures, Quality, StatusCount, Unit, WeekFigures,
};
pub use self::job::{Distinctive, JobReport, Keyword, KeywordCounts, KeywordPart, QuestionReport};
pub use self::provenance::{KeywordSetName, LeftOut, Provenance, RunReference};
pub use self::report::{Period, Report, ReportSelection, Week};
