//! How far two shares are apart. Each side comes as the number of those with something and of those without.

use std::cmp::Ordering;

/// Interviews that are added to either side, so that a share of nobody or of everybody has odds.
const PSEUDO: f64 = 2.0;

/// Log odds ratio, with pseudo-interviews at the pooled share: its sign is that of the difference of the shares.
#[must_use]
pub fn log_odds_ratio(first: [u64; 2], second: [u64; 2]) -> f64 {
    let [first, second] = [first, second].map(|side| side.map(float));
    let [with, without] = [first[0] + second[0], first[1] + second[1]];
    let pooled = with / (with + without);
    let odds = |[with, without]: [f64; 2]| (with + PSEUDO * pooled) / (without + PSEUDO * (1.0 - pooled));
    let ratio = (odds(first) / odds(second)).ln();
    // Without anybody on one side of the pooled table there is nothing to compare.
    if ratio.is_finite() { ratio } else { 0.0 }
}

/// Root of G², the likelihood ratio of the table against equal shares; below 0 if the first share is smaller.
#[must_use]
pub fn signed_root_g2(first: [u64; 2], second: [u64; 2]) -> f64 {
    let [first, second] = [first, second].map(|side| side.map(float));
    let (n1, n2) = (first[0] + first[1], second[0] + second[1]);
    let term = |observed: f64, column: usize, n: f64| {
        let expected = (first[column] + second[column]) * n / (n1 + n2);
        if observed > 0.0 { observed * (observed / expected).ln() } else { 0.0 }
    };
    let g2 = 2.0 * (term(first[0], 0, n1) + term(first[1], 1, n1) + term(second[0], 0, n2) + term(second[1], 1, n2));
    let root = g2.max(0.0).sqrt();
    match (first[0] * n2).total_cmp(&(second[0] * n1)) {
        Ordering::Less => -root,
        // Not what rounding leaves.
        Ordering::Equal => 0.0,
        Ordering::Greater => root,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of persons are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}
