//! Tests of whether two samples differ beyond chance.

/// Accepted share of false findings among all findings.
pub const FALSE_DISCOVERIES: f64 = 0.05;

/// Result of a Mann-Whitney test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Two-sided p-value, by the normal approximation with corrections for ties and continuity.
    pub p: f64,
    /// Rank-biserial correlation: the share of pairs in which the value of the first sample is greater, less the share
    /// in which it is smaller.
    pub effect: f64,
}

/// Compares two samples by their ranks. Each has at least one value. Returns `None` if all values are equal.
#[must_use]
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<MannWhitney> {
    let (n1, n2) = (float(first.len()), float(second.len()));
    let mut all: Vec<(f64, bool)> =
        first.iter().map(|value| (*value, true)).chain(second.iter().map(|value| (*value, false))).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let count = float(equal.len());
        let rank = before + (count + 1.0) / 2.0;
        ranks += rank * float(equal.iter().filter(|(_, is_first)| *is_first).count());
        ties += count * (count * count - 1.0);
        before += count;
    }
    let u1 = ranks - n1 * (n1 + 1.0) / 2.0;
    let (n, pairs) = (n1 + n2, n1 * n2);
    let variance = pairs / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    if variance <= 0.0 || !variance.is_finite() {
        return None;
    }
    let z = (u1.max(pairs - u1) - pairs / 2.0 - 0.5) / variance.sqrt();
    let p = libm::erfc(z / std::f64::consts::SQRT_2).min(1.0);
    Some(MannWhitney { p, effect: 2.0 * u1 / pairs - 1.0 })
}

/// Fisher's exact test, two-sided.
pub struct Fisher {
    /// Logarithms of the factorials.
    log_factorials: Vec<f64>,
}

impl Fisher {
    /// For tables of so many in all, at most.
    #[must_use]
    pub fn up_to(most: u64) -> Self {
        let most = usize::try_from(most).expect("a count in memory");
        Self { log_factorials: (0..=most).map(|n| libm::lgamma(float(n) + 1.0)).collect() }
    }

    /// p-value: the total probability of the tables with the same margins that are no likelier than this one. `first`
    /// and `second` are (with, without).
    #[must_use]
    pub fn p(&self, first: [u64; 2], second: [u64; 2]) -> f64 {
        let with = first[0] + second[0];
        let (n1, n2) = (first[0] + first[1], second[0] + second[1]);
        let log_choose = |n: u64, k: u64| self.log_factorial(n) - self.log_factorial(k) - self.log_factorial(n - k);
        let all = log_choose(n1 + n2, with);
        let log_p = |k: u64| log_choose(n1, k) + log_choose(n2, with - k) - all;
        // Rounding must not exclude a table that is equally likely.
        let most = log_p(first[0]) + 1e-7;
        let possible = with.saturating_sub(n2)..=with.min(n1);
        possible.map(log_p).filter(|p| *p <= most).map(f64::exp).sum::<f64>().min(1.0)
    }

    fn log_factorial(&self, n: u64) -> f64 {
        self.log_factorials[usize::try_from(n).expect("a count in memory")]
    }
}

/// Adjusts the p-values of so many tests for multiple comparisons by Benjamini and Hochberg. The order stays. Where not
/// all are given, those that are not must be greater than these, and so must be what is accepted of the results.
#[must_use]
pub fn adjusted(p: &[f64], tests: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, at) in order.into_iter().enumerate().rev() {
        least = least.min(p[at] * float(tests) / float(rank + 1));
        adjusted[at] = least;
    }
    adjusted
}

#[expect(clippy::cast_precision_loss, reason = "samples are far smaller than 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}
