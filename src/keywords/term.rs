//! A term of a keyword set, and how it is compared with a text.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a term is compared with a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As a whole word, whatever its case and normalisation.
    #[default]
    Word,
    /// As the vendor's sample does: anywhere in the lower-cased text, the term as given.
    Substring,
}

/// Which forms of a term count besides the one given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Forms {
    /// No other.
    #[default]
    None,
    /// The plural of its last word of three or more ASCII letters.
    Plural,
}

/// One term, with the defaults of its set filled in. The fields are those of [`super::TermEntry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub name: String,
    pub aliases: Vec<String>,
    pub proper_nouns: Vec<String>,
    pub category: Option<String>,
    pub mode: Mode,
    pub case_sensitive: bool,
    pub forms: Forms,
    pub separators: bool,
    pub fold_diacritics: bool,
    pub exclude: Vec<String>,
    pub question_types: Vec<String>,
    /// The line of its file that names it, 1-based.
    pub line: usize,
}

impl Term {
    /// Creates a term of a list, with its name as the only spelling.
    pub(super) fn plain(name: &str, mode: Mode, line: usize) -> Self {
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            proper_nouns: Vec::new(),
            category: None,
            mode,
            case_sensitive: false,
            forms: Forms::None,
            separators: false,
            fold_diacritics: false,
            exclude: Vec::new(),
            question_types: Vec::new(),
            line,
        }
    }
}
