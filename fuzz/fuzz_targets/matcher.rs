//! Checks that the fast searches find exactly the places that the definition says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup_fuzz::matcher::check;

fuzz_target!(|input: &[u8]| check(input));
