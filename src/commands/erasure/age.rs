//! What a retention period ends: the same steps as for persons, by age.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::carry_out::carry_out;
use super::plan::find;
use crate::lake::Lake;
use crate::lake::erase::{Erasing, ErasureKind, Receipt, aged};
use crate::lake::tombstones::Age;
use crate::ledger::Ledger;
use crate::model::Result;
use crate::pipeline::RetainPlan;

/// What is older now than a plan keeps it, with what there is of it. It has no rows if there is nothing. Changes nothing.
///
/// # Errors
/// When the lake cannot be read, and as [`find`].
pub fn too_old(lake: &Lake, ledger: &Ledger, plan: &RetainPlan, archives: &[PathBuf]) -> Result<Erasing> {
    let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
    let ages = ages(plan, at);
    let rows = aged(lake, &ages.iter().map(|(age, (_, before))| (*age, *before)).collect())?;
    let mut erasing = Erasing { at, kind: ErasureKind::Retain, rows, ages, ..Erasing::default() };
    if !erasing.rows.is_empty() {
        erasing.found = find(lake, ledger, &erasing, archives)?;
    }
    Ok(erasing)
}

/// Erases what [`too_old`] has found. `None` if there is nothing.
///
/// # Errors
/// As [`carry_out`].
pub fn erase_too_old(lake: &Lake, ledger: &mut Ledger, erasing: Erasing) -> Result<Option<Receipt>> {
    if erasing.rows.is_empty() {
        // What comes later is not kept either if it is too old.
        lake.add_tombstones(erasing.ages.iter().map(|(age, (_, before))| age.tombstone(*before)))?;
        return Ok(None);
    }
    carry_out(lake, ledger, erasing.begin(lake)?).map(Some)
}

/// The days and the cut-off of each age that a plan has.
fn ages(plan: &RetainPlan, now: Timestamp) -> BTreeMap<Age, (u32, Timestamp)> {
    let RetainPlan { audio_days, transcripts_days, candidates_days, interviews_days } = *plan;
    let days = [
        (Age::Audio, audio_days),
        (Age::Transcripts, transcripts_days),
        (Age::Candidates, candidates_days),
        (Age::Interviews, interviews_days),
    ];
    let cut_off =
        |days: u32| now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
    days.into_iter().filter_map(|(age, days)| Some((age, (days?, cut_off(days?))))).collect()
}
