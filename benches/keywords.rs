//! Measures the kernels of the analysis over the sample's transcripts, in bytes a second: keywords, words and richness.
//! Their results are checked, so a faster kernel that finds something else fails here.
//!
//!     cargo bench --bench keywords

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use roundup::analyze::richness::Vocabulary;
use roundup::keywords::text::unspaced::is_unspaced;
use roundup::keywords::text::words;
use roundup::keywords::{KeywordSet, Matcher, SHIPPED, Scratch};

const INTERVIEWS: &str = include_str!("../data/interviews.jsonl");
/// Number of words in all answers, as in `data/golden/python.jsonl`.
const WORDS: u64 = 27_290;
/// Sum of the numbers of different words in each answer, as in `data/golden/python.jsonl`.
const UNIQUE_WORDS: u64 = 19_752;
/// Each set, and the number of its hits in the whole sample.
const EXPECTED: [(&str, usize); 3] = [("vendor-sample", 27), ("engineering", 244), ("behavioural", 24)];

fn transcripts() -> Vec<String> {
    let bodies = INTERVIEWS.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("the sample"));
    let mut transcripts = Vec::new();
    for body in bodies {
        let answers = body["responses"].as_array().cloned().unwrap_or_default();
        transcripts.extend(answers.iter().filter_map(|answer| answer["transcript"].as_str().map(str::to_owned)));
    }
    transcripts
}

fn count(matcher: &Matcher, transcripts: &[String], scratch: &mut Scratch) -> usize {
    let mut hits = Vec::new();
    let mut total = 0;
    for text in transcripts {
        hits.clear();
        matcher.find(text, None, scratch, &mut hits);
        total += hits.len();
    }
    total
}

fn keywords(criterion: &mut Criterion) {
    let transcripts = transcripts();
    let bytes = transcripts.iter().map(|text| text.len() as u64).sum();
    let mut group = criterion.benchmark_group("keywords");
    group.throughput(Throughput::Bytes(bytes));
    for (name, expected) in EXPECTED {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).expect("it ships");
        let set = KeywordSet::parse_toml(text, name).expect("it is right");
        let matcher = Matcher::new(&set).expect("it is small");
        let mut scratch = Scratch::default();
        assert_eq!(count(&matcher, &transcripts, &mut scratch), expected, "hits of {name}");
        group.bench_function(name, |bencher| bencher.iter(|| count(&matcher, &transcripts, &mut scratch)));
    }
    group.finish();
}

fn words(criterion: &mut Criterion) {
    let mut transcripts = transcripts();
    transcripts.retain(|text| !is_unspaced(text.into()));
    let bytes = transcripts.iter().map(|text| text.len() as u64).sum();
    let mut group = criterion.benchmark_group("words");
    group.throughput(Throughput::Bytes(bytes));
    let count = || transcripts.iter().map(words::count).sum::<u64>();
    assert_eq!(count(), WORDS, "words");
    group.bench_function("count", |bencher| bencher.iter(count));
    let mut vocabulary = Vocabulary::default();
    let mut unique = || transcripts.iter().map(|text| vocabulary.richness(text).unique).sum::<u64>();
    assert_eq!(unique(), UNIQUE_WORDS, "unique words");
    group.bench_function("richness", |bencher| bencher.iter(&mut unique));
    group.finish();
}

criterion_group!(benches, keywords, words);
criterion_main!(benches);
