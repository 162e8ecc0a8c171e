//! Exporters, which turn tables into bytes. Tables are made once; CSV and XLSX write the same cells, and Parquet has them
//! as one long table.

mod csv;
mod figures;
mod json;
mod tables;
#[cfg(test)]
mod tests;
mod xlsx;

pub use self::csv::csv;
pub use self::figures::figures;
pub use self::json::json;
pub use self::xlsx::xlsx;
