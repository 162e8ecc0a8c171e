//! Charts as inline SVG: plain functions from figures to markup. They compute no figure and format no number; what they
//! are given is what they show. None needs colour to be read, and each says in its description what the eye would see.

mod columns;
mod histogram;
mod plot;
mod spark;
mod strip;
mod svg;
mod text;

pub use columns::{StackedColumn, columns};
pub use histogram::{Bar, Quartiles, histogram};
pub use spark::{spark_columns, spark_line};
pub use strip::{share_bar, strip};
pub use svg::Caption;
pub use text::visible;
