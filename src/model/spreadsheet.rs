//! What spreadsheets make of what is written for them: how much fits, and which texts they take for more than text.

use std::borrow::Cow;

/// Rows of a sheet, at most, less the header.
pub const MOST_ROWS: usize = 1_048_575;
/// UTF-16 units of a cell, at most.
const LONGEST_TEXT: usize = 32_767;

/// As much of a text as a cell holds.
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

/// A text for CSV: one that a spreadsheet could take for a formula gets an apostrophe in front; control characters, at
/// which readers of CSV stop or stumble, become U+FFFD.
#[must_use]
pub fn neutral(text: &str) -> Cow<'_, str> {
    let is_control = |letter: char| letter.is_control() && !['\t', '\r', '\n'].contains(&letter);
    let text = if text.contains(is_control) { Cow::Owned(text.replace(is_control, "\u{fffd}")) } else { text.into() };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { Cow::Owned(format!("'{text}")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_begin_a_formula_are_texts_again() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1"] {
            assert_eq!(neutral(text), format!("'{text}"));
        }
        assert_eq!(neutral("a\u{0}b\nc"), "a\u{fffd}b\nc");
        assert!(matches!(neutral("I said = and - and +"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_is_cut_at_what_a_cell_holds() {
        let long = "é".repeat(LONGEST_TEXT);
        assert_eq!(fitting(&long), long, "so many units are not so many bytes");
        assert_eq!(fitting(&(long.clone() + "é")), long);
        assert_eq!(fitting(&"🙂".repeat(LONGEST_TEXT)).chars().count(), LONGEST_TEXT / 2);
    }
}
