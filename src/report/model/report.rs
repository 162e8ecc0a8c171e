//! The report as a whole, with its period and weeks.

use jiff::civil::Date;
use serde::Serialize;

use super::figures::{Card, Figures, OpenFigures, Quality, SpanFigures, WeekFigures};
use super::findings::NeedsALook;
use super::job::{DepartmentReport, JobReport, Keyword, OtherJobs};
use super::provenance::Provenance;

/// A report before it is rendered. It does not contain the time at which it was made: the same lake and options give
/// the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub period: Period,
    /// The period that every figure is compared with; null if the report compares nothing.
    pub previous_period: Option<Period>,
    pub provenance: Provenance,
    /// The jobs and departments that the report was narrowed to; empty lists if it covers everything.
    pub selection: ReportSelection,
    /// The ISO weeks of every weekly series, oldest first. The last one ends with the period.
    pub weeks: Vec<Week>,
    /// Figures over all jobs that the report is of.
    pub overall: Figures,
    /// Null if the report compares nothing.
    pub overall_previous: Option<Figures>,
    /// The five figures at the top: completed, completion rate, median duration, median answer length, median pace.
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub spans: Vec<SpanFigures>,
    pub open: OpenFigures,
    pub needs_a_look: NeedsALook,
    /// Jobs by department, title and id.
    pub jobs: Vec<JobReport>,
    /// Departments by name, if the report is of several.
    pub departments: Vec<DepartmentReport>,
    /// The jobs of too few persons, counted together; null if there are none.
    pub other_jobs: Option<OtherJobs>,
    /// Keywords over all jobs: by set, then by number of interviews, largest first, then by term.
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    pub smallest_group: usize,
}

/// Whole days `[from, until)` in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Date,
    /// The first day after the period.
    pub until: Date,
    /// The last day of the period.
    pub last: Date,
    pub days: u32,
    pub time_zone: String,
}

impl Default for Period {
    fn default() -> Self {
        let day = jiff::civil::date(2026, 1, 1);
        Self { from: day, until: day, last: day, days: 0, time_zone: "UTC".to_owned() }
    }
}

/// An ISO week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Name of the week: `2026-W22`.
    pub name: String,
    /// Monday of the week.
    pub from: Date,
}

/// The jobs and departments, as the user named them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReportSelection {
    pub jobs: Vec<String>,
    pub departments: Vec<String>,
}
