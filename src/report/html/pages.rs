//! Renders the pages, and sets the policy that browsers enforce on them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior, context};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::rows::value;
use super::search_index::search_index;
use super::{format, index, job};
use crate::model::{Error, Result};
use crate::report::model::{Evidence, Report};

const TEMPLATES: [(&str, &str); 7] = [
    ("base.html", include_str!("base.html")),
    ("tables.html", include_str!("tables.html")),
    ("find.html", include_str!("find.html")),
    ("parts.html", include_str!("parts.html")),
    ("index.html", include_str!("index.html")),
    ("job.html", include_str!("job.html")),
    ("definitions.html", include_str!("definitions.html")),
];
const STYLE: &str =
    concat!(include_str!("style.css"), include_str!("tables.css"), include_str!("find.css"), include_str!("print.css"));
const SCRIPT: &str = concat!(include_str!("script.js"), include_str!("find.js"));

/// Renders every page of a report. Each comes with its path in the report's folder: `index.html`, or `jobs/<slug>.html`
/// for a job.
///
/// # Errors
/// When a template fails, which would be a mistake in this program.
pub fn pages(report: &Report, evidence: &Evidence) -> Result<Vec<(String, Vec<u8>)>> {
    let environment = environment().map_err(|error| failed("the templates", &error))?;
    let every = every_page(report);
    let index = search_index(report);
    let render = |path: &str, template: &str, page: Value| {
        let rendered = environment.get_template(template).and_then(|template| template.render(page));
        rendered.map(|page| (path.to_owned(), page.into_bytes())).map_err(|error| failed(path, &error))
    };
    let found = context! {
        policy => policy(&[SCRIPT, &index]),
        search_index => Value::from_safe_string(index.clone()),
    };
    let page = context! { ..index::page(report, evidence), ..found, ..every.clone() };
    let mut pages = vec![render("index.html", "index.html", page)?];
    let policy = context! { policy => policy(&[SCRIPT]) };
    let of_jobs: Result<Vec<_>> = report
        .jobs
        .par_iter()
        .map(|job| {
            let page = job::page(report, job, evidence);
            render(&job.page, "job.html", context! { ..page, ..policy.clone(), ..every.clone() })
        })
        .collect();
    pages.extend(of_jobs?);
    Ok(pages)
}

fn failed(what: &str, error: &minijinja::Error) -> Error {
    Error::failed(format!("cannot render {what}: {error}"))
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    format::register(&mut environment);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// The values that every page needs.
fn every_page(report: &Report) -> Value {
    context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        period => value(&report.period),
        previous_period => value(&report.previous_period),
        provenance => value(&report.provenance),
        selection => value(&report.selection),
        smallest_group => report.smallest_group,
    }
}

/// The content security policy: it allows the page's own style sheet and scripts by their hashes, and nothing else.
fn policy(scripts: &[&str]) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let scripts: Vec<String> = scripts.iter().map(|script| hash(script)).collect();
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        scripts.join(" ")
    )
}
