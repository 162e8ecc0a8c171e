//! Progress: a bar on a terminal; elsewhere a line a minute of what takes long.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::ingest::Progress;

/// Between two lines where there is no terminal.
const EVERY: Duration = Duration::from_mins(1);

/// A bar for work whose size is known soon; hidden when stderr is no terminal or nothing is to be said.
pub fn bar(what: &'static str, quiet: bool) -> ProgressBar {
    styled(
        ProgressBar::new(0),
        what,
        "{prefix:>9} {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}",
        quiet,
    )
}

/// A counter of lines, for work of unknown size.
pub fn counter(what: &'static str, quiet: bool) -> ProgressBar {
    styled(ProgressBar::no_length(), what, "{prefix:>9} {spinner} {human_pos} lines  {per_sec}", quiet)
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

/// Shows a bar while work goes on, which calls with (done, of) to move it.
pub fn with_bar<T>(what: &'static str, quiet: bool, work: impl FnOnce(&(dyn Fn(u64, u64) + Sync)) -> T) -> T {
    let bar = bar(what, quiet);
    let done = work(&|done, of| moves(&bar, done, of));
    bar.finish_and_clear();
    done
}

fn moves(bar: &ProgressBar, done: u64, of: u64) {
    bar.set_length(of);
    bar.set_position(done);
}

/// How a fetch says how far it is: a bar on a terminal, a line a minute elsewhere.
pub struct Fetching {
    bar: ProgressBar,
    is_quiet: bool,
    said: Cell<Instant>,
}

impl Fetching {
    pub fn new(quiet: bool) -> Self {
        Self { bar: bar("fetch", quiet), is_quiet: quiet, said: Cell::new(Instant::now()) }
    }

    pub fn shows(&self, Progress { done, of, remaining }: Progress) {
        moves(&self.bar, done, of);
        let left = remaining.map_or_else(String::new, |left| format!("{left} requests left in the window"));
        if !self.bar.is_hidden() {
            self.bar.set_message(left);
        } else if !self.is_quiet && self.said.get().elapsed() >= EVERY {
            self.said.set(Instant::now());
            let comma = if left.is_empty() { "" } else { "; " };
            tracing::info!(done, of, remaining, "fetched {done} of {of}{comma}{left}");
        }
    }

    pub fn ends(&self) {
        self.bar.finish_and_clear();
    }
}
