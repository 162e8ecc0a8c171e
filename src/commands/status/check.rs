//! `status --check`: whether a lake is as it should be, to the last byte.

use serde::Serialize;

use crate::commands::terminal::{self, DONE, StatusFlags, counted, said};
use crate::ingest::quarantine;
use crate::lake::Lake;
use crate::lake::check::{Checked, Finding, check};
use crate::model::{Kind, Result};

/// How many findings are shown as text.
const SHOWN: usize = 50;

/// The JSON output.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    checked: &'a Checked,
    /// Bodies that are set aside. They are no finding: `quarantine list` says more.
    set_aside: usize,
}

pub fn run(flags: &StatusFlags, quiet: bool) -> Result<u8> {
    let lake = Lake::open(&flags.lake.lake)?.with_candidate_key(flags.key.candidate_key_file.clone());
    let set_aside = if lake.quarantine_is_empty() { 0 } else { quarantine::list(&lake)?.len() };
    let checked = terminal::with_bar("check", quiet, |progress| check(&lake, progress))?;
    said(flags.format, &Output { checked: &checked, set_aside }, &on_screen(&checked, set_aside))?;
    Ok(if checked.findings.is_empty() { DONE } else { Kind::Failed.exit_code() })
}

fn on_screen(checked: &Checked, set_aside: usize) -> String {
    let Checked { version, files, rows, bytes, findings, notes } = checked;
    let mut text = String::new();
    for Finding { kind, path, what, hint } in findings.iter().take(SHOWN) {
        text += &format!("{:<13} {path}\n              {what}\n              → {hint}\n", kind.text());
    }
    if findings.len() > SHOWN {
        text += &format!("and {} more, which --format json lists\n", findings.len() - SHOWN);
    }
    text.extend(notes.iter().map(|note| format!("{:<13} {note}\n", "not checked")));
    let found = match findings.len() as u64 {
        0 => "all well".to_owned(),
        count => counted(count, "finding", "findings"),
    };
    let of = version.map_or_else(String::new, |version| format!(" of version {version}"));
    let set_aside = counted(set_aside as u64, "body is", "bodies are");
    text + &format!(
        "{found}: read {}{of}, {} and {bytes} bytes, to the last page and key; {set_aside} set aside\n",
        counted(*files, "file", "files"),
        counted(*rows, "row", "rows"),
    )
}
