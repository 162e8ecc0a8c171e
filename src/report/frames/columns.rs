//! Columns that several frames have.

use polars::prelude::{Column, DataFrame};

use crate::report::period::Place;

/// Columns of one length as a frame.
pub fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).expect("columns grow together")
}

/// `job`, `current`, `previous` and `week`, which is null outside of all weeks.
pub fn placed(job: &[u32], places: &[Place]) -> Vec<Column> {
    let flags = |get: fn(&Place) -> bool| places.iter().map(get).collect::<Vec<bool>>();
    vec![
        Column::new("job".into(), job),
        Column::new("current".into(), flags(|place| place.current)),
        Column::new("previous".into(), flags(|place| place.previous)),
        Column::new("week".into(), places.iter().map(|place| place.week).collect::<Vec<Option<u32>>>()),
    ]
}
