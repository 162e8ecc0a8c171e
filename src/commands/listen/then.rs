//! `listen --then run`: runs a pipeline when events have come, one run at a time. Each run is a process of its own, so
//! that it cannot take the receiver down.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::schedule::Schedule;
use crate::commands::run::prepare;
use crate::commands::session::Stops;
use crate::commands::terminal::{self, DONE, ListenFlags};
use crate::inbox::file::waiting;
use crate::inbox::receive::Receiver;
use crate::lake::Lake;
use crate::lake::outside::real_path;
use crate::model::{Error, Kind, Result};
use crate::pipeline::{INBOX, Pipeline};

/// The run that events start.
pub struct TriggeredRun {
    program: PathBuf,
    pipeline: PathBuf,
    debounce: Duration,
    /// Environment variables that the run does not get.
    hidden: Vec<String>,
}

impl TriggeredRun {
    /// Reads the pipeline, and everything that it names, so that mistakes are reported when the receiver starts.
    ///
    /// # Errors
    /// A usage error for a pipeline that is wrong, or would not read the events of this receiver.
    pub fn new(words: &[PathBuf], flags: &ListenFlags) -> Result<Self> {
        let [command, path] = words else { unreachable!("the flag takes two values") };
        if command != Path::new("run") {
            let message = format!("--then cannot start `{}`", command.display());
            return Err(Error::usage(message).hint("--then run PIPELINE.toml"));
        }
        let pipeline = Pipeline::read(path).map_err(terminal::report_all)?;
        let wrong = |what: String| Error::usage(format!("{}: {what}", path.display()));
        let Some(source) = pipeline.sources.iter().find(|source| source.name == flags.source) else {
            return Err(wrong(format!("there is no source {}", flags.source)).hint("name its account with --source"));
        };
        if !source.inbox {
            let what = format!("source {} does not read the inbox, so a run would not see the events", source.name);
            return Err(wrong(what).hint(format!("add \"{INBOX}\" to its `interviews`")));
        }
        if pipeline.sources.iter().any(|source| source.lists.iter().any(|list| list == Path::new("-"))) {
            return Err(wrong("a run that events start has no standard input".to_owned()));
        }
        if real_path(&pipeline.lake) != real_path(&flags.lake.lake) {
            let (theirs, ours) = (pipeline.lake.display(), flags.lake.lake.display());
            let error = wrong(format!("its lake is {theirs}, and the events go to {ours}"));
            return Err(error.hint(format!("--lake {theirs}")));
        }
        prepare(&pipeline, pipeline.problems.clone(), |_| true).map_err(terminal::report_all)?;
        let program =
            env::current_exe().map_err(|error| Error::failed(format!("cannot find this program: {error}")))?;
        Ok(Self { program, pipeline: path.clone(), debounce: flags.debounce, hidden: flags.secret_env.clone() })
    }

    /// Starts runs as events come, until a signal arrives. A run in progress is then asked to end, and returned.
    pub async fn follow(&self, receiver: &Receiver, unread: bool, stops: &mut Stops) -> Option<Child> {
        let (mut news, metrics) = (receiver.news(), receiver.metrics());
        let mut schedule = Schedule::new(self.debounce);
        let mut running: Option<Child> = None;
        if unread {
            schedule.came(Instant::now());
        }
        loop {
            let due = schedule.due().filter(|_| running.is_none());
            tokio::select! {
                () = stops.next() => break,
                Ok(()) = news.changed() => schedule.came(Instant::now()),
                () = until(due) => {
                    // The run finds all events that have come by now.
                    news.mark_unchanged();
                    match self.start() {
                        Ok(child) => running = Some(child),
                        Err(error) => {
                            tracing::error!("cannot start a run: {error}");
                            metrics.run_ended(None);
                        }
                    }
                    schedule.started();
                    if running.is_none() {
                        schedule.refused(Instant::now());
                    }
                }
                status = end_of(&mut running) => {
                    running = None;
                    let code = status.as_ref().ok().and_then(ExitStatus::code);
                    metrics.run_ended(code);
                    if code == Some(Kind::Locked.exit_code().into()) {
                        let pause = schedule.refused(Instant::now()).as_secs();
                        tracing::info!("another run holds the lake; trying again in {pause} s");
                    } else {
                        schedule.ended();
                        self.print_end(status);
                    }
                }
            }
        }
        // The run publishes what it fetched, and leaves the rest for the next one.
        running.iter().for_each(|run| send(run, Signal::INT));
        running
    }

    /// Waits for a run that was asked to end. A signal that arrives meanwhile is passed on, and ends the run at once.
    /// One more ends the wait. Returns the exit code of the receiver.
    pub async fn wait_for_end(&self, mut run: Child, stops: &mut Stops) -> u8 {
        let pipeline = self.pipeline.display();
        tracing::info!("waiting for the run of {pipeline} to end; once more to cut it short");
        for passed_on in [false, true] {
            tokio::select! {
                status = run.wait() => {
                    self.print_end(status);
                    return DONE;
                }
                () = stops.next() => {}
            }
            if !passed_on {
                // Not the same signal as the first, because two of the same kind in quick succession count as one.
                send(&run, Signal::TERM);
                tracing::info!("the run of {pipeline} is told to end at once; once more to leave it");
            }
        }
        tracing::warn!("the run of {pipeline} has not ended, and goes on alone");
        Kind::Interrupted.exit_code()
    }

    fn start(&self) -> io::Result<Child> {
        tracing::info!("events have come: a run of {} starts", self.pipeline.display());
        let mut command = Command::new(&self.program);
        command.arg("--quiet").args(terminal::is_json().then_some("--log-format=json"));
        command.arg("run").arg(&self.pipeline).stdin(Stdio::null()).stdout(Stdio::null());
        // A Ctrl-C goes to the receiver, which passes it on once. A second one would end the run at once.
        command.process_group(0);
        self.hidden.iter().for_each(|name| _ = command.env_remove(name));
        command.spawn()
    }

    /// Prints how a run ended.
    pub fn print_end(&self, status: io::Result<ExitStatus>) {
        let pipeline = self.pipeline.display();
        match status.map(|status| status.code()) {
            Ok(Some(0)) => tracing::info!("the run of {pipeline} is done"),
            Ok(Some(code)) => tracing::warn!(code, "the run of {pipeline} ended with exit code {code}"),
            Ok(None) => tracing::warn!("the run of {pipeline} was ended by a signal"),
            Err(error) => tracing::warn!("cannot wait for the run of {pipeline}: {error}"),
        }
    }
}

/// Whether there are events from before: in the inbox, or taken from it with an interview that was not fetched yet.
pub fn has_unread(lake: &Lake, source: &str) -> bool {
    let called = lake.ledger_for_reading().and_then(|ledger| ledger.called_for(source, Timestamp::now()));
    waiting(&lake.inbox_folder()).is_ok_and(|count| count > 0) || called.is_ok_and(|ids| !ids.is_empty())
}

fn send(run: &Child, signal: Signal) {
    if let Some(process) = run.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        let _ended = kill_process(process, signal);
    }
}

/// Waits until a run is due, or forever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Waits until the run ends, or forever if there is none.
async fn end_of(running: &mut Option<Child>) -> io::Result<ExitStatus> {
    match running {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}
