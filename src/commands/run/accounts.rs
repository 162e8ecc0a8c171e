//! The accounts of a pipeline, and the API clients of each: one for each of its keys.

use std::collections::HashMap;

use tokio::runtime::Runtime;

use crate::model::{Error, Result};
use crate::pipeline::{Api, Exclude, Source};
use crate::round0::client::ApiClient;
use crate::sandbox::{Sandbox, SandboxOptions, start};

/// One account, with its ids and key read.
pub struct ReadySource {
    pub name: String,
    pub ids: Vec<String>,
    /// Whether ids are also taken from the inbox.
    pub inbox: bool,
    pub exclude: Exclude,
    pub access: Access,
}

/// How the API of an account is reached.
pub enum Access {
    Remote(Vec<ApiClient>),
    Sandbox { interviews: Option<usize>, seed: u64 },
}

/// One account, with its API clients.
pub struct OpenSource {
    pub name: String,
    pub ids: Vec<String>,
    pub inbox: bool,
    pub exclude: Exclude,
    pub clients: Vec<ApiClient>,
}

/// The accounts of a pipeline, each opened when it is first needed and kept until the run ends.
pub struct Accounts<'a> {
    runtime: &'a Runtime,
    sources: &'a [Source],
    clients: HashMap<String, Vec<ApiClient>>,
    sandboxes: Vec<Sandbox>,
}

impl<'a> Accounts<'a> {
    pub fn new(runtime: &'a Runtime, sources: &'a [Source]) -> Self {
        Self { runtime, sources, clients: HashMap::new(), sandboxes: Vec::new() }
    }

    /// Opens an account, and starts its sandbox if it has one.
    ///
    /// # Errors
    /// When a sandbox cannot be started.
    pub fn open(&mut self, ready: ReadySource) -> Result<OpenSource> {
        let ReadySource { name, mut ids, inbox, exclude, access } = ready;
        let clients = match access {
            Access::Remote(clients) => clients,
            Access::Sandbox { interviews, seed } => {
                let (sandbox, client) = start_sandbox(self.runtime, interviews, seed)?;
                if ids.is_empty() && !inbox {
                    ids = sandbox.ids().collect();
                }
                self.sandboxes.push(sandbox);
                vec![client]
            }
        };
        self.clients.insert(name.clone(), clients.clone());
        Ok(OpenSource { name, ids, inbox, exclude, clients })
    }

    /// The clients of an account by name. `None` when the pipeline has no such account.
    ///
    /// # Errors
    /// When there is no key, or a sandbox cannot be started.
    pub fn clients(&mut self, name: &str) -> Result<Option<Vec<ApiClient>>> {
        if let Some(clients) = self.clients.get(name) {
            return Ok(Some(clients.clone()));
        }
        let Some(source) = self.sources.iter().find(|source| source.name == name) else { return Ok(None) };
        let access = access_of(source)?;
        let (name, exclude) = (source.name.clone(), source.exclude.clone());
        let ready = ReadySource { name, ids: Vec::new(), inbox: false, exclude, access };
        self.open(ready).map(|open| Some(open.clients))
    }

    /// Stops the sandboxes.
    pub fn close(&mut self) {
        for sandbox in self.sandboxes.drain(..) {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

/// How the API of an account is reached.
///
/// # Errors
/// When there is no key, or the address of its API is wrong.
pub fn access_of(source: &Source) -> Result<Access> {
    match &source.api {
        Api::Sandbox { interviews, seed } => Ok(Access::Sandbox { interviews: *interviews, seed: *seed }),
        Api::Remote { base, keys, requests_per_minute } => {
            let client = |key: String| ApiClient::new(base, &key).map(|client| client.at_most(*requests_per_minute));
            let clients = keys.iter().map(|key| key.read().and_then(client));
            clients.collect::<Result<_>>().map(Access::Remote)
        }
    }
}

/// Starts the sandbox inside this process.
///
/// # Errors
/// When it cannot listen.
fn start_sandbox(runtime: &Runtime, interviews: Option<usize>, seed: u64) -> Result<(Sandbox, ApiClient)> {
    let options = SandboxOptions { interviews, seed, limit: None, ..SandboxOptions::default() };
    let key = options.key.clone();
    let sandbox = runtime
        .block_on(start(options))
        .map_err(|error| Error::failed(format!("cannot start the sandbox: {error}")))?;
    let client = ApiClient::new(&sandbox.base_url(), &key)?;
    Ok((sandbox, client))
}
