//! Keys and secrets: named in a file or by a flag, and read from the environment or a file when they are needed.
//! Messages never hold one.

use std::env::{self, VarError};
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{Error, Result};

/// Where the API's key is; the key itself is kept nowhere else.
#[derive(Debug)]
pub enum KeyPlace {
    Environment(String),
    File(PathBuf),
}

impl KeyPlace {
    /// Reads the key.
    ///
    /// # Errors
    /// A usage error when it is unset, empty, or cannot be sent in a header.
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

/// Reads what an environment variable holds. `named_by` is the setting or flag that names it, `what` is in it, and
/// `hint` says how it comes there.
///
/// # Errors
/// A usage error when the name is none, or the variable is not set, empty, or not [`sendable`].
pub fn read_variable(named_by: &str, name: &str, what: &str, hint: &str) -> Result<String> {
    // A secret written here by mistake must not be repeated in a message.
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

/// As [`read_variable`], of a file.
fn read_file(path: &Path, what: &str, hint: &str) -> Result<String> {
    let name = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Error::usage(format!("cannot read the key file {name}: {error}")))?;
    sound(&text, &format!("the key file {name}"), what).map_err(|error| error.hint(hint))
}

fn sound(text: &str, whence: &str, what: &str) -> Result<String> {
    let wrong = if text.trim().is_empty() { "is empty".to_owned() } else { format!("holds no {what}") };
    sendable(text).map(str::to_owned).ok_or_else(|| Error::usage(format!("{whence} {wrong}")))
}

/// A key or secret without the space around it, if it is one that a header can hold: printable ASCII without a space.
#[must_use]
pub fn sendable(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

/// Whether a text names an environment variable as people name those: in capital letters, digits and `_`.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit();
    !name.is_empty() && name.bytes().all(is_part)
}
