//! Sends a notification that a run has ended, as JSON to the standard input of a command, or by POST to an address. If
//! that fails, it is said, and the result of the run stays the same.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs};

use reqwest::Url;
use rustix::fs::{Access, access};
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::record::RunSummary;
use crate::commands::terminal::{DONE, FINISHED_WITH_LOSSES};
use crate::deliver::ats::Connector;
use crate::http::client::{Reach, client};
use crate::model::{Error, Result};
use crate::objects::is_credential;
use crate::pipeline::{Api, DEFAULT_KEY_VARIABLE, KeyPlace, NotifyPlan, NotifyWay, Pipeline, RunOutcome};

/// The notification.
#[derive(Debug, Serialize)]
struct Notice<'a> {
    outcome: RunOutcome,
    /// A line for people, and one for each thing that needs a look. Chat programs that accept `{"text": …}` show it.
    text: String,
    exit_code: u8,
    /// Folder of the report, if one was written.
    report: Option<&'a str>,
    errors: &'a [String],
    /// The same as `last-run.json`. Null for a run that could not begin.
    run: Option<&'a RunSummary>,
}

/// Sends the notification of a run that has ended. Returns why that failed, if so.
pub fn of_run(pipeline: &Pipeline, runtime: &Runtime, summary: &RunSummary, exit_code: u8) -> Option<Error> {
    let outcome = match exit_code {
        DONE if summary.complete && summary.is_as_expected() => RunOutcome::Well,
        DONE | FINISHED_WITH_LOSSES => RunOutcome::Partly,
        _ => RunOutcome::Badly,
    };
    let report = summary.report.as_deref();
    send_notice(
        pipeline,
        runtime,
        &Notice {
            outcome,
            text: text(outcome, report, &summary.errors) + &unusual(summary) + &look(summary.needs_a_look.as_deref()),
            exit_code,
            report,
            errors: &summary.errors,
            run: Some(summary),
        },
    )
}

/// Sends the notification of a run that could not begin.
pub fn of_failure(pipeline: &Pipeline, runtime: &Runtime, error: &Error) {
    let errors = [error.to_string()];
    let exit_code = error.kind().exit_code();
    let text = text(RunOutcome::Badly, None, &errors);
    let _said = send_notice(
        pipeline,
        runtime,
        &Notice { outcome: RunOutcome::Badly, text, exit_code, report: None, errors: &errors, run: None },
    );
}

fn text(outcome: RunOutcome, report: Option<&str>, errors: &[String]) -> String {
    let mut text = format!("roundup ended {}", outcome.as_str());
    if let Some(error) = errors.first() {
        text += &format!(": {error}");
    }
    if let Some(report) = report {
        text += &format!("; the report is in {report}");
    }
    text
}

/// What was not as expected, a line each.
fn unusual(summary: &RunSummary) -> String {
    let unmet = summary.expect.iter().flat_map(|judged| &judged.unmet);
    let lines: String = unmet.map(|unmet| format!("\n- {}", unmet.text)).collect();
    if lines.is_empty() { lines } else { format!("\nNot as expected:{lines}") }
}

/// What needs a look, a line each; nothing without a report.
fn look(lines: Option<&[String]>) -> String {
    match lines {
        None => String::new(),
        Some([]) => "\nNothing needs a look.".to_owned(),
        Some(lines) => format!("\nNeeds a look:\n- {}", lines.join("\n- ")),
    }
}

fn send_notice(pipeline: &Pipeline, runtime: &Runtime, notice: &Notice<'_>) -> Option<Error> {
    let plan = pipeline.notify.as_ref().filter(|plan| plan.on.contains(&notice.outcome))?;
    let body = serde_json::to_vec(notice).expect("plain data");
    let result = runtime.block_on(async {
        let within = timeout(plan.timeout, send(pipeline, plan, body)).await;
        within.unwrap_or_else(|_| Err(Error::failed(format!("not done within {} s", plan.timeout.as_secs_f64()))))
    });
    let error = result.err()?;
    tracing::warn!("the notification failed: {error}");
    Some(error)
}

async fn send(pipeline: &Pipeline, plan: &NotifyPlan, body: Vec<u8>) -> Result<()> {
    match &plan.way {
        NotifyWay::Command(command) => run(pipeline, command, &body).await,
        NotifyWay::UrlEnvironment(_) | NotifyWay::UrlFile(_) => post(address(plan)?, plan.timeout, body).await,
    }
}

