//! Counters of a receiver, in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::prometheus::metric;
use crate::round0::webhook;

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The event is in the inbox now.
    Stored,
    /// The event was in the inbox before.
    Known,
    Malformed,
    Stale,
    Forged,
    TooLarge,
    WrongType,
    NoEvent,
    /// The body broke off, or was not complete in time.
    BrokenOff,
    /// It could not be written, or not in time.
    Unavailable,
    WrongPath,
    WrongMethod,
}

/// Names of the outcomes, in their order.
const OUTCOMES: [&str; 12] = [
    "stored",
    "known",
    "malformed_signature",
    "stale",
    "forged",
    "too_large",
    "wrong_type",
    "no_event",
    "broken_off",
    "unavailable",
    "wrong_path",
    "wrong_method",
];
/// Types of events with a counter of their own. All others are counted together, so that nobody can make the list long.
const EVENT_TYPES: [&str; 3] = [webhook::STARTED, webhook::ENDED, "other"];
/// Upper bounds of the histogram of how long acknowledged requests took, in milliseconds.
const BUCKETS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 500, 2000, 10_000];

/// Exit codes of runs with a counter of their own. A run that a signal ended counts as `other`.
const EXIT_CODES: [&str; 8] = ["0", "1", "2", "3", "5", "6", "130", "other"];

/// The counters of a receiver.
#[derive(Default)]
pub struct Metrics {
    outcomes: [AtomicU64; OUTCOMES.len()],
    event_types: [AtomicU64; EVENT_TYPES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
    taken: AtomicU64,
    groups: AtomicU64,
    last_stored: AtomicU64,
    runs: [AtomicU64; EXIT_CODES.len()],
}

impl Metrics {
    /// Counts a request. Returns how many had this outcome so far.
    pub fn ended(&self, outcome: RequestOutcome) -> u64 {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts an acknowledged request, and how long it took.
    pub fn acknowledged(&self, took: Duration) {
        add(&self.taken, 1);
        add(&self.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if let Some(place) = BUCKETS.iter().position(|&end| took <= Duration::from_millis(end)) {
            add(&self.buckets[place], 1);
        }
    }

    /// Counts an event that was stored.
    pub fn stored(&self, event_type: &str) {
        let place = EVENT_TYPES.iter().position(|known| *known == event_type).unwrap_or(EVENT_TYPES.len() - 1);
        add(&self.event_types[place], 1);
        self.last_stored.store(Timestamp::now().as_second().unsigned_abs(), Ordering::Relaxed);
    }

    /// Counts a group of events that was synced.
    pub fn synced(&self) {
        add(&self.groups, 1);
    }

    /// Counts a run that was started by events and has ended. `None` for one that a signal ended.
    pub fn run_ended(&self, exit_code: Option<i32>) {
        let code = exit_code.map(|code| code.to_string());
        let place = code.and_then(|code| EXIT_CODES.iter().position(|known| *known == code));
        add(&self.runs[place.unwrap_or(EXIT_CODES.len() - 1)], 1);
    }

    /// The counters in the text format of Prometheus, and whether events can be stored now.
    #[must_use]
    pub fn text(&self, can_store: bool) -> String {
        let mut text = String::new();
        let labelled = |label: &str, names: &[&str], counts: &[AtomicU64]| -> Vec<(String, u64)> {
            let row = |(name, count): (&&str, &AtomicU64)| (format!("{{{label}=\"{name}\"}}"), get(count));
            names.iter().zip(counts).map(row).collect()
        };
        let outcomes = labelled("outcome", &OUTCOMES, &self.outcomes);
        text += &metric("webhook_requests_total", "counter", "Requests by what became of them.", &outcomes);
        let event_types = labelled("type", &EVENT_TYPES, &self.event_types);
        text += &metric("webhook_events_total", "counter", "Events put into the inbox, each once.", &event_types);
        let runs = labelled("exit_code", &EXIT_CODES, &self.runs);
        text += &metric("listen_runs_total", "counter", "Runs that were started because events had come.", &runs);
        let last = [(String::new(), get(&self.last_stored))];
        text += &metric(
            "webhook_last_event_timestamp_seconds",
            "gauge",
            "When the last event came; 0 before the first.",
            &last,
        );
        text += &metric(
            "inbox_syncs_total",
            "counter",
            "Groups of events put on the disk.",
            &[(String::new(), get(&self.groups))],
        );
        let writable = [(String::new(), u64::from(can_store))];
        text += &metric("inbox_writable", "gauge", "1 if events can be put on the disk now, 0 if not.", &writable);
        let mut below = 0;
        let mut rows: Vec<(String, u64)> = Vec::new();
        for (end, count) in BUCKETS.iter().zip(&self.buckets) {
            below += get(count);
            rows.push((format!("_bucket{{le=\"{}\"}}", *end as f64 / 1e3), below));
        }
        rows.push(("_bucket{le=\"+Inf\"}".to_owned(), get(&self.taken)));
        rows.push(("_count".to_owned(), get(&self.taken)));
        let help = "From the first byte of an acknowledged request until its answer.";
        text += &metric("webhook_seconds", "histogram", help, &rows);
        text + &format!("roundup_webhook_seconds_sum {}\n", get(&self.micros) as f64 / 1e6)
    }
}

fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Ordering::Relaxed);
}

fn get(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
