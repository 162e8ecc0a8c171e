//! What a pipeline says of who is told when a run has ended, resolved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choices::RunOutcome;
use super::file::NotifySection;
use super::place::place;
use super::times::span_up_to;
use crate::model::{Error, Result};

/// Who is told when a run has ended.
#[derive(Debug)]
pub struct NotifyPlan {
    pub way: NotifyWay,
    /// After which runs.
    pub on: Vec<RunOutcome>,
    pub timeout: Duration,
}

#[derive(Debug)]
pub enum NotifyWay {
    /// Program and arguments.
    Command(Vec<String>),
    /// Where the address is; it can be a secret, and is read when it is needed.
    UrlEnvironment(String),
    UrlFile(PathBuf),
}

pub(super) fn resolve(notify: NotifySection, folder: &Path) -> Result<NotifyPlan> {
    let one_way = || Error::usage("[notify] names one of command, url-env and url-file");
    let way = match (notify.command.as_slice(), notify.url_env, notify.url_file) {
        ([], Some(name), None) => NotifyWay::UrlEnvironment(name),
        ([], None, Some(path)) => NotifyWay::UrlFile(place(folder, &path)),
        ([_, ..], None, None) => NotifyWay::Command(notify.command),
        _ => return Err(one_way().hint("command = [\"notify-send\", \"roundup\"]")),
    };
    let timeout = span_up_to(Duration::from_mins(10), &notify.timeout);
    let wrong = || Error::usage(format!("`{}` is no timeout of a notification", notify.timeout));
    let timeout = timeout.ok_or_else(|| wrong().hint("for example 10s; at most 10m"))?;
    Ok(NotifyPlan { way, on: notify.on, timeout })
}
