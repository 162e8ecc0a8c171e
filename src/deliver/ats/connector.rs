//! A connector: how one applicant tracking system is told of interviews, and where its requests may go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use minijinja::Environment;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::file::{FileSection, ForEach, IfNothing, Method};
use super::secret::{AuthScheme, SecretPlace, header};
use crate::http::client::{Reach, is_secure};
use crate::model::{Error, Result};
use crate::pipeline::{AtsPlan, is_variable_name};

/// How one applicant tracking system is told of interviews. Holds where its secrets are, and not the secrets.
#[derive(Debug)]
pub struct Connector {
    pub name: String,
    /// The name of the file in messages.
    pub origin: String,
    pub settings: BTreeMap<String, String>,
    pub timeout: Duration,
    pub headers: Vec<String>,
    pub secret_headers: Vec<SecretHeader>,
    pub token: Option<TokenRequest>,
    pub steps: Vec<Step>,
    /// The folder of archived recordings, for steps that send them.
    pub recordings: Option<PathBuf>,
    pub environment: Environment<'static>,
    /// The origins that requests may be sent to: only those in the file and its settings.
    pub(super) origins: BTreeSet<String>,
}

/// A header whose value is a secret.
#[derive(Debug)]
pub struct SecretHeader {
    pub name: HeaderName,
    pub place: SecretPlace,
    pub form: AuthScheme,
}

/// How an access token is requested.
#[derive(Debug)]
pub struct TokenRequest {
    pub id: SecretPlace,
    pub secret: SecretPlace,
    /// Names of the form fields.
    pub form: Vec<String>,
}

/// One request. Its templates are in the environment, under names that begin with the name of the step.
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
    pub candidate: Option<CandidateMatch>,
    pub capture: BTreeMap<String, String>,
    pub if_nothing: IfNothing,
    /// Whether it is about what an earlier step captured.
    pub uses_found: bool,
}

/// Where the candidates of a response are, and where below each the text is that tells the one who is meant.
#[derive(Debug)]
pub struct CandidateMatch {
    pub among: String,
    pub at: Vec<String>,
}

/// The secrets of a connector. Has no `Debug`, so that they cannot be logged.
pub struct Secrets {
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Basic authentication for the token request.
    pub token: Option<HeaderValue>,
}

impl Connector {
    /// Reads the secrets.
    ///
    /// # Errors
    /// A usage error for the first secret that is missing.
    pub fn secrets(&self) -> Result<Secrets> {
        let read = |place: &SecretPlace| place.read().map_err(|error| error.prefix(&self.origin));
        let headers = self.secret_headers.iter();
        let headers =
            headers.map(|SecretHeader { name, place, form }| Ok((name.clone(), header(*form, &read(place)?))));
        let token = self.token.as_ref().map(|token| {
            let (id, secret) = (read(&token.id)?, read(&token.secret)?);
            Ok::<_, Error>(header(AuthScheme::Basic, &format!("{id}:{secret}")))
        });
        Ok(Secrets { headers: headers.collect::<Result<_>>()?, token: token.transpose()? })
    }

    /// The environment variables that may hold secrets of a connector: every name in its file that is written like one.
    /// Also those of a file that cannot be used, since its secrets are there all the same.
    #[must_use]
    pub fn variables(plan: &AtsPlan) -> Vec<String> {
        let text = fs::read_to_string(&plan.connector).unwrap_or_default();
        text.split(['"', '\'']).filter(|word| is_variable_name(word)).map(str::to_owned).collect()
    }

    /// What the servers are like that its requests go to.
    pub(super) fn reach(&self) -> Reach {
        let all: Vec<Reach> =
            self.origins.iter().filter_map(|origin| Some(Reach::of(&Url::parse(origin).ok()?))).collect();
        Reach { is_here: all.iter().any(|one| one.is_here), in_clear: all.iter().any(|one| one.in_clear) }
    }

    /// Parses an address that requests may be sent to: encrypted or on this machine, and named by the file or a
    /// setting.
    ///
    /// # Errors
    /// Says why it is refused. It does not repeat the address, which can name a candidate.
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
