//! Text from outside inside markup: escaped, and without invisible characters.

use std::borrow::Cow;

use minijinja::HtmlEscape;

/// The text as markup: escaped, with control characters made visible.
pub fn escaped(text: &str) -> String {
    HtmlEscape(&visible(text)).to_string()
}

/// Replaces control characters by visible signs, so that none hides, reorders or cuts the text around it. Line breaks
/// and tabs stay. So do the two marks that right-to-left text needs (U+200E, U+200F), which only affect the characters
/// next to them.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\0'..='\u{1f}' if is_hidden(character) => {
                shown.extend(char::from_u32(0x2400 + u32::from(character)));
            }
            '\u{7f}' => shown.push('\u{2421}'),
            hidden if is_hidden(hidden) => shown.push_str(&format!("[U+{:04X}]", u32::from(hidden))),
            other => shown.push(other),
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}'..='\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Embeddings, overrides and isolates of the bidirectional algorithm, line and paragraph separators.
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Invisible tags, interlinear annotation, and noncharacters.
        | '\u{e0000}'..='\u{e007f}' | '\u{fff9}'..='\u{fffb}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, visible};

    #[test]
    fn markup_is_text() {
        assert_eq!(escaped("</script><b a='1'>&"), "&lt;&#x2f;script&gt;&lt;b a=&#x27;1&#x27;&gt;&amp;");
    }

    #[test]
    fn controls_are_seen_and_nothing_else_changes() {
        assert_eq!(visible("a\0b\u{1b}[31m\u{7f}\u{85}"), "a\u{2400}b\u{241b}[31m\u{2421}[U+0085]");
        assert_eq!(visible("\u{202e}txt\u{2066}"), "[U+202E]txt[U+2066]");
        for plain in ["", "two\r\nlines\tand a tab", "İstanbul 東京 שלום\u{200f}", "👩‍👩‍👧", "\u{fffd}"]
        {
            assert_eq!(visible(plain), plain);
        }
    }
}
