//! Reads the file of a keyword set: its formats, the checks, and the hash that every result carries.
//!
//! There are two formats. TOML has all options. A `.txt` file is a list of terms, one a line, which are independent of
//! one another. Each line is a term exactly as it stands, with the white space at its ends. Lines of nothing but white
//! space are skipped, and so are comments, which begin with `#` and a space. `#` alone and `#hashtag` are terms, as
//! `c#` is.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::cues::{BREAKS, CUES, FILLERS, UNDOING};
use super::term::{Forms, Mode, Term};
use crate::model::document::from_toml;
use crate::model::error::{Error, Result};

/// Version of the matcher. It is part of every set's hash and must be raised with each change to the matcher that
/// changes results.
pub const MATCHER_VERSION: u32 = 2;

/// The longest name of a set, in characters.
const LONGEST_NAME: usize = 64;

/// A keyword set as the TOML file has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeywordSetFile {
    /// Names the set in results and paths: 1 to 64 of a-z, 0-9 and `-`.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[a-z0-9-]+$"))]
    pub name: Spanned<String>,
    /// What its author calls this state of the set.
    #[schemars(with = "String", length(min = 1))]
    pub version: Spanned<String>,
    /// What the set is for.
    pub description: Option<String>,
    /// The languages of its terms, for people: "en". Terms are looked for whatever the language of an answer.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The mode of terms that do not set their own.
    #[serde(default)]
    pub mode: Mode,
    /// Whether places count for every term that matches there, rather than for the longest only.
    #[serde(default)]
    pub overlap: bool,
    /// At least one term. Where two are equally good for a place, the first counts.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub terms: Vec<TermEntry>,
}

/// One term as the TOML file has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TermEntry {
    /// The canonical name, under which every spelling counts.
    #[schemars(with = "String", length(min = 1))]
    pub name: Spanned<String>,
    /// Other spellings, spoken ones too: "c plus plus".
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub aliases: Vec<Spanned<String>>,
    /// Spellings that are ordinary words unless they are written as a name: `Node`. They count where a capital begins
    /// them. An answer without capitals (but for the word I) or without small letters does not tell names from other
    /// words; there they count if any other spelling of the set does. The name of the term may be among them. In word
    /// mode only, and not with `case-sensitive`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub proper_nouns: Vec<Spanned<String>>,
    /// A heading to group terms under.
    #[schemars(with = "Option<String>")]
    pub category: Option<Spanned<String>>,
    /// The set's mode, if not given.
    pub mode: Option<Mode>,
    /// Whether `Go` is another word than `go`.
    #[serde(default, alias = "case_sensitive")]
    pub case_sensitive: bool,
    /// Which forms count besides the one given; in word mode only.
    #[serde(default)]
    pub forms: Forms,
    /// Whether 1 to 8 white-space characters, hyphens or slashes may stand for any such run inside the term: ci/cd, ci
    /// cd, ci-cd; in word mode only.
    #[serde(default)]
    pub separators: bool,
    /// Whether `cafe` and `café` are the same; in word mode only.
    #[serde(default, alias = "fold_diacritics")]
    pub fold_diacritics: bool,
    /// Phrases in which the term does not count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    /// Count only in answers to questions of these types; all, if empty.
    #[serde(default, alias = "question_types")]
    #[schemars(with = "Vec<String>")]
    pub question_types: Vec<Spanned<String>>,
}

/// A keyword set, read and checked.
#[derive(Debug, Clone)]
pub struct KeywordSet {
    name: String,
    version: String,
    description: Option<String>,
    languages: Vec<String>,
    overlap: bool,
    terms: Vec<Term>,
    hash: String,
    /// Whether it is a list that begins with a byte-order mark.
    has_byte_order_mark: bool,
}

impl KeywordSet {
    /// Reads a TOML set. `origin` names the set in errors: a path or `builtin:NAME`.
    ///
    /// # Errors
    /// Returns a usage error that names the line if the text is not TOML, has unknown fields, has names that are not
    /// allowed or not unique, has spellings that cannot match, has options that contradict one another, or has no
    /// terms.
    pub fn parse_toml(text: &str, origin: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let file: KeywordSetFile = from_toml(text, origin)?;
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        let source = SourceFile { origin, line_ends };
        if let Some(wrong) = wrong_name(file.name.get_ref()) {
            return Err(source.error_at(&file.name, &wrong).hint(NAME_HINT));
        }
        if file.version.get_ref().trim().is_empty() {
            return Err(source.error_at(&file.version, "the version is empty"));
        }
        let mut terms = Vec::with_capacity(file.terms.len());
        for entry in file.terms {
            terms.push(source.term(&entry, file.mode)?);
        }
        let (name, version) = (file.name.into_inner(), file.version.into_inner());
        let set = Self::checked(origin, name, version, file.description, file.overlap, terms)?;
        Ok(Self { languages: file.languages, ..set })
    }

