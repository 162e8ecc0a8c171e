//! Statistical tests and ratios, as pure functions. Golden figures check them against SciPy, statsmodels and
//! scattertext.

pub mod log_odds;
mod tests_of_difference;

pub use tests_of_difference::{adjusted, fisher, mann_whitney};

#[cfg(test)]
mod golden;
