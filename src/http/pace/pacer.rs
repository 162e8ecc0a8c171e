//! Paces the requests of one key: each waits for its turn, and every answer is taken into account.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::budget::Budget;
use super::governor::{Decision, Governor, SentRequest, Why};
use super::micros::{Micros, micros};
use super::window::Window;
use crate::http::retry::LONG_WAIT;
use crate::http::steady::{Epoch, steady_now};

/// The user's settings for the pace of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The most requests a minute. A lower limit of the server still applies.
    pub requests_per_minute: u32,
    /// The length of the server's window.
    pub window: Duration,
    /// The most requests in flight at once.
    pub concurrency: usize,
}

/// Paces the requests of one key.
#[derive(Debug)]
pub struct Pacer {
    /// What answers, in messages.
    server: String,
    governor: Mutex<Governor>,
    /// Held by the request that has the next turn. The others wait for it in order. A wait outlives a request that is
    /// dropped, because it got its turn from another pacer: the next one goes on with it.
    queue: tokio::sync::Mutex<Option<Wait>>,
    answered: Notify,
    waited: Mutex<Duration>,
    /// What the request that has the next turn waits for, and until when.
    waiting: Mutex<Option<(Why, Micros)>>,
    /// Whether it was logged that the even pace is slow.
    pace_logged: AtomicBool,
}

impl Pacer {
    /// Creates a pacer that shares its window with every program that names the same file. Without a file, it counts
    /// its own requests only. If the file cannot be used, it logs a warning and does the same. `server` is the name of
    /// what answers, for messages.
    #[must_use]
    pub fn new(server: &str, pace: Pace, file: Option<&Path>) -> Self {
        let length = micros(pace.window);
        let shared = file.and_then(|path| {
            let opened = Window::shared(length, path, Epoch::of_machine(), steady_now());
            opened.map_err(|error| tracing::warn!("requests are counted for this run alone: {error}")).ok()
        });
        let window = shared.unwrap_or_else(|| Window::in_memory(length));
        let ceiling = u64::from(pace.requests_per_minute) * pace.window.as_millis() as u64 / 60_000;
        let ceiling = u32::try_from(ceiling.max(1)).unwrap_or(u32::MAX);
        Self {
            server: server.to_owned(),
            governor: Mutex::new(Governor::new(window, pace.window, ceiling, pace.concurrency)),
            queue: tokio::sync::Mutex::default(),
            answered: Notify::new(),
            waited: Mutex::default(),
            waiting: Mutex::default(),
            pace_logged: AtomicBool::new(false),
        }
    }

