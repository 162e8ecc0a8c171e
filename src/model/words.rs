//! Words of messages, and texts that are the same.

/// The word that goes with a number of things.
#[must_use]
pub fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// The text of a question without what differs between spellings of one: in lower case, with single spaces and none
/// before a punctuation mark, with straight quotation marks, and without invisible characters.
#[must_use]
pub fn normalised(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(
            |character| !matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'),
        )
        .map(|character| match character {
            '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{60}' | '\u{b4}' | '\u{2032}' => '\'',
            '\u{201c}'..='\u{201f}' => '"',
            other => other,
        })
        .collect();
    let mut text = String::new();
    for word in plain.split_whitespace() {
        if !text.is_empty() && !word.starts_with(['?', '!', '.', ',', ';', ':']) {
            text.push(' ');
        }
        text.push_str(&word.to_lowercase());
    }
    text
}
