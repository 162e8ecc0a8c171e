//! The definition of keyword matching in its plainest form: no automaton, no maps, no shortcuts. It shares only the
//! classes of characters with the matcher. Property tests and a fuzzer compare the two, on texts made of the scraps in
//! this module.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_segmentation::UnicodeSegmentation;

use super::cues::{BREAKS, CUES, UNDOING};
use super::search::matcher::Hit;
use super::set::KeywordSet;
use super::term::{Forms, Mode, Term};
use super::text::boundary::{is_letter, is_mark, is_separator, is_word, script_of};

/// Folded characters, each with the index of the original character that it comes from.
type FoldedChars = Vec<(char, usize)>;

/// Returns the mentions that [`super::Matcher::find`] must find.
pub(crate) fn find(set: &KeywordSet, text: &str, question_type: Option<&str>) -> Vec<Hit> {
    let mut candidates = Vec::new();
    for (index, term) in set.terms().iter().enumerate() {
        if !term.question_types.is_empty()
            && !term.question_types.iter().any(|asked| Some(asked.as_str()) == question_type)
        {
            continue;
        }
        let excludes = places(term, &term.exclude, text);
        for (start, end) in places(term, &spellings(term), text) {
            if !excludes.iter().any(|&(from, to)| from <= start && end <= to) {
                candidates.push(Hit { term: index as u32, start: start as u32, end: end as u32, negated: false });
            }
        }
    }
    candidates.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.term));
    let mut hits: Vec<Hit> = Vec::new();
    for hit in candidates {
        let independent = |hit: &Hit| set.overlap() || set.terms()[hit.term as usize].mode == Mode::Substring;
        let competes = |other: &&Hit| other.term == hit.term || !(independent(other) || independent(&hit));
        if hits.iter().filter(competes).all(|other| hit.end <= other.start || other.end <= hit.start) {
            hits.push(hit);
        }
    }
    for hit in &mut hits {
        hit.negated = negated(text, hit.start as usize);
    }
    hits
}

fn spellings(term: &Term) -> Vec<String> {
    let mut all = vec![term.name.clone()];
    all.extend(term.aliases.clone());
    if term.forms == Forms::Plural {
        let plurals: Vec<_> = all.iter().filter_map(|spelling| plural(spelling)).collect();
        all.extend(plurals);
    }
    all
}

fn plural(spelling: &str) -> Option<String> {
    let chars: Vec<char> = spelling.nfd().collect();
    for end in (3..=chars.len()).rev() {
        let run = |start: usize| &chars[start..end];
        let Some(start) = (0..=end - 3).find(|&start| run(start).iter().all(char::is_ascii_alphabetic)) else {
            continue;
        };
        if end < chars.len() && is_word(chars[end]) || start > 0 && is_word(chars[start - 1]) {
            continue;
        }
        let word: String = run(start).iter().map(char::to_ascii_lowercase).collect();
        let before_last = word.as_bytes()[word.len() - 2] as char;
        let (before, after) = (chars[..end].iter().collect::<String>(), chars[end..].iter().collect::<String>());
        return Some(if ["s", "x", "z", "ch", "sh"].iter().any(|hiss| word.ends_with(hiss)) {
            before + "es" + &after
        } else if word.ends_with('y') && !"aeiou".contains(before_last) {
            before[..before.len() - 1].to_owned() + "ies" + &after
        } else {
            before + "s" + &after
        });
    }
    None
}

