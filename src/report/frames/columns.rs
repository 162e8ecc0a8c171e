//! Columns that several frames have.

use polars::prelude::{Column, DataFrame};

use crate::report::period::PeriodMembership;

/// A frame of these columns, which have equal lengths.
pub fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).expect("columns grow together")
}

/// The columns `job`, `current`, `previous` and `week`. A week is null outside of all weeks.
pub fn period_columns(job: &[u32], memberships: &[PeriodMembership]) -> Vec<Column> {
    let flags = |get: fn(&PeriodMembership) -> bool| memberships.iter().map(get).collect::<Vec<bool>>();
    vec![
        Column::new("job".into(), job),
        Column::new("current".into(), flags(|membership| membership.current)),
        Column::new("previous".into(), flags(|membership| membership.previous)),
        Column::new("week".into(), memberships.iter().map(|membership| membership.week).collect::<Vec<Option<u32>>>()),
    ]
}
