//! Reads the bodies of a file: one a line, several lines long as pretty-printers write them, or in a JSON list. Memory is
//! bounded by a chunk and a body, however long the file or its list is.
//!
//! A line that is cut short must not take the next ones with it. So a body that goes on over lines ends where its braces
//! say, or before a line that is a whole body of its own.

use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Read};
use std::ops::Range;

use crate::model::body::{self, LARGEST_BODY};
use crate::model::json::without_mark;

/// Bytes of a chunk of bodies that are parsed in parallel.
const CHUNK_BYTES: usize = 4 << 20;
/// How much of a line is read: the largest body, between a byte order mark and a line feed, and one byte more. What is
/// behind it is passed over, so that a file without line feeds does not fill the memory.
const LONGEST_LINE: usize = LARGEST_BODY + 6;
/// White space at the start of a file beyond which no list is looked for.
const LONGEST_START: usize = 64 << 10;

/// Some bodies of a file, without blank lines between them.
pub struct Chunk {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a body is.
struct Place {
    /// The line of the file on which it begins, 1-based.
    line: usize,
    /// Its bytes in the chunk.
    bytes: Range<usize>,
}

impl Chunk {
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4), places: Vec::new() }
    }

    /// The bodies, each with the line on which it begins.
    pub fn bodies(&self) -> Vec<(usize, &[u8])> {
        self.places.iter().map(|place| (place.line, body_of(&self.bytes[place.bytes.clone()]))).collect()
    }
}

/// A body without what is around it. Files that were put together may have a byte order mark on any line. A body that was
/// cut is too large whatever is in it, and stays as it is.
fn body_of(line: &[u8]) -> &[u8] {
    if line.len() >= LONGEST_LINE { line } else { without_mark(line).trim_ascii() }
}

/// What is read next.
#[derive(PartialEq, Eq)]
enum Within {
    Lines,
    List,
}

/// Reads the bodies of one file in order.
pub struct Bodies {
    input: Box<dyn BufRead>,
    within: Within,
    /// How many line feeds were read.
    line: usize,
    /// Parts of lines that were read too far.
    ahead: VecDeque<Ahead>,
    ends_in_list: bool,
}

/// A part of the file that was read and is still to be returned.
struct Ahead {
    line: usize,
    bytes: Vec<u8>,
    /// Whether it does not go on in the next line.
    is_whole: bool,
}

