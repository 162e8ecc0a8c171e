//! A mention among its neighbours: the words before it and after it, masked, and what it is sorted by.

use std::ops::Range;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};

use super::finder::words_of;
use crate::keywords::text::words::WordFinder;
use crate::model::mask::{Mask, Person, masked, masks};

const CASE_MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// Bytes of context for each of its words, at most: what has no spaces may be one word from end to end.
const LONGEST_WORD: usize = 64;

/// Stands for a mention whose answer must not be shown, since nobody knows whose name to mask in it.
pub const NOT_SHOWN: &str = "[not shown]";

/// A mention as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub left: String,
    pub matched: String,
    pub right: String,
    /// The neighbours that it is sorted by, case-folded; empty where there is none.
    pub neighbours: Vec<String>,
}

/// A word beside a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    pub side: Side,
    /// 1 for the next one.
    pub distance: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Whose words they are.
#[derive(Debug, Clone, Copy)]
pub enum Speaker<'a> {
    /// Nothing is masked.
    Unmasked,
    Known(&'a Person),
    /// It is not known, so the words are not shown.
    Unknown,
}

/// An answer with mentions.
pub struct Answer<'a> {
    text: &'a str,
    words: Vec<Range<u32>>,
    /// What is masked in the whole text; `None` if it must not be shown.
    masks: Option<Vec<Mask>>,
}

impl<'a> Answer<'a> {
    pub fn of(text: &'a str, speaker: Speaker, finder: &mut WordFinder) -> Self {
        let masks = match speaker {
            Speaker::Unmasked => Some(Vec::new()),
            Speaker::Known(person) => Some(masks(text, 0..text.len(), person)),
            Speaker::Unknown => None,
        };
        let words = if masks.is_some() { words_of(text, finder) } else { Vec::new() };
        Self { text, words, masks }
    }

    /// Whether its words may be shown.
    pub fn is_shown(&self) -> bool {
        self.masks.is_some()
    }
}

/// Shows the mention at a place of an answer with so many words on each side.
pub fn show(answer: &Answer, place: &Range<u32>, around: usize, neighbours: &[Neighbour]) -> Shown {
    let Answer { text, words, masks: Some(masks) } = answer else {
        let neighbours = vec![String::new(); neighbours.len()];
        return Shown { matched: NOT_SHOWN.to_owned(), neighbours, ..Shown::default() };
    };
    let (start, end) = (place.start as usize, place.end as usize);
    let before = &words[..words.partition_point(|word| word.end <= place.start)];
    let after = &words[words.partition_point(|word| word.start < place.end)..];
    let from = match around {
        0 => start,
        _ if before.len() < around => 0,
        _ => before[before.len() - around].start as usize,
    };
    let until = match around {
        0 => end,
        _ if after.len() < around => text.len(),
        _ => after[around - 1].end as usize,
    };
    let from = ceil(text, from.max(start.saturating_sub(around * LONGEST_WORD)));
    let until = floor(text, until.min(end.saturating_add(around * LONGEST_WORD)));

    let neighbour = |Neighbour { side, distance }: &Neighbour| match side {
        Side::Left => before.len().checked_sub(*distance).map(|at| &before[at]),
        Side::Right => after.get(distance - 1),
    };
    Shown {
        left: masked(text, from, start, masks),
        matched: masked(text, start, end, masks),
        right: masked(text, end, until, masks),
        neighbours: neighbours
            .iter()
            .map(|by| neighbour(by).map_or_else(String::new, |word| folded(text, word, masks)))
            .collect(),
    }
}

