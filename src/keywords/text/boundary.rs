//! Decides where a word ends: the classes of characters, and the rules at the two edges of a match.

use std::ops::Range;

use unicode_normalization::char::{compose, is_combining_mark};
use unicode_script::{Script, UnicodeScript};

use super::ascii;

/// The zero of every run of decimal digits (general category Nd, Unicode 17). Each run is ten code points long.
const ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136,
    0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0,
    0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE,
    0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// The characters for which `char::is_alphabetic` holds although they are neither letters nor marks: letter-like
/// numbers (Nl) and circled or squared letters.
const ALPHABETIC_BUT_NO_LETTER: [(u32, u32); 16] = [
    (0x16EE, 0x16F0),
    (0x2160, 0x2182),
    (0x2185, 0x2188),
    (0x24B6, 0x24E9),
    (0x3007, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303A),
    (0xA6E6, 0xA6EF),
    (0x10140, 0x10174),
    (0x10341, 0x10341),
    (0x1034A, 0x1034A),
    (0x103D1, 0x103D5),
    (0x12400, 0x1246E),
    (0x1F130, 0x1F149),
    (0x1F150, 0x1F169),
    (0x1F170, 0x1F189),
];

/// Whether a character is a letter (general category L).
pub(in crate::keywords) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    let code = u32::from(c);
    let outside = || ALPHABETIC_BUT_NO_LETTER.iter().any(|&(first, last)| (first..=last).contains(&code));
    c.is_alphabetic() && !is_mark(c) && !outside()
}

/// Whether a character is a mark (general category M).
pub(in crate::keywords) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether a character is a decimal digit (general category Nd).
pub(in crate::keywords) fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    let code = u32::from(c);
    let run = ZEROS.partition_point(|&zero| zero <= code);
    run > 0 && code - ZEROS[run - 1] < 10
}

/// Whether a character is a word character: a letter, mark, digit or underscore.
pub(in crate::keywords) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    is_letter(c) || is_mark(c) || is_digit(c)
}

/// Whether a character is one of those that `separators` makes equal: white space, a hyphen or a slash.
pub(in crate::keywords) fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}' | '\u{2011}' | '/')
}

/// Whether a character is one of those that are written as an apostrophe. They are equal in words.
pub(in crate::keywords) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{B4}' | '\u{2BC}' | '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{FF07}')
}

/// Whether capitals tell names from other words in a text: it has small letters, and capitals besides the word I.
pub(in crate::keywords) fn tells_names_by_case(text: &str) -> bool {
    let is_word_i = |at: usize| {
        text[at..].strip_prefix('I').is_some_and(|after| !text[..at].ends_with(is_word) && !after.starts_with(is_word))
    };
    let is_capital = |(at, c): (usize, char)| c.is_uppercase() && !is_word_i(at);
    text.contains(char::is_lowercase) && text.char_indices().any(is_capital)
}

/// Whether the character of a text at `at` separates two clauses.
///
/// A full stop does not if a word character follows it directly: `.net` begins no sentence. Hyphens and en dashes do
/// with white space around them, and then the first of a run is the one that counts.
pub(in crate::keywords) fn is_clause_break(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    let is_dash = |c| matches!(c, '-' | '\u{2013}');
    match rest.chars().next() {
        Some('.') => !rest[1..].starts_with(is_word),
        Some(c) if is_dash(c) => {
            before.ends_with(char::is_whitespace) && rest.trim_start_matches(is_dash).starts_with(char::is_whitespace)
        }
        Some(
            '!' | '?' | ';' | ':' | ',' | '(' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '…' | '—' | '―'
            | '。' | '！' | '？' | '；' | '：' | '，' | '、' | '（',
        ) => true,
        _ => false,
    }
}

/// Whether both edges of `text[range]` are word boundaries where the definition asks for one. `text` must be folded.
pub(in crate::keywords) fn allows(text: &str, range: Range<usize>) -> bool {
    let Range { start, end } = range;
    left_edge_allows(text, start) && right_edge_allows(text, start, end) && !is_initial(text, &range)
}

/// Whether a match is a single letter that is part of an abbreviation or a compound: a full stop or a hyphen stands
/// beside it, and a letter or digit beyond that. `c` is not in `D.C.`, `C-3PO` and `USB-C`.
fn is_initial(text: &str, range: &Range<usize>) -> bool {
    let mut matched = text[range.clone()].chars();
    let is_letter_alone = matched.next().is_some_and(is_letter) && matched.all(is_mark);
    is_letter_alone && (goes_on(text[..range.start].chars().rev()) || goes_on(text[range.end..].chars()))
}

