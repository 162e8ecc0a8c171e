//! A connector's file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::secret::Form;

/// How an applicant tracking system is told of an interview: a few requests in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectorFile {
    /// What the outbox calls it: under another name, everything is sent anew.
    pub name: String,
    /// What templates have as `settings.…`; one that is empty must be set by who uses the connector.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// How long an answer may take: "30s".
    #[serde(default = "default_timeout")]
    pub timeout: String,
    /// Of every request; templates.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Of every request; read from the environment or a file.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, SecretHeaderSection>,
    /// Asked for before the first request, and sent with each as a bearer.
    pub token: Option<TokenSection>,
    #[serde(default)]
    pub step: Vec<StepSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretHeaderSection {
    pub env: Option<String>,
    pub file: Option<String>,
    #[serde(default)]
    pub form: Form,
}

/// A token by client credentials, as RFC 6749 has it: id and secret go as Basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenSection {
    pub url: String,
    pub id_env: Option<String>,
    pub id_file: Option<String>,
    pub secret_env: Option<String>,
    pub secret_file: Option<String>,
    /// Beside `grant_type`; templates that know the settings alone.
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
    /// The body as JSON; a template.
    pub json: Option<String>,
    /// The body as a form, or the fields beside a file; templates.
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// A recording, sent as multipart/form-data.
    pub file: Option<FileSection>,
    /// Once for each of these.
    pub for_each: Option<ForEach>,
    /// Statuses that say that it was done before.
    #[serde(default)]
    pub also_done: Vec<u16>,
    /// Statuses that say that the candidate is not there yet. The interview is tried again over some weeks.
    #[serde(default)]
    pub wait_on: Vec<u16>,
    /// Places of the answer (JSON pointers) that must hold something.
    #[serde(default)]
    pub must_have: Vec<String>,
    /// Places that must hold nothing: not there, null, false or empty.
    #[serde(default)]
    pub must_not_have: Vec<String>,
    /// Places that must hold this.
    #[serde(default)]
    pub must_be: BTreeMap<String, toml::Value>,
    /// Place of a list that must not hold several: which of them would be meant?
    pub at_most_one: Option<String>,
    /// A text that the answer must hold somewhere as a whole value, whatever its case; a template.
    pub must_mention: Option<String>,
    /// What later steps have as `found.…`, by its place.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// What it means when there is nothing to capture.
    #[serde(default)]
    pub if_nothing: IfNothing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileSection {
    /// Name of its field.
    pub field: String,
    /// Its own name; a template.
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
    /// As the template's `recording`.
    Recordings,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfNothing {
    /// The answer is not what it should be.
    #[default]
    Fail,
    /// It may come: a candidate who is not in the system yet. The interview is tried again over some weeks.
    Wait,
}

fn default_timeout() -> String {
    "30s".to_owned()
}

fn default_content_type() -> String {
    "audio/mpeg".to_owned()
}
