//! Charts as inline SVG: pure functions from figures to markup. They show the values that they are given, and compute
//! no figure. No chart needs colour to be read, and each has a description of what it shows.

mod columns;
mod histogram;
mod plot;
mod spark;
mod strip;
mod svg;
mod text;

pub use columns::{StackedColumn, columns};
pub use histogram::{Bar, Quartiles, histogram};
pub use spark::{Scale, spark_columns, spark_line};
pub use strip::{share_bar, strip};
pub use svg::Caption;
pub use text::visible;