/// Whether a full stop or a hyphen comes first, and then a letter or digit.
fn goes_on(mut beside: impl Iterator<Item = char>) -> bool {
    let joins = |c| matches!(c, '.' | '-' | '\u{2010}' | '\u{2011}');
    beside.next().is_some_and(joins) && beside.next().is_some_and(|c| is_letter(c) || is_mark(c) || is_digit(c))
}

fn left_edge_allows(text: &str, start: usize) -> bool {
    // The most frequent case: an ASCII character that is not a word character stands before an ASCII character.
    if let Some([before, first]) = start.checked_sub(1).and_then(|before| text.as_bytes().get(before..=start))
        && before.is_ascii()
        && first.is_ascii()
        && !ascii::is_word(*before)
    {
        return true;
    }
    let (Some(before), Some(first)) = (char_before(text, start), char_after(text, start)) else { return true };
    if is_one_character(before, first) {
        return false;
    }
    let asks = is_word(before) && (is_word(first) || first == '.');
    !asks || is_exempt(text, start)
}

fn right_edge_allows(text: &str, start: usize, end: usize) -> bool {
    // The most frequent case: a word ends, and an ASCII character follows that is neither a word character nor a sign
    // that may belong to the word.
    if let Some([last, after]) = text.as_bytes().get(end - 1..=end)
        && ascii::is_word(*last)
        && after.is_ascii()
        && !ascii::is_word(*after)
        && !matches!(after, b'+' | b'#')
    {
        return true;
    }
    let (Some(last), Some(after)) = (char_before(text, end), char_after(text, end)) else { return true };
    if is_one_character(last, after) {
        return false;
    }
    let second = char_after(text, end + after.len_utf8());
    let refused = if is_word(last) && is_word(after) {
        true
    } else if matches!(last, '+' | '#') {
        is_word(after) || matches!(after, '+' | '#')
    } else if ends_in_letter(&text[start..end]) {
        match after {
            '+' => second == Some('+'),
            '#' => !second.is_some_and(is_word),
            _ => false,
        }
    } else {
        false
    };
    !refused || is_exempt(text, end)
}

/// Whether two characters are one when composed: `か` is not in `が`, whether the text writes `が` as one character or as
/// two that are canonically equivalent.
fn is_one_character(before: char, after: char) -> bool {
    !after.is_ascii() && compose(before, after).is_some()
}

/// Whether a match ends in a letter. A letter with marks is still a letter: `café` ends in one, however it is
/// normalised.
fn ends_in_letter(matched: &str) -> bool {
    matched.chars().rev().find(|&c| !is_mark(c)).is_some_and(is_letter)
}

fn char_before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn char_after(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

/// Whether the two characters that meet at `at` need no word boundary between them.
///
/// This is so beside Han, Kana and other scripts without spaces (but not between two Katakana characters), and between
/// two different scripts. `_`, digits and signs are common to all scripts and so differ from none: `react` is not in
/// `react2`.
fn is_exempt(text: &str, at: usize) -> bool {
    if text.as_bytes()[at - 1].is_ascii() && text.as_bytes()[at].is_ascii() {
        return false;
    }
    let before = script_at(text, at - char_before(text, at).map_or(0, char::len_utf8));
    let after = script_at(text, at);
    if before == Script::Katakana && after == Script::Katakana {
        return false;
    }
    if is_unspaced(before) || is_unspaced(after) {
        return true;
    }
    is_real(before) && is_real(after) && before != after
}

/// Returns the script of the character that starts at `at`. A mark takes that of its base, the nearest character before
/// it that is not a mark. Only a mark without a base keeps its own.
fn script_at(text: &str, at: usize) -> Script {
    let Some(own) = char_after(text, at) else { return Script::Unknown };
    let base = if is_mark(own) { text[..at].chars().rev().find(|&c| !is_mark(c)).unwrap_or(own) } else { own };
    script_of(base)
}

/// Returns the script of a character. This is the script property except for letters that Unicode shares among a few
/// scripts: the prolonged sound mark `ー` and its like are Katakana, and `〆` is Han.
pub(in crate::keywords) fn script_of(c: char) -> Script {
    let script = c.script();
    if is_real(script) || !is_letter(c) {
        return script;
    }
    let extension = c.script_extension();
    // Letters of many scripts (`ʼ`) stay common to all.
    if extension.is_common() || extension.is_inherited() || extension.len() > 2 {
        script
    } else if extension.contains_script(Script::Katakana) {
        Script::Katakana
    } else if extension.contains_script(Script::Han) {
        Script::Han
    } else {
        script
    }
}

fn is_real(script: Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// Whether a script is written without spaces between words.
fn is_unspaced(script: Script) -> bool {
    matches!(
        script,
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    )
}
