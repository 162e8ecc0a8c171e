//! `keywords`: lists the sets that ship, checks a keyword set, and shows what it finds before a run depends on it.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;

use super::terminal::{self, DataFormat, KeywordsCommand, SetFlags, said};
use crate::analyze::language::may_be_english;
use crate::keywords::{Hit, KeywordSet, Matcher, Mode, SHIPPED, Scratch, TextBuffers, Texts, Warning, lint};
use crate::lake::read::{ParquetFile, integer_at, integers, string_at, strings};
use crate::lake::{Lake, schema};
use crate::model::{Error, Result};
use crate::pipeline::sets::load_set;

/// Characters of context on each side of a match.
const CONTEXT: usize = 40;

pub fn run(command: &KeywordsCommand) -> Result<()> {
    match command {
        KeywordsCommand::List { format } => list_sets(*format),
        KeywordsCommand::Lint { set, lake } => lint_set(set, lake.as_deref()),
        KeywordsCommand::Try { set, lake, text, format } => try_set(set, lake.as_deref(), text.as_deref(), *format),
    }
}

/// A set that ships.
#[derive(Serialize)]
struct ShippedSet {
    /// As pipelines and flags name it.
    set: String,
    version: String,
    kind: &'static str,
    terms: usize,
    languages: Vec<String>,
    description: Option<String>,
}

impl ShippedSet {
    fn read(name: &str) -> Result<Self> {
        let reference = format!("builtin:{name}");
        let set = load_set(&reference, Mode::Word)?;
        let of_mode = |mode: Mode| set.terms().iter().any(|term| term.mode == mode);
        let kind = match (of_mode(Mode::Word), of_mode(Mode::Substring)) {
            (true, true) => "words and substrings",
            (false, true) => "substrings",
            _ => "words",
        };
        Ok(Self {
            version: set.version().to_owned(),
            kind,
            terms: set.terms().len(),
            languages: set.languages().to_vec(),
            description: set.description().map(str::to_owned),
            set: reference,
        })
    }
}

fn list_sets(format: DataFormat) -> Result<()> {
    let sets: Vec<ShippedSet> = SHIPPED.iter().map(|(name, _)| ShippedSet::read(name)).collect::<Result<_>>()?;
    let row = |ShippedSet { set, kind, terms, languages, description, .. }: &ShippedSet| {
        let languages = if languages.is_empty() { "any".to_owned() } else { languages.join(", ") };
        let description = description.clone().unwrap_or_default();
        [set.clone(), (*kind).to_owned(), terms.to_string(), languages, description]
    };
    let head = ["set", "finds", "terms", "languages", "what for"].map(str::to_owned);
    said(format, &sets, &terminal::columns(std::iter::once(head).chain(sets.iter().map(row))))
}

fn lint_set(flags: &SetFlags, lake: Option<&Path>) -> Result<()> {
    let set = load_set(&flags.set, flags.mode)?;
    let mut warnings = lint(&set);
    if let Some(lake) = lake {
        let mut is_found = vec![false; set.terms().len()];
        in_lake(&set, lake, |_, _, hits| {
            hits.iter().for_each(|hit| is_found[hit.term as usize] = true);
            Ok(())
        })?;
        let missing = set.terms().iter().zip(is_found).filter(|(_, is_found)| !is_found);
        let message = |name: &str| format!("term `{name}` stands in no answer of the lake");
        warnings.extend(missing.map(|(term, _)| Warning { line: term.line, message: message(&term.name) }));
        warnings.sort_by_key(|warning| warning.line);
    }
    let lines = warnings.iter().map(|Warning { line, message }| format!("{}:{line}: {message}\n", flags.set));
    let text: String = lines.collect();
    terminal::data(&if text.is_empty() { format!("{}: nothing to say\n", flags.set) } else { text })?;
    Ok(())
}

