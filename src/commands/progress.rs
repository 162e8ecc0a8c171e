//! Progress: a bar on a terminal, nothing elsewhere (the summary says it all).

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::ingest::Progress;

/// A bar for work whose size is known soon; hidden when stderr is no terminal or nothing is to be said.
pub fn bar(what: &'static str, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = "{prefix:>9} {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}";
    let bar = ProgressBar::new(0).with_prefix(what);
    bar.set_style(ProgressStyle::with_template(style).expect("a right template").progress_chars("━╸─"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Work of unknown size.
pub fn counter(what: &'static str, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length().with_prefix(what);
    let style = "{prefix:>9} {spinner} {human_pos} lines  {per_sec}";
    bar.set_style(ProgressStyle::with_template(style).expect("a right template"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What a stage calls with (done, of) to move a bar.
pub fn moves(bar: &ProgressBar) -> impl Fn(u64, u64) {
    |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    }
}

/// Moves the bar of a fetch, and says what is left of the limit.
pub fn shows(bar: &ProgressBar, Progress { done, of, remaining }: Progress) {
    moves(bar)(done, of);
    if let Some(remaining) = remaining {
        bar.set_message(format!("{remaining} requests left in the window"));
    }
}