/// A word, case-folded, or the label of what masks it.
fn folded(text: &str, word: &Range<u32>, masks: &[Mask]) -> String {
    let (start, end) = (word.start as usize, word.end as usize);
    match masks.iter().find(|mask| mask.start < end && mask.end > start) {
        Some(mask) => mask.label.to_owned(),
        None => CASE_MAPPER.fold_string(&text[start..end]).into_owned(),
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn neighbour(side: Side, distance: usize) -> Neighbour {
        Neighbour { side, distance }
    }

    fn shown(text: &str, place: Range<usize>, around: usize, speaker: Speaker, by: &[Neighbour]) -> Shown {
        let place = u32::try_from(place.start).unwrap()..u32::try_from(place.end).unwrap();
        show(&Answer::of(text, speaker, &mut WordFinder::default()), &place, around, by)
    }

    #[test]
    fn a_name_is_masked_in_the_mention_in_its_context_and_in_what_it_is_sorted_by() {
        let text = "I am Jane and use Rust at jane@example.org";
        let person = Person::new(Some("Jane Doe"), None);
        let by = [neighbour(Side::Left, 3), neighbour(Side::Right, 2), neighbour(Side::Left, 9)];
        let rust = text.find("Rust").unwrap();
        let found = shown(text, rust..rust + 4, 3, Speaker::Known(&person), &by);
        assert_eq!((&*found.left, &*found.matched), ("[name] and use ", "Rust"));
        assert_eq!(found.right, " at [e-mail]");
        assert_eq!(found.neighbours, ["[name]", "[e-mail]", ""]);
        let jane = text.find("Jane").unwrap();
        assert_eq!(shown(text, jane..jane + 4, 0, Speaker::Known(&person), &[]).matched, "[name]");
        let plain = shown(text, jane..jane + 4, 1, Speaker::Unmasked, &by[..1]);
        assert_eq!((&*plain.left, &*plain.matched, &*plain.right), ("am ", "Jane", " and"));
        let unknown = shown(text, jane..jane + 4, 1, Speaker::Unknown, &by);
        assert_eq!((&*unknown.left, &*unknown.matched, &*unknown.right), ("", NOT_SHOWN, ""));
    }

    #[test]
    fn a_text_of_one_word_is_cut() {
        let text = "é".repeat(10_000);
        let found = shown(&text, 9_000..9_002, 2, Speaker::Unmasked, &[]);
        assert_eq!((found.left.len(), found.right.len()), (2 * LONGEST_WORD, 2 * LONGEST_WORD));
    }

    proptest! {
        /// In every script, the context is so many words as the standard finds them, and what is between them.
        #[test]
        fn context_is_so_many_words(
            pieces in vec(select(vec![
                "alpha", "Beta", "don't", " ", "  ", ". ", "東京", "です", "שלום", "مرحبا", "สวัสดี", "नमस्ते", "é", "e\u{301}", "👩‍💻", "ß",
                "\n", "-", "1,000", "Ω",
            ]), 1..40),
            at in any::<Index>(), around in 0_usize..6, left in 1_usize..4, right in 1_usize..4,
        ) {
            let text = pieces.concat();
            let words: Vec<(usize, &str)> = text.unicode_word_indices().collect();
            prop_assume!(!words.is_empty());
            let number = at.index(words.len());
            let (start, word) = words[number];
            let by = [neighbour(Side::Left, left), neighbour(Side::Right, right)];
            let found = shown(&text, start..start + word.len(), around, Speaker::Unmasked, &by);
            let from = if around == 0 { start } else { number.checked_sub(around).map_or(0, |first| words[first].0) };
            let until = if around == 0 {
                start + word.len()
            } else {
                words.get(number + around).map_or(text.len(), |(at, word)| at + word.len())
            };
            if start - from <= around * LONGEST_WORD && until - start - word.len() <= around * LONGEST_WORD {
                prop_assert_eq!(format!("{}{}{}", found.left, found.matched, found.right), &text[from..until]);
            }
            prop_assert_eq!(found.matched.as_str(), word);
            let fold = |at: Option<usize>| {
                let word = at.and_then(|at| words.get(at)).map_or("", |(_, word)| word);
                CASE_MAPPER.fold_string(word).into_owned()
            };
            prop_assert_eq!(&found.neighbours[0], &fold(number.checked_sub(left)));
            prop_assert_eq!(&found.neighbours[1], &fold(Some(number + right)));
        }
    }
}
