//! A connector: how one applicant tracking system is told of interviews, and where its requests may go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use minijinja::Environment;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::file::{FileSection, ForEach, IfNothing, Method};
use super::secret::{Form, SecretPlace, header};
use crate::http::client::{is_loopback, is_secure};
use crate::model::{Error, Result};

/// How one applicant tracking system is told of interviews. Holds no secret, but where they are.
#[derive(Debug)]
pub struct Connector {
    pub name: String,
    /// The file, as messages call it.
    pub origin: String,
    pub settings: BTreeMap<String, String>,
    pub timeout: Duration,
    pub headers: Vec<String>,
    pub secret_headers: Vec<SecretHeader>,
    pub token: Option<Token>,
    pub steps: Vec<Step>,
    /// Where the archive of recordings is; a step may send them.
    pub recordings: Option<PathBuf>,
    pub environment: Environment<'static>,
    /// Where requests may go: what is said in the file and the settings, whatever an interview holds.
    pub(super) origins: BTreeSet<String>,
}

/// A header whose value is a secret.
#[derive(Debug)]
pub struct SecretHeader {
    pub name: HeaderName,
    pub place: SecretPlace,
    pub form: Form,
}

/// How a token is asked for.
#[derive(Debug)]
pub struct Token {
    pub id: SecretPlace,
    pub secret: SecretPlace,
    /// Names of the form's fields.
    pub form: Vec<String>,
}

/// One request; its templates are in the environment, under names that begin with its number.
#[derive(Debug)]
pub struct Step {
    pub name: String,
    pub method: Method,
    pub has_json: bool,
    pub form: Vec<String>,
    pub file: Option<FileSection>,
    pub for_each: Option<ForEach>,
    pub also_done: Vec<u16>,
    pub wait_on: Vec<u16>,
    pub must_have: Vec<String>,
    pub must_not_have: Vec<String>,
    pub must_be: Vec<(String, serde_json::Value)>,
    pub at_most_one: Option<String>,
    pub must_mention: bool,
    pub capture: BTreeMap<String, String>,
    pub if_nothing: IfNothing,
}

/// The secrets of a connector. No `Debug`.
pub struct Secrets {
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Basic authentication of the token's request.
    pub token: Option<HeaderValue>,
}

impl Connector {
    /// Reads the secrets.
    ///
    /// # Errors
    /// A usage error for the first that is not there.
    pub fn secrets(&self) -> Result<Secrets> {
        let read = |place: &SecretPlace| place.read().map_err(|error| error.prefix(&self.origin));
        let headers = self.secret_headers.iter();
        let headers =
            headers.map(|SecretHeader { name, place, form }| Ok((name.clone(), header(*form, &read(place)?))));
        let token = self.token.as_ref().map(|token| {
            let (id, secret) = (read(&token.id)?, read(&token.secret)?);
            Ok::<_, Error>(header(Form::Basic, &format!("{id}:{secret}")))
        });
        Ok(Secrets { headers: headers.collect::<Result<_>>()?, token: token.transpose()? })
    }

    /// The environment variables that hold its secrets.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let token = self.token.iter().flat_map(|token| [&token.id, &token.secret]);
        let places = self.secret_headers.iter().map(|header| &header.place).chain(token);
        places.filter_map(|place| match place {
            SecretPlace::Environment(name) => Some(name.as_str()),
            SecretPlace::File(_) => None,
        })
    }

    /// Whether something that it asks is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.origins.iter().any(|origin| Url::parse(origin).is_ok_and(|url| is_loopback(&url)))
    }

    /// An address that may be asked: encrypted, or on this machine, and one that the file or a setting names.
    ///
    /// # Errors
    /// Says why not; the address itself can name a candidate.
    pub fn address(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| format!("the url is no address: {error}"))?;
        if !is_secure(&url) {
            return Err("the url would not keep what candidates said secret: it must begin with https://".to_owned());
        }
        let is_named = self.origins.contains(&url.origin().ascii_serialization());
        if !is_named || !url.username().is_empty() || url.password().is_some() {
            return Err("the url leads elsewhere than the file and its settings say".to_owned());
        }
        Ok(url)
    }
}
