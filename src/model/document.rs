//! Reads TOML documents. What is wrong in one is left out, and reading begins again, so that all of it is found: each
//! with its line and key, and in the words of the reader.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::{Error, Result};
use super::problems::{Problems, name};

/// Reads a TOML document into `T`. The errors name the origin (a path or `builtin:NAME`) and the line.
///
/// # Errors
/// The first problem.
pub fn from_toml<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T> {
    let (value, problems) = read_toml(text, origin);
    problems.or_value(value).map(|value| value.expect("there are no problems")).map_err(|mut all| all.swap_remove(0))
}

/// Reads a TOML document into `T` as far as possible, and collects all problems. Dates and times are taken as texts.
/// There is no value if the problems leave none to go on with.
pub fn read_toml<T: DeserializeOwned>(text: &str, origin: &str) -> (Option<T>, Problems) {
    let (mut problems, lines) = (Problems::of(origin), Lines::of(text));
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let line = lines.line(error.span().map_or(0, |span| span.start));
            problems.add_at(line, Error::usage(format!("{origin}:{line}: {}", error.message())));
        }
        return (None, problems);
    }
    tree.get_mut().iter_mut().for_each(|(_, value)| dates_as_texts(value.get_mut()));
    let mut reader = Reader { text, origin, lines, tree, problems, stand_ins: Vec::new(), lacks: false };
    let value = reader.read();
    let Reader { lines, tree, mut problems, .. } = reader;
    each(tree.get_ref(), &mut Vec::new(), &mut |path, place, _| {
        // What stands in for a missing key has no line.
        if place.start <= text.len() {
            problems.know(&key_of(path), lines.line(place.start));
        }
    });
    (value, problems)
}

/// The lines of a text.
struct Lines {
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        Self { ends: text.match_indices('\n').map(|(end, _)| end).collect() }
    }

    /// The 1-based line of a byte.
    fn line(&self, place: usize) -> usize {
        self.ends.partition_point(|end| *end < place) + 1
    }
}

fn dates_as_texts(value: &mut DeValue<'_>) {
    match value {
        DeValue::Datetime(date) => *value = DeValue::String(date.to_string().into()),
        DeValue::Array(items) => items.iter_mut().for_each(|item| dates_as_texts(item.get_mut())),
        DeValue::Table(table) => table.iter_mut().for_each(|(_, value)| dates_as_texts(value.get_mut())),
        _ => {}
    }
}

/// A part of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

/// The key that a path leads to: `source[1].interviews[0]`.
fn key_of(path: &[Step]) -> String {
    let mut key = String::new();
    for step in path {
        match step {
            Step::Key(name) if key.is_empty() => key += name,
            Step::Key(name) => key += &format!(".{name}"),
            Step::Item(number) => key += &format!("[{number}]"),
        }
    }
    key
}

/// Calls `visit` with the path, the place and the value of every key and every item.
fn each(table: &DeTable<'_>, path: &mut Vec<Step>, visit: &mut Visit<'_>) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        each_below(key.span(), value, path, visit);
        path.pop();
    }
}