fn try_set(flags: &SetFlags, lake: Option<&Path>, text: Option<&Path>, format: DataFormat) -> Result<()> {
    let set = load_set(&flags.set, flags.mode)?;
    let print = |place: Option<(&str, i64)>, text: &str, hits: &[Hit]| {
        let may_be_english = may_be_english(text);
        let lines = hits.iter().map(|hit| HitInContext::new(&set, place, text, may_be_english, hit).line(format));
        terminal::data(&lines.collect::<String>())
    };
    if let Some(path) = text {
        let text = read_text(path)?;
        let mut hits = Vec::new();
        Matcher::new(&set)?.find(&text, None, &mut Scratch::default(), &mut hits);
        print(None, &text, &hits)?;
    }
    if let Some(lake) = lake {
        in_lake(&set, lake, |place, text, hits| print(Some(place), text, hits))?;
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(path).map(|read| bytes = read)
    };
    read.map_err(|error| Error::path("read", path, error))?;
    String::from_utf8(bytes).map_err(|_| Error::usage(format!("{} is not UTF-8 text", path.display())))
}

/// Calls `found` with every answer that has hits: its interview and position, its transcript, and the hits.
fn in_lake(
    set: &KeywordSet,
    lake: &Path,
    mut found: impl FnMut((&str, i64), &str, &[Hit]) -> Result<()>,
) -> Result<()> {
    let (matcher, mut scratch) = (Matcher::new(set)?, Scratch::default());
    for file in Lake::open(lake)?.files(&schema::RESPONSES)? {
        let file = ParquetFile::open(&file)?;
        for group in 0..file.row_groups() {
            let answers = file.row_group(group, &["interview_id", "position", "question_type", "transcript"])?;
            let (ids, positions) = (strings(&answers, "interview_id"), integers(&answers, "position"));
            let (types, transcripts) = (strings(&answers, "question_type"), strings(&answers, "transcript"));
            let transcripts_here = (0..answers.num_rows()).map(|row| string_at(transcripts, row));
            let mut buffers = TextBuffers::default();
            let texts = Texts::new(transcripts_here, matcher.prefilter(), &mut buffers);
            let mut result = Ok(());
            matcher.find_all(
                &texts,
                |row| string_at(types, row),
                &mut scratch,
                |row, hits| {
                    if result.is_ok() {
                        let place = (ids.value(row), integer_at(positions, row).unwrap_or(0));
                        result = found(place, transcripts.value(row), hits);
                    }
                },
            );
            result?;
        }
    }
    Ok(())
}

/// A hit with the text around it.
#[derive(Serialize)]
struct HitInContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    interview_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    term: &'a str,
    /// Byte offsets into the text.
    start: u32,
    end: u32,
    /// `None` where the text is not in English.
    negated: Option<bool>,
    before: &'a str,
    matched: &'a str,
    after: &'a str,
}

impl<'a> HitInContext<'a> {
    fn new(set: &'a KeywordSet, place: Option<(&'a str, i64)>, text: &'a str, may_be_english: bool, hit: &Hit) -> Self {
        let (before, rest) = text.split_at(hit.start as usize);
        let (matched, after) = rest.split_at((hit.end - hit.start) as usize);
        let from = before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at);
        let to = after.char_indices().nth(CONTEXT).map_or(after.len(), |(at, _)| at);
        Self {
            interview_id: place.map(|(id, _)| id),
            position: place.map(|(_, position)| position),
            term: &set.terms()[hit.term as usize].name,
            start: hit.start,
            end: hit.end,
            negated: may_be_english.then_some(hit.negated),
            before: &before[from..],
            matched,
            after: &after[..to],
        }
    }

    fn line(&self, format: DataFormat) -> String {
        if format == DataFormat::Json {
            return serde_json::to_string(self).expect("plain data") + "\n";
        }
        // A hit is one line.
        let quiet = |text: &str| text.replace(char::is_control, " ");
        let place = self.interview_id.zip(self.position).map(|(id, position)| format!("{id} {position}  "));
        let negated = if self.negated == Some(true) { "  (negated)" } else { "" };
        format!(
            "{}{}: {}«{}»{}{negated}\n",
            quiet(&place.unwrap_or_default()),
            quiet(self.term),
            quiet(self.before),
            quiet(self.matched),
            quiet(self.after)
        )
    }
}
