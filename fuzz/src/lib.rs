//! The fuzzed code and nothing else: the keyword modules and the errors they use, from the same files that roundup is
//! built from. Depending on roundup itself would build Arrow and SQLite with a fuzzer's counters, which takes many minutes.

#[path = "../../src/keywords/mod.rs"]
pub mod keywords;
pub mod matcher;
#[path = "../../src/model"]
pub mod model {
    pub mod document;
    pub mod error;
    pub mod invisible;
    pub mod problems;
}
