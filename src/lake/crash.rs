//! Points at which tests can crash the program.

/// Ends the process at once, as a power cut would, if `ROUNDUP_CRASH_AT` names this point. Only in debug builds.
pub fn point(name: &str) {
    if cfg!(debug_assertions) && std::env::var_os("ROUNDUP_CRASH_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}
