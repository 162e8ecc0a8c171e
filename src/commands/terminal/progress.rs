//! Shows progress: a bar on a terminal, and elsewhere a line a minute for work that takes long.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::ingest::Progress;

/// The interval between two lines when there is no terminal.
const EVERY: Duration = Duration::from_mins(1);

/// A bar for work whose size is known soon. Hidden when stderr is not a terminal, or with `--quiet`.
pub fn bar(what: &'static str, quiet: bool) -> ProgressBar {
    styled(
        ProgressBar::new(0),
        what,
        "{prefix:>9} {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}",
        quiet,
    )
}

/// A counter of bodies for work of unknown size.
pub fn counter(what: &'static str, quiet: bool) -> ProgressBar {
    styled(ProgressBar::no_length(), what, "{prefix:>9} {spinner} {human_pos} bodies  {per_sec}", quiet)
}

fn styled(bar: ProgressBar, what: &'static str, template: &str, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).expect("a right template").progress_chars("━╸─");
    bar.set_style(style);
    bar.set_prefix(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Shows a bar during some work, which calls its argument with the number of items that are done, and of all.
pub fn with_bar<T>(what: &'static str, quiet: bool, work: impl FnOnce(&(dyn Fn(u64, u64) + Sync)) -> T) -> T {
    let bar = bar(what, quiet);
    let done = work(&|done, of| set_progress(&bar, done, of));
    bar.finish_and_clear();
    done
}

fn set_progress(bar: &ProgressBar, done: u64, of: u64) {
    bar.set_length(of);
    bar.set_position(done);
}

/// The progress of a fetch: a bar on a terminal, and a line a minute elsewhere.
pub struct FetchProgress {
    bar: ProgressBar,
    is_quiet: bool,
    /// When the last line was printed.
    printed: Cell<Instant>,
}

impl FetchProgress {
    pub fn new(quiet: bool) -> Self {
        Self { bar: bar("fetch", quiet), is_quiet: quiet, printed: Cell::new(Instant::now()) }
    }

    pub fn show(&self, Progress { done, of, remaining }: Progress) {
        set_progress(&self.bar, done, of);
        let left = remaining.map_or_else(String::new, |left| format!("{left} requests left in the window"));
        if !self.bar.is_hidden() {
            self.bar.set_message(left);
        } else if !self.is_quiet && self.printed.get().elapsed() >= EVERY {
            self.printed.set(Instant::now());
            let comma = if left.is_empty() { "" } else { "; " };
            tracing::info!(done, of, remaining, "fetched {done} of {of}{comma}{left}");
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
