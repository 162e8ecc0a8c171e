//! Masks candidates' own names, e-mail addresses and phone numbers in their words. This is best effort, and documented
//! as such.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// Least number of digits that is taken for a phone number.
const PHONE_DIGITS: usize = 7;
/// Number of bytes on each side of the shown text that are searched as well, to find what is cut at its edge.
const REACH: usize = 128;

/// Least number of letters in names that are joined into one word: two short names often make a common word.
const JOINED_LETTERS: usize = 5;

/// The names of a candidate, folded.
#[derive(Debug, Clone, Default)]
pub struct Person {
    words: BTreeSet<String>,
    /// Names of two letters, as written and in capitals. Lower case is not a name but perhaps an article.
    short: BTreeSet<String>,
    /// Names in scripts that put no space between words, or add endings to names. They are found anywhere in a text.
    inside: BTreeSet<String>,
    /// The ASCII letters and digits that any of `words` and `short` begins with, in lower case, as bits.
    firsts: u128,
}

impl Person {
    pub fn new(name: Option<&str>, email: Option<&str>) -> Self {
        let mut person = Self::default();
        let local = email.and_then(|email| email.split('@').next());
        for text in [name, local].into_iter().flatten() {
            let parts: Vec<&str> = words(text).map(|(_, word)| word).collect();
            parts.iter().for_each(|part| person.add(part));
            // Handles join names: "O'Brien" as "obrien", "Jane Doe" as "janedoe".
            for token in text.split(|letter: char| letter.is_whitespace() || letter == '-') {
                person.add_joined(&words(token).map(|(_, word)| word).collect::<Vec<_>>());
            }
            person.add_joined(&parts);
            if let [first, .., last] = parts[..] {
                person.add_joined(&[first, last]);
                person.add_joined(&[last, first]);
            }
        }
        person
    }

    fn add(&mut self, word: &str) {
        let plain = unmarked(word);
        let letters: Vec<char> = word.nfc().collect();
        if letters.iter().any(|letter| is_unspaced(*letter)) {
            let mut add = |part: &[char]| {
                if part.len() > 1 {
                    self.inside.insert(folded(&part.iter().collect::<String>()));
                }
            };
            add(&letters);
            // Surname and given name are written together, and one of them mostly has two characters.
            if letters.len() > 2 && letters.iter().all(|letter| matches!(letter.script(), Script::Han | Script::Hangul))
            {
                add(&letters[..2]);
                add(&letters[letters.len() - 2..]);
            }
            return;
        }
        match plain.chars().count() {
            0 | 1 => {}
            2 => {
                self.note_first(&plain);
                self.short.extend([plain.to_uppercase(), plain]);
            }
            _ if plain.chars().all(|letter| letter.is_ascii_digit()) => {}
            _ => {
                let name = folded(word);
                self.note_first(&name);
                self.words.insert(name);
            }
        }
    }

    fn note_first(&mut self, name: &str) {
        self.firsts |= first_bit(name);
    }

    fn add_joined(&mut self, parts: &[&str]) {
        let joined = parts.concat();
        let letters = joined.chars().count();
        if parts.len() > 1 && (letters >= JOINED_LETTERS || joined.chars().any(is_unspaced)) {
            self.add(&joined);
        }
    }

    /// Whether a word is a name, or a name followed by the digits of a handle or the s of a possessive.
    fn has(&self, word: &str) -> bool {
        // Most words are ASCII and begin like no name.
        (!word.is_ascii() || self.firsts & first_bit(word) != 0) && self.has_in_full(word)
    }

    fn has_in_full(&self, word: &str) -> bool {
        let folded = folded(word);
        let name = folded.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_name = |name: &str| self.words.contains(name);
        let is_one = is_name(&folded) || is_name(name) || name.strip_suffix('s').is_some_and(is_name);
        is_one || self.short.contains(&unmarked(word))
    }

