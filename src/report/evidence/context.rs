//! A match with the words around it.

use crate::model::mask::{Person, masked, masks};
use crate::report::model::Quote;

/// Number of characters before a match, and after it, at most.
const AROUND: usize = 110;
/// Number of characters of a match, at most: a set may have longer terms.
const LONGEST_MATCH: usize = 200;
/// Number of characters of a whole answer, at most, so that pages stay light.
const LONGEST_ANSWER: usize = 10_000;

/// The match at a byte range of a transcript, end exclusive, with the words around it. `None` if it overlaps a masked
/// stretch, is too long, or is not in the text.
pub fn quote(transcript: &str, (start, end): (usize, usize), person: &Person) -> Option<Quote> {
    let matched = transcript.get(start..end)?;
    if matched.chars().count() > LONGEST_MATCH {
        return None;
    }
    let from = before(transcript, start);
    let until = after(transcript, end);
    // A masked stretch may begin or end outside of the part that is shown.
    let masks = masks(transcript, from..until, person);
    if masks.iter().any(|mask| mask.start < end && mask.end > start) {
        return None;
    }
    let mut left = masked(transcript, from, start, &masks);
    let mut right = masked(transcript, end, until, &masks);
    if from > 0 {
        left.insert(0, '…');
    }
    if until < transcript.len() {
        right.push('…');
    }
    Some(Quote { before: left, matched: matched.to_owned(), after: right, ..Quote::default() })
}

/// A whole answer, masked.
pub fn whole_answer(transcript: &str, person: &Person) -> String {
    let until = transcript.char_indices().nth(LONGEST_ANSWER).map_or(transcript.len(), |(at, _)| at);
    let mut text = masked(transcript, 0, until, &masks(transcript, 0..until, person));
    if until < transcript.len() {
        text.push('…');
    }
    text
}

/// Start of the words before a match, in bytes: at a space, if there is one near enough.
fn before(text: &str, at: usize) -> usize {
    let mut from = at;
    let mut word = None;
    for (count, (index, character)) in text[..at].char_indices().rev().enumerate() {
        if count == AROUND {
            return word.unwrap_or(from);
        }
        if character.is_whitespace() {
            word = Some(index + character.len_utf8());
        }
        from = index;
    }
    0
}

/// End of the words after a match, in bytes: at a space, if there is one near enough.
fn after(text: &str, at: usize) -> usize {
    let mut word = None;
    for (count, (index, character)) in text[at..].char_indices().enumerate() {
        if count == AROUND {
            return word.unwrap_or(at + index);
        }
        if character.is_whitespace() {
            word = Some(at + index);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_stands_among_whole_words() {
        let text = format!("{} we chose Rust for it {}", "word ".repeat(60), "after ".repeat(60));
        let start = text.find("Rust").unwrap();
        let quote = quote(&text, (start, start + 4), &Person::default()).unwrap();
        assert!(quote.before.starts_with("…word word") && quote.before.ends_with("we chose "));
        assert_eq!(quote.matched, "Rust");
        assert!(quote.after.starts_with(" for it after") && quote.after.ends_with("after…"));
        assert!(quote.before.chars().count() <= AROUND + 1);
    }

    #[test]
    fn a_text_without_spaces_is_cut_between_characters() {
        let text = "é".repeat(500) + "rust" + &"🙂".repeat(500);
        let start = text.find("rust").unwrap();
        let quote = quote(&text, (start, start + 4), &Person::default()).unwrap();
        assert_eq!(quote.before.chars().count(), AROUND + 1);
        assert_eq!(quote.after.chars().count(), AROUND + 1);
    }

    #[test]
    fn own_names_are_masked_and_a_match_in_one_is_no_quote() {
        let person = Person::new(Some("Jane Rust"), Some("jane.rust@example.com"));
        let text =
            "I am Jane, write to jane.rust@example.com or call +49 170 1234567. Rust is my name and go my language.";
        let start = text.find("go my").unwrap();
        let shown = quote(text, (start, start + 2), &person).unwrap();
        assert_eq!(shown.before, "I am [name], write to [e-mail] or call [phone]. [name] is my name and ");
        let start = text.find("Rust is").unwrap();
        assert_eq!(quote(text, (start, start + 4), &person), None);
        assert_eq!(quote("short", (2, 9), &Person::default()), None, "a place outside of the text");
        assert!(!whole_answer(text, &person).contains("Jane"));
    }
}
