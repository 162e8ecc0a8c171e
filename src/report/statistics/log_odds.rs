//! Log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn, "Fightin' Words" (2008). The
//! variance has all four terms, not the paper's approximation.

/// α₀, the weight of the prior: it counts as much as this number of observations, for every job.
pub const PRIOR: f64 = 100.0;

/// The log-odds ratio of each term in the first counts against the second, and its z-score: the ratio divided by its
/// standard deviation. The prior is the pooled counts, scaled so that they sum to `prior`.
#[must_use]
pub fn log_odds(first: &[f64], second: &[f64], prior: f64) -> Vec<(f64, f64)> {
    let (n1, n2) = (first.iter().sum::<f64>(), second.iter().sum::<f64>());
    let pooled = n1 + n2;
    let ratio = |(a, b): (&f64, &f64)| {
        let alpha = prior * (a + b) / pooled;
        let (in_first, in_second) = (a + alpha, b + alpha);
        let (not_in_first, not_in_second) = (n1 + prior - in_first, n2 + prior - in_second);
        let delta = (in_first / not_in_first).ln() - (in_second / not_in_second).ln();
        let variance = 1.0 / in_first + 1.0 / not_in_first + 1.0 / in_second + 1.0 / not_in_second;
        (delta, delta / variance.sqrt())
    };
    first.iter().zip(second).map(ratio).collect()
}