fn folded(term: &Term, text: &str) -> FoldedChars {
    let tagged = text.chars().enumerate();
    if term.mode == Mode::Substring {
        if term.case_sensitive {
            return tagged.map(|(index, c)| (c, index)).collect();
        }
        let sources = tagged.flat_map(|(index, c)| c.to_lowercase().map(move |_| index));
        return text.to_lowercase().chars().zip(sources).collect();
    }
    let fold = |text: &str| CaseMapper::new().fold_string(text).into_owned();
    let nfd = |chars: FoldedChars| {
        let parts = chars.into_iter().flat_map(|(c, index)| c.nfd().map(|part| (part, index)).collect::<Vec<_>>());
        let mut parts: FoldedChars = parts.collect();
        let class = |parts: &FoldedChars, at: usize| canonical_combining_class(parts[at].0);
        while let Some(at) =
            (1..parts.len()).find(|&at| class(&parts, at) > 0 && class(&parts, at - 1) > class(&parts, at))
        {
            parts.swap(at - 1, at);
        }
        parts
    };
    let mut chars = nfd(tagged.map(|(index, c)| (c, index)).collect());
    let mut whole: String = text.nfd().collect();
    if !term.case_sensitive {
        chars =
            chars.iter().flat_map(|&(c, i)| fold(&c.to_string()).chars().map(|c| (c, i)).collect::<Vec<_>>()).collect();
        chars = nfd(chars);
        whole = fold(&whole).nfd().collect();
    }
    assert_eq!(chars.iter().map(|&(c, _)| c).collect::<String>(), whole, "{text:?}");
    chars.into_iter().filter(|&(c, _)| !(term.fold_diacritics && ('\u{300}'..='\u{36F}').contains(&c))).collect()
}

/// Returns where a term's spellings, or its exclude phrases, stand in the original text, in bytes.
fn places(term: &Term, spellings: &[String], text: &str) -> Vec<(usize, usize)> {
    let chars = folded(term, text);
    let mut places = Vec::new();
    for spelling in spellings {
        let spelling: Vec<char> = match term.mode {
            Mode::Word => folded(term, spelling).into_iter().map(|(c, _)| c).collect(),
            Mode::Substring => spelling.chars().collect(),
        };
        for start in 0..chars.len() {
            let Some(end) = end_of(term, &spelling, &chars, start) else { continue };
            let mut first = chars[start..end].iter().map(|&(_, index)| index).min().unwrap();
            let mut last = chars[start..end].iter().map(|&(_, index)| index).max().unwrap();
            if term.mode == Mode::Word {
                let part = |&(_, index): &(char, usize)| chars[start..end].iter().any(|&(_, inside)| inside == index);
                if chars[..start].iter().any(part) || chars[end..].iter().any(part) || !stands(&chars, start, end) {
                    continue;
                }
                while last + 1 < text.chars().count() && chars.iter().all(|&(_, index)| index != last + 1) {
                    last += 1;
                }
            }
            let bytes = |index| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
            (first, last) = (bytes(first), bytes(last + 1));
            places.push((first, last));
        }
    }
    places
}

/// Returns where a spelling that begins at `start` ends, or `None` if it does not stand there.
fn end_of(term: &Term, spelling: &[char], chars: &FoldedChars, start: usize) -> Option<usize> {
    let mut at = start;
    let mut wanted = 0;
    while wanted < spelling.len() {
        if term.separators && is_separator(spelling[wanted]) {
            let run = chars[at..].iter().take_while(|&&(c, _)| is_separator(c)).count();
            if !(1..=8).contains(&run) {
                return None;
            }
            at += run;
            wanted += spelling[wanted..].iter().take_while(|&&c| is_separator(c)).count();
        } else {
            if chars.get(at)?.0 != spelling[wanted] {
                return None;
            }
            (at, wanted) = (at + 1, wanted + 1);
        }
    }
    Some(at)
}

fn stands(chars: &FoldedChars, start: usize, end: usize) -> bool {
    let at = |index: usize| chars.get(index).map(|&(c, _)| c);
    let last_letter = chars[start..end].iter().rev().find(|&&(c, _)| !is_mark(c)).is_some_and(|&(c, _)| is_letter(c));
    let asked = |index: usize| !exempt(chars, index);
    let splits = |index: usize| compose(at(index - 1).unwrap(), at(index).unwrap()).is_some();
    if start > 0 {
        let (before, first) = (at(start - 1).unwrap(), at(start).unwrap());
        if splits(start) || asked(start) && is_word(before) && (is_word(first) || first == '.') {
            return false;
        }
    }
    if let (Some(last), Some(after)) = (at(end - 1), at(end)) {
        let word = is_word(last) && is_word(after);
        let sign = "+#".contains(last) && (is_word(after) || "+#".contains(after));
        let plus = last_letter && after == '+' && at(end + 1) == Some('+');
        let sharp = last_letter && after == '#' && !at(end + 1).is_some_and(is_word);
        if splits(end) || asked(end) && (word || sign || plus || sharp) {
            return false;
        }
    }
    true
}

