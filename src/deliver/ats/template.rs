//! The templates of a connector. Their output is escaped automatically, so that no template can forget it: values in a
//! URL are percent-encoded, and values in JSON are JSON.

use jiff::Timestamp;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, escape_formatter};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::http::client::SEGMENT;

/// How many instructions a template may execute, so that none runs forever.
const FUEL: u64 = 1_000_000;
/// Largest output of a template, in bytes.
const LARGEST: usize = 8 << 20;
const URL: &str = "url";
/// The only errors about values that are shown: they reveal nothing of the value. This one is for an empty value.
const EMPTY: &str = "a value in the address is empty";
/// The error for a value that would change the path.
const DOTS: &str = "a value in the address is `.` or `..`, which would lead to another place";

/// The kind of a template's output, which is the extension of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateKind {
    /// An address. Its values must not be empty, because a search for nothing finds anybody, and must not be `.` or
    /// `..`, because they would change the path.
    Url,
    Json,
    /// A form field, a header, or the name of a file.
    Text,
}

impl TemplateKind {
    pub fn name(self, of: &str) -> String {
        match self {
            Self::Url => format!("{of}.url"),
            Self::Json => format!("{of}.json"),
            Self::Text => format!("{of}.text"),
        }
    }
}

pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, URL)) => AutoEscape::Custom(URL.into()),
        Some((_, "json")) => AutoEscape::Json,
        _ => AutoEscape::None,
    });
    environment.set_formatter(|output, state, value| {
        if *state.auto_escape() == AutoEscape::Json {
            return escape_formatter(output, state, value);
        }
        let text = if value.is_none() { String::new() } else { value.to_string() };
        if *state.auto_escape() == AutoEscape::None || value.is_safe() {
            return output.write_str(&text).map_err(|error| failed("cannot be written", error));
        }
        if text.trim().is_empty() {
            return Err(minijinja::Error::new(ErrorKind::UndefinedError, EMPTY));
        }
        if matches!(&*percent_decode_str(&text).decode_utf8_lossy(), "." | "..") {
            return Err(minijinja::Error::new(ErrorKind::InvalidOperation, DOTS));
        }
        write!(output, "{}", utf8_percent_encode(&text, SEGMENT)).map_err(|error| failed("cannot be written", error))
    });
    for (name, filter) in [("day", "%Y-%m-%d"), ("minute", "%Y-%m-%d %H:%M UTC")] {
        environment.add_filter(name, move |time: &str| moment(time, filter));
    }
    environment
}

fn failed(what: &'static str, error: std::fmt::Error) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::WriteFailure, what).with_source(error)
}

fn moment(time: &str, format: &str) -> Result<String, minijinja::Error> {
    let time: Timestamp =
        time.parse().map_err(|_| minijinja::Error::new(ErrorKind::InvalidOperation, "this is no time"))?;
    Ok(time.strftime(format).to_string())
}

/// Fills a template. The error names its line and kind, and never a value.
pub fn fill(environment: &Environment<'_>, name: &str, context: &Value) -> Result<String, String> {
    let filled = environment.get_template(name).and_then(|template| template.render(context));
    let text = filled.map_err(|error| match error.detail() {
        Some(what @ (EMPTY | DOTS)) => what.to_owned(),
        _ => place(&error, error.kind().to_string()),
    })?;
    if text.len() > LARGEST {
        return Err(format!("it is filled with more than {} MB", LARGEST >> 20));
    }
    Ok(text)
}

/// Fills a template with sample values. The error has all details.
pub fn try_out(environment: &Environment<'_>, name: &str, context: &Value) -> Result<String, String> {
    let filled = environment.get_template(name).and_then(|template| template.render(context));
    filled.map_err(|error| describe(&error))
}

pub fn describe(error: &minijinja::Error) -> String {
    place(error, error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

fn place(error: &minijinja::Error, what: String) -> String {
    error.line().map_or_else(|| what.clone(), |line| format!("line {line}: {what}"))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn filled(writing: TemplateKind, template: &str, value: impl Into<Value>) -> Result<String, String> {
        let mut environment = environment();
        let name = writing.name("it");
        environment.add_template_owned(name.clone(), template.to_owned()).map_err(|error| describe(&error))?;
        fill(&environment, &name, &context! { value => value.into() })
    }

    #[test]
    fn values_are_escaped_for_where_they_go() {
        let hostile = "a\"b\\c/d?e=f&g#h {{ x }}\n";
        let url = filled(TemplateKind::Url, "https://ats.example/c?email={{ value }}", hostile).unwrap();
        assert_eq!(url, "https://ats.example/c?email=a%22b%5Cc%2Fd%3Fe%3Df%26g%23h%20%7B%7B%20x%20%7D%7D%0A");
        let json =
            filled(TemplateKind::Json, r#"{"note": {{ value }}, "again": {{ value | tojson }}}"#, hostile).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["note"], &json["again"]), (&hostile.into(), &hostile.into()));
        assert_eq!(filled(TemplateKind::Text, "{{ value }}", hostile).unwrap(), hostile);
        assert_eq!(filled(TemplateKind::Json, "{{ value }}", Value::from(())).unwrap(), "null");
    }

    #[test]
    fn nothing_is_searched_for_with_an_empty_value() {
        for nothing in [Value::from(()), Value::from(""), Value::from("  ")] {
            assert_eq!(
                filled(TemplateKind::Url, "https://ats.example/c?email={{ value }}", nothing).unwrap_err(),
                EMPTY
            );
        }
        let message = filled(TemplateKind::Url, "https://ats.example/{{ other }}", "secret words").unwrap_err();
        assert!(message.starts_with("line 1: ") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn no_value_leads_to_another_place() {
        let template = "https://ats.example/candidates/{{ value }}/notes";
        for dots in [".", "..", "%2e", "%2E.", ".%2e", "%2e%2E"] {
            assert_eq!(filled(TemplateKind::Url, template, dots).unwrap_err(), DOTS, "{dots}");
        }
        for harmless in ["...", "a.b", "%252e"] {
            filled(TemplateKind::Url, template, harmless).unwrap();
        }
        assert_eq!(filled(TemplateKind::Text, "{{ value }}", "..").unwrap(), "..");
    }

    #[test]
    fn a_template_that_does_not_end_is_ended() {
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ value }}{% endfor %}{% endfor %}";
        filled(TemplateKind::Text, endless, "x").unwrap_err();
        assert_eq!(filled(TemplateKind::Text, "{{ value | day }}", "2024-01-16T14:52:00Z").unwrap(), "2024-01-16");
    }
}
