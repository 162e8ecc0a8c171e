//! The accounts of a pipeline, and the API client of each.

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
    Remote(ApiClient),
    Sandbox { interviews: Option<usize>, seed: u64 },
}

/// One account, with its API client.
pub struct OpenSource {
    pub name: String,
    pub ids: Vec<String>,
    pub inbox: bool,
    pub exclude: Exclude,
    pub client: ApiClient,
}

/// The accounts of a pipeline, each opened when it is first needed and kept until the run ends.
pub struct Accounts<'a> {
    runtime: &'a Runtime,
    sources: &'a [Source],
    clients: HashMap<String, ApiClient>,
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
        let client = match access {
            Access::Remote(client) => client,
            Access::Sandbox { interviews, seed } => {
                let (sandbox, client) = start_sandbox(self.runtime, interviews, seed)?;
                if ids.is_empty() && !inbox {
                    ids = sandbox.ids().collect();
                }
                self.sandboxes.push(sandbox);
                client
            }
        };
        self.clients.insert(name.clone(), client.clone());
        Ok(OpenSource { name, ids, inbox, exclude, client })
    }

    /// The client of an account by name. `None` when the pipeline has no such account.
    ///
    /// # Errors
    /// When there is no key, or a sandbox cannot be started.
    pub fn client(&mut self, name: &str) -> Result<Option<ApiClient>> {
        if let Some(client) = self.clients.get(name) {
            return Ok(Some(client.clone()));
        }
        let Some(source) = self.sources.iter().find(|source| source.name == name) else { return Ok(None) };
        let access = access_of(source)?;
        let (name, exclude) = (source.name.clone(), source.exclude.clone());
        let ready = ReadySource { name, ids: Vec::new(), inbox: false, exclude, access };
        self.open(ready).map(|open| Some(open.client))
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
        Api::Remote { base, key } => key.read().and_then(|key| ApiClient::new(base, &key)).map(Access::Remote),
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
