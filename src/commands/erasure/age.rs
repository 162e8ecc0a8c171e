//! What a retention period ends: the same steps as for persons, by age.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::carry_out::carry_out;
use super::plan::find;
use crate::lake::erase::{Erasing, ErasureKind, Receipt, aged};
use crate::lake::tombstones::{Age, Tombstone};
use crate::lake::{Lake, crash};
use crate::ledger::Ledger;
use crate::model::Result;
use crate::pipeline::RetainPlan;

/// What is older than a plan keeps it, with what there is of it. Changes nothing. `None` if there is nothing.
///
/// # Errors
/// When the lake cannot be read, and as [`find`].
pub fn too_old(lake: &Lake, ledger: &Ledger, plan: &RetainPlan, archives: &[PathBuf]) -> Result<Option<Erasing>> {
    let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
    let ages = ages(plan, at);
    let before = ages.iter().map(|(age, (_, before))| (*age, *before)).collect();
    let rows = aged(lake, &before)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut erasing = Erasing { at, kind: ErasureKind::Retain, rows, ages, ..Erasing::default() };
    erasing.found = find(lake, ledger, &erasing, archives)?;
    Ok(Some(erasing))
}

/// Erases what is older than a plan keeps it. `None` if there is nothing.
///
/// # Errors
/// As [`carry_out`].
pub fn retain(lake: &Lake, ledger: &mut Ledger, plan: &RetainPlan, archives: &[PathBuf]) -> Result<Option<Receipt>> {
    // Also what comes later is not kept if it is too old then.
    let ages = ages(plan, Timestamp::now());
    let tombstones = ages.iter().map(|(age, (_, before))| Tombstone { of: age.as_str().to_owned(), until: *before });
    lake.add_tombstones(tombstones)?;
    crash::point("retain-tombstoned");
    let Some(erasing) = too_old(lake, ledger, plan, archives)? else { return Ok(None) };
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