    /// Waits for this request's turn. The returned value must be told of the answer. A request that stops waiting
    /// before loses nothing but its place in the queue.
    pub async fn turn(&self) -> InFlight<'_> {
        let mut wait = self.queue.lock().await;
        loop {
            let answered = self.answered.notified();
            match self.decide() {
                Decision::Send(sent) => {
                    *wait = None;
                    return InFlight { pacer: self, sent: Some(sent) };
                }
                Decision::WaitForAnswer => answered.await,
                Decision::WaitUntil(until, why) => {
                    let left = Duration::from_micros((until - steady_now()).try_into().unwrap_or(0));
                    self.log_wait(wait.get_or_insert_with(Wait::begin), until, why);
                    let _held_back = HeldBack::begin(self, until, why);
                    tokio::select! { () = answered => {}, () = sleep(left) => {} }
                }
            }
        }
    }

    /// Logs why a request waits, if it does so for long.
    fn log_wait(&self, wait: &mut Wait, until: Micros, why: Why) {
        let now = steady_now();
        // How long other programs wait for their answers is not known, so this is said once it has taken long.
        let length = if why == Why::OtherPrograms { now - wait.began } else { until - now };
        let is_logged = wait
            .logged
            .is_some_and(|(known, end)| known == why && (why == Why::OtherPrograms || until - end < micros(LONG_WAIT)));
        // The even pace holds back every request.
        if length < micros(LONG_WAIT)
            || is_logged
            || (why == Why::Pace && self.pace_logged.swap(true, Ordering::Relaxed))
        {
            return;
        }
        wait.logged = Some((why, until));
        tracing::info!("{}", self.in_words(why, until));
    }

    /// Why requests are held back, and until when, if that is for long.
    pub fn waiting(&self) -> Option<String> {
        let waiting = *self.waiting.lock().expect("nothing panics while it holds it");
        let (why, until) = waiting.filter(|(_, until)| until - steady_now() >= micros(LONG_WAIT))?;
        Some(self.in_words(why, until))
    }

    fn in_words(&self, why: Why, until: Micros) -> String {
        let (server, left) = (&self.server, until - steady_now());
        let end = Timestamp::now() + SignedDuration::from_micros(left);
        let end = format!("going on at {} (in {} s)", end.strftime("%Y-%m-%d %H:%M:%S UTC"), left / 1_000_000);
        match why {
            Why::Pace => format!("requests to {server} go out slowly, to stay within the limit; {end}"),
            Why::Refused => format!("{server} is over its limit of requests (429); {end}"),
            Why::Full => format!("the requests just sent to {server} use up the limit; {end}"),
            Why::UsedUp => format!("{server} reports that no requests are left; {end}"),
            Why::OtherPrograms => {
                format!("another program uses up the limit of requests to {server}; waiting for its answers")
            }
        }
    }

    fn decide(&self) -> Decision {
        let mut governor = self.lock();
        match governor.decide(steady_now()) {
            Ok(decision) => decision,
            Err(error) => {
                tracing::warn!("requests are counted for this run alone from now on: {error}");
                governor.drop_file();
                governor.decide(steady_now()).expect("there is no file to fail")
            }
        }
    }

    /// Returns how long requests have waited because of the limit, one after the other.
    pub fn waited(&self) -> Duration {
        *self.waited.lock().expect("nothing panics while it holds it")
    }

    /// Returns how many requests are left in the window, as the newest answer reports it.
    pub fn remaining(&self) -> Option<u32> {
        self.lock().remaining()
    }

    fn lock(&self) -> MutexGuard<'_, Governor> {
        self.governor.lock().expect("nothing panics while it holds the governor")
    }
}

/// The wait for the next turn.
#[derive(Debug)]
struct Wait {
    began: Micros,
    /// The last reason that was logged, and until when it holds the request back.
    logged: Option<(Why, Micros)>,
}

impl Wait {
    fn begin() -> Self {
        Self { began: steady_now(), logged: None }
    }
}

/// The time for which the next request is held back for one reason.
struct HeldBack<'a> {
    pacer: &'a Pacer,
    began: Instant,
}

impl<'a> HeldBack<'a> {
    fn begin(pacer: &'a Pacer, until: Micros, why: Why) -> Self {
        *pacer.waiting.lock().expect("nothing panics while it holds it") = Some((why, until));
        Self { pacer, began: Instant::now() }
    }
}

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        *self.pacer.waiting.lock().expect("nothing panics while it holds it") = None;
        *self.pacer.waited.lock().expect("nothing panics while it holds it") += self.began.elapsed();
    }
}

/// A request in flight. If it is dropped without an answer, it counts as answered at that moment.
#[derive(Debug)]
pub struct InFlight<'a> {
    pacer: &'a Pacer,
    sent: Option<SentRequest>,
}

impl InFlight<'_> {
    /// Records any answer but a 429.
    pub fn answered(mut self, budget: Budget) {
        self.end(budget, |governor, _| {
            governor.admitted();
            Ok(())
        });
    }

    /// Records a 429, after which all requests hold back.
    pub fn refused(mut self, budget: Budget) {
        self.end(budget, |governor, now| governor.refused(now, budget.wait()));
    }

    fn end(&mut self, budget: Budget, then: impl FnOnce(&mut Governor, Micros) -> std::io::Result<()>) {
        let Some(sent) = self.sent.take() else { return };
        let now = steady_now();
        let mut governor = self.pacer.lock();
        let done = governor.answered(sent, now, budget).and(then(&mut governor, now));
        if let Err(error) = done {
            tracing::warn!("requests are counted for this run alone from now on: {error}");
            governor.drop_file();
        }
        drop(governor);
        self.pacer.answered.notify_waiters();
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.end(Budget::default(), |_, _| Ok(()));
    }
}