/// Runs a program with the notification on its standard input, and without this program's secrets in its environment.
async fn run(pipeline: &Pipeline, command: &[String], body: &[u8]) -> Result<()> {
    let program = &command[0];
    let fail = |error: std::io::Error| match find_program(program) {
        Err(_) if program.contains('/') => {
            Error::failed(format!("there is no program {program}, which `command` under [notify] names"))
        }
        Err(_) => Error::failed(format!(
            "there is no program {program} on the PATH of this run: `command` under [notify] needs its whole path"
        )),
        Ok(()) => Error::failed(format!("cannot run the program {program} of [notify]: {error}")),
    };
    let mut process = Command::new(program);
    process.args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    secret_variables(pipeline).iter().for_each(|name| _ = process.env_remove(name));
    let mut child = process.spawn().map_err(fail)?;
    let mut input = child.stdin.take().expect("it is piped");
    // A program that does not read its input may close it.
    let _closed = input.write_all(body).await;
    drop(input);
    let status = child.wait().await.map_err(fail)?;
    if status.success() { Ok(()) } else { Err(Error::failed(format!("{program} ended with {status}"))) }
}

/// The environment variables that hold secrets of a run: keys of the API, used or not, and what leads into other systems.
fn secret_variables(pipeline: &Pipeline) -> Vec<String> {
    let mut names = vec![DEFAULT_KEY_VARIABLE.to_owned()];
    for source in &pipeline.sources {
        let Api::Remote { keys, .. } = &source.api else { continue };
        names.extend(keys.iter().filter_map(|key| match key {
            KeyPlace::Environment(name) => Some(name.clone()),
            KeyPlace::File(_) => None,
        }));
    }
    names.extend(pipeline.ats.iter().flat_map(Connector::variables));
    if pipeline.audio.as_ref().is_some_and(|plan| plan.folder().is_none()) {
        let variables = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.extend(variables.filter(|name| is_credential(name)));
    }
    names
}

async fn post(address: Url, timeout: Duration, body: Vec<u8>) -> Result<()> {
    // The address can be a secret, and reqwest's errors contain it.
    let fail = |error: reqwest::Error| Error::failed(format!("cannot post: {}", error.without_url()));
    let client = client(Reach::of(&address), |builder| builder.timeout(timeout))?;
    let request = client.post(address).header("content-type", "application/json").body(body);
    let status = request.send().await.map_err(fail)?.status();
    if status.is_success() { Ok(()) } else { Err(Error::failed(format!("the address answered {status}"))) }
}

/// Whether the command is there, or the address can be read; with the key that names it.
pub fn reachable(plan: &NotifyPlan) -> (&'static str, Result<()>) {
    match &plan.way {
        NotifyWay::Command(command) => ("command", find_program(&command[0])),
        NotifyWay::UrlEnvironment(_) => ("url-env", address(plan).map(drop)),
        NotifyWay::UrlFile(_) => ("url-file", address(plan).map(drop)),
    }
}

/// Finds a program as the system does when it starts one: by its path, or on the `PATH`.
fn find_program(program: &str) -> Result<()> {
    let is_program = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let is_there = if program.contains('/') {
        is_program(Path::new(program))
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).any(|folder| is_program(&folder.join(program)))
    };
    let hint = "it is started without a shell, from the folder that the run is started in; a whole path is safest";
    let missing = || Error::usage(format!("there is no program {}", program.escape_debug())).hint(hint);
    if is_there { Ok(()) } else { Err(missing()) }
}

/// Reads the address to post to. Messages never contain it.
///
/// # Errors
/// A usage error when it is missing or invalid.
fn address(plan: &NotifyPlan) -> Result<Url> {
    let (text, whence) = match &plan.way {
        NotifyWay::UrlEnvironment(name) => {
            let text = env::var(name)
                .map_err(|_| Error::usage("the environment variable of `url-env` under [notify] is not set"))?;
            (text, "the environment variable of `url-env` under [notify]".to_owned())
        }
        NotifyWay::UrlFile(path) => {
            let text = fs::read_to_string(path).map_err(|error| Error::path("read", path, error))?;
            (text, path.display().to_string())
        }
        NotifyWay::Command(_) => return Err(Error::usage("[notify] names a command, and no address")),
    };
    let address = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    address.ok_or_else(|| Error::usage(format!("{whence} holds no http or https address")))
}
