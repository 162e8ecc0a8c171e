//! A mention as one line, with the term in the same column on all.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::commands::terminal::visible;
use crate::search::Hit;

/// The least width of a line.
const NARROWEST: usize = 24;
/// From this width on, lines end with where the mention is.
const WIDE: usize = 100;
/// Columns for the id of an interview, a position, and what parts them from the mention.
const PLACE: usize = 42;
/// Stands for what was cut off.
const CUT: &str = "…";

/// The columns of a line.
#[derive(Debug, Clone, Copy)]
pub struct Concordance {
    left: usize,
    /// The most columns of a match.
    matched: usize,
    /// Columns of a match and what follows.
    rest: usize,
    has_place: bool,
}

impl Concordance {
    pub fn of_width(width: usize) -> Self {
        let has_place = width >= WIDE;
        let width = width.max(NARROWEST) - if has_place { PLACE } else { 0 };
        // Two spaces on each side of the match.
        let words = width - 4;
        let left = words * 2 / 5;
        Self { left, matched: words / 3, rest: words - left, has_place }
    }

    pub fn line(&self, hit: &Hit) -> String {
        let left = end(on_one_line(&hit.shown.left).trim_end(), self.left);
        let matched = start(on_one_line(&hit.shown.matched).trim(), self.matched);
        let right = start(on_one_line(&hit.shown.right).trim_start(), self.rest - matched.width());
        let mut line = " ".repeat(self.left - left.width()) + &left + "  " + &matched + "  " + &right;
        if self.has_place {
            line += &" ".repeat(self.rest - matched.width() - right.width());
            line += &format!("  {} {}", on_one_line(&hit.interview_id), hit.position);
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    }
}

/// A text with a space in the place of white space and of what moves the cursor, and what else could control a terminal
/// made visible, so that its width is known.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        let is_white = character.is_whitespace() || character.is_control();
        if !is_white {
            line.push(character);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    visible(&line).into_owned()
}

/// As much of the beginning of a text as fits into so many columns.
pub fn start(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for letter in text.graphemes(true) {
        if cut.width() + letter.width() + CUT.width() > columns {
            break;
        }
        cut += letter;
    }
    if columns > 0 { cut + CUT } else { cut }
}

/// As much of the end of a text as fits into so many columns.
fn end(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut from = text.len();
    for (at, _) in text.grapheme_indices(true).rev() {
        if text[at..].width() + CUT.width() > columns {
            break;
        }
        from = at;
    }
    format!("{CUT}{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit(left: &str, matched: &str, right: &str) -> Hit {
        let mut hit = Hit { interview_id: "11111111-2222-3333-4444-555555555555".to_owned(), ..Hit::default() };
        hit.shown.left = left.to_owned();
        hit.shown.matched = matched.to_owned();
        hit.shown.right = right.to_owned();
        hit
    }

    #[test]
    fn the_term_is_in_one_column_and_a_mention_on_one_line() {
        let lines = Concordance::of_width(40);
        for (left, matched, right, line) in [
            ("we use ", "Rust", " for it", "        we use  Rust  for it\n"),
            ("and so it was that we\nuse ", "Rust", "\r\nfor\tit all", "…s that we use  Rust  for it all\n"),
            ("", "東京", "に 住んで いる 友達 と 話し", "                東京  に 住んで いる 友…\n"),
            ("", "a match that is long", "", "                a match tha…\n"),
        ] {
            assert_eq!(lines.line(&hit(left, matched, right)), line);
        }
        let wide = Concordance::of_width(120).line(&hit("we use ", "Rust", " for it"));
        assert!(wide.ends_with("  11111111-2222-3333-4444-555555555555 0\n"), "{wide}");
        assert!(wide.trim_end().len() <= 120);
    }

    proptest! {
        #[test]
        fn a_line_is_never_wider_than_the_terminal(
            left in "(\\PC|[\\n\\tא-ת東あ]){0,80}", matched in "\\PC{1,60}", right in "(\\PC|[\\r\\u{202e}\\u{1b}]){0,80}", width in 0_usize..300,
        ) {
            let line = Concordance::of_width(width).line(&hit(&left, &matched, &right));
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(!line.trim_end_matches('\n').contains(char::is_control));
            prop_assert!(line.trim_end().width() <= width.max(NARROWEST), "{}", line);
        }
    }
}
