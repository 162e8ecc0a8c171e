//! Requests filled from an interview. They are sent, or shown by a dry run.

use std::collections::BTreeMap;
use std::io::Read;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::connector::{Connector, SecretHeader};
use super::content::{InterviewContent, RecordingFile};
use super::file::Method;
use super::template::TemplateKind;
use crate::deliver::archived::ArchivedFile;
use crate::model::{Error, Result};

/// Largest recording that is sent. Minutes of speech are a few megabytes.
const LARGEST_FILE: u64 = 128 << 20;

/// How templates are filled: [`super::template::fill`], or [`super::template::try_out`].
pub type Fill = fn(&Environment<'_>, &str, &Value) -> Result<String, String>;

/// The values that earlier steps captured.
pub type Captured = BTreeMap<String, serde_json::Value>;

/// One request, without its secrets. Has no `Debug`, because it holds a candidate's words.
pub struct AtsRequest {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    /// The same for every try of a request, even in another run. `None` for requests that change nothing.
    pub idempotency_key: Option<String>,
    pub body: RequestBody,
    /// The text by which the candidate is told from others in the response.
    pub match_text: Option<String>,
}

/// The body of a request.
pub enum RequestBody {
    None,
    Json(String),
    Form(Vec<(String, String)>),
    Multipart { fields: Vec<(String, String)>, file: UploadedFile },
}

/// A body as bytes.
pub struct EncodedBody {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// A file that is uploaded.
pub struct UploadedFile {
    pub field: String,
    pub name: String,
    pub content_type: String,
    pub archived: ArchivedFile,
}

/// The name of a step in the outbox. A step for a recording has a name for each.
pub fn label(connector: &Connector, step: usize, recording: Option<&RecordingFile>) -> String {
    let name = &connector.steps[step].name;
    recording.map_or_else(|| name.clone(), |recording| format!("{name} {}", recording.position))
}

impl AtsRequest {
    /// Fills the request of a step.
    ///
    /// # Errors
    /// Says which template cannot be filled, or what is wrong with its output.
    pub fn of_step(
        connector: &Connector,
        number: usize,
        content: &InterviewContent,
        recording: Option<&RecordingFile>,
        found: &Captured,
        fill: Fill,
    ) -> Result<Self, String> {
        let step = &connector.steps[number];
        let label = label(connector, number, recording);
        let key = key(connector, content, &label, found);
        let context = |settings: Value| {
            context! {
                settings,
                found => Serde(found),
                analysis => content.analysis.clone(),
                recording => recording.map(Serde),
                again => content.again,
                idempotency_key => key.as_str(),
                ..content.interview.clone()
            }
        };
        let plain = context(Value::from(Serde(&connector.settings)));
        let fill_part = |writing: TemplateKind, what: &str, context: &Value| {
            let name = writing.name(&format!("{} {what}", step.name));
            fill(&connector.environment, &name, context).map_err(|error| format!("{what}: {error}"))
        };
        let url = fill_part(TemplateKind::Url, "url", &context(safe_settings(&connector.settings)))?;
        let form = step.form.iter().map(|field| {
            Ok::<_, String>((field.clone(), fill_part(TemplateKind::Text, &format!("form {field}"), &plain)?))
        });
        let form: Vec<_> = form.collect::<Result<_, _>>()?;
        let body = match (&step.file, recording) {
            (Some(file), Some(recording)) => {
                let name = fill_part(TemplateKind::Text, "file", &plain)?;
                let (field, content_type, archived) =
                    (file.field.clone(), file.content_type.clone(), recording.file.clone());
                RequestBody::Multipart { fields: form, file: UploadedFile { field, name, content_type, archived } }
            }
            _ if step.has_json => {
                let json = fill_part(TemplateKind::Json, "json", &plain)?;
                let read = serde_json::from_str::<serde::de::IgnoredAny>(&json);
                read.map_err(|error| {
                    format!("json: what it is filled to is no JSON (line {}, column {})", error.line(), error.column())
                })?;
                RequestBody::Json(json)
            }
            _ if form.is_empty() => RequestBody::None,
            _ => RequestBody::Form(form),
        };
        let match_text = step.candidate.as_ref().map(|_| fill_part(TemplateKind::Text, "match", &plain)).transpose()?;
        // Without a text, for example an e-mail address, a candidate who lacks one as well would match.
        if match_text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err("match: the interview has nothing for it".to_owned());
        }
        let headers = connector.headers.iter().map(|name| {
            let text = fill(&connector.environment, &TemplateKind::Text.name(&format!("header {name}")), &plain);
            let text = text.map_err(|error| format!("header {name}: {error}"))?;
            let is_sendable = reqwest::header::HeaderValue::try_from(&text).is_ok();
            if is_sendable { Ok((name.clone(), text)) } else { Err(format!("header {name} cannot be sent")) }
        });
        Ok(Self {
            method: step.method,
            url: connector.address(&url)?,
            headers: headers.collect::<Result<_, _>>()?,
            idempotency_key: (step.method != Method::Get).then_some(key.clone()),
            body,
            match_text,
        })
    }

    /// Fills the request for a token. Its templates can use the settings only.
    ///
    /// # Errors
    /// A usage error when a template cannot be filled. Its message may contain values, because none of them is from an
    /// interview.
    pub fn token(connector: &Connector, fill: Fill) -> Result<Self> {
        let wrong = |message: String| Error::usage(format!("[token]: {message}"));
        let token = connector.token.as_ref().expect("it is asked for by who has one");
        let environment = &connector.environment;
        let url = fill(
            environment,
            &TemplateKind::Url.name("token url"),
            &context! { settings => safe_settings(&connector.settings) },
        );
        let url = connector.address(&url.map_err(wrong)?).map_err(wrong)?;
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        for field in &token.form {
            let context = context! { settings => Serde(&connector.settings) };
            let text = fill(environment, &TemplateKind::Text.name(&format!("token form {field}")), &context);
            form.push((field.clone(), text.map_err(|error| wrong(format!("form {field}: {error}")))?));
        }
        let (headers, body) = (Vec::new(), RequestBody::Form(form));
        Ok(Self { method: Method::Post, url, headers, idempotency_key: None, body, match_text: None })
    }

    /// The request as a dry run shows it, with the places of secrets instead of the secrets, and names of files.
    pub fn as_json(&self, connector: &Connector) -> serde_json::Value {
        let fields = |fields: &[(String, String)]| -> serde_json::Map<String, serde_json::Value> {
            fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
        };
        let mut headers = fields(&self.headers);
        for SecretHeader { name, place, .. } in &connector.secret_headers {
            headers.insert(name.to_string(), json!(format!("({})", place.shown())));
        }
        if connector.token.is_some() {
            headers.insert("authorization".to_owned(), json!("(a token)"));
        }
        headers.extend(self.idempotency_key.iter().map(|key| ("idempotency-key".to_owned(), json!(key))));
        let body = match &self.body {
            RequestBody::None => serde_json::Value::Null,
            RequestBody::Json(text) => serde_json::from_str(text).expect("it was read before"),
            RequestBody::Form(form) => fields(form).into(),
            RequestBody::Multipart { fields: form, file } => {
                let mut fields = fields(form);
                fields.insert(file.field.clone(), json!({"file": file.name, "content-type": file.content_type}));
                fields.into()
            }
        };
        json!({"method": self.method.as_str(), "url": self.url.as_str(), "headers": headers, "body": body})
    }
}

impl RequestBody {
    /// Encodes the body. `None` if there is none.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub fn encode(&self) -> Result<Option<EncodedBody>, String> {
        Ok(match self {
            Self::None => None,
            Self::Json(text) => {
                let content_type = "application/json".to_owned();
                Some(EncodedBody { content_type, bytes: text.clone().into_bytes() })
            }
            Self::Form(fields) => {
                let mut url = Url::parse("form:/").expect("it is an address");
                url.query_pairs_mut().extend_pairs(fields);
                let content_type = "application/x-www-form-urlencoded".to_owned();
                Some(EncodedBody { content_type, bytes: url.query().unwrap_or_default().as_bytes().to_vec() })
            }
            Self::Multipart { fields, file } => Some(multipart(fields, file)?),
        })
    }
}

