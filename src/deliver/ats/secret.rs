//! Secrets of a connector. Its file says where they are, and they are read when they are needed.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use crate::model::{Error, Result};
use crate::pipeline::{is_variable_name, sendable};

/// Where a secret is stored.
#[derive(Debug, Clone)]
pub enum SecretPlace {
    Environment(String),
    File(PathBuf),
}

/// How a secret is written in its header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthScheme {
    /// As it is.
    #[default]
    Plain,
    /// After `Bearer `.
    Bearer,
    /// As Basic authentication: a user name without a password, or `user:password`.
    Basic,
}

impl SecretPlace {
    /// # Errors
    /// A usage error unless exactly one of the two is given.
    pub fn new(what: &str, env: Option<String>, file: Option<String>, folder: &Path) -> Result<Self> {
        match (env, file) {
            // A secret written here by mistake must not be repeated in a message.
            (Some(name), None) if !is_variable_name(&name) => {
                Err(Error::usage(format!("{what} names an environment variable, and does not hold the secret itself"))
                    .hint("a name is made of capital letters, digits and `_`"))
            }
            (Some(name), None) => Ok(Self::Environment(name)),
            (None, Some(path)) => Ok(Self::File(folder.join(path))),
            _ => Err(Error::usage(format!("{what} names either an environment variable or a file"))),
        }
    }

    /// Describes the place, for messages.
    pub fn shown(&self) -> String {
        match self {
            Self::Environment(name) => format!("from {name}"),
            Self::File(path) => format!("from {}", path.display()),
        }
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// A usage error when it is missing or cannot be sent. The message never contains it.
    pub fn read(&self) -> Result<String> {
        let text = match self {
            Self::Environment(name) => std::env::var(name).map_err(|_| {
                Error::usage(format!("the environment variable {name} is not set"))
                    .hint(format!("export {name}=…, or name a file in the connector"))
            })?,
            Self::File(path) => fs::read_to_string(path)
                .map_err(|error| Error::usage(format!("cannot read the secret file {}: {error}", path.display())))?,
        };
        let wrong = || Error::usage(format!("what is read {} is no secret that can be sent", self.shown()));
        sendable(&text).map(str::to_owned).ok_or_else(wrong)
    }
}

/// The value of a header, marked as sensitive so that it is not logged.
pub fn header(scheme: AuthScheme, secret: &str) -> HeaderValue {
    let text = match scheme {
        AuthScheme::Plain => secret.to_owned(),
        AuthScheme::Bearer => format!("Bearer {secret}"),
        AuthScheme::Basic if secret.contains(':') => format!("Basic {}", STANDARD.encode(secret)),
        AuthScheme::Basic => format!("Basic {}", STANDARD.encode(format!("{secret}:"))),
    };
    let mut value = HeaderValue::try_from(text).expect("a secret is printable ASCII");
    value.set_sensitive(true);
    value
}
