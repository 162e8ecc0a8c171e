//! The floor of every analysis: reads the transcripts of a lake and nothing else, in the usual way of arrow-rs, a row
//! group at a time on the given number of threads. Prints the seconds as JSON; `benches/analysis.py` runs it beside the
//! other measurements.
//!
//!     cargo run --release --bench decode -- LAKE THREADS

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::{Array, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;
use roundup::lake::read::parquet_files;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [lake, threads] = arguments.as_slice() else {
        eprintln!("nothing to decode: say which lake, and on how many threads");
        return;
    };
    let threads = threads.parse().expect("a number of threads");
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("threads");
    let begun = Instant::now();
    let files = parquet_files(&Path::new(lake).join("responses")).expect("a lake with answers");
    let bytes: usize =
        files.par_iter().flat_map(|file| row_groups(file)).map(|(file, group)| decode(&file, group)).sum();
    println!("{{\"seconds\": {:.3}, \"bytes\": {bytes}}}", begun.elapsed().as_secs_f64());
}

fn row_groups(file: &Path) -> Vec<(PathBuf, usize)> {
    let footer = footer(file);
    (0..footer.metadata().num_row_groups()).map(|group| (file.to_owned(), group)).collect()
}

fn footer(file: &Path) -> ArrowReaderMetadata {
    let file = File::open(file).expect("it can be opened");
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).expect("it is Parquet")
}

/// Decodes a row group, and returns the bytes of its transcripts.
fn decode(path: &Path, group: usize) -> usize {
    let footer = footer(path);
    let mask = ProjectionMask::columns(footer.parquet_schema(), ["transcript"]);
    let file = File::open(path).expect("it can be opened");
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer)
        .with_projection(mask)
        .with_row_groups(vec![group])
        .build()
        .expect("it can be read");
    let bytes = reader.map(|batch| {
        let batch = batch.expect("it can be decoded");
        let texts = batch.column(0).as_any().downcast_ref::<StringArray>().expect("transcripts are strings");
        (0..texts.len()).map(|row| texts.value(row).len()).sum::<usize>()
    });
    bytes.sum()
}
