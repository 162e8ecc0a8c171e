//! `check`: reports everything that is wrong with a pipeline, or what a run would do. Writes nothing and sends nothing.

use super::run::{notify_address, plan_on_screen, prepare};
use super::terminal::{self, CheckFlags};
use crate::model::Result;
use crate::pipeline::{NotifyWay, Pipeline};

pub fn run(flags: &CheckFlags) -> Result<()> {
    let pipeline = Pipeline::read(&flags.pipeline)?;
    let ready = prepare(&pipeline, |_| true).map_err(terminal::report_all)?;
    // A run works without the address, and reports the mistake only when it has ended.
    if let Some(plan) = pipeline.notify.as_ref().filter(|plan| !matches!(plan.way, NotifyWay::Command(_))) {
        notify_address(plan)?;
    }
    terminal::data(&plan_on_screen(&pipeline, &ready)?)
}
