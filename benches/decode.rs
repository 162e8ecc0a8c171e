//! The floors of every analysis: reads the transcripts of a lake and nothing else, a row group at a time on the given
//! number of threads. First into memory and decompressed, page by page; then decoded into arrays, in the usual way of
//! arrow-rs. Prints the seconds as JSON; `benches/analysis.py` runs it beside the other measurements.
//!
//!     cargo run --release --bench decode -- LAKE THREADS

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, StringArray};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::column::page::PageReader;
use parquet::file::serialized_reader::SerializedPageReader;
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
    let files = parquet_files(&Path::new(lake).join("responses")).expect("a lake with answers");
    let time = |read: fn(&Path, usize) -> usize| {
        let begun = Instant::now();
        let bytes: usize =
            files.par_iter().flat_map(|file| row_groups(file)).map(|(file, group)| read(&file, group)).sum();
        assert!(bytes > 0, "a lake with transcripts");
        begun.elapsed().as_secs_f64()
    };
    let (pages, arrays) = (time(decompress), time(decode));
    println!("{{\"decompressing\": {pages:.3}, \"decoding\": {arrays:.3}}}");
}

fn row_groups(file: &Path) -> Vec<(PathBuf, usize)> {
    let footer = footer(file);
    (0..footer.metadata().num_row_groups()).map(|group| (file.to_owned(), group)).collect()
}

fn footer(file: &Path) -> ArrowReaderMetadata {
    let file = File::open(file).expect("it can be opened");
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).expect("it is Parquet")
}

/// Decompresses the pages of a row group's transcripts, and returns their bytes.
fn decompress(path: &Path, group: usize) -> usize {
    let footer = footer(path);
    let group = footer.metadata().row_group(group);
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == "transcript");
    let chunk = chunk.expect("answers have transcripts");
    let file = Arc::new(Bytes::from(std::fs::read(path).expect("it can be read")));
    let rows = usize::try_from(group.num_rows()).expect("few rows");
    let mut pages = SerializedPageReader::new(file, chunk, rows, None).expect("it has pages");
    std::iter::from_fn(|| pages.get_next_page().expect("it can be decompressed")).map(|page| page.buffer().len()).sum()
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
