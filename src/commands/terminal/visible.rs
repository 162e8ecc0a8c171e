//! Makes visible what would control a terminal. Words of people, titles and names may hold such characters, which could
//! change what is shown, what the clipboard holds, or what is typed next.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// A text with `\u001b` and the like in the place of control characters, and of those that turn the direction of what
/// follows. Line feeds and tabs stay. JSON stays the same JSON.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_control(character, None)) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if is_control(character, characters.peek().copied()) {
            visible.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            visible.push(character);
        }
    }
    Cow::Owned(visible)
}

fn is_control(character: char, next: Option<char>) -> bool {
    match character {
        '\n' | '\t' => false,
        '\r' => next != Some('\n'),
        _ => controls_terminal(character),
    }
}

/// Whether a character controls a terminal, line feeds and tabs included, or turns the direction of what follows.
pub fn controls_terminal(character: char) -> bool {
    // Embeddings, overrides and isolates of bidirectional text.
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

/// Writes what it is given, and to a terminal what is [`visible`] of it.
pub struct Visible<W> {
    out: W,
    is_terminal: bool,
    /// The start of a character or of a line's end, whose rest is still to come.
    begun: Vec<u8>,
}

impl<W: Write + IsTerminal> Visible<W> {
    pub fn new(out: W) -> Self {
        Self { is_terminal: out.is_terminal(), out, begun: Vec::new() }
    }
}

impl<W: Write> Visible<W> {
    fn write_visible(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(visible(&String::from_utf8_lossy(bytes)).as_bytes())
    }
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        self.begun = all.split_off(complete(&all));
        self.write_visible(&all)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.write_visible(&begun)?;
        self.out.flush()
    }
}

/// How many bytes there are without a character or a line's end that has only begun.
fn complete(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return bytes.len() - 1;
    }
    // A character has four bytes at most.
    let tail = bytes.len().saturating_sub(3);
    let begun = (tail..bytes.len()).find(|&at| match std::str::from_utf8(&bytes[at..]) {
        Ok(_) => false,
        Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
    });
    begun.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_visible_and_lines_stay() {
        for (text, expected) in [
            ("plain, ünï, 東京\n\tand so on\r\n", "plain, ünï, 東京\n\tand so on\r\n"),
            ("\u{1b}]0;title\u{7}\u{1b}[31m", "\\u001b]0;title\\u0007\\u001b[31m"),
            ("over\rwritten\u{8}\r", "over\\u000dwritten\\u0008\\u000d"),
            ("\u{9b}31m\u{7f}\0", "\\u009b31m\\u007f\\u0000"),
            ("\u{202e}txt.exe\u{2069}", "\\u202etxt.exe\\u2069"),
        ] {
            assert_eq!(visible(text), expected);
        }
        let json = serde_json::to_string("\u{1b}\u{9b}\u{202e}").unwrap();
        assert_eq!(serde_json::from_str::<String>(&visible(&json)).unwrap(), "\u{1b}\u{9b}\u{202e}");
    }

    #[test]
    fn what_is_written_in_pieces_is_as_if_written_at_once() {
        let text = "a\r\né東😀\u{9b}\u{202e}\r";
        for size in 1..=text.len() {
            let mut writer = Visible { out: Vec::new(), is_terminal: true, begun: Vec::new() };
            text.as_bytes().chunks(size).for_each(|piece| writer.write_all(piece).unwrap());
            writer.flush().unwrap();
            assert_eq!(String::from_utf8(writer.out).unwrap(), visible(text), "{size}");
        }
        let mut writer = Visible { out: Vec::new(), is_terminal: true, begun: Vec::new() };
        writer.write_all(b"\xff\x9b31m\xe6\x9d").unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.out, "\u{fffd}\u{fffd}31m\u{fffd}".as_bytes());
        let mut writer = Visible { out: Vec::new(), is_terminal: false, begun: Vec::new() };
        writer.write_all(b"\x1b\xff").unwrap();
        assert_eq!(writer.out, b"\x1b\xff", "no terminal");
    }
}