impl Bodies {
    /// Reads the start of a file, to see whether it is a list.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(mut input: Box<dyn BufRead>) -> io::Result<Self> {
        let mut start = Vec::new();
        let is_list = begins_list(&mut input, &mut start)?;
        // The list's own bracket, and what is before it, is no body.
        let list_at = start.iter().position(|&byte| byte == b'[').filter(|_| is_list);
        let line = start[..list_at.unwrap_or(0)].iter().filter(|&&byte| byte == b'\n').count();
        let rest = start.split_off(list_at.map_or(0, |at| at + 1));
        let within = if is_list { Within::List } else { Within::Lines };
        let input = Box::new(Cursor::new(rest).chain(input));
        Ok(Self { input, within, line, ahead: VecDeque::new(), ends_in_list: false })
    }

    /// How many lines were read.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Whether the file ended before its list did.
    pub fn ends_in_list(&self) -> bool {
        self.ends_in_list
    }

    /// Reads the next bodies in place of those in the chunk. Returns whether there are any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        chunk.bytes.clear();
        chunk.places.clear();
        while chunk.bytes.len() < CHUNK_BYTES {
            let begin = chunk.bytes.len();
            let Some(line) = self.next(&mut chunk.bytes)? else { break };
            chunk.places.push(Place { line, bytes: begin..chunk.bytes.len() });
        }
        Ok(!chunk.places.is_empty())
    }

    /// Appends the next body, and of one that is too large its start. Returns the line on which it begins.
    fn next(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
        if self.within == Within::List
            && let Some(line) = self.next_of_list(bytes)?
        {
            return Ok(Some(line));
        }
        let begin = bytes.len();
        loop {
            let Some((line, is_whole)) = self.next_line(bytes)? else { return Ok(None) };
            let body = body_of(&bytes[begin..]);
            if body.is_empty() {
                bytes.truncate(begin);
                continue;
            }
            let goes_on = body.starts_with(b"{") && !body.ends_with(b"}");
            if goes_on && !is_whole && body.len() < LONGEST_LINE {
                self.append_rest(bytes, begin, line)?;
            }
            return Ok(Some(line));
        }
    }

    /// Appends the next line. Returns its number, and whether it is known not to go on.
    fn next_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<(usize, bool)>> {
        if let Some(mut ahead) = self.ahead.pop_front() {
            bytes.append(&mut ahead.bytes);
            return Ok(Some((ahead.line, ahead.is_whole)));
        }
        let read = self.input.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read == LONGEST_LINE && bytes.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
        }
        Ok(Some((self.line, false)))
    }

    /// Appends the next lines to a line that begins a body, up to the end of the body. If it has none, it is cut into
    /// what may be bodies that were cut short.
    fn append_rest(&mut self, bytes: &mut Vec<u8>, begin: usize, line: usize) -> io::Result<()> {
        let mut nesting = Nesting::default();
        let mut starts = vec![(line, begin)];
        let mut from = begin;
        loop {
            if let Some(end) = nesting.value_end(&bytes[from..]) {
                // Some programs write one body directly behind the other.
                let behind = bytes.split_off(from + end);
                if !behind.trim_ascii().is_empty() {
                    self.ahead.push_front(Ahead { line: self.line, bytes: behind, is_whole: false });
                }
                return Ok(());
            }
            from = bytes.len();
            if from - begin >= LONGEST_LINE {
                break;
            }
            let Some(line) = self.next_part(&nesting, bytes)? else { break };
            if bytes[from] == b'{' {
                starts.push((line, from));
            }
        }
        if starts.len() == 1 && bytes.len() - begin >= LONGEST_LINE {
            return self.pass_over_rest(nesting);
        }
        for (line, start) in starts.drain(1..).rev() {
            self.ahead.push_front(Ahead { line, bytes: bytes.split_off(start), is_whole: true });
        }
        Ok(())
    }

    /// Passes over the rest of a body that is too large.
    fn pass_over_rest(&mut self, mut nesting: Nesting) -> io::Result<()> {
        let mut part = Vec::new();
        while self.next_part(&nesting, &mut part)?.is_some() && nesting.value_end(&part).is_none() {
            part.clear();
        }
        Ok(())
    }

    /// Appends the next line if a body can go on there, and returns its number.
    fn next_part(&mut self, nesting: &Nesting, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
        // JSON has no line feed in a string.
        if nesting.in_string {
            return Ok(None);
        }
        let begin = bytes.len();
        let Some((line, is_whole)) = self.next_line(bytes)? else { return Ok(None) };
        let part = body_of(&bytes[begin..]);
        if is_whole || (part.starts_with(b"{") && part.ends_with(b"}") && body::read_interview(part).is_ok()) {
            self.ahead.push_front(Ahead { line, bytes: bytes.split_off(begin), is_whole: true });
            return Ok(None);
        }
        Ok(Some(line))
    }

    /// Appends the next entry of a list. `None` at the end of the list.
    fn next_of_list(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let begin = bytes.len();
        let mut nesting = Nesting::default();
        let mut line = None;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                self.within = Within::Lines;
                self.ends_in_list = true;
                return Ok(line);
            }
            let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            if line.is_none() {
                let between = buffer.iter().take_while(|byte| is_between(byte)).count();
                self.line += buffer[..between].iter().filter(|&&byte| byte == b'\n').count();
                if between == buffer.len() {
                    self.input.consume(between);
                    continue;
                }
                let is_end = buffer[between] == b']';
                self.input.consume(between + usize::from(is_end));
                if is_end {
                    self.within = Within::Lines;
                    return Ok(None);
                }
                line = Some(self.line + 1);
                continue;
            }
            let end = nesting.entry_end(buffer);
            let read = end.unwrap_or(buffer.len());
            let room = LONGEST_LINE - (bytes.len() - begin);
            bytes.extend_from_slice(&buffer[..read.min(room)]);
            self.line += buffer[..read].iter().filter(|&&byte| byte == b'\n').count();
            self.input.consume(read);
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

/// Reads the start of a file into `start`, and returns whether a list of bodies begins there.
fn begins_list(input: &mut impl BufRead, start: &mut Vec<u8>) -> io::Result<bool> {
    let mut is_open = false;
    while start.len() < LONGEST_START {
        let mut byte = [0];
        if input.read(&mut byte)? == 0 {
            return Ok(false);
        }
        start.push(byte[0]);
        match byte[0] {
            byte if byte.is_ascii_whitespace() => {}
            0xEF | 0xBB | 0xBF if start.len() <= 3 => {}
            b'[' if !is_open => is_open = true,
            byte => return Ok(is_open && matches!(byte, b'{' | b']')),
        }
    }
    Ok(false)
}

