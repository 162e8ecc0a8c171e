//! Requests, filled from an interview: what a dry run shows, and what is sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::connector::{Connector, SecretHeader};
use super::content::{Content, Recording};
use super::file::Method;
use super::template::Writing;
use crate::model::{Error, Result};

/// Of a recording. Minutes of speech are a few megabytes.
const LARGEST_FILE: u64 = 128 << 20;

/// How a template is filled: [`super::template::fill`], or as a trial.
pub type Fill = fn(&Environment<'_>, &str, &Value) -> Result<String, String>;

/// What earlier steps captured.
pub type Found = BTreeMap<String, serde_json::Value>;

/// One request, but for its secrets. No `Debug`: it holds what a candidate said.
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    /// The same for every try of the same request, also by another run; none where nothing is changed.
    pub idempotency_key: Option<String>,
    pub body: Body,
    /// What the answer must hold as a value.
    pub must_mention: Option<String>,
}

pub enum Body {
    None,
    Json(String),
    Form(Vec<(String, String)>),
    Multipart { fields: Vec<(String, String)>, file: UploadedFile },
}

/// A body as it is sent.
pub struct EncodedBody {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

pub struct UploadedFile {
    pub field: String,
    pub name: String,
    pub content_type: String,
    pub path: PathBuf,
}

/// What the outbox calls a step, or one recording of it.
pub fn label(connector: &Connector, step: usize, recording: Option<&Recording>) -> String {
    let name = &connector.steps[step].name;
    recording.map_or_else(|| name.clone(), |recording| format!("{name} {}", recording.position))
}

impl Request {
    /// # Errors
    /// Says which template cannot be filled, or what is wrong with what it wrote.
    pub fn of_step(
        connector: &Connector,
        number: usize,
        content: &Content,
        recording: Option<&Recording>,
        found: &Found,
        fill: Fill,
    ) -> Result<Self, String> {
        let step = &connector.steps[number];
        let label = label(connector, number, recording);
        let key = key(connector, content, &label);
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
        let fill_part = |writing: Writing, what: &str, context: &Value| {
            let name = writing.name(&format!("{} {what}", step.name));
            fill(&connector.environment, &name, context).map_err(|error| format!("{what}: {error}"))
        };
        let url = fill_part(Writing::Url, "url", &context(safe(&connector.settings)))?;
        let form = step
            .form
            .iter()
            .map(|field| Ok::<_, String>((field.clone(), fill_part(Writing::Text, &format!("form {field}"), &plain)?)));
        let form: Vec<_> = form.collect::<Result<_, _>>()?;
        let body = match (&step.file, recording) {
            (Some(file), Some(recording)) => {
                let name = fill_part(Writing::Text, "file", &plain)?;
                let (field, content_type, path) =
                    (file.field.clone(), file.content_type.clone(), recording.path.clone());
                Body::Multipart { fields: form, file: UploadedFile { field, name, content_type, path } }
            }
            _ if step.has_json => {
                let json = fill_part(Writing::Json, "json", &plain)?;
                let read = serde_json::from_str::<serde::de::IgnoredAny>(&json);
                read.map_err(|error| {
                    format!("json: what it is filled to is no JSON (line {}, column {})", error.line(), error.column())
                })?;
                Body::Json(json)
            }
            _ if form.is_empty() => Body::None,
            _ => Body::Form(form),
        };
        let must_mention = step.must_mention.then(|| fill_part(Writing::Text, "must-mention", &plain)).transpose()?;
        // Whoever has no e-mail would be looked for without one, and anybody found.
        if must_mention.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err("must-mention: the interview has nothing for it".to_owned());
        }
        let headers = connector.headers.iter().map(|name| {
            let text = fill(&connector.environment, &Writing::Text.name(&format!("header {name}")), &plain);
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
            must_mention,
        })
    }

    /// The request for a token, which knows the settings alone.
    ///
    /// # Errors
    /// A usage error, as nothing of an interview is in it.
    pub fn token(connector: &Connector, fill: Fill) -> Result<Self> {
        let wrong = |message: String| Error::usage(format!("[token]: {message}"));
        let token = connector.token.as_ref().expect("it is asked for by who has one");
        let environment = &connector.environment;
        let url =
            fill(environment, &Writing::Url.name("token url"), &context! { settings => safe(&connector.settings) });
        let url = connector.address(&url.map_err(wrong)?).map_err(wrong)?;
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        for field in &token.form {
            let context = context! { settings => Serde(&connector.settings) };
            let text = fill(environment, &Writing::Text.name(&format!("token form {field}")), &context);
            form.push((field.clone(), text.map_err(|error| wrong(format!("form {field}: {error}")))?));
        }
        let (headers, body) = (Vec::new(), Body::Form(form));
        Ok(Self { method: Method::Post, url, headers, idempotency_key: None, body, must_mention: None })
    }

    /// As a dry run has it: secrets by where they are, a file by its name.
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
            Body::None => serde_json::Value::Null,
            Body::Json(text) => serde_json::from_str(text).expect("it was read before"),
            Body::Form(form) => fields(form).into(),
            Body::Multipart { fields: form, file } => {
                let mut fields = fields(form);
                fields.insert(file.field.clone(), json!({"file": file.name, "content-type": file.content_type}));
                fields.into()
            }
        };
        json!({"method": self.method.as_str(), "url": self.url.as_str(), "headers": headers, "body": body})
    }
}

impl Body {
    /// What is sent, if anything is.
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
    let name = file.path.display();
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the recording {name}: {why}");
    let size = fs::metadata(&file.path).map_err(|error| cannot(&error))?.len();
    if size > LARGEST_FILE {
        return Err(cannot(&format!("it is larger than {} MB", LARGEST_FILE >> 20)));
    }
    let bytes = fs::read(&file.path).map_err(|error| cannot(&error))?;
    // Follows from what it is between, so that it does not stand there.
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

/// Settings are the user's own and stand in addresses as they are.
fn safe(settings: &BTreeMap<String, String>) -> Value {
    let safe = settings.iter().map(|(name, value)| (name.clone(), Value::from_safe_string(value.clone())));
    Value::from(safe.collect::<BTreeMap<String, Value>>())
}

/// Follows from what is sent, so that it is the same after a kill. What is put back after it was given up may have another
/// body, as the connector was put right, and has another key: a system that heeds keys would answer as it did before.
fn key(connector: &Connector, content: &Content, label: &str) -> String {
    let generation = content.generation.to_string();
    let parts = [connector.name.as_str(), &content.id, &content.version, &generation, label];
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    hex::encode(hash.finalize())
}
