//! `listen`: runs the webhook receiver as a server. It does not lock the lake, so runs can take place at the same time.

mod schedule;
mod then;

use super::session::{Stops, runtime};
use super::terminal::{self, DONE, ListenFlags};
use crate::inbox::receive;
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::{read_secrets, read_variable};
use crate::round0::webhook::Secret;
use then::{TriggeredRun, has_unread};

pub fn run(flags: &ListenFlags) -> Result<u8> {
    let secrets = secrets(flags)?;
    let then = flags.then.as_deref().map(|words| TriggeredRun::new(words, flags)).transpose()?;
    let lake = Lake::create(&flags.lake.lake)?;
    let runtime = runtime()?;
    let exit_code = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let receiver = receive::start(&lake, flags.source.clone(), flags.addr, secrets).await?;
        terminal::data(&format!("listening on http://{}\n", receiver.addr()))?;
        let mut running = None;
        match &then {
            Some(then) => running = then.follow(&receiver, has_unread(&lake, &flags.source), &mut stops).await,
            None => stops.next().await,
        }
        tracing::info!("ending");
        receiver.stop().await;
        match (then, running) {
            (Some(then), Some(run)) => Ok(then.wait_for_end(run, &mut stops).await),
            _ => Ok(DONE),
        }
    })?;
    // A hanging connection is abandoned.
    runtime.shutdown_background();
    Ok(exit_code)
}

/// The secrets of environment variables and of files.
fn secrets(flags: &ListenFlags) -> Result<Vec<Secret>> {
    let (what, hint) = ("secret of a webhook", "it holds the secret that the vendor showed when the webhook was made");
    let mut texts = Vec::new();
    for name in &flags.secret_env {
        texts.push(read_variable("--secret-env", name, what, hint)?);
    }
    for path in &flags.secret_file {
        texts.extend(read_secrets(path, what, hint)?);
    }
    Ok(texts.iter().map(|text| Secret::new(text)).collect())
}
