//! The command `run`: reads a pipeline, runs its stages, records what they did, and sends the notification.

use std::path::Path;

use super::end::on_screen;
use super::plan::plan_on_screen;
use super::prepare::prepare;
use super::record::{RunSummary, record, record_notification};
use super::stages::Run;
use super::{metrics, notify};
use crate::commands::session::Network;
use crate::commands::terminal::{self, DONE, RunFlags};
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::{Pipeline, Stage};

pub fn run(flags: &RunFlags, quiet: bool) -> Result<u8> {
    let pipeline = Pipeline::read(&flags.pipeline).map_err(terminal::report_all)?;
    let wanted = |stage: Stage| flags.only.is_empty() || flags.only.contains(&stage);
    let ready = prepare(&pipeline, pipeline.problems.clone(), wanted).map_err(terminal::report_all);
    if flags.dry_run {
        return terminal::data(&plan_on_screen(&pipeline, &ready?)?).map(|()| DONE);
    }
    let network = Network::start()?;
    let ended = ready.and_then(|ready| {
        network.interrupt.during(|_| {
            let mut run = Run::begin(&pipeline, &network, quiet)?;
            run.all(ready, flags.refetch);
            Ok(finish(run, pipeline.prometheus.as_deref()))
        })
    });
    match ended {
        Ok(mut ended) => {
            let failed = notify::of_run(&pipeline, &network.runtime, &ended.summary, ended.exit_code);
            if let Some(error) = failed {
                ended.summary.notify = Some(error.to_string());
                // The run has ended, and its result stays as it is.
                if let Err(error) = record_notification(&ended.lake, &ended.summary) {
                    tracing::warn!("{error}");
                }
            }
            if !quiet {
                let archive = pipeline.audio.as_ref().map(|plan| plan.out.as_path());
                let mirror = pipeline.mirror.as_ref().map(|plan| plan.to.as_str());
                terminal::data(&on_screen(&ended.summary, archive, mirror))?;
            }
            Ok(ended.exit_code)
        }
        Err(error) => {
            notify::of_failure(&pipeline, &network.runtime, &error);
            Err(error)
        }
    }
}

/// A run that has ended. Unlike the summary, the exit code also reflects that the record could not be written.
struct EndedRun {
    lake: Lake,
    summary: RunSummary,
    exit_code: u8,
}

/// Prints the errors, and records the run.
fn finish(run: Run<'_>, prometheus: Option<&Path>) -> EndedRun {
    let Run { mut session, summary, mut errors, .. } = run;
    // Errors are printed first: on a full disk the record fails as well, and must not hide the cause.
    errors.iter().for_each(terminal::error);
    if session.quiet {
        // Why the ledger was rebuilt was said when it was.
        let rebuilt = session.ledger.rebuilt.as_ref();
        let unsaid = summary.warnings.iter().filter(|warning| Some(*warning) != rebuilt);
        unsaid.for_each(|warning| tracing::warn!("{warning}"));
    }
    let mut exit_code = summary.exit_code;
    let recorded = record(&mut session, &summary).and_then(|()| metrics::write(&session, &summary, prometheus));
    if let Err(error) = recorded {
        terminal::error(&error);
        errors.push(error);
        exit_code = terminal::exit_code(&errors, summary.has_losses());
    }
    EndedRun { lake: session.lake, summary, exit_code }
}