    /// Reads a list of terms, one a line. All are in `mode` and independent of one another.
    ///
    /// # Errors
    /// Returns a usage error if the name is not allowed, a term occurs twice, or there are no terms.
    pub fn parse_txt(text: &str, origin: &str, name: &str, mode: Mode) -> Result<Self> {
        if let Some(wrong) = wrong_name(name) {
            return Err(Error::usage(format!("{origin}: {wrong}")).hint(NAME_HINT));
        }
        let marked = text.strip_prefix('\u{FEFF}');
        let text = marked.unwrap_or(text);
        let is_term = |line: &str| !line.trim().is_empty() && !line.starts_with("# ");
        let lines = text.lines().zip(1..).filter(|&(line, _)| is_term(line));
        let terms: Vec<_> = lines.map(|(line, number)| Term::plain(line, mode, number)).collect();
        for term in &terms {
            if let Some(wrong) = term.refusal(&term.name) {
                return Err(Error::usage(format!("{origin}:{}: term `{}` {wrong}", term.line, term.name)));
            }
        }
        let set = Self::checked(origin, name.to_owned(), "1".to_owned(), None, true, terms)?;
        Ok(Self { has_byte_order_mark: marked.is_some(), ..set })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The author's version of the set; `1` for a list of terms.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The languages of the terms, as its author names them.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Whether hits of different terms may overlap.
    #[must_use]
    pub fn overlap(&self) -> bool {
        self.overlap
    }

    /// The terms, in the order of the file. Hits refer to them by index.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether the set is a list of terms whose file begins with a byte-order mark.
    #[must_use]
    pub(super) fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// SHA-256, in hex, of everything that the set's results follow from: a canonical form of the set without its
    /// description and languages, the words of negation, and [`MATCHER_VERSION`].
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Checks that there are terms and that their names are unique, and computes the set's hash.
    fn checked(
        origin: &str,
        name: String,
        version: String,
        description: Option<String>,
        overlap: bool,
        terms: Vec<Term>,
    ) -> Result<Self> {
        if terms.is_empty() {
            return Err(Error::usage(format!("{origin}: keyword set `{name}` has no terms")));
        }
        if u32::try_from(terms.len()).is_err() {
            return Err(Error::usage(format!("{origin}: keyword set `{name}` has too many terms")));
        }
        let mut lines = HashMap::with_capacity(terms.len());
        for term in &terms {
            if let Some(first) = lines.insert(term.name.as_str(), term.line) {
                let message = format!("{origin}:{}: term `{}` is already on line {first}", term.line, term.name);
                return Err(Error::usage(message));
            }
        }
        let languages = Vec::new();
        let (hash, has_byte_order_mark) = (String::new(), false);
        let mut set = Self { name, version, description, languages, overlap, terms, hash, has_byte_order_mark };
        set.hash = hash_of(&set);
        Ok(set)
    }
}

const NAME_HINT: &str = "1 to 64 of a-z, 0-9 and `-`";

/// Why a set cannot have a name, if so.
#[must_use]
pub fn wrong_name(name: &str) -> Option<String> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let right = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed);
    (!right).then(|| format!("`{name}` cannot be the name of a keyword set"))
}

/// The source of a set, to turn spans into line numbers.
struct SourceFile<'a> {
    origin: &'a str,
    /// The positions of its line ends, ascending.
    line_ends: Vec<usize>,
}