fn multipart(fields: &[(String, String)], file: &UploadedFile) -> Result<EncodedBody, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the recording {}: {why}", file.archived);
    let mut bytes = Vec::new();
    let opened = file.archived.open().and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    if opened.map_err(|error| cannot(&error))? as u64 > LARGEST_FILE {
        return Err(cannot(&format!("it is larger than {} MB", LARGEST_FILE >> 20)));
    }
    // Derived from the content, so that the content cannot contain it.
    let boundary = hex::encode(&Sha256::digest(&bytes)[..16]);
    let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let mut body = Vec::with_capacity(bytes.len() + 1024);
    for (field, value) in fields {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(field));
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        quoted(&file.field),
        quoted(&file.name),
        file.content_type
    );
    body.extend(head.as_bytes());
    body.extend(bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    Ok(EncodedBody { content_type: format!("multipart/form-data; boundary={boundary}"), bytes: body })
}

/// Marks settings as safe: they are the user's own, and are not escaped in addresses.
fn safe_settings(settings: &BTreeMap<String, String>) -> Value {
    let safe_settings = settings.iter().map(|(name, value)| (name.clone(), Value::from_safe_string(value.clone())));
    Value::from(safe_settings.collect::<BTreeMap<String, Value>>())
}

/// The idempotency key of a request. It is derived from what is sent, so that it is the same after a crash. When an
/// interview is put back after it was given up, or its candidate is found under another id, the key is another one: a
/// system that heeds keys would repeat its old response.
fn key(connector: &Connector, content: &InterviewContent, label: &str, found: &Captured) -> String {
    let generation = content.generation.to_string();
    let mut parts = vec![connector.name.as_str(), &content.id, &content.version, &generation, label];
    let found = json!(found).to_string();
    if !found.is_empty() {
        parts.push(&found);
    }
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    hex::encode(hash.finalize())
}
