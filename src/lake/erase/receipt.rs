//! The receipt of an erasure: a row of the table `erasures`. It has nobody's name and no id of anybody.

use std::collections::BTreeMap;
use std::iter::once;

use jiff::Timestamp;
use serde::Serialize;

use super::record::Erasing;
use crate::lake::log::CommitKind;
use crate::lake::places::Lake;
use crate::lake::publish::Staging;
use crate::lake::read::{ParquetFile, strings};
use crate::lake::rows;
use crate::lake::schema::{ERASURES, table};
use crate::ledger::{Change, Ledger};
use crate::model::Result;
use crate::model::interview::month_of;

/// What was erased, and where.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    pub erasure_id: String,
    pub erased_at: Timestamp,
    pub kind: &'static str,
    /// For how many days what is kept, for an erasure by age.
    pub kept_days: BTreeMap<&'static str, u32>,
    pub interviews: u64,
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
    pub places: BTreeMap<String, u64>,
    pub recordings: u64,
    pub reports_made_anew: u64,
    pub reports_without_pages: u64,
    pub exports: u64,
    pub sent_to: Vec<String>,
    pub version: &'static str,
}

impl Receipt {
    #[must_use]
    pub fn of(erasing: &Erasing) -> Self {
        let Erasing { id, at, kind, rows, ages, found, reports_made_anew, reports_without_pages, .. } = erasing;
        let is_table = |place: &&String| table(place).is_some();
        Self {
            erasure_id: id.clone(),
            erased_at: *at,
            kind: kind.as_str(),
            kept_days: ages.iter().map(|(age, (days, _))| (age.as_str(), *days)).collect(),
            interviews: rows.all().len() as u64,
            rows: found.places.keys().filter(is_table).map(|place| found.places[place]).sum(),
            files: found.files,
            bytes: found.bytes,
            places: found.places.clone(),
            recordings: found.objects.len() as u64,
            reports_made_anew: reports_made_anew.len() as u64,
            reports_without_pages: reports_without_pages.len() as u64,
            exports: found.exports.len() as u64,
            sent_to: found.sent_to.iter().cloned().collect(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Whether the table has the receipt of an erasure.
///
/// # Errors
/// When the lake cannot be read.
pub fn is_recorded(lake: &Lake, id: &str) -> Result<bool> {
    for path in lake.files(&ERASURES)? {
        let rows = ParquetFile::open(&path)?.all(&["erasure_id"])?;
        if strings(&rows, "erasure_id").iter().flatten().any(|other| other == id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds a receipt to the table.
///
/// # Errors
/// When the lake cannot be written.
pub fn record(lake: &Lake, ledger: &mut Ledger, receipt: &Receipt) -> Result<()> {
    let count = |count: u64| rows::integers(once(i64::try_from(count).ok()));
    let text = |text: Option<&str>| rows::strings(once(text));
    let days = (!receipt.kept_days.is_empty()).then(|| serde_json::to_string(&receipt.kept_days).expect("plain data"));
    let places = serde_json::to_string(&receipt.places).expect("plain data");
    let sent_to = (!receipt.sent_to.is_empty()).then(|| receipt.sent_to.join(", "));
    let batch = rows::batch(
        &ERASURES,
        vec![
            text(Some(&receipt.erasure_id)),
            rows::times(once(Some(receipt.erased_at))),
            text(Some(receipt.kind)),
            text(days.as_deref()),
            count(receipt.interviews),
            count(receipt.rows),
            count(receipt.files),
            count(receipt.bytes),
            text(Some(&places)),
            count(receipt.recordings),
            count(receipt.reports_made_anew),
            count(receipt.reports_without_pages),
            count(receipt.exports),
            text(sent_to.as_deref()),
            text(Some(receipt.version)),
        ],
    );
    let mut staging = Staging::begin(lake, ledger, CommitKind::Erase)?;
    staging.write(&ERASURES, &month_of(Some(receipt.erased_at)), Some(batch))?;
    staging.publish(ledger, Change::default())
}
