//! Checks that the words of a text are those that `unicode_segmentation` finds, however they are counted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup_fuzz::keywords::text::words;
use unicode_segmentation::UnicodeSegmentation;

fuzz_target!(|text: &str| {
    let mut found = Vec::new();
    words::for_each(text, |word| found.push(&text[word]));
    let expected: Vec<&str> = text.unicode_words().collect();
    assert_eq!(found, expected, "in {text:?}");
    assert_eq!(words::count(text), expected.len() as u64, "in {text:?}");
});
