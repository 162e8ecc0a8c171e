//! The table `deliveries`: each version of an interview's answers that was sent to a system, or given up.

use std::path::Path;

use arrow::array::RecordBatch;
use jiff::Timestamp;

use crate::lake::read::{ParquetFile, integer_at, integers, string_at, strings, times, timestamp_at};
use crate::lake::rows;
use crate::lake::schema::DELIVERIES;
use crate::ledger::{DeliveryId, EndedDelivery};
use crate::model::Result;

/// `outcome` of a delivery that reached its system.
const DELIVERED: &str = "delivered";
/// `outcome` of a dead letter.
const GIVEN_UP: &str = "given-up";

/// The rows of a file of the table.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Vec<EndedDelivery>> {
    let rows = ParquetFile::open(path)?.all(&DELIVERIES.column_names())?;
    let text = |column: &str, row| string_at(strings(&rows, column), row).unwrap_or_default().to_owned();
    let count = |column: &str, row| {
        integer_at(integers(&rows, column), row).and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
    };
    let time = |column: &str, row| timestamp_at(times(&rows, column), row).unwrap_or_default();
    let ended = |row| EndedDelivery {
        id: DeliveryId {
            connector: text("connector", row),
            interview: text("interview_id", row),
            version: text("answers_sha256", row),
            generation: count("put_back", row),
            deliveries: count("deliveries", row),
            met_at: time("first_due_at", row),
        },
        is_delivered: text("outcome", row) == DELIVERED,
        reason: string_at(strings(&rows, "reason"), row).map(str::to_owned),
        at: time("sent_at", row),
    };
    Ok((0..rows.num_rows()).map(ended).collect())
}

/// The rows of ends of deliveries.
pub fn batch(ended: &[&EndedDelivery]) -> RecordBatch {
    let outcome = |one: &EndedDelivery| if one.is_delivered { DELIVERED } else { GIVEN_UP };
    let text = |get: fn(&DeliveryId) -> &str| rows::strings(ended.iter().map(|one| Some(get(&one.id))));
    let count = |get: fn(&DeliveryId) -> u32| rows::integers(ended.iter().map(|one| Some(get(&one.id).into())));
    let time = |get: fn(&EndedDelivery) -> Timestamp| rows::times(ended.iter().map(|one| Some(get(one))));
    rows::batch(
        &DELIVERIES,
        vec![
            text(|id| &id.connector),
            text(|id| &id.interview),
            time(|one| one.at),
            rows::strings(ended.iter().map(|one| Some(outcome(one)))),
            rows::strings(ended.iter().map(|one| one.reason.as_deref())),
            text(|id| &id.version),
            count(|id| id.deliveries),
            count(|id| id.generation),
            time(|one| one.id.met_at),
        ],
    )
}
