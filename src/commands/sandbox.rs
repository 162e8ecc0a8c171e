//! `sandbox`: runs the sandbox, which stands in for the API, as a server.

use std::fs;
use std::io;
use std::path::Path;

use super::session::{Stops, runtime};
use super::terminal::{self, SandboxFlags};
use crate::model::{Error, Result};
use crate::round0::webhook::Secret;
use crate::sandbox::{Contrasts, Faults, SandboxOptions, SentEvents, Webhooks, start};

/// Reads a file of the sandbox's, and parses it.
fn read<T>(what: &str, path: &Path, parse: impl Fn(&str, &str) -> Result<T>) -> Result<T> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("cannot read the {what} file {name}: {error}")))?;
    parse(&text, &name)
}

fn print_sent(sent: io::Result<SentEvents>) {
    match sent {
        Ok(sent) => {
            let counts: Vec<String> = sent
                .into_iter()
                .map(|(status, count)| match status {
                    0 => format!("{count} without an answer"),
                    status => format!("{count} answered {status}"),
                })
                .collect();
            tracing::info!("all events are sent: {}", counts.join(", "));
        }
        Err(error) => tracing::warn!("no events are sent: {error}"),
    }
}

pub fn run(flags: SandboxFlags) -> Result<()> {
    let mut keys = flags.key.into_iter();
    let options = SandboxOptions {
        addr: flags.addr,
        interviews: flags.interviews,
        seed: flags.seed,
        limit: flags.requests_per_minute.0,
        window: flags.window,
        window_length: flags.window_length,
        latency: flags.latency,
        key: keys.next().unwrap_or_default(),
        more_keys: keys.collect(),
        faults: flags.faults.as_deref().map(|path| read("faults", path, Faults::parse)).transpose()?,
        contrasts: flags
            .contrast
            .as_deref()
            .map_or_else(|| Ok(Contrasts::default()), |path| read("contrasts", path, Contrasts::parse))?,
        ats_faults: flags.ats_faults,
    };
    let webhooks = flags.webhook_to.zip(flags.webhook_secret).map(|(to, secret)| {
        let faults = flags.webhook_faults;
        Webhooks { to, secret: Secret::new(&secret), faults }
    });
    let runtime = runtime()?;
    let mut stops = {
        let _on = runtime.enter();
        Stops::listen()?
    };
    let sandbox = runtime
        .block_on(start(options))
        .map_err(|error| Error::usage(format!("cannot listen on {}: {error}", flags.addr)))?;
    if let Some(path) = &flags.ids_out {
        let ids: String = sandbox.ids().map(|id| id + "\n").collect();
        fs::write(path, ids).map_err(|error| Error::path("write", path, error))?;
    }
    terminal::data(&format!("listening on http://{}\n", sandbox.addr()))?;
    runtime.block_on(async {
        let sending = async {
            if let Some(webhooks) = webhooks {
                print_sent(sandbox.send_events(&webhooks).await);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { () = stops.next() => {}, () = sending => {} }
    });
    runtime.block_on(sandbox.stop());
    Ok(())
}
