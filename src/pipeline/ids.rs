//! Lists of interview ids: one per line, with `#` comments, in the encodings and line ends that editors and
//! spreadsheets write.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::invisible::{code_point, is_invisible};
use crate::model::{Error, Result, plural};

/// Length of an id in bytes, at most. It is more than the vendor's ids have, and short enough for a URL and for an
/// encoded file name.
const LONGEST: usize = 80;

/// Reads a list from a file, or from standard input if the path is `-`. With a column, the list is CSV with a header
/// line, and the ids are in that column. Duplicates are dropped, and the order is kept.
///
/// # Errors
/// A usage error that names file and line if the file is missing, is not text, or contains what cannot be an id.
pub fn read_ids(path: &Path, column: Option<&str>) -> Result<Vec<String>> {
    let (name, bytes) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Error::usage(format!("cannot read ids from standard input: {error}")))?;
        ("standard input".to_owned(), bytes)
    } else {
        let bytes = fs::read(path)
            .map_err(|error| Error::usage(format!("cannot read the list of interviews {}: {error}", path.display())))?;
        (path.display().to_string(), bytes)
    };
    match column {
        None => parse_ids(&name, &bytes),
        Some(column) => parse_csv(&name, &bytes, column),
    }
}

/// Reads several lists. An id that is in several lists is kept once.
///
/// # Errors
/// The error of [`read_ids`] for each list that is wrong.
pub fn read_lists(paths: &[PathBuf], column: Option<&str>) -> std::result::Result<Vec<String>, Vec<Error>> {
    let mut ids = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match read_ids(path, column) {
            Ok(list) => ids.extend(list),
            Err(error) => problems.push(error),
        }
    }
    if paths.len() > 1 {
        drop_repeated(std::slice::from_mut(&mut ids), |ids| ids, String::as_str);
    }
    if problems.is_empty() { Ok(ids) } else { Err(problems) }
}

/// Parses the ids of a list; `name` is its name in messages. Warns of invisible characters around ids, which are left
/// out: scripts that put files together leave byte order marks between them, and text that is copied brings others.
///
/// # Errors
/// A usage error that names the line if the list is not text, or contains what cannot be an id.
pub fn parse_ids(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let text = decode(name, bytes)?;
    // Old spreadsheets end lines with a carriage return alone.
    let line_end = if text.contains('\n') { '\n' } else { '\r' };
    let mut ids = Vec::new();
    let mut marked = Marked::default();
    for (index, line) in text.split(line_end).enumerate() {
        let (before, line) = line.split_at(line.len() - line.trim_start_matches(is_around).len());
        // A comment may also follow an id: ids hold no white space.
        let is_comment = |rest: &str| rest.trim_start_matches(is_around).starts_with('#');
        let commented = line.split_once(char::is_whitespace).filter(|(_, rest)| is_comment(rest));
        let line = commented.map_or(line, |(id, _)| id);
        let (id, after) = line.split_at(line.trim_end_matches(is_around).len());
        if id.is_empty() || id.starts_with('#') {
            continue;
        }
        let wrong = |what: String, hint: &str| Error::usage(format!("{name}:{}: {what}", index + 1)).hint(hint);
        if ids.is_empty() && HEADS.contains(&id.to_ascii_lowercase().as_str()) {
            return Err(wrong(format!("`{id}` is the head of a column, and no interview id"), OF_CSV));
        }
        check_listed(id).map_err(|what| wrong(what, OF_CSV))?;
        check_id(id).map_err(|what| wrong(what, "one interview id a line, and nothing else; `#` begins a comment"))?;
        marked.note(index + 1, before.chars().chain(after.chars()));
        ids.push(id.to_owned());
    }
    marked.warn(name);
    drop_repeated(std::slice::from_mut(&mut ids), |ids| ids, String::as_str);
    Ok(ids)
}

/// Parses a list that is CSV, separated by commas, semicolons or tabs, with a header line. An empty field is no id.
fn parse_csv(name: &str, bytes: &[u8], column: &str) -> Result<Vec<String>> {
    let text = decode(name, bytes)?;
    let wrong = |line: u64, what: &str| Error::usage(format!("{name}:{line}: {what}"));
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        wrong(line, "the fields of this line are not those of the header line").hint("save the list as CSV again")
    };
    let reader = |delimiter: u8| csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let mut heads = String::new();
    for delimiter in *b",;\t" {
        let mut reader = reader(delimiter);
        let header = reader.headers().map_err(broken)?;
        let Some(place) = header.iter().position(|head| head.trim_matches(is_around) == column) else {
            if header.len() > 1 || heads.is_empty() {
                heads =
                    header.iter().map(str::escape_debug).map(|head| head.to_string()).collect::<Vec<_>>().join(", ");
            }
            continue;
        };
        let mut ids = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let id = record[place].trim_matches(is_around);
            if !id.is_empty() {
                check_id(id).map_err(|what| wrong(record.position().map_or(1, csv::Position::line), &what))?;
                ids.push(id.to_owned());
            }
        }
        drop_repeated(std::slice::from_mut(&mut ids), |ids| ids, String::as_str);
        return Ok(ids);
    }
    Err(wrong(1, &format!("there is no column `{column}`")).hint(format!("its columns: {heads}")))
}

