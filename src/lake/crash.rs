//! Places at which a test lets the program die.

/// Ends the process at once, as a power cut would, if `ROUNDUP_CRASH_AT` names this place. Only in debug builds.
pub fn point(place: &str) {
    if cfg!(debug_assertions) && std::env::var_os("ROUNDUP_CRASH_AT").is_some_and(|wanted| wanted == place) {
        std::process::abort();
    }
}
