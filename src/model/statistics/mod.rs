//! Statistical tests and ratios, as pure functions. Golden figures check them against SciPy and statsmodels.

pub mod band;
mod bounds;
mod shares;
mod tests_of_difference;

pub use self::bounds::{lower_bound, student_t, upper_bound};
pub use self::shares::{log_odds_ratio, signed_root_g2};
pub use self::tests_of_difference::{FALSE_DISCOVERIES, Fisher, adjusted, mann_whitney};

#[cfg(test)]
mod golden;
