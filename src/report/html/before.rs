//! `index.html`: one page that asks for nothing from anywhere.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

use crate::model::{Error, Result};
use crate::report::{KeywordFigures, Report};

const TEMPLATE: &str = include_str!("before.html");
/// Keywords of a set that are shown; the rest is in `summary.json`.
const KEYWORDS_SHOWN: usize = 20;

/// Renders the page.
///
/// # Errors
/// When the template fails, which would be a mistake in this program.
pub fn index(report: &Report) -> Result<Vec<u8>> {
    let fail = |error: minijinja::Error| Error::failed(format!("cannot render index.html: {error}"));
    let mut environment = Environment::new();
    environment.add_filter("figure", figure);
    environment.add_filter("minutes", minutes);
    environment.add_filter("percent", percent);
    environment.add_template("index.html", TEMPLATE).map_err(fail)?;
    let last = report.period.until.yesterday().unwrap_or(report.period.until);
    let sets: Vec<Value> = report.keyword_sets.iter().map(|set| set_context(report, set)).collect();
    let page = environment.get_template("index.html").map_err(fail)?;
    let html =
        page.render(context! { report => Value::from(Serde(report)), last => last.to_string(), sets }).map_err(fail)?;
    Ok(html.into_bytes())
}

/// One keyword set over all jobs: the terms that enough interviews have, and how many others there are.
fn set_context(report: &Report, set: &str) -> Value {
    let over_all = |keyword: &&KeywordFigures| keyword.job_id.is_none() && keyword.set == set;
    let all: Vec<&KeywordFigures> = report.keywords.iter().filter(over_all).collect();
    let shown: Vec<&&KeywordFigures> =
        all.iter().filter(|keyword| keyword.counts.is_some()).take(KEYWORDS_SHOWN).collect();
    context! { name => set, others => all.len() - shown.len(), shown => Value::from(Serde(&shown)) }
}

/// A number with at most one decimal, or a dash.
fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}").trim_end_matches(".0").to_owned())
}

/// Seconds as `12:05`.
fn minutes(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |seconds| {
            #[expect(clippy::cast_possible_truncation, reason = "no interview lasts 2^63 seconds")]
            let whole = seconds.round() as i64;
            format!("{}:{:02}", whole / 60, whole % 60)
        },
    )
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}