fn each_below(place: Range<usize>, value: &Spanned<DeValue<'_>>, path: &mut Vec<Step>, visit: &mut Visit<'_>) {
    visit(path, place, value);
    match value.get_ref() {
        DeValue::Table(table) => each(table, path, visit),
        DeValue::Array(items) => {
            for (number, item) in items.into_iter().enumerate() {
                path.push(Step::Item(number));
                each_below(item.span(), item, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

type Visit<'v> = dyn FnMut(&[Step], Range<usize>, &Spanned<DeValue<'_>>) + 'v;

struct Reader<'t> {
    text: &'t str,
    origin: &'t str,
    lines: Lines,
    tree: Spanned<DeTable<'t>>,
    problems: Problems,
    /// Keys that are missing, for which another value is in the tree.
    stand_ins: Vec<Vec<Step>>,
    /// Whether something had to be left out that the value is wrong without.
    lacks: bool,
}

impl<'t> Reader<'t> {
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            match T::deserialize(Deserializer::from(self.tree.clone())) {
                Ok(value) => return Some(value).filter(|_| !self.lacks),
                Err(error) if self.take_out(&error) => {}
                Err(_) => return None,
            }
        }
    }

    /// Notes an error, and changes the tree so that it does not come again. Returns whether that could be done.
    fn take_out(&mut self, error: &toml::de::Error) -> bool {
        let path = error.span().map_or_else(Vec::new, |span| self.path_of(&span));
        if let Some(key) = error.message().strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            return self.is_missing(path, key);
        }
        if self.stand_ins.contains(&path) {
            return self.stand_in_otherwise(&path, error.message());
        }
        let line = self.lines.line(error.span().map_or(0, |span| span.start));
        let error = self.in_words(error.message(), &path);
        self.problems.add_at(line, error.prefix(&format!("{}:{line}", self.origin)));
        self.problems.blame(&key_of(&path));
        if let [list @ .., Step::Item(_)] = path.as_slice() {
            self.problems.blame(&key_of(list));
        }
        self.remove(&path)
    }

    /// Notes that a key is missing, unless it was taken out, and puts a value in its place.
    fn is_missing(&mut self, mut path: Vec<Step>, missing: &str) -> bool {
        let place = self.value_at(&path).map_or(0, |table| table.span().start);
        let (line, under) = (self.lines.line(place), key_of(&path));
        path.push(Step::Key(missing.to_owned()));
        let key = key_of(&path);
        if !self.problems.is_blamed_for(&key) {
            let under = if under.is_empty() { String::new() } else { format!(" under {}", name(&under)) };
            self.problems
                .add_at(line, Error::usage(format!("{}:{line}: missing field `{missing}`{under}", self.origin)));
        }
        self.problems.blame(&key);
        // No place in the text, and one of its own, by which it is found again.
        let place = usize::MAX - self.stand_ins.len();
        let value = Spanned::new(place..place, DeValue::String("".into()));
        self.stand_ins.push(path.clone());
        let Some(table) = self.table_at(&path[..path.len() - 1]) else { return false };
        table.insert(Spanned::new(place..place, missing.to_owned().into()), value);
        true
    }

    /// Tries another value for a key that is missing: after an empty text the first word that is allowed, or a table. If
    /// neither will do, leaves out what the key is in.
    fn stand_in_otherwise(&mut self, path: &[Step], message: &str) -> bool {
        let value = self.value_at(path).filter(|value| value.get_ref().as_str() == Some(""));
        if let Some(value) = value {
            let word = message.strip_prefix("unknown variant `").and_then(|rest| rest.split('`').nth(2));
            *value.get_mut() = match word {
                Some(word) => DeValue::String(word.to_owned().into()),
                None => DeValue::Table(DeTable::new()),
            };
            return true;
        }
        self.lacks = true;
        self.remove(&path[..path.len() - 1])
    }

    /// The path of the innermost key or item that a part of the text belongs to.
    fn path_of(&self, part: &Range<usize>) -> Vec<Step> {
        let mut innermost = (usize::MAX, Vec::new());
        if *part != self.tree.span() {
            each(self.tree.get_ref(), &mut Vec::new(), &mut |path, place, value| {
                for place in [place, value.span()] {
                    if place.start <= part.start && part.end <= place.end && place.len() <= innermost.0 {
                        innermost = (place.len(), path.to_vec());
                    }
                }
            });
        }
        innermost.1
    }

    fn table_at(&mut self, path: &[Step]) -> Option<&mut DeTable<'t>> {
        if path.is_empty() {
            return Some(self.tree.get_mut());
        }
        match self.value_at(path)?.get_mut() {
            DeValue::Table(table) => Some(table),
            _ => None,
        }
    }

    fn value_at(&mut self, path: &[Step]) -> Option<&mut Spanned<DeValue<'t>>> {
        let [Step::Key(first), rest @ ..] = path else { return None };
        let mut value = self.tree.get_mut().get_mut(first.as_str())?;
        for step in rest {
            value = match (step, value.get_mut()) {
                (Step::Key(key), DeValue::Table(table)) => table.get_mut(key.as_str())?,
                (Step::Item(number), DeValue::Array(items)) => items.get_mut(*number)?,
                _ => return None,
            };
        }
        Some(value)
    }

    fn remove(&mut self, path: &[Step]) -> bool {
        let [parent @ .., last] = path else { return false };
        match last {
            Step::Key(key) => self.table_at(parent).is_some_and(|table| table.remove(key.as_str()).is_some()),
            Step::Item(number) => {
                let Some(list) = self.value_at(parent) else { return false };
                let DeValue::Array(items) = list.get_mut() else { return false };
                let rest = items.iter().enumerate().filter(|(at, _)| at != number);
                *items = rest.map(|(_, item)| item.clone()).collect();
                true
            }
        }
    }

    /// An error as the reader of the document puts it.
    fn in_words(&mut self, message: &str, path: &[Step]) -> Error {
        // The first line says what is wrong. A second one, if any, what to do.
        let (what, hint) = message.split_once('\n').map_or((message, None), |(what, hint)| (what, Some(hint)));
        if path.is_empty() || what.starts_with("unknown field") {
            return Error::usage(what);
        }
        let key = match path {
            [Step::Key(key)] if self.value_at(path).is_some_and(|value| !value.get_ref().is_table()) => {
                format!("`{key}`")
            }
            _ => name(&key_of(path)),
        };
        if let Some((_, expected)) = what.strip_prefix("invalid ").and_then(|rest| rest.rsplit_once(", expected "))
            && let Some((is, hint)) = self.kind_in_words(expected, path)
        {
            return Error::usage(format!("{key} is {is}")).hint(hint);
        }
        if let Some(rest) = what.strip_prefix("unknown variant `")
            && let Some((word, words)) = rest.split_once("`, expected ")
        {
            return Error::usage(format!("{key}: there is no `{word}`, only {}", words.trim_start_matches("one of ")));
        }
        let error = Error::usage(format!("{key}: {what}"));
        if let Some(hint) = hint { error.hint(hint) } else { error }
    }

    /// What a value should be, and how to write it.
    fn kind_in_words(&mut self, expected: &str, path: &[Step]) -> Option<(&'static str, String)> {
        let value = self.value_at(path)?.clone();
        let written = self.text.get(value.span()).unwrap_or_default();
        let is_word = value.get_ref().is_str() && !written.contains(char::is_whitespace) && !written.contains("://");
        Some(match expected {
            "a sequence" if is_word => ("a list", format!("write [{written}]")),
            "a sequence" => ("a list", "write [\"…\", \"…\"]".to_owned()),
            "a string" if value.get_ref().is_integer() || value.get_ref().is_float() || value.get_ref().is_bool() => {
                ("a text", format!("write \"{written}\""))
            }
            "a string" => ("a text", "write \"…\", in quotes".to_owned()),
            "a boolean" => ("true or false", "write it without quotes".to_owned()),
            "u8" | "u16" | "u32" | "u64" | "usize" => {
                ("a whole number, not below 0", "write it without quotes, as 100".to_owned())
            }
            "a map" | "a table or an array of tables" => ("a section", format!("write [{}]", name(&key_of(path)))),
            _ if expected.starts_with("struct ") => ("a section", "write its keys below it, or in { }".to_owned()),
            _ => return None,
        })
    }
}
