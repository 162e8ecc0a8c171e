//! The definition of keyword matching in its plainest form: no automaton, no maps, no shortcuts. It shares only the
//! classes of characters with the matcher. Property tests and a fuzzer compare the two, on texts made of the scraps in
//! this module.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_segmentation::UnicodeSegmentation;

use super::cues::{BREAKS, CUES, FILLERS, UNDOING};
use super::search::matcher::Hit;
use super::set::KeywordSet;
use super::term::{Forms, Mode, Term};
use super::text::boundary::{
    is_apostrophe, is_clause_break, is_digit, is_letter, is_mark, is_separator, is_word, script_of, tells_names_by_case,
};

/// Folded characters, each with the index of the original character that it comes from.
type FoldedChars = Vec<(char, usize)>;

/// Returns the mentions that [`super::Matcher::find`] must find.
pub(crate) fn find(set: &KeywordSet, text: &str, question_type: Option<&str>) -> Vec<Hit> {
    let (mut candidates, mut proper_nouns) = (Vec::new(), Vec::new());
    for (index, term) in set.terms().iter().enumerate() {
        if !term.question_types.is_empty()
            && !term.question_types.iter().any(|asked| Some(asked.as_str()) == question_type)
        {
            continue;
        }
        let excludes = places(term, &term.exclude, text);
        let counted = |spellings: &[String]| {
            let mut places = places(term, spellings, text);
            places.retain(|&(start, end)| !excludes.iter().any(|&(from, to)| from <= start && end <= to));
            let hit = |(start, end)| Hit { term: index as u32, start: start as u32, end: end as u32, negated: false };
            places.into_iter().map(hit).collect::<Vec<_>>()
        };
        candidates.extend(counted(&spellings(term)));
        proper_nouns.extend(counted(&term.proper_nouns));
    }
    if tells_names_by_case(text) {
        proper_nouns.retain(|noun| text[noun.start as usize..].starts_with(char::is_uppercase));
    } else if candidates.is_empty() {
        proper_nouns.clear();
    }
    candidates.append(&mut proper_nouns);
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
    all.retain(|spelling| !term.proper_nouns.contains(spelling));
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
    chars.retain(|&(c, _)| !(term.fold_diacritics && ('\u{300}'..='\u{36F}').contains(&c)));
    chars.into_iter().map(|(c, index)| (if is_apostrophe(c) { '\'' } else { c }, index)).collect()
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
    let is_word_part =
        |index: Option<usize>| index.and_then(at).is_some_and(|c| is_letter(c) || is_mark(c) || is_digit(c));
    let joins = |index: Option<usize>| index.and_then(at).is_some_and(|c| ".-\u{2010}\u{2011}".contains(c));
    let is_letter_alone = is_letter(chars[start].0) && chars[start + 1..end].iter().all(|&(c, _)| is_mark(c));
    let goes_on_before = joins(start.checked_sub(1)) && is_word_part(start.checked_sub(2));
    let goes_on_after = joins(Some(end)) && is_word_part(Some(end + 1));
    !(is_letter_alone && (goes_on_before || goes_on_after))
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
    let plain: String = text.chars().map(|c| if is_apostrophe(c) { '\'' } else { c }).collect();
    // The place in the plain text of the character that begins at `start` of the original.
    let start = plain.chars().take(text[..start].chars().count()).map(char::len_utf8).sum::<usize>();
    let words: Vec<(usize, usize, String)> =
        plain.unicode_word_indices().map(|(at, word)| (at, at + word.len(), word.to_lowercase())).collect();
    let is_in_word = |place: usize| words.iter().any(|&(from, to, _)| from <= place && place < to);
    let mut breaks: Vec<usize> = plain.char_indices().map(|(at, _)| at).collect();
    breaks.retain(|&at| is_clause_break(&plain, at) && !is_in_word(at));
    let gap = |after: usize| -> Vec<usize> {
        let to = words.get(after).map_or(plain.len(), |word| word.0);
        breaks.iter().copied().filter(|&at| words[after - 1].1 <= at && at < to).collect()
    };
    let is_one_comma = |places: &[usize]| places.len() == 1 && plain[places[0]..].starts_with(',');
    let mut spared = Vec::new();
    for first in 1..words.len() {
        for end in first + 1..=words.len().min(first + 2) {
            let phrase = words[first..end].iter().map(|word| word.2.as_str()).collect::<Vec<_>>().join(" ");
            let is_filler = FILLERS.contains(&phrase.as_str()) && (first + 1..end).all(|within| gap(within).is_empty());
            let commas = [gap(first), gap(end)];
            if is_filler && commas.iter().all(|places| is_one_comma(places)) && words[first - 1].2 != "no" {
                spared.extend(commas.concat());
            }
        }
    }
    let before: Vec<usize> = (0..words.len()).filter(|&at| words[at].1 <= start).collect();
    before.iter().rev().take(5).any(|&at| {
        let word = words[at].2.as_str();
        let cue = if word.ends_with("n't") { "not" } else { word };
        let phrase = format!("{cue} {}", words.get(at + 1).map_or("", |next| &next.2));
        let is_cue = (word.ends_with("n't") || CUES.contains(&word)) && !UNDOING.contains(&phrase.as_str());
        let is_between = |place: usize| words[at].1 <= place && place < start;
        let is_broken = breaks.iter().any(|&place| is_between(place) && !spared.contains(&place))
            || before.iter().any(|&other| other > at && BREAKS.contains(&words[other].2.as_str()));
        is_cue && !is_broken
    })
}

/// Characters that fold, join, separate or count in special ways.
pub(crate) const ALPHABET: [&str; 54] = [
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
    "'",
    "`",
    "\u{2BC}",
    "\u{2032}",
];

/// Words that negate or end a negation, spellings for plurals and options, and gaps of the longest length and of a
/// longer one.
pub(crate) const WORDS: [&str; 24] = [
    " not ",
    " isn’t ",
    " never",
    "no ",
    " but ",
    ", ",
    " a, ",
    "not only ",
    " isn`t ",
    "don\u{B4}t ",
    ", um, ",
    ", you know, ",
    " -- ",
    " – ",
    " (",
    "no, ",
    "no doubt ",
    "like",
    " aa bb ",
    "cat",
    "city",
    "box ",
    "        ",
    "---------",
];
