//! `listen`: the webhook receiver as a server. It takes no lock of the lake, so runs go on beside it.

use std::env;

use super::cli::ListenFlags;
use super::prepare::runtime;
use super::then::{Then, has_unread};
use super::{DONE, interrupt, output};
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
    runtime.block_on(async {
        let asked_to_stop = interrupt::asked_to_stop()?;
        let receiver = receive::start(&lake, flags.source.clone(), flags.addr, secrets).await?;
        output::data(&format!("listening on http://{}\n", receiver.addr()))?;
        let mut running = None;
        match &then {
            Some(then) => running = then.follow(&receiver, has_unread(&lake, &flags.source), asked_to_stop).await,
            None => asked_to_stop.await,
        }
        tracing::info!("ending");
        receiver.stop().await;
        if let (Some(then), Some(mut run)) = (then, running) {
            then.say(run.wait().await);
        }
        Ok(())
    })?;
    // A connection that hangs is left behind.
    runtime.shutdown_background();
    Ok(DONE)
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
