//! Shares of counts.

#[expect(clippy::cast_precision_loss, reason = "counts of interviews are far below 2^53")]
pub fn as_float(count: i64) -> f64 {
    count as f64
}

pub fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| as_float(part) / as_float(whole))
}
