//! Log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn, "Fightin' Words" (2008), with the
//! variance of both odds in full.

/// α₀: how many counts the prior weighs as much as, whatever the job.
pub const PRIOR: f64 = 100.0;

/// Of each term the log-odds ratio of the first counts against the second, and that in standard deviations. The prior
/// is the pooled counts, scaled to `prior` in all.
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
