//! Paces the requests of one key: each waits for its turn, and every answer is taken into account.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::budget::Budget;
use super::governor::{Decision, Governor, SentRequest};
use super::micros::{Micros, micros};
use super::window::Window;

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
    governor: Mutex<Governor>,
    /// Held by the request that has the next turn. The others wait for it in order.
    queue: tokio::sync::Mutex<()>,
    answered: Notify,
    began: (Micros, Instant),
    waited: Mutex<Duration>,
}

impl Pacer {
    /// Creates a pacer that shares its window with every program that names the same file. Without a file, it counts
    /// its own requests only. If the file cannot be used, it logs a warning and does the same.
    #[must_use]
    pub fn new(pace: Pace, file: Option<&Path>) -> Self {
        let began = (Timestamp::now().as_microsecond(), Instant::now());
        let length = micros(pace.window);
        let shared = file.and_then(|path| {
            let opened = Window::shared(length, path, began.0);
            opened.map_err(|error| tracing::warn!("requests are counted for this run alone: {error}")).ok()
        });
        let window = shared.unwrap_or_else(|| Window::in_memory(length));
        let ceiling = u64::from(pace.requests_per_minute) * pace.window.as_millis() as u64 / 60_000;
        let ceiling = u32::try_from(ceiling.max(1)).unwrap_or(u32::MAX);
        Self {
            governor: Mutex::new(Governor::new(window, pace.window, ceiling, pace.concurrency)),
            queue: tokio::sync::Mutex::default(),
            answered: Notify::new(),
            began,
            waited: Mutex::default(),
        }
    }

    /// Waits for this request's turn. The returned value must be told of the answer.
    pub async fn turn(&self) -> InFlight<'_> {
        let _next = self.queue.lock().await;
        loop {
            let answered = self.answered.notified();
            match self.decide() {
                Decision::Send(sent) => return InFlight { pacer: self, sent: Some(sent) },
                Decision::WaitForAnswer => answered.await,
                Decision::WaitUntil(until) => {
                    let began = Instant::now();
                    tokio::select! { () = answered => {}, () = sleep_until(self.instant(until)) => {} }
                    *self.waited.lock().expect("nothing panics while it holds it") += began.elapsed();
                }
            }
        }
    }

    fn decide(&self) -> Decision {
        let mut governor = self.lock();
        match governor.decide(self.now()) {
            Ok(decision) => decision,
            Err(error) => {
                tracing::warn!("requests are counted for this run alone from now on: {error}");
                governor.drop_file();
                governor.decide(self.now()).expect("there is no file to fail")
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

    fn now(&self) -> Micros {
        self.began.0 + micros(self.began.1.elapsed())
    }

    fn instant(&self, time: Micros) -> Instant {
        self.began.1 + Duration::from_micros(u64::try_from(time - self.began.0).unwrap_or(0))
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

    /// Records a 429, and returns how long all requests hold back.
    pub fn refused(mut self, budget: Budget) -> Duration {
        let wait = budget.wait();
        self.end(budget, |governor, now| governor.refused(now, wait));
        wait
    }

    fn end(&mut self, budget: Budget, then: impl FnOnce(&mut Governor, Micros) -> std::io::Result<()>) {
        let Some(sent) = self.sent.take() else { return };
        let now = self.pacer.now();
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
