//! `listen`: the webhook receiver as a server. It takes no lock of the lake, so runs go on beside it.

use std::env;

use super::cli::ListenFlags;
use super::interrupt::Stops;
use super::prepare::runtime;
use super::then::{Then, has_unread};
use super::{DONE, output};
use crate::inbox::receive;
use crate::lake::Lake;
use crate::model::{Error, Result};
use crate::pipeline::is_variable_name;
use crate::round0::webhook::Secret;

pub fn run(flags: &ListenFlags) -> Result<u8> {
    let secrets = flags.secret_env.iter().map(|name| secret(name)).collect::<Result<Vec<_>>>()?;
    let then = flags.then.as_deref().map(|words| Then::new(words, flags)).transpose()?;
    let lake = Lake::create(&flags.lake.lake)?;
    let runtime = runtime()?;
    let exit_code = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let receiver = receive::start(&lake, flags.source.clone(), flags.addr, secrets).await?;
        output::data(&format!("listening on http://{}\n", receiver.addr()))?;
        let mut running = None;
        match &then {
            Some(then) => running = then.follow(&receiver, has_unread(&lake, &flags.source), &mut stops).await,
            None => stops.next().await,
        }
        tracing::info!("ending");
        receiver.stop().await;
        match (then, running) {
            (Some(then), Some(run)) => Ok(then.end(run, &mut stops).await),
            _ => Ok(DONE),
        }
    })?;
    // A connection that hangs is left behind.
    runtime.shutdown_background();
    Ok(exit_code)
}

/// Reads a secret. Messages never hold it.
fn secret(name: &str) -> Result<Secret> {
    if !is_variable_name(name) {
        let message = "--secret-env names an environment variable, and does not hold the secret itself";
        return Err(Error::usage(message).hint("a name is made of capital letters, digits and `_`"));
    }
    let wrong = |what| {
        let message = format!("the environment variable {name} {what}");
        Err(Error::usage(message).hint("it holds the secret that the vendor showed when the webhook was made"))
    };
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => wrong("is empty"),
        Ok(text) => Ok(Secret::new(text.trim())),
        Err(env::VarError::NotPresent) => wrong("is not set"),
        Err(env::VarError::NotUnicode(_)) => wrong("is no UTF-8 text"),
    }
}
