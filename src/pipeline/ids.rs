//! Lists of interview ids: one per line, with `#` comments, in the encodings and line ends that editors and
//! spreadsheets write.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::{Error, Result};

/// Length of an id in bytes, at most. It is more than the vendor's ids have, and short enough for a URL and for an
/// encoded file name.
const LONGEST: usize = 80;

/// Reads a list from a file, or from standard input if the path is `-`. Duplicates are dropped, and the order is kept.
///
/// # Errors
/// A usage error that names file and line if the file is missing, is not UTF-8, or contains text that cannot be an id.
pub fn read_ids(path: &Path) -> Result<Vec<String>> {
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
    parse_ids(&name, &bytes)
}

/// Reads several lists. An id that is in several lists is kept once.
///
/// # Errors
/// The error of [`read_ids`] for each list that is wrong.
pub fn read_lists(paths: &[PathBuf]) -> std::result::Result<Vec<String>, Vec<Error>> {
    let mut ids = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match read_ids(path) {
            Ok(list) => ids.extend(list),
            Err(error) => problems.push(error),
        }
    }
    if paths.len() > 1 {
        drop_repeated(&mut ids);
    }
    if problems.is_empty() { Ok(ids) } else { Err(problems) }
}

/// Parses the ids of a list; `name` is its name in messages.
///
/// # Errors
/// A usage error that names the line if the list is not UTF-8, or contains text that cannot be an id.
pub fn parse_ids(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut ids = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let wrong = |what: &str| Error::usage(format!("{name}:{}: {what}", index + 1));
        let line = std::str::from_utf8(line).map_err(|_| wrong("not UTF-8 text"))?;
        // A comment may also follow an id: ids hold no white space.
        let line = line.trim();
        let id = line.split_once([' ', '\t']).filter(|(_, rest)| rest.trim_start().starts_with('#'));
        let id = id.map_or(line, |(id, _)| id);
        if id.is_empty() || id.starts_with('#') {
            continue;
        }
        check_id(id).map_err(|what| wrong(what).hint("one interview id a line; `#` begins a comment"))?;
        ids.push(id.to_owned());
    }
    drop_repeated(&mut ids);
    Ok(ids)
}

/// Keeps the first occurrence of each id. Lists are long, so no id is copied.
fn drop_repeated(ids: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(ids.len());
    let is_first: Vec<bool> = ids.iter().map(|id| seen.insert(id.as_str())).collect();
    let mut is_first = is_first.into_iter();
    ids.retain(|_| is_first.next().unwrap_or(false));
}

/// Checks whether a text can be an interview id. Ids are opaque, so nearly any text can.
///
/// # Errors
/// A description of the problem.
pub fn check_id(id: &str) -> Result<(), &'static str> {
    if id.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err("an interview id holds no white space and no control characters");
    }
    if id == "." || id == ".." {
        return Err("`.` and `..` are no interview ids");
    }
    if id.len() > LONGEST {
        return Err("longer than an interview id can be (80 bytes)");
    }
    Ok(())
}
