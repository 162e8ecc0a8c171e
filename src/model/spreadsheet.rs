//! Limits of spreadsheets, and the texts that they take for formulas.

use std::borrow::Cow;

/// The most rows in a sheet, not counting the header.
pub const MOST_ROWS: usize = 1_048_575;
/// The longest text in a cell, in UTF-16 code units.
const LONGEST_TEXT: usize = 32_767;

/// Returns as much of a text as a cell can hold.
#[must_use]
pub fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let mut units = 0;
    let too_long = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > LONGEST_TEXT
    });
    too_long.map_or(text, |(at, _)| &text[..at])
}

/// The characters that begin a formula in a spreadsheet, including their full-width forms.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns a text for CSV that no spreadsheet takes for a formula. A text that could begin a formula gets an apostrophe
/// in front. So does a part after `;`, a tab or the end of a line, where spreadsheets that do not separate by commas
/// begin another cell. Other control characters, at which readers of CSV stop or stumble, become U+FFFD.
#[must_use]
pub fn neutral(text: &str) -> Cow<'_, str> {
    let is_special = |letter: char| letter.is_control() || letter == ';' || SIGNS.contains(&letter);
    if !text.contains(is_special) {
        return text.into();
    }
    let mut neutral = String::with_capacity(text.len() + 1);
    let mut begins_cell = true;
    for (at, letter) in text.char_indices() {
        let is_white = ['\t', '\r', '\n'].contains(&letter);
        if begins_cell && SIGNS.contains(&letter) || at == 0 && is_white {
            neutral.push('\'');
        }
        neutral.push(if letter.is_control() && !is_white { '\u{fffd}' } else { letter });
        begins_cell = is_white || letter == ';' || begins_cell && letter == '"';
    }
    neutral.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_as_a_formula_however_cells_are_separated() {
        for (text, written) in [
            ("=1", "'=1"),
            ("＝1＋1", "'＝1＋1"),
            ("＠SUM", "'＠SUM"),
            ("a;=1+1", "a;'=1+1"),
            ("a\t-1", "a\t'-1"),
            ("a\r\n@x", "a\r\n'@x"),
            ("a;\"=1", "a;\"'=1"),
            ("\t=1", "'\t'=1"),
            ("a - b = c; d", "a - b = c; d"),
            ("\u{1}x", "\u{fffd}x"),
            ("", ""),
        ] {
            assert_eq!(neutral(text), written);
        }
    }

    #[test]
    fn a_text_is_cut_at_what_a_cell_holds() {
        let long = "é".repeat(LONGEST_TEXT);
        assert_eq!(fitting(&long), long, "so many units are not so many bytes");
        assert_eq!(fitting(&(long.clone() + "é")), long);
        assert_eq!(fitting(&"🙂".repeat(LONGEST_TEXT)).chars().count(), LONGEST_TEXT / 2);
    }
}