impl SourceFile<'_> {
    fn line<T>(&self, value: &Spanned<T>) -> usize {
        self.line_ends.partition_point(|&end| end < value.span().start) + 1
    }

    fn error_at<T>(&self, value: &Spanned<T>, message: &str) -> Error {
        Error::usage(format!("{}:{}: {message}", self.origin, self.line(value)))
    }

    /// Returns the term of an entry, with the set's mode filled in, or an error that says what is wrong with the entry.
    fn term(&self, entry: &TermEntry, default_mode: Mode) -> Result<Term> {
        let values = |list: &[Spanned<String>]| list.iter().map(|value| value.get_ref().clone()).collect();
        let term = Term {
            name: entry.name.get_ref().clone(),
            aliases: values(&entry.aliases),
            proper_nouns: values(&entry.proper_nouns),
            category: entry.category.as_ref().map(|category| category.get_ref().clone()),
            mode: entry.mode.unwrap_or(default_mode),
            case_sensitive: entry.case_sensitive,
            forms: entry.forms,
            separators: entry.separators,
            fold_diacritics: entry.fold_diacritics,
            exclude: values(&entry.exclude),
            question_types: values(&entry.question_types),
            line: self.line(&entry.name),
        };
        if term.mode == Mode::Substring {
            let options = [
                ("forms", term.forms != Forms::None),
                ("separators", term.separators),
                ("fold-diacritics", term.fold_diacritics),
                ("proper-nouns", !term.proper_nouns.is_empty()),
            ];
            if let Some((option, _)) = options.iter().find(|(_, set)| *set) {
                let message = format!("term `{}` is a substring, for which `{option}` means nothing", term.name);
                return Err(self.error_at(&entry.name, &message).hint("give the term `mode = \"word\"`"));
            }
        }
        if let Some(noun) = entry.proper_nouns.first().filter(|_| term.case_sensitive) {
            let message = format!("term `{}` is case-sensitive, so `proper-nouns` means nothing", term.name);
            return Err(self.error_at(noun, &message).hint("make them aliases"));
        }
        let spellings = std::iter::once(("term", &entry.name))
            .chain(entry.aliases.iter().map(|alias| ("alias", alias)))
            .chain(entry.proper_nouns.iter().map(|noun| ("proper noun", noun)))
            .chain(entry.exclude.iter().map(|phrase| ("exclude phrase", phrase)));
        for (role, spelling) in spellings {
            if let Some(wrong) = term.refusal(spelling.get_ref()) {
                let named = if role == "term" { String::new() } else { format!(" of term `{}`", term.name) };
                let message = format!("{role} `{}`{named} {wrong}", spelling.get_ref());
                return Err(self.error_at(spelling, &message));
            }
        }
        let surfaces: Vec<_> = term.surfaces().into_iter().chain(term.proper_nouns()).collect();
        for phrase in &entry.exclude {
            let folded = term.folding().fold_term(phrase.get_ref());
            if !surfaces.iter().any(|surface| surface.occurs_in(&folded)) {
                let message = format!("exclude phrase `{}` does not contain term `{}`", phrase.get_ref(), term.name);
                let hint = "a phrase is a place where the term stands but does not count";
                return Err(self.error_at(phrase, &message).hint(hint));
            }
        }
        let labels = entry.category.iter().map(|category| ("category", category));
        for (role, label) in labels.chain(entry.question_types.iter().map(|asked| ("question type", asked))) {
            if label.get_ref().trim().is_empty() {
                return Err(self.error_at(label, &format!("a {role} of term `{}` is empty", term.name)));
            }
        }
        Ok(term)
    }
}

fn hash_of(set: &KeywordSet) -> String {
    let mut hash = SetHasher::default();
    hash.number(MATCHER_VERSION as usize);
    hash.list(CUES);
    hash.list(UNDOING);
    hash.list(BREAKS);
    hash.list(FILLERS);
    hash.text(&set.name);
    hash.text(&set.version);
    hash.number(usize::from(set.overlap));
    hash.number(set.terms.len());
    for term in &set.terms {
        hash.text(&term.name);
        hash.sorted(&term.aliases);
        hash.sorted(&term.proper_nouns);
        hash.list(term.category.as_deref());
        hash.number(usize::from(term.mode == Mode::Substring));
        hash.number(usize::from(term.case_sensitive));
        hash.number(usize::from(term.forms == Forms::Plural));
        hash.number(usize::from(term.separators));
        hash.number(usize::from(term.fold_diacritics));
        hash.sorted(&term.exclude);
        hash.sorted(&term.question_types);
    }
    hex::encode(hash.hasher.finalize())
}

/// Hashes values with their lengths before them, so that no two sets have the same form.
#[derive(Default)]
struct SetHasher {
    hasher: Sha256,
}

impl SetHasher {
    fn number(&mut self, value: usize) {
        self.hasher.update((value as u64).to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.number(value.len());
        self.hasher.update(value);
    }

    fn list<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        let values: Vec<_> = values.into_iter().collect();
        self.number(values.len());
        for value in values {
            self.text(value);
        }
    }

    /// Hashes a list whose order and repetitions change no results.
    fn sorted(&mut self, values: &[String]) {
        let mut values: Vec<_> = values.iter().map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        self.list(values);
    }
}
