//! Reads a connector: checks its file, and tries out its templates on a sample interview before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use minijinja::Environment;
use reqwest::Url;
use reqwest::header::HeaderName;

use super::answer::{StatusClass, classify};
use super::connector::{CandidateMatch, Connector, SecretHeader, Step, TokenRequest};
use super::content::InterviewContent;
use super::file::{ConnectorFile, MatchSection, Method, StepSection, TokenSection};
use super::request::{AtsRequest, Captured};
use super::secret::SecretPlace;
use super::template::{self, TemplateKind};
use crate::model::document::from_toml;
use crate::model::{Error, Result};
use crate::pipeline::{AtsPlan, span_up_to};

/// Headers that a connector may not set, because they follow from the request.
const OWN_HEADERS: [&str; 4] = ["content-length", "content-type", "host", "idempotency-key"];

impl Connector {
    /// Reads the connector of a plan, without its secrets.
    ///
    /// # Errors
    /// A usage error that names the file and the line or the step.
    pub fn read(plan: &AtsPlan) -> Result<Self> {
        let path = &plan.connector;
        let origin = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Error::usage(format!("cannot read the connector {origin}: {error}")))?;
        let file: ConnectorFile = from_toml(&text, &origin)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let connector = Self::resolve(file, folder, plan, &origin).map_err(|error| error.prefix(&origin))?;
        connector.try_out().map_err(|error| error.prefix(&origin))?;
        Ok(connector)
    }

    fn resolve(file: ConnectorFile, folder: &Path, plan: &AtsPlan, origin: &str) -> Result<Self> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if file.name.is_empty() || !file.name.chars().all(is_plain) {
            return Err(Error::usage("the name of a connector is made of letters, digits, `-`, `_` and `.`"));
        }
        let settings = settings(file.settings, &plan.set)?;
        let timeout = span_up_to(Duration::from_mins(10), &file.timeout);
        let wrong = || Error::usage(format!("`{}` is no timeout", file.timeout)).hint("for example 30s; at most 10m");
        let timeout = timeout.ok_or_else(wrong)?;
        let mut environment = template::environment();
        let mut sources = Vec::new();
        let mut headers = Vec::new();
        for (name, value) in file.headers {
            let name = header_name(&name)?.as_str().to_owned();
            add(&mut environment, TemplateKind::Text, "header", &name, value)?;
            headers.push(name);
        }
        let mut secret_headers = Vec::new();
        for (name, section) in file.secret_headers {
            let place = SecretPlace::new(&format!("secret-headers.{name}"), section.env, section.file, folder)?;
            secret_headers.push(SecretHeader { name: header_name(&name)?, place, form: section.form });
        }
        let token = file.token.map(|token| {
            sources.push(token.url.clone());
            resolve_token(token, folder, &mut environment)
        });
        if file.step.is_empty() {
            return Err(Error::usage("there is no [[step]]"));
        }
        let mut steps: Vec<Step> = Vec::new();
        for section in file.step {
            sources.push(section.url.clone());
            if steps.iter().any(|step| step.name == section.name) {
                return Err(Error::usage(format!("two steps are called {}", section.name)));
            }
            let place = format!("step `{}`", section.name);
            let step = resolve_step(section, &mut environment).map_err(|error| error.prefix(&place))?;
            if step.for_each.is_some() && plan.recordings.is_none() {
                let message = format!("{place} sends recordings, and no archive of them is named");
                let hint = "`recordings` under [ats], or --recordings DIR, names the folder that `roundup audio` fills";
                return Err(Error::usage(message).hint(hint));
            }
            steps.push(step);
        }
        Ok(Self {
            name: file.name,
            origin: origin.to_owned(),
            origins: origins(&settings, &sources),
            settings,
            timeout,
            headers,
            secret_headers,
            token: token.transpose().map_err(|error: Error| error.prefix("[token]"))?,
            steps,
            recordings: plan.recordings.clone(),
            environment,
        })
    }

    /// Fills every template from the sample interview, so that mistakes are found before anything is sent.
    fn try_out(&self) -> Result<()> {
        let content = InterviewContent::sample();
        if self.token.is_some() {
            AtsRequest::token(self, template::try_out)?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            let recording = step.for_each.map(|_| &content.recordings[0]);
            AtsRequest::of_step(self, number, &content, recording, &self.sample_captures(number), template::try_out)
                .map_err(|message| Error::usage(format!("step `{}`: {message}", step.name)))?;
        }
        Ok(())
    }

    fn sample_captures(&self, before: usize) -> Captured {
        let names = self.steps[..before].iter().flat_map(|step| step.capture.keys());
        names.map(|name| (name.clone(), "1".into())).collect()
    }
}

