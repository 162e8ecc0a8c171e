//! The time zone of this machine. The only place that asks for it.

use std::sync::OnceLock;

use jiff::tz::TimeZone;

/// The time zone of this machine: that of `TZ`, or else that which the system is set to. UTC if there is none, with a
/// warning, given once, if `TZ` names one that is not known.
pub fn local_zone() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| {
        TimeZone::try_system().unwrap_or_else(|_| {
            if let Some(name) = std::env::var_os("TZ") {
                let name = name.to_string_lossy();
                let name = name.escape_debug();
                tracing::warn!(
                    "the environment variable TZ is {name}, which is no time zone: local times are read as UTC"
                );
            }
            TimeZone::UTC
        })
    })
}

/// The name of the time zone of this machine, for a person.
pub fn local_zone_name() -> &'static str {
    local_zone().iana_name().unwrap_or("local time")
}
