//! Notifications about the end of a run, resolved from a pipeline file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choices::RunOutcome;
use super::file::NotifySection;
use super::place::place;
use super::times::span_up_to;
use crate::model::{Error, Result};

/// A notification about the end of a run.
#[derive(Debug)]
pub struct NotifyPlan {
    pub way: NotifyWay,
    /// Outcomes of a run after which the notification is sent.
    pub on: Vec<RunOutcome>,
    pub timeout: Duration,
}

#[derive(Debug)]
pub enum NotifyWay {
    /// Program and arguments of a command.
    Command(Vec<String>),
    /// Environment variable that contains the address. It can be a secret, so it is only read when it is needed.
    UrlEnvironment(String),
    /// File that contains the address. It can be a secret, so it is only read when it is needed.
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