fn exempt(chars: &FoldedChars, at: usize) -> bool {
    let script = |index: usize| {
        let base = (0..=index).rev().find(|&index| !is_mark(chars[index].0)).unwrap_or(index);
        format!("{:?}", script_of(chars[base].0))
    };
    let unspaced = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"];
    let shared = ["Common", "Inherited", "Unknown"];
    let pair = [script(at - 1), script(at)];
    if pair.iter().all(|script| script == "Katakana") {
        false
    } else if pair.iter().any(|script| unspaced.contains(&script.as_str())) {
        true
    } else {
        pair.iter().all(|script| !shared.contains(&script.as_str())) && pair[0] != pair[1]
    }
}

fn negated(text: &str, start: usize) -> bool {
    let is_word_segment = |segment: &str| segment.chars().any(char::is_alphanumeric);
    let plain = |word: &str| word.to_lowercase().replace('’', "'");
    let segments: Vec<_> = text.split_word_bound_indices().collect();
    let words: Vec<_> = segments.iter().filter(|(_, segment)| is_word_segment(segment)).collect();
    let mut seen = 0;
    for &(at, segment) in segments.iter().rev() {
        if is_word_segment(segment) {
            if at + segment.len() > start {
                continue;
            }
            seen += 1;
            let next = words.iter().find(|(other, _)| *other > at).map_or(String::new(), |(_, word)| plain(word));
            let word = plain(segment);
            let undone = word == "not" && UNDOING.contains(&next.as_str());
            if !undone && (word.ends_with("n't") || CUES.contains(&word.as_str())) {
                return true;
            }
            if BREAKS.contains(&word.as_str()) || seen == 5 {
                return false;
            }
        } else {
            for (offset, c) in segment.char_indices().filter(|(offset, _)| at + offset < start) {
                let within_word = text[at + offset + c.len_utf8()..].starts_with(is_word);
                if "!?;:,\n\r\u{85}\u{2028}\u{2029}…—。！？；：，、".contains(c) || c == '.' && !within_word
                {
                    return false;
                }
            }
        }
    }
    false
}

/// Characters that fold, join, separate or count in special ways.
pub(crate) const ALPHABET: [&str; 50] = [
    "a",
    "b",
    "A",
    "s",
    "S",
    "ß",
    "ẞ",
    "ſ",
    "\u{212A}",
    "k",
    "İ",
    "ı",
    "i",
    "I",
    "ﬁ",
    "f",
    "é",
    "e",
    "\u{301}",
    "\u{323}",
    "\u{307}",
    "Σ",
    "σ",
    "ς",
    "東",
    "京",
    "か",
    "\u{3099}",
    "が",
    "カ",
    "ー",
    "ｶ",
    "ก",
    "ิ",
    "-",
    "/",
    " ",
    "_",
    "+",
    "#",
    ".",
    "0",
    "👩\u{200D}💻",
    "❤\u{FE0F}",
    "\n",
    "\u{2010}",
    "\u{345}",
    "\u{2ADC}",
    "\u{2ADD}",
    "\u{334}",
];

/// Words that negate or end a negation, spellings for plurals and options, and gaps of the longest length and of a
/// longer one.
pub(crate) const WORDS: [&str; 14] = [
    " not ",
    " isn’t ",
    " never",
    "no ",
    " but ",
    ", ",
    " a, ",
    "not only ",
    " aa bb ",
    "cat",
    "city",
    "box ",
    "        ",
    "---------",
];
