//! The fast ways to search find what the definition says, place for place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup_fuzz::matcher::check;

fuzz_target!(|input: &[u8]| check(input));
