//! `jobs`: the jobs of a lake, with their names and how many interviews they have. Takes no lock.

use crate::commands::terminal::{self, JobsFlags, said};
use crate::lake::Lake;
use crate::lake::job_list::list;
use crate::lake::job_tally::LakeJob;
use crate::model::Result;

pub fn jobs(flags: &JobsFlags) -> Result<()> {
    let jobs = list(&Lake::open(&flags.lake.lake)?)?;
    said(flags.format, &jobs, &on_screen(&jobs))
}

fn on_screen(jobs: &[LakeJob]) -> String {
    let row = |job: &LakeJob| {
        let statuses: Vec<String> =
            job.statuses.iter().map(|(status, count)| format!("{count} {}", shown(Some(status)))).collect();
        [shown(job.id.as_deref()), shown(job.title.as_deref()), shown(job.department.as_deref()), statuses.join(", ")]
    };
    let head = ["id", "title", "department", "interviews"].map(str::to_owned);
    terminal::columns(std::iter::once(head).chain(jobs.iter().map(row)))
}

/// A text of the vendor's on one line, without characters that control a terminal or turn the direction of a text.
fn shown(text: Option<&str>) -> String {
    let mut shown = String::new();
    for character in text.unwrap_or("-").chars() {
        if terminal::controls_terminal(character) {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}
