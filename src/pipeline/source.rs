//! An account that a pipeline reads interviews from, resolved from a pipeline file.

use std::path::{Path, PathBuf};

use super::exclude::Exclude;
use super::file::SourceSection;
use super::place::place;
use super::secret::{DEFAULT_KEY_VARIABLE, KeyPlace};
use crate::model::{Error, Problems, Section};

/// The word in the place of a list of ids that means the inbox.
pub const INBOX: &str = "inbox";

/// The word in the place of the API's address that means the sandbox inside this process.
const SANDBOX: &str = "sandbox";

/// One account to read interviews from.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub api: Api,
    /// Files with lists of ids; `-` is standard input. If a source with the sandbox has none, it takes all of the
    /// sandbox's interviews.
    pub lists: Vec<PathBuf>,
    /// The column of ids, for lists that are CSV.
    pub column: Option<String>,
    /// Whether the source also takes ids from the inbox.
    pub inbox: bool,
    pub exclude: Exclude,
}

#[derive(Debug)]
pub enum Api {
    Remote {
        /// Base URL of the API, without a slash at the end.
        base: String,
        /// Where its keys are, at least one.
        keys: Vec<KeyPlace>,
        /// The most requests a minute with each of them, if not as with all.
        requests_per_minute: Option<u32>,
    },
    /// The sandbox, started inside this process.
    Sandbox { interviews: Option<usize>, seed: u64 },
}

/// Resolves the sources of a pipeline, of which there is at least one, and each has a name of its own.
pub(super) fn resolve_all(sections: Vec<SourceSection>, folder: &Path, problems: &mut Problems) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for (number, section) in sections.into_iter().enumerate() {
        let mut at = problems.section(format!("source[{number}]"));
        let source = resolve(section, folder, &mut at);
        if sources.iter().any(|earlier| earlier.name == source.name) {
            at.add("name", Error::usage(format!("two sources are called {}", source.name)).hint("give each a `name`"));
        }
        sources.push(source);
    }
    if sources.is_empty() {
        problems.add("source", Error::usage("there is no [source]"));
    }
    sources
}

fn resolve(source: SourceSection, folder: &Path, at: &mut Section<'_>) -> Source {
    let name = source.name;
    if name.is_empty() || !name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    {
        at.add("name", Error::usage("the name of a source is made of letters, digits, `-`, `_` and `.`"));
    }
    let inbox = source.interviews.iter().any(|list| list == INBOX);
    let lists: Vec<PathBuf> = source
        .interviews
        .into_iter()
        .filter(|list| list != INBOX)
        .map(|list| match list.as_str() {
            "-" => PathBuf::from("-"),
            _ => place(folder, &list),
        })
        .collect();
    let api = if source.api == SANDBOX {
        if source.key_env.is_some() || source.key_file.is_some() {
            let key = if source.key_env.is_some() { "key-env" } else { "key-file" };
            at.add(key, Error::usage("the sandbox inside this process takes no key"));
        }
        if source.requests_per_minute.is_some() {
            at.add("requests-per-minute", Error::usage("the sandbox inside this process has no limit"));
        }
        let sandbox = source.sandbox.unwrap_or_default();
        Api::Sandbox { interviews: sandbox.interviews, seed: sandbox.seed }
    } else {
        if source.sandbox.is_some() {
            at.add("sandbox", Error::usage("it is for api = \"sandbox\" only"));
        }
        if lists.is_empty() && !inbox {
            let hint = "interviews = [\"ids.txt\"], one id a line; the vendor has no call that lists them";
            at.add("interviews", Error::usage(format!("source {name} names no `interviews`")).hint(hint));
        }
        let named_by = if source.key_file.is_some() { "key-file" } else { "key-env" };
        let keys: Vec<KeyPlace> = match (source.key_env, source.key_file) {
            (names, Some(paths)) => {
                if names.is_some() {
                    at.add("key-env", Error::usage("name key-env or key-file, not both"));
                }
                paths.0.iter().map(|path| KeyPlace::File(place(folder, path))).collect()
            }
            (Some(names), None) => names.0.into_iter().map(KeyPlace::Environment).collect(),
            (None, None) => vec![KeyPlace::Environment(DEFAULT_KEY_VARIABLE.to_owned())],
        };
        if keys.is_empty() {
            at.add(named_by, Error::usage(format!("source {name} names no key")));
        }
        let requests_per_minute = source.requests_per_minute.map(|most| at.at_least_1("requests-per-minute", most));
        Api::Remote { base: source.api.trim_end_matches('/').to_owned(), keys, requests_per_minute }
    };
    let mut exclude = Exclude::default();
    for (number, pattern) in source.exclude.iter().enumerate() {
        at.keep(&format!("exclude[{number}]"), exclude.add(pattern));
    }
    Source { name, api, lists, column: source.column, inbox, exclude }
}
