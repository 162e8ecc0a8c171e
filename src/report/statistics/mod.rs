//! Tests and ratios: pure functions, held to SciPy, statsmodels and scattertext by golden figures.

pub mod log_odds;
mod tests_of_difference;

pub use tests_of_difference::{adjusted, fisher, mann_whitney};

#[cfg(test)]
mod golden;