    /// Byte ranges of names in scripts without spaces.
    fn found_inside(&self, text: &str) -> Vec<Range<usize>> {
        if self.inside.is_empty() {
            return Vec::new();
        }
        let mut plain = String::new();
        // For each byte of the folded text, the start of the original character.
        let mut places = Vec::new();
        for (at, letter) in text.char_indices() {
            plain += &folded(letter.encode_utf8(&mut [0; 4]));
            places.resize(plain.len(), at);
        }
        let found = |name: &String| {
            let range = |(at, _)| {
                let (first, last) = (places[at], places[at + name.len() - 1]);
                let end = places[at..].iter().find(|place| **place > last).copied();
                first..end.unwrap_or(text.len())
            };
            plain.match_indices(name.as_str()).map(range).collect::<Vec<_>>()
        };
        self.inside.iter().flat_map(found).collect()
    }
}

/// A byte range of a text that is masked, and the label that replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pub start: usize,
    pub end: usize,
    pub label: &'static str,
}

/// The masks in a byte range of a text and close to it, in order and without overlap.
pub fn masks(text: &str, shown: Range<usize>, person: &Person) -> Vec<Mask> {
    let from = floor(text, shown.start.saturating_sub(REACH));
    let until = floor(text, (shown.end + REACH).min(text.len()));
    let part = &text[from..until];
    let mut masks = emails(part);
    let add = |masks: &mut Vec<Mask>, mask: Mask| {
        if !masks.iter().any(|other| mask.start < other.end && mask.end > other.start) {
            masks.push(mask);
        }
    };
    for mask in phones(part).into_iter().chain(spoken_phones(part)) {
        add(&mut masks, mask);
    }
    for (start, word) in words(part).filter(|(_, word)| person.has(word)) {
        add(&mut masks, Mask { start, end: start + word.len(), label: "[name]" });
    }
    let mut inside = person.found_inside(part);
    // Of overlapping names, the longest hides the most.
    inside.sort_by_key(|found| Reverse(found.len()));
    for Range { start, end } in inside {
        add(&mut masks, Mask { start, end, label: "[name]" });
    }
    for mask in &mut masks {
        mask.start += from;
        mask.end += from;
    }
    masks.sort_by_key(|mask| mask.start);
    masks
}

/// A byte range of a text with its masked parts replaced by their labels.
pub fn masked(text: &str, from: usize, until: usize, masks: &[Mask]) -> String {
    let mut shown = String::new();
    let mut at = from;
    for mask in masks.iter().filter(|mask| mask.start < until && mask.end > from) {
        shown += &text[at..mask.start.clamp(at, until)];
        shown += mask.label;
        at = mask.end.clamp(at, until);
    }
    shown + &text[at..until]
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The bit of the first letter of a word, in lower case; none if it is not ASCII.
fn first_bit(word: &str) -> u128 {
    let first = word.bytes().next().filter(u8::is_ascii);
    first.map_or(0, |first| 1 << first.to_ascii_lowercase())
}

/// A word in lower case, without marks and in plain letters, as transcribers often write names.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut plain = String::new();
    for letter in unmarked(word).chars().flat_map(char::to_lowercase) {
        match PLAIN.iter().find(|(special, _)| *special == letter) {
            Some((_, as_written)) => plain += as_written,
            None => plain.push(letter),
        }
    }
    plain
}

/// Letters that Unicode does not decompose into a letter and a mark, with the spelling used where a keyboard lacks
/// them.
const PLAIN: [(char, &str); 13] = [
    ('ł', "l"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('ŋ', "n"),
    ('ı', "i"),
    ('þ', "th"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ĳ', "ij"),
];

fn unmarked(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    word.nfd().filter(|letter| !is_combining_mark(*letter)).collect()
}

/// Whether a letter is of a script that puts no space between words, or that adds endings to names.
fn is_unspaced(letter: char) -> bool {
    matches!(
        letter.script(),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Hangul
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    )
}

/// Runs of letters, marks and digits, each with the byte at which it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || !letter.is_ascii() && is_combining_mark(letter);
    let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split(move |letter| !is_word(letter)).filter(|word| !word.is_empty()).map(move |word| (place(word), word))
}

fn emails(text: &str) -> Vec<Mask> {
    let is_part = |letter: char| letter.is_alphanumeric() || "._%+-".contains(letter);
    let mut masks: Vec<Mask> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().rev().take_while(|letter| is_part(*letter)).map(char::len_utf8).sum::<usize>();
        let after = text[at + 1..].chars().take_while(|letter| is_part(*letter)).map(char::len_utf8).sum::<usize>();
        let end = at + 1 + text[at + 1..at + 1 + after].trim_end_matches('.').len();
        if before > 0 && end > at + 1 && masks.last().is_none_or(|last| last.end <= at - before) {
            masks.push(Mask { start: at - before, end, label: "[e-mail]" });
        }
    }
    masks
}

