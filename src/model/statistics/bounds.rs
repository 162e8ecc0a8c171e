//! Exact bounds of a share, and the t distribution.

/// Probability that the bounds of a share do not hold the true one, on either side.
pub const OUTSIDE: f64 = 0.01;
/// Halvings until a bound has all the digits of a float.
const HALVINGS: usize = 60;

/// Exact lower bound of a share of which `with` of `n` were seen (Clopper and Pearson, one-sided, 99 %).
#[must_use]
pub fn lower_bound(with: u64, n: u64) -> f64 {
    if with == 0 {
        return 0.0;
    }
    // The share at which so many, or more, are as rare as that.
    let (mut low, mut high) = (0.0, float(with) / float(n));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if at_least(with, n, middle) < OUTSIDE { low = middle } else { high = middle }
    }
    low
}

/// Exact upper bound of a share, as [`lower_bound`].
#[must_use]
pub fn upper_bound(with: u64, n: u64) -> f64 {
    1.0 - lower_bound(n - with, n)
}

/// Probability of `least` or more of `n`, each with the same probability, which is above 0 and below 1.
#[must_use]
pub fn at_least(least: u64, n: u64, probability: f64) -> f64 {
    let log_factorial = |n: u64| libm::lgamma(float(n) + 1.0);
    let (with, without) = (probability.ln(), (-probability).ln_1p());
    let all = log_factorial(n);
    let log_p = |k: u64| all - log_factorial(k) - log_factorial(n - k) + float(k) * with + float(n - k) * without;
    (least..=n).map(|k| log_p(k).exp()).sum::<f64>().min(1.0)
}

/// Two-sided p-value of Student's t, by its finite series (Abramowitz and Stegun, 26.7.3 and 26.7.4).
#[must_use]
pub fn student_t(t: f64, degrees: u32) -> f64 {
    let n = f64::from(degrees);
    let angle = (t.abs() / n.sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = degrees % 2 == 1;
    let (mut term, mut sum, mut power) = if is_odd { (cosine, cosine, 3) } else { (1.0, 1.0, 2) };
    while power + 2 <= degrees {
        let k = f64::from(power);
        term *= cosine * cosine * (k - 1.0) / k;
        sum += term;
        power += 2;
    }
    let within = match (is_odd, degrees) {
        (true, 1) => angle * std::f64::consts::FRAC_2_PI,
        (true, _) => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        (false, _) => sine * sum,
    };
    (1.0 - within).clamp(0.0, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of persons are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}