fn settings(
    mut settings: BTreeMap<String, String>,
    set: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    for (name, value) in set {
        let names = settings.keys().cloned().collect::<Vec<_>>().join(", ");
        let unknown = || Error::usage(format!("there is no setting `{name}`")).hint(format!("there are: {names}"));
        value.clone_into(settings.get_mut(name).ok_or_else(unknown)?);
    }
    match settings.iter().find(|(_, value)| value.is_empty()) {
        None => Ok(settings),
        Some((name, _)) => Err(Error::usage(format!("the setting `{name}` has no value"))
            .hint(format!("`set.{name} = \"…\"` under [ats], or --set {name}=…"))),
    }
}

fn header_name(name: &str) -> Result<HeaderName> {
    let name = HeaderName::try_from(name).map_err(|_| Error::usage(format!("`{name}` is no name of a header")))?;
    if OWN_HEADERS.contains(&name.as_str()) {
        return Err(Error::usage(format!("the header {name} is set by roundup")));
    }
    Ok(name)
}

/// Adds a template. Its name consists of what it belongs to (`of`) and which part of that it fills (`what`).
fn add(
    environment: &mut Environment<'static>,
    writing: TemplateKind,
    of: &str,
    what: &str,
    text: String,
) -> Result<()> {
    let added = environment.add_template_owned(writing.name(&format!("{of} {what}")), text);
    added.map_err(|error| Error::usage(format!("{what}: {}", template::describe(&error))))
}

fn resolve_token(section: TokenSection, folder: &Path, environment: &mut Environment<'static>) -> Result<TokenRequest> {
    add(environment, TemplateKind::Url, "token", "url", section.url)?;
    let mut form = Vec::new();
    for (field, text) in section.form {
        add(environment, TemplateKind::Text, "token", &format!("form {field}"), text)?;
        form.push(field);
    }
    Ok(TokenRequest {
        id: SecretPlace::new("the token's id", section.id_env, section.id_file, folder)?,
        secret: SecretPlace::new("the token's secret", section.secret_env, section.secret_file, folder)?,
        form,
    })
}

