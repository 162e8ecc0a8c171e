//! The file of a connector, as it is written by a user.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::secret::AuthScheme;

/// How an applicant tracking system is told of an interview: a few requests in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectorFile {
    /// The name in the outbox. Under another name, everything is sent again.
    pub name: String,
    /// Values for templates, as `settings.…`. Whoever uses the connector must set those that are empty.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// How long an answer may take: "30s".
    #[serde(default = "default_timeout")]
    pub timeout: String,
    /// Headers of every request. The values are templates.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers of every request whose values are read from the environment or a file.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, SecretHeaderSection>,
    /// How to request a bearer token for all requests.
    pub token: Option<TokenSection>,
    #[serde(default)]
    pub step: Vec<StepSection>,
}

/// Where the secret of a header is, and how it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretHeaderSection {
    pub env: Option<String>,
    pub file: Option<String>,
    #[serde(default)]
    pub form: AuthScheme,
}

/// A token request with client credentials (RFC 6749): id and secret are sent as Basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenSection {
    pub url: String,
    pub id_env: Option<String>,
    pub id_file: Option<String>,
    pub secret_env: Option<String>,
    pub secret_file: Option<String>,
    /// Form fields besides `grant_type`. The values are templates that can use the settings only.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
}

/// One request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepSection {
    pub name: String,
    pub method: Method,
    pub url: String,
    /// The body as JSON. A template.
    pub json: Option<String>,
    /// The body as a form, or the fields beside a file. The values are templates.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// The recording, sent as multipart/form-data.
    pub file: Option<FileSection>,
    /// Sends the request once for each of these.
    pub for_each: Option<ForEach>,
    /// Statuses that mean that it was done before.
    #[serde(default)]
    pub also_done: Vec<u16>,
    /// Statuses that mean that the candidate is not there yet. The interview is tried again over some weeks.
    #[serde(default)]
    pub wait_on: Vec<u16>,
    /// Places of the response (JSON pointers) that must hold something.
    #[serde(default)]
    pub must_have: Vec<String>,
    /// Places that must hold nothing: not there, null, false or empty.
    #[serde(default)]
    pub must_not_have: Vec<String>,
    /// Places that must hold a certain value.
    #[serde(default)]
    pub must_be: BTreeMap<String, toml::Value>,
    /// Place of a list that must not hold more than one item, because it would be unclear which one is meant.
    pub at_most_one: Option<String>,
    /// Which candidate of the response is meant.
    pub r#match: Option<MatchSection>,
    /// Replaced by `match`, and refused.
    pub must_mention: Option<String>,
    /// Values for later steps, as `found.…`, by their place in the response, or in the candidate that matches.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// What to do when there is nothing to capture.
    #[serde(default)]
    pub if_nothing: IfNothing,
}

/// Which candidate of a response is meant: the only one that has a text at one of some places.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MatchSection {
    /// Place of the list of candidates, or of a single one: the response itself, if it is left out.
    #[serde(default)]
    pub among: String,
    /// The text, without regard to case and outer spaces. A template.
    pub text: String,
    /// The places below a candidate, where `*` is every item of a list.
    pub at: Vec<String>,
}

/// A file to upload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileSection {
    /// Name of the form field.
    pub field: String,
    /// Name of the file. A template.
    pub name: String,
    #[serde(default = "default_content_type")]
    pub content_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForEach {
    /// Each recording, as `recording` in templates.
    Recordings,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfNothing {
    /// The response is wrong, and the step fails.
    #[default]
    Fail,
    /// The candidate may not be in the system yet. The interview is tried again over some weeks.
    Wait,
}

fn default_timeout() -> String {
    "30s".to_owned()
}

fn default_content_type() -> String {
    "audio/mpeg".to_owned()
}