/// How deep in JSON a reader is.
#[derive(Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Reads on to the end of an object or list, and returns the place behind it if it is there.
    fn value_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut closes = |byte: &u8| {
            let depth = self.depth;
            self.step(*byte);
            depth > 0 && self.depth == 0
        };
        bytes.iter().position(&mut closes).map(|place| place + 1)
    }

    /// Reads on to the comma or bracket behind an entry of a list, and returns its place if it is there.
    fn entry_end(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| {
            let is_outside = self.depth == 0 && !self.in_string;
            self.step(*byte);
            is_outside && matches!(byte, b',' | b']')
        })
    }

    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = self.in_string,
            b'"' => self.in_string = !self.in_string,
            b'{' | b'[' if !self.in_string => self.depth += 1,
            b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bodies of a file, with the line on which each begins.
    fn bodies(text: &str) -> Vec<(usize, String)> {
        // Read a few bytes at a time, as from a pipe.
        let input = io::BufReader::with_capacity(5, Cursor::new(text.to_owned()));
        let mut bodies = Bodies::new(Box::new(input)).unwrap();
        let (mut chunk, mut all) = (Chunk::new(), Vec::new());
        while bodies.read(&mut chunk).unwrap() {
            all.extend(chunk.bodies().iter().map(|(line, body)| (*line, String::from_utf8(body.to_vec()).unwrap())));
        }
        all
    }

    fn body(id: &str) -> String {
        format!(r#"{{"id":"{id}","status":"expired"}}"#)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let expected: Vec<(usize, String)> = expected.iter().map(|(line, body)| (*line, (*body).to_owned())).collect();
        assert_eq!(bodies(text), expected);
    }

    #[test]
    fn a_body_goes_on_over_lines() {
        let (a, b) = (body("a"), body("b"));
        check(&format!("\n{a}\r\n\n{b}"), &[(2, &a), (4, &b)]);
        let pretty = "{\n \"x\": \"}\\\"{\",\n\n \"y\": [\n  {}\n ]\n}";
        check(
            &format!("{a}\n{pretty}\n{pretty}{pretty}\n{b}\n"),
            &[(1, &a), (2, pretty), (9, pretty), (15, pretty), (22, &b)],
        );
    }

    #[test]
    fn a_line_that_is_cut_short_takes_no_other_with_it() {
        let (a, b) = (body("a"), body("b"));
        check(
            &format!("{{\"half\": \n{a}\n{{\"half\": [\n{b}"),
            &[(1, "{\"half\":"), (2, &a), (3, "{\"half\": ["), (4, &b)],
        );
        check("{\"x\": \"cut\n{\"id\": 7}\n]", &[(1, "{\"x\": \"cut"), (2, "{\"id\": 7}"), (3, "]")]);
        check("{\"half\": \n{\"id\": 7}\n{", &[(1, "{\"half\":"), (2, "{\"id\": 7}"), (3, "{")]);
        check("{\n \"x\": 1,\n \"y\":", &[(1, "{\n \"x\": 1,\n \"y\":")]);
    }

    #[test]
    fn the_entries_of_a_list_are_bodies() {
        let (a, b) = (body("a"), body("b"));
        check(&format!("\u{feff}\n [{a}, {b}]\n"), &[(2, &a), (2, &b)]);
        check(
            &format!("[\n{a}\n,\n\n[1, \"]\"], {b}\n,7]\n{a}"),
            &[(2, &a), (5, "[1, \"]\"]"), (5, &b), (6, "7"), (7, &a)],
        );
        check("[]\n", &[]);
        check(&format!("[{a}, {{\"half"), &[(1, &a), (1, "{\"half")]);
        // What begins with a bracket and is no list of bodies is a line.
        check(&format!("[[[\n{a}\n[]\n"), &[(1, "[[["), (2, &a), (3, "[]")]);
    }

    #[test]
    fn what_is_too_large_is_passed_over() {
        let (a, large) = (body("a"), "x".repeat(LARGEST_BODY / 2));
        let pretty = format!("{{\n\"x\": \"{large}\",\n\"y\": \"{large}\",\n\"z\": 1\n}}");
        for text in [format!("{pretty}\n{a}"), format!("[{pretty},\n{a}]")] {
            let read = bodies(&text);
            assert_eq!(read.len(), 2);
            assert!(body::read_interview(read[0].1.as_bytes()).is_err_and(|error| error == body::Violation::TooLarge));
            assert_eq!(read[1].1, a);
        }
    }
}
