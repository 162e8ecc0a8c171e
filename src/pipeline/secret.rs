//! Keys and secrets. A file or flag names where one is, and it is read from the environment or a file when it is
//! needed. Messages never contain one.

use std::env::{self, VarError};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{Error, Result};

/// The environment variable of the API key, unless another one is named.
pub const DEFAULT_KEY_VARIABLE: &str = "ROUNDZERO_API_KEY";

/// Place of the API key. The key itself is stored nowhere else.
#[derive(Debug)]
pub enum KeyPlace {
    Environment(String),
    File(PathBuf),
}

/// The name of the variable, or the path of the file.
impl fmt::Display for KeyPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => formatter.write_str(name),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

impl KeyPlace {
    /// Reads the key.
    ///
    /// # Errors
    /// A usage error if the key is not set, is empty, or cannot be sent in a header.
    pub fn read(&self) -> Result<String> {
        match self {
            Self::Environment(name) => {
                let hint = format!("export {name}=rz_live_…, or name a file with `key-file` under [source]");
                read_variable("key-env", name, "API key", &hint)
            }
            Self::File(path) => read_file(path, "API key", "a key looks like rz_live_…"),
        }
    }
}

/// Reads a secret from an environment variable. `named_by` is the setting or flag that names the variable, `what` is
/// the kind of secret, and `hint` says how to set it.
///
/// # Errors
/// A usage error if the name is not one of a variable, or if the variable is not set, empty, or not [`sendable`].
pub fn read_variable(named_by: &str, name: &str, what: &str, hint: &str) -> Result<String> {
    // A secret that was written here by mistake must not be repeated in a message.
    if !is_variable_name(name) {
        let message = format!("{named_by} names an environment variable, and does not hold the {what} itself");
        return Err(Error::usage(message).hint("a name is made of capital letters, digits and `_`"));
    }
    let whence = format!("the environment variable {name}");
    match env::var(name) {
        Ok(text) => sound(&text, &whence, what),
        Err(VarError::NotPresent) => Err(Error::usage(format!("{whence} is not set"))),
        Err(VarError::NotUnicode(_)) => Err(Error::usage(format!("{whence} holds no {what}"))),
    }
    .map_err(|error| error.hint(hint))
}

/// Reads a secret from a file. `what` is the kind of secret, and `hint` says what it looks like.
fn read_file(path: &Path, what: &str, hint: &str) -> Result<String> {
    let name = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Error::usage(format!("cannot read the key file {name}: {error}")))?;
    sound(&text, &format!("the key file {name}"), what).map_err(|error| error.hint(hint))
}

/// Reads secrets from a file, one a line. `what` is the kind of secret, and `hint` says where they are from.
///
/// # Errors
/// A usage error if the file cannot be read or has no secret, or if one is not [`sendable`].
pub fn read_secrets(path: &Path, what: &str, hint: &str) -> Result<Vec<String>> {
    let whence = format!("the file {}", path.display());
    let read = || {
        let text = fs::read_to_string(path).map_err(|error| Error::usage(format!("cannot read {whence}: {error}")))?;
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        // Without a line that holds one, the file is what is empty.
        let lines = if lines.is_empty() { vec![""] } else { lines };
        lines.into_iter().map(|line| sound(line, &whence, what)).collect::<Result<Vec<_>>>()
    };
    read().map_err(|error| error.hint(hint))
}

fn sound(text: &str, whence: &str, what: &str) -> Result<String> {
    let wrong = if text.trim().is_empty() { "is empty".to_owned() } else { format!("holds no {what}") };
    sendable(text).map(str::to_owned).ok_or_else(|| Error::usage(format!("{whence} {wrong}")))
}

/// A key or secret without surrounding white space; `None` unless a header can contain it, as printable ASCII without
/// spaces.
#[must_use]
pub fn sendable(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

/// Whether a text looks like the name of an environment variable: it has only capital letters, digits and `_`.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit();
    !name.is_empty() && name.bytes().all(is_part)
}
