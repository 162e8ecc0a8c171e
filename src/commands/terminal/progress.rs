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

/// The progress of a fetch: a bar on a terminal, and a line a minute elsewhere, also while nothing comes.
pub struct FetchProgress {
    bar: ProgressBar,
    is_quiet: bool,
    minutes: Minutes,
}

impl FetchProgress {
    pub fn new(quiet: bool) -> Self {
        Self { bar: bar("fetch", quiet), is_quiet: quiet, minutes: Minutes { printed: Cell::new(Instant::now()) } }
    }

    pub fn show(&self, progress: &Progress) {
        set_progress(&self.bar, progress.done, progress.of);
        if !self.bar.is_hidden() {
            self.bar.set_message(what_now(progress));
        } else if !self.is_quiet
            && let Some(line) = self.minutes.line(Instant::now(), progress)
        {
            let Progress { done, of, remaining, .. } = progress;
            tracing::info!(done, of, remaining, "{line}");
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Lines of which one is printed a minute.
struct Minutes {
    /// When the last line was printed.
    printed: Cell<Instant>,
}

impl Minutes {
    /// The line to print, if it is time for one.
    fn line(&self, now: Instant, progress: &Progress) -> Option<String> {
        if now.saturating_duration_since(self.printed.get()) < EVERY {
            return None;
        }
        self.printed.set(now);
        let (Progress { done, of, .. }, rest) = (progress, what_now(progress));
        let semicolon = if rest.is_empty() { "" } else { "; " };
        Some(format!("fetched {done} of {of}{semicolon}{rest}"))
    }
}

/// What the calls wait for, or how many more may be made.
fn what_now(Progress { remaining, waiting, .. }: &Progress) -> String {
    let left = || remaining.map_or_else(String::new, |left| format!("{left} requests left in the window"));
    waiting.clone().unwrap_or_else(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_each_minute_and_says_what_is_waited_for() {
        let began = Instant::now();
        let minutes = Minutes { printed: Cell::new(began) };
        let line = |seconds: u64, waiting: Option<&str>| {
            let progress = Progress { done: 2, of: 9, remaining: Some(70), waiting: waiting.map(str::to_owned) };
            minutes.line(began + Duration::from_secs(seconds), &progress)
        };
        assert_eq!(line(59, None), None);
        assert_eq!(line(61, None).unwrap(), "fetched 2 of 9; 70 requests left in the window");
        assert_eq!(line(62, Some("the API is away")), None);
        assert_eq!(line(121, Some("the API is away")).unwrap(), "fetched 2 of 9; the API is away");
        assert_eq!(line(181, Some("the API is away")).unwrap(), "fetched 2 of 9; the API is away");
    }
}
