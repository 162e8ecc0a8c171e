//! Exporters, which turn tables into bytes. Tables are made once: CSV writes them as they are, the workbook with
//! headings for people (`sheets`), and Parquet as one long table.

mod csv;
mod figures;
mod formats;
mod glance;
mod json;
mod sheets;
mod tables;
#[cfg(test)]
mod tests;
mod words;
mod xlsx;

pub use self::csv::csv;
pub use self::figures::figures;
pub use self::json::json;
pub use self::xlsx::xlsx;
