//! The report as a whole, and its days.

use jiff::civil::Date;
use serde::Serialize;

use super::changes::Changes;
use super::figures::{Card, Figures, OpenFigures, Quality, WeekFigures};
use super::job::{JobReport, Keyword};
use super::provenance::Provenance;

/// A report before it is rendered. Holds no time of its making: the same lake and flags give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub period: Period,
    /// What every figure is compared with; null when the report compares nothing.
    pub previous_period: Option<Period>,
    pub provenance: Provenance,
    /// What the report was narrowed to; empty lists for everything.
    pub selection: ReportSelection,
    /// The ISO weeks of every weekly series, oldest first. The last one ends with the period.
    pub weeks: Vec<Week>,
    /// Over all jobs; null for fewer candidates than the floor.
    pub overall: Option<Figures>,
    pub overall_previous: Option<Figures>,
    /// The five figures on top: completed, completion rate, median duration, median answer length, median pace.
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: OpenFigures,
    pub changes: Changes,
    /// By department, title and id.
    pub jobs: Vec<JobReport>,
    /// Over all jobs: set by set, most interviews first, then by term.
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    pub privacy_floor: i64,
}

/// Whole days `[from, until)` in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Date,
    /// The first day that is no longer in it.
    pub until: Date,
    /// The last day that is in it.
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
    /// `2026-W22`
    pub name: String,
    /// Its Monday.
    pub from: Date,
}

/// Names as they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReportSelection {
    pub jobs: Vec<String>,
    pub departments: Vec<String>,
}