/// What people call the column of ids.
const HEADS: [&str; 8] =
    ["id", "ids", "interview", "interviews", "interview_id", "interview-id", "interviewid", "interview_ids"];
const OF_CSV: &str = "one interview id a line, and nothing else; of CSV with a header line, name the column that has the \
                      ids: --column NAME, or `column` under [source]";

/// The text of a list, which is UTF-8, or UTF-16 with a byte order mark.
fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().copied().map(unit).collect::<Vec<u16>>());
        let text = text.ok().filter(|_| rest.is_empty());
        text.map(Cow::Owned).ok_or_else(|| Error::usage(format!("{name}: not whole UTF-16 text")))
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        _ => bytes,
    };
    let wrong = |place: usize, what: &str| {
        let line = text[..place].iter().filter(|&&byte| byte == b'\n').count() + 1;
        Error::usage(format!("{name}:{line}: {what}")).hint("save the list as UTF-8")
    };
    if let Some(place) = text.iter().position(|&byte| byte == 0) {
        return Err(wrong(place, "zero bytes, as in UTF-16 without a byte order mark"));
    }
    std::str::from_utf8(text).map(Cow::Borrowed).map_err(|error| wrong(error.valid_up_to(), "not UTF-8 text"))
}

/// Whether a character next to an id in a list does not belong to it.
fn is_around(character: char) -> bool {
    character.is_whitespace() || is_invisible(character)
}

/// The ids of a list that have invisible characters around them.
#[derive(Default)]
struct Marked {
    first_line: usize,
    count: u64,
    codes: BTreeSet<String>,
}

impl Marked {
    fn note(&mut self, line: usize, around: impl Iterator<Item = char>) {
        let mut codes = around.filter(|&character| is_invisible(character)).map(code_point).peekable();
        if codes.peek().is_some() {
            if self.count == 0 {
                self.first_line = line;
            }
            self.count += 1;
            self.codes.extend(codes);
        }
    }

    fn warn(&self, name: &str) {
        if self.count > 0 {
            let (line, count) = (self.first_line, self.count);
            let what =
                plural(count, "id has invisible characters around it", "ids have invisible characters around them");
            let codes = self.codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            tracing::warn!("{name}:{line}: {count} {what} ({codes}), which are left out");
        }
    }
}

/// Keeps the first occurrence of each id, in one list or in several, which may be of other things with an id. Lists are
/// long, so no id is copied.
pub fn drop_repeated<H, T>(holders: &mut [H], list_of: fn(&mut H) -> &mut Vec<T>, id_of: fn(&T) -> &str) {
    let mut lists: Vec<&mut Vec<T>> = holders.iter_mut().map(list_of).collect();
    let mut seen = HashSet::with_capacity(lists.iter().map(|list| list.len()).sum());
    let is_first: Vec<bool> = lists.iter().flat_map(|list| list.iter()).map(|one| seen.insert(id_of(one))).collect();
    let mut is_first = is_first.into_iter();
    lists.iter_mut().for_each(|list| list.retain(|_| is_first.next().unwrap_or(false)));
}

/// Checks that an id of a list is no piece of another format, such as CSV or JSON. No id would begin or end so.
fn check_listed(id: &str) -> Result<(), String> {
    const QUOTES: [char; 8] = ['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{201E}'];
    if id.starts_with(QUOTES) || id.ends_with(QUOTES) {
        return Err("quotes around an interview id".to_owned());
    }
    if id.ends_with([',', ';']) {
        return Err("a comma or semicolon after an interview id".to_owned());
    }
    if id.contains([',', ';']) {
        return Err("a comma or semicolon in an interview id".to_owned());
    }
    Ok(())
}

/// Checks whether a text can be an interview id. Ids are opaque, so nearly any text can.
///
/// # Errors
/// A description of the problem.
pub fn check_id(id: &str) -> Result<(), String> {
    if id.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err("an interview id holds no white space and no control characters".to_owned());
    }
    if let Some(character) = id.chars().find(|&character| is_invisible(character)) {
        return Err(format!("an interview id holds no invisible characters ({})", code_point(character)));
    }
    if id == "." || id == ".." {
        return Err("`.` and `..` are no interview ids".to_owned());
    }
    if id.len() > LONGEST {
        return Err(format!("longer than an interview id can be ({LONGEST} bytes)"));
    }
    Ok(())
}
