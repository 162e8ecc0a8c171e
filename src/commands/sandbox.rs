//! `sandbox`: the stand-in API as a server of its own.

use std::fs;
use std::path::Path;

use super::cli::{SandboxFlags, WindowKind};
use super::prepare::runtime;
use super::{DONE, interrupt, output};
use crate::model::{Error, Result};
use crate::round0::sandbox::{Faults, Options, Window, start};

fn read_faults(path: &Path) -> Result<Faults> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("cannot read the faults file {name}: {error}")))?;
    Faults::parse(&text, &name)
}

pub fn run(flags: SandboxFlags) -> Result<u8> {
    let options = Options {
        addr: flags.addr,
        interviews: flags.interviews,
        seed: flags.seed,
        limit: flags.requests_per_minute.0,
        window: match flags.window {
            WindowKind::Fixed => Window::Fixed,
            WindowKind::Sliding => Window::Sliding,
        },
        window_length: flags.window_length,
        latency: flags.latency,
        key: flags.key,
        faults: flags.faults.as_deref().map(read_faults).transpose()?,
    };
    let runtime = runtime()?;
    let asked_to_stop = {
        let _on = runtime.enter();
        interrupt::asked_to_stop()?
    };
    let sandbox = runtime
        .block_on(start(options))
        .map_err(|error| Error::usage(format!("cannot listen on {}: {error}", flags.addr)))?;
    if let Some(path) = &flags.ids_out {
        let ids: String = sandbox.ids().map(|id| id + "\n").collect();
        fs::write(path, ids).map_err(|error| Error::path("write", path, error))?;
    }
    output::data(&format!("listening on http://{}\n", sandbox.addr()))?;
    runtime.block_on(asked_to_stop);
    runtime.block_on(sandbox.stop());
    Ok(DONE)
}
