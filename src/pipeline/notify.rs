//! Notifications about the end of a run, resolved from a pipeline file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choices::RunOutcome;
use super::file::NotifySection;
use super::place::place;
use super::times::span_up_to;
use crate::model::{Error, Section};

/// How long a notification may take, at most.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(10);

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

/// Resolves the section; `None` if it names no way.
pub(super) fn resolve(notify: NotifySection, folder: &Path, at: &mut Section<'_>) -> Option<NotifyPlan> {
    let wrong = || Error::usage(format!("`{}` is no timeout of a notification", notify.timeout));
    let timeout = span_up_to(LONGEST_TIMEOUT, &notify.timeout);
    let timeout = timeout.ok_or_else(|| wrong().hint("for example 10s; at most 10m"));
    let timeout = at.or("timeout", timeout, LONGEST_TIMEOUT);
    let way = match (notify.command.as_slice(), notify.url_env, notify.url_file) {
        ([], Some(name), None) => NotifyWay::UrlEnvironment(name),
        ([], None, Some(path)) => NotifyWay::UrlFile(place(folder, &path)),
        ([_, ..], None, None) => NotifyWay::Command(notify.command),
        _ => {
            let error = Error::usage("[notify] names one of command, url-env and url-file");
            at.add("command", error.hint("command = [\"notify-send\", \"roundup\"]"));
            return None;
        }
    };
    Some(NotifyPlan { way, on: notify.on, timeout })
}