fn resolve_step(section: StepSection, environment: &mut Environment<'static>) -> Result<Step> {
    check_places(&section)?;
    let uses_found = uses_found(&section, environment);
    let name = section.name;
    let bodies = usize::from(section.json.is_some()) + usize::from(section.file.is_some() || !section.form.is_empty());
    if bodies > 1 {
        return Err(Error::usage("the body is JSON, or a form with or without a file"));
    }
    if section.method == Method::Get && bodies > 0 {
        return Err(Error::usage("a GET has no body"));
    }
    if section.file.is_some() != section.for_each.is_some() {
        return Err(Error::usage("`file` and `for-each = \"recordings\"` go together"));
    }
    if !section.capture.is_empty() && (section.for_each.is_some() || !section.also_done.is_empty()) {
        let why = "a step that captures has one answer to capture from: no `for-each`, and no `also-done`";
        return Err(Error::usage(why));
    }
    for (key, statuses, example) in [("also-done", &section.also_done, 409), ("wait-on", &section.wait_on, 404)] {
        if let Some(status) = statuses.iter().find(|status| classify(**status) != StatusClass::Rejected) {
            let message = format!("{key}: {status} has a meaning of its own");
            return Err(Error::usage(message).hint(format!("{example} is what it is for")));
        }
    }
    if let Some(status) = section.also_done.iter().find(|status| section.wait_on.contains(status)) {
        return Err(Error::usage(format!("{status} is in both `also-done` and `wait-on`")));
    }
    add(environment, TemplateKind::Url, &name, "url", section.url)?;
    let has_json = section.json.is_some();
    if let Some(json) = section.json {
        add(environment, TemplateKind::Json, &name, "json", json)?;
    }
    let mut form = Vec::new();
    for (field, text) in section.form {
        add(environment, TemplateKind::Text, &name, &format!("form {field}"), text)?;
        form.push(field);
    }
    if let Some(file) = &section.file {
        add(environment, TemplateKind::Text, &name, "file", file.name.clone())?;
    }
    let candidate = section.r#match.map(|MatchSection { among, text, at }| {
        add(environment, TemplateKind::Text, &name, "match", text).map(|()| CandidateMatch { among, at })
    });
    let as_json = |value: toml::Value| serde_json::to_value(value).map_err(|error| Error::usage(error.to_string()));
    let must_be = section.must_be.into_iter().map(|(place, value)| Ok((place, as_json(value)?)));
    Ok(Step {
        method: section.method,
        has_json,
        form,
        file: section.file,
        for_each: section.for_each,
        also_done: section.also_done,
        wait_on: section.wait_on,
        must_have: section.must_have,
        must_not_have: section.must_not_have,
        must_be: must_be.collect::<Result<_>>()?,
        at_most_one: section.at_most_one,
        candidate: candidate.transpose()?,
        capture: section.capture,
        if_nothing: section.if_nothing,
        uses_found,
        name,
    })
}

/// Whether a step is about what earlier ones captured. A template that cannot be read is told of elsewhere.
fn uses_found(section: &StepSection, environment: &Environment<'_>) -> bool {
    let mut texts = [&section.url].into_iter().chain(&section.json).chain(section.form.values());
    texts.any(|text| {
        let template = environment.template_from_str(text);
        template.is_ok_and(|template| template.undeclared_variables(false).contains("found"))
    })
}

/// Checks which places of the response a step names, and that the candidate whose id it captures is the one who is meant.
fn check_places(section: &StepSection) -> Result<()> {
    if section.must_mention.is_some() {
        let message = "`must-mention` is not enough: the answer holds what was asked for, whoever it is about";
        let hint = "`match.among`, `match.text` and `match.at` say where each candidate has it, and `capture` then \
                    begins at the one who matches; docs/ats has examples";
        return Err(Error::usage(message).hint(hint));
    }
    if let Some(MatchSection { at, .. }) = &section.r#match {
        if at.is_empty() || section.capture.is_empty() {
            let message = "`match` needs places in `match.at`, and a `capture` from the candidate who matches";
            return Err(Error::usage(message));
        }
        if section.at_most_one.is_some() {
            return Err(Error::usage("`match` already takes one candidate only: no `at-most-one`"));
        }
    }
    let pointers = section.must_have.iter().chain(&section.must_not_have).chain(section.must_be.keys());
    let pointers = pointers.chain(section.capture.values()).chain(&section.at_most_one);
    let mut pointers = pointers.chain(section.r#match.iter().flat_map(|one| one.at.iter().chain([&one.among])));
    match pointers.find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        Some(wrong) => Err(Error::usage(format!("`{wrong}` is no JSON pointer")).hint("for example /data/0/id")),
        None => Ok(()),
    }
}

/// The origins of all settings that are addresses, and of the addresses that templates begin with.
fn origins(settings: &BTreeMap<String, String>, templates: &[String]) -> BTreeSet<String> {
    let literal = templates.iter().map(|text| {
        let host = text.find("://").and_then(|at| text[at + 3..].find('/').map(|end| &text[..at + 3 + end]));
        host.unwrap_or(text)
    });
    let all = settings.values().map(String::as_str).chain(literal).filter(|text| !text.contains("{{"));
    let all = all.filter_map(|text| Url::parse(text).ok()).filter(|url| url.has_host());
    all.map(|url| url.origin().ascii_serialization()).collect()
}
