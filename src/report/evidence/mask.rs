//! What is masked in words of people: their own name, e-mail addresses, phone numbers. Best effort, and said to be.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::lake::Lake;
use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::schema;
use crate::report::frames::Frames;

/// Digits from which on a row of them is taken for a phone number.
const PHONE_DIGITS: usize = 7;
/// How far a masked stretch that is cut may reach beyond what is shown, in bytes.
const REACH: usize = 128;

/// The words that a candidate goes by, folded.
#[derive(Debug, Clone, Default)]
pub struct Person {
    words: BTreeSet<String>,
    /// Those of two letters, as they are written: an article in lower case is no name.
    short: BTreeSet<String>,
}

impl Person {
    pub fn new(name: Option<&str>, email: Option<&str>) -> Self {
        let mut person = Self::default();
        let local = email.and_then(|email| email.split('@').next());
        for word in
            [name, local].into_iter().flatten().flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        {
            match word.chars().count() {
                0 | 1 => {}
                2 => drop(person.short.insert(word.to_owned())),
                _ if word.chars().all(|letter| letter.is_ascii_digit()) => {}
                _ => drop(person.words.insert(folded(word))),
            }
        }
        person
    }

    fn has(&self, word: &str) -> bool {
        self.short.contains(word) || self.words.contains(&folded(word))
    }
}

/// A stretch of a text that is not shown, in bytes, and what is shown for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pub start: usize,
    pub end: usize,
    pub label: &'static str,
}

/// Who the candidates of interviews are, by the number of the interview; none when that cannot be read.
pub fn people(lake: &Lake, frames: &Frames, interviews: &BTreeSet<u32>) -> Option<HashMap<u32, Person>> {
    let files = lake.files(&schema::CANDIDATES).ok().filter(|files| !files.is_empty())?;
    let mut people = HashMap::new();
    for path in files {
        let rows = ParquetFile::open(&path).and_then(|file| file.all(&["interview_id", "name", "email"])).ok()?;
        let text = |name: &str, row: usize| string_at(strings(&rows, name), row);
        for row in 0..rows.num_rows() {
            let interview = text("interview_id", row).and_then(|id| frames.interviews.rows.get(id));
            if let Some(interview) = interview.filter(|interview| interviews.contains(interview)) {
                people.insert(*interview, Person::new(text("name", row), text("email", row)));
            }
        }
    }
    Some(people)
}

/// What is masked in a stretch of a text, in order and without overlap.
pub fn masks(text: &str, shown: Range<usize>, person: Option<&Person>) -> Vec<Mask> {
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
    if let Some(person) = person {
        for (start, word) in words(part).filter(|(_, word)| person.has(word)) {
            add(&mut masks, Mask { start, end: start + word.len(), label: "[name]" });
        }
    }
    for mask in &mut masks {
        mask.start += from;
        mask.end += from;
    }
    masks.sort_by_key(|mask| mask.start);
    masks
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Lower case, without marks: transcribers leave them out.
fn folded(word: &str) -> String {
    word.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

/// Runs of letters, marks and digits with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
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

/// Rows of digits in words: "double five one two three four six".
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
        if DIGITS.iter().any(|digit| word.eq_ignore_ascii_case(digit)) {
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
    use super::*;

    #[track_caller]
    fn shows(text: &str, person: &Person, expected: &str) {
        let mut shown = String::new();
        let mut at = 0;
        for mask in masks(text, 0..text.len(), Some(person)) {
            shown += &text[at..mask.start];
            shown += mask.label;
            at = mask.end;
        }
        assert_eq!(shown + &text[at..], expected);
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
        shows("an apple for An and li, Li", &person, "an apple for [name] and li, [name]");
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
        assert_eq!(masks(text, 8..20, Some(&person)).len(), 1);
    }
}
