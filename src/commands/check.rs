//! `check`: reports everything that is wrong with a pipeline, or what a run would do. Writes nothing and sends nothing.

use super::run::{notify_reachable, plan_on_screen, prepare, unknown_jobs};
use super::terminal::{self, CheckFlags};
use crate::model::{Error, Problems, Result};
use crate::pipeline::{ExportRows, Pipeline};

pub fn run(flags: &CheckFlags) -> Result<()> {
    let pipeline = Pipeline::read(&flags.pipeline).map_err(terminal::report_all)?;
    let mut problems = pipeline.problems.clone();
    // A run works without a notification, and reports the mistake only when it has ended.
    if let Some(plan) = &pipeline.notify {
        let (key, reachable) = notify_reachable(plan);
        problems.keep(&format!("notify.{key}"), reachable);
    }
    nothing_analyses(&pipeline, &mut problems);
    let ready = prepare(&pipeline, problems, |_| true).map_err(terminal::report_all)?;
    unknown_jobs(&pipeline, &ready.merged)?.iter().for_each(|warning| tracing::warn!("{warning}"));
    terminal::data(&plan_on_screen(&pipeline, &ready)?)
}

/// Notes what would be made of answers that nothing has analysed. A run fetches them all the same, and fails after that.
fn nothing_analyses(pipeline: &Pipeline, problems: &mut Problems) {
    if pipeline.analyze.is_some() {
        return;
    }
    let error = || {
        let error = Error::usage("it is of what was analysed, and there is no [analyze]");
        error.hint("add [analyze], with `keywords` if it is to search for some")
    };
    if pipeline.report.is_some() {
        problems.add("report", error());
    }
    for (number, export) in pipeline.exports.iter().enumerate() {
        if export.plan.what == ExportRows::Analysis {
            problems.add(&format!("export[{number}].what"), error());
        }
    }
}
