//! Measures the keyword kernel alone, on one thread: word starts, search, overlaps and negation. Prints the GB/s of the
//! best of five rounds as JSON; `benches/analysis.py --kernel` runs it beside Hyperscan (`benches/hyperscan.c`).
//!
//!     cargo run --release --bench kernel -- TERMS.txt TEXT     (a transcript a line)

use std::fs;
use std::time::Instant;

use roundup::keywords::{KeywordSet, Matcher, Mode, Scratch, TextBuffers, Texts};

/// Number of texts searched at a time, as in the analysis.
const TEXTS: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [terms, text] = arguments.as_slice() else {
        eprintln!("nothing to search: say which terms, and in which text");
        return;
    };
    let terms = fs::read_to_string(terms).expect("a list of terms");
    let matcher = Matcher::new(&KeywordSet::parse_txt(&terms, "terms", "terms", Mode::Word).expect("a list of terms"));
    let matcher = matcher.expect("so many can be searched for");
    let text = fs::read_to_string(text).expect("a text");
    let texts: Vec<Option<&str>> = text.lines().map(Some).collect();
    let (mut buffers, mut scratch) = (TextBuffers::default(), Scratch::default());
    let (mut best, mut mentions) = (f64::INFINITY, 0);
    for _ in 0..5 {
        let begun = Instant::now();
        mentions = 0;
        for texts in texts.chunks(TEXTS) {
            let texts = Texts::new(texts.to_vec(), matcher.prefilter(), &mut buffers);
            matcher.find_all(&texts, |_| None, &mut scratch, |_, hits| mentions += hits.len());
        }
        best = best.min(begun.elapsed().as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "texts are far below 2^53 bytes")]
    let speed = text.len() as f64 / best / 1e9;
    println!("{{\"gigabytes_per_second\": {speed:.3}, \"hits\": {mentions}}}");
}