fn phones(text: &str) -> Vec<Mask> {
    let mut masks = Vec::new();
    // Most texts have no number that is long enough, and digits are counted faster than runs are found.
    if text.is_ascii() && text.bytes().filter(u8::is_ascii_digit).count() < PHONE_DIGITS {
        return masks;
    }
    let mut run: Option<(usize, usize, usize)> = None;
    let mut end_run = |run: &mut Option<(usize, usize, usize)>| {
        if let Some((start, end, digits)) = run.take()
            && digits >= PHONE_DIGITS
        {
            masks.push(Mask { start, end, label: "[phone]" });
        }
    };
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        match (&mut run, letter) {
            (Some((_, last, digits)), letter) if letter.is_numeric() => (*last, *digits) = (end, *digits + 1),
            (Some((_, last, _)), letter) if "-./() \u{a0}\u{2010}\u{2011}".contains(letter) && at - *last < 3 => {}
            (None, letter) if letter.is_numeric() => run = Some((at, end, 1)),
            (None, '+') => run = Some((at, end, 0)),
            (Some(_), '+') => {
                end_run(&mut run);
                run = Some((at, end, 0));
            }
            _ => end_run(&mut run),
        }
    }
    end_run(&mut run);
    masks
}

/// Phone numbers spelled in words: "double five one two three four six".
fn spoken_phones(text: &str) -> Vec<Mask> {
    const DIGITS: [&str; 13] =
        ["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "triple"];
    let mut masks = Vec::new();
    let mut row: Vec<(usize, usize)> = Vec::new();
    let mut end_row = |row: &mut Vec<(usize, usize)>| {
        if row.len() >= PHONE_DIGITS {
            masks.push(Mask { start: row[0].0, end: row[row.len() - 1].1, label: "[phone]" });
        }
        row.clear();
    };
    for (start, word) in words(text) {
        if (2..=6).contains(&word.len()) && DIGITS.iter().any(|digit| word.eq_ignore_ascii_case(digit)) {
            row.push((start, start + word.len()));
        } else {
            end_row(&mut row);
        }
    }
    end_row(&mut row);
    masks
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[track_caller]
    fn shows(text: &str, person: &Person, expected: &str) {
        let masks = masks(text, 0..text.len(), person);
        assert_eq!(masked(text, 0, text.len(), &masks), expected);
    }

    #[test]
    fn names_are_masked_as_whole_words_however_they_are_written() {
        let person = Person::new(Some("José Núñez-O'Brien"), Some("pepe.nunez+jobs@example.org"));
        shows(
            "Jose Nunez's CV, JOSÉ said, josette did not",
            &person,
            "[name] [name]'s CV, [name] said, josette did not",
        );
        shows("Pepe asked O'Brien", &person, "[name] asked O'[name]");
        let person = Person::new(Some("An Li"), None);
        shows("an apple for An and li, Li, LI", &person, "an apple for [name] and li, [name], [name]");
    }

    #[test]
    fn names_are_masked_whether_marks_are_letters_of_their_own_or_not() {
        let person = Person::new(Some("Zoe\u{301} Nu\u{301}n\u{303}ez"), None);
        shows("Zoé Núñez, zoe nunez, Nu\u{301}n\u{303}ez", &person, "[name] [name], [name] [name], [name]");
        let person = Person::new(Some("Zoé Núñez"), None);
        shows("I am Zoe\u{301} Nu\u{301}n\u{303}ez.", &person, "I am [name] [name].");
    }

    #[test]
    fn letters_that_are_no_letter_with_a_mark_are_folded_too() {
        let person = Person::new(Some("Łukasz Sørensen Weiß"), None);
        shows("lukasz SORENSEN, Łukasz, WEISS weiß", &person, "[name] [name], [name], [name] [name]");
        let person = Person::new(Some("Þóra Cœur Yıldız Æsa Đorđe"), None);
        shows("Thora coeur YILDIZ Aesa Dorde", &person, "[name] [name] [name] [name] [name]");
    }

    #[test]
    fn names_are_masked_in_one_word_and_with_an_s() {
        let person = Person::new(Some("Nora Jane O'Quist"), None);
        shows("noraquist, quistnora on oquist", &person, "[name], [name] on [name]");
        shows("Noras team, at nora_quist or noraquist92", &person, "[name] team, at [name]_[name] or [name]");
        shows("norah and the quistling", &person, "norah and the quistling");
        let person = Person::new(Some("Al So"), None);
        shows("also", &person, "also");
    }

    #[test]
    fn names_are_masked_where_no_space_ends_them() {
        let person = Person::new(Some("田中太郎"), None);
        shows("田中太郎です。Reactを使います。", &person, "[name]です。Reactを使います。");
        shows("田中です。太郎と呼ばれます", &person, "[name]です。[name]と呼ばれます");
        let person = Person::new(Some("김 민수"), None);
        shows("저는 김민수입니다", &person, "저는 [name]입니다");
        shows("민수는", &person, "[name]는");
        let person = Person::new(Some("สมชาย"), None);
        shows("ผมสมชายครับ", &person, "ผม[name]ครับ");
    }

    #[test]
    fn addresses_and_phone_numbers_are_masked_whosever_they_are() {
        let nobody = Person::default();
        shows("mail bob@work.example.com. ok", &nobody, "mail [e-mail]. ok");
        shows("call (030) 123-4567 or +1 555 010 9999, ext 12", &nobody, "call ([phone] or [phone], ext 12");
        shows("in 2019 we had 1,000,000 rows and 99.9 %", &nobody, "in 2019 we had 1,000,000 rows and 99.9 %");
        shows("it's oh one seven double two three four", &nobody, "it's [phone]");
        shows("one two three four tests", &nobody, "one two three four tests");
        shows("a @ b, @home", &nobody, "a @ b, @home");
    }

    #[test]
    fn what_is_cut_is_masked_still() {
        let person = Person::new(Some("Maximiliane"), None);
        let text = "so Maximiliane it is";
        assert_eq!(masks(text, 8..20, &person).len(), 1);
    }

    proptest! {
        #[test]
        fn a_name_is_known_by_its_first_letter_as_by_all(
            names in vec(select(vec!["Jane", "O'Brien", "An", "li", "Łukasz", "Zoé", "X1", "9to5", "ıda", "ﬁn", "K\u{212a}m", "Ünal", "田中"]), 0..4),
            word in prop_oneof![
                select(vec!["JANE", "janes", "jane92", "obrien", "an", "An", "AN", "LI", "lukasz", "ŁUKASZ", "zoe", "Zoe\u{301}", "x1", "9to5s", "ida", "fin", "kkm", "unal", "anli", "9"])
                    .prop_map(str::to_owned),
                "[a-zA-Z0-9é\u{301}]{1,6}",
            ],
        ) {
            let person = Person::new(Some(&names.join(" ")), None);
            prop_assert_eq!(person.has(&word), person.has_in_full(&word));
        }

        #[test]
        fn ascii_is_folded_as_any_text(word in "[ -~]{0,12}") {
            let marked: String = word.nfd().filter(|letter| !is_combining_mark(*letter)).collect();
            prop_assert_eq!(unmarked(&word), &marked[..]);
            prop_assert_eq!(folded(&word), marked.chars().flat_map(char::to_lowercase).collect::<String>());
        }

        /// A text that is not ASCII is read to its end.
        #[test]
        fn numbers_are_found_as_if_digits_were_not_counted(text in "[0-9 +()./a-]{0,40}") {
            let places = |masks: Vec<Mask>| masks.into_iter().map(|mask| (mask.start, mask.end)).collect::<Vec<_>>();
            prop_assert_eq!(places(phones(&text)), places(phones(&format!("{text}\nא"))));
        }
    }
}
