//! The content of a report, final: of enough persons, and added up of atoms. Every page, sheet and file renders it and
//! computes no figure of its own.
//!
//! Figures are in [`Report`]. Candidates' words are in [`Evidence`] and nowhere else, so that only pages contain them.
//! A null figure could not be computed, or its group is counted with others. Titles, departments, questions and terms
//! are unescaped text: each renderer escapes them.

mod evidence;
mod figures;
mod findings;
mod job;
mod provenance;
mod report;

pub use self::evidence::{Evidence, JobEvidence, KeywordQuotes, QuestionAnswers, Quote, WholeAnswer};
pub use self::figures::{
    Bin, Card, Completion, Distribution, Figures, OpenFigures, Quality, SeriesPoint, SpanFigures, StatusCount, Unit,
    WeekFigures,
};
pub use self::findings::{Finding, NeedsALook};
pub use self::job::{
    DepartmentReport, Distinctive, JobReport, Keyword, KeywordCounts, KeywordPart, OtherJobs, PlaceOfQuestion,
    QuestionReport, WordingReport,
};
pub use self::provenance::{KeywordSetName, LeftOut, NewestInterview, Provenance, RunReference};
pub use self::report::{Period, Report, ReportSelection, Week};
