//! Finds and reads keyword sets: those that ship with the program, and files.

use std::fs;
use std::path::Path;

use crate::keywords::{KeywordSet, Mode, SHIPPED};
use crate::model::{Error, Result, similar};

/// Reads a keyword set: `builtin:NAME`, a `.toml` file, or a `.txt` file, whose terms are matched in `txt_mode`.
///
/// # Errors
/// A usage error that names the set, and the line if there is one.
pub fn load_set(reference: &str, txt_mode: Mode) -> Result<KeywordSet> {
    if let Some(name) = reference.strip_prefix("builtin:") {
        let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) else {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let error = Error::usage(format!("there is no keyword set {reference}"));
            let meant = suggestion(name);
            return Err(error.hint(format!("{meant}those that ship: {}", names.join(", "))));
        };
        return KeywordSet::parse_toml(text, reference);
    }
    let path = Path::new(reference);
    let bytes = fs::read(path).map_err(|error| {
        let meant = suggestion(path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default());
        Error::usage(format!("cannot read the keyword set {reference}: {error}"))
            .hint(format!("{meant}a path is relative to the pipeline file; sets that ship are builtin:NAME"))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| Error::usage(format!("{reference} is not UTF-8 text")))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => KeywordSet::parse_toml(&text, reference),
        Some("txt") => {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            KeywordSet::parse_txt(&text, reference, stem, txt_mode)
        }
        _ => Err(Error::usage(format!("{reference} is no keyword set")).hint("a set is a .toml or a .txt file")),
    }
}

/// The beginning of a hint: the set that ships whose name is like this one, if there is any.
fn suggestion(name: &str) -> String {
    let meant = similar(name, SHIPPED.iter().map(|(shipped, _)| *shipped));
    meant.map_or_else(String::new, |meant| format!("did you mean builtin:{meant}? "))
}

/// Reads several sets. Their names must differ, because results are stored by name. The results have the order of the
/// references.
pub fn load_sets(references: &[String], txt_mode: Mode) -> Vec<Result<KeywordSet>> {
    let mut names: Vec<String> = Vec::with_capacity(references.len());
    let mut load = |reference: &String| {
        let set = load_set(reference, txt_mode)?;
        if names.iter().any(|name| name == set.name()) {
            return Err(Error::usage(format!("{reference}: a set called {} is named before it", set.name())));
        }
        names.push(set.name().to_owned());
        Ok(set)
    };
    references.iter().map(&mut load).collect()
}
