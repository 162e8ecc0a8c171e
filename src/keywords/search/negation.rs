//! Decides whether a mention is negated: whether a cue is among the five words before it, in the same clause. This is
//! for English only. It sets a flag and never drops a hit.

use std::ops::Range;
use std::sync::LazyLock;

use super::anchors::Anchors;
use super::starts::WordStarts;
use crate::keywords::cues::{BREAKS, CUES, UNDOING};
use crate::keywords::text::boundary::is_word;
use crate::keywords::text::words::{self, WordFinder};

/// Number of words before a hit that are looked at.
const REACH: usize = 5;

/// The places in a text where a hit is negated. They are found once, from the few cues of the text, and used for many
/// hits.
#[derive(Debug, Default)]
pub(in crate::keywords) struct Negation {
    /// For each cue, the places where a hit that it negates may begin. Both ends ascend.
    reaches: Vec<Range<usize>>,
    words: Vec<Range<usize>>,
    finder: WordFinder,
}

impl Negation {
    /// Reads any text.
    pub(in crate::keywords) fn read(&mut self, text: &str) {
        let Self { reaches, words, finder } = self;
        reaches.clear();
        words.clear();
        finder.for_each(text, |word| words.push(word));
        for (at, word) in words.iter().enumerate() {
            let following = &words[at + 1..];
            if matches!(role(&text[word.clone()], following.first().map(|next| &text[next.clone()])), WordRole::Cue) {
                reaches.push(reach(text, word, following.iter().cloned()));
            }
        }
    }

    /// Reads an ASCII text, which is at `place` of `lowered`. `starts` holds the places where matches can begin in
    /// `lowered`.
    pub(in crate::keywords) fn read_ascii(
        &mut self,
        text: &str,
        lowered: &str,
        starts: &WordStarts,
        place: Range<usize>,
    ) {
        let reaches = &mut self.reaches;
        reaches.clear();
        CUE_STARTS.find(lowered.as_bytes(), starts.within(place.clone()), |_, found| {
            let cue = words::around(text.as_bytes(), found.start - place.start);
            let mut end = cue.end;
            let following = std::iter::from_fn(|| {
                let next = words::at_or_after(text.as_bytes(), end)?;
                end = next.end;
                Some(next)
            });
            let mut following = following.peekable();
            let next = following.peek().map(|next| &text[next.clone()]);
            if matches!(role(&text[cue.clone()], next), WordRole::Cue) {
                reaches.push(reach(text, &cue, following));
            }
        });
    }

    /// Whether a hit that begins at `start` of the text read last is negated.
    pub(in crate::keywords) fn has(&self, start: usize) -> bool {
        let nearest = self.reaches.partition_point(|reach| reach.start <= start).checked_sub(1);
        nearest.is_some_and(|nearest| start < self.reaches[nearest].end)
    }
}

/// Whether a hit that begins at `start` of an ASCII text is negated. This reads only the words before the hit, which is
/// faster if there are few hits.
pub(in crate::keywords) fn is_negated(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    let at_or_after = words::at_or_after(bytes, start);
    let mut reached = at_or_after.as_ref().map_or(start, |word| word.start.min(start));
    let mut next_word = at_or_after.map(|word| &text[word]);
    for place in words::before(bytes, start).take(REACH) {
        if first_break(text, place.end..reached).is_some() {
            return false;
        }
        let word = &text[place.clone()];
        match role(word, next_word) {
            WordRole::Cue => return true,
            WordRole::Break => return false,
            WordRole::Other => {}
        }
        reached = place.start;
        next_word = Some(word);
    }
    false
}

/// The anchors that find cues where a match can begin: the cues themselves, and the `t` of words such as `don't`.
pub(in crate::keywords) static CUE_STARTS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(&CUES.iter().chain(["t"].iter()).map(|&cue| cue.to_owned()).collect::<Vec<_>>()));

/// Returns where a hit that a cue negates may begin. `following` are the words after the cue.
///
/// A hit may begin within a word (`js` in `node.js`). The beginning of that word is then neither a word before the hit
/// nor a break.
fn reach(text: &str, cue: &Range<usize>, mut following: impl Iterator<Item = Range<usize>>) -> Range<usize> {
    let mut end = cue.end;
    // Up to four words may stand between the cue and the hit, or between the cue and the word that the hit begins in.
    for _ in 0..REACH {
        let Some(word) = following.next() else {
            return cue.end..first_break(text, end..text.len()).unwrap_or(text.len()) + 1;
        };
        if let Some(at) = first_break(text, end..word.start) {
            return cue.end..at + 1;
        }
        end = word.end;
        if matches!(role(&text[word], None), WordRole::Break) {
            break;
        }
    }
    cue.end..end
}

/// The role of a word in a negation.
enum WordRole {
    Cue,
    Break,
    Other,
}

fn role(word: &str, next_word: Option<&str>) -> WordRole {
    if word.is_ascii() && !may_have_role(word.as_bytes()) {
        return WordRole::Other;
    }
    let word = plain(word);
    if word == "not" && next_word.is_some_and(|next| UNDOING.contains(&plain(next).as_str())) {
        WordRole::Other
    } else if word.ends_with("n't") || CUES.contains(&word.as_str()) {
        WordRole::Cue
    } else if BREAKS.contains(&word.as_str()) {
        WordRole::Break
    } else {
        WordRole::Other
    }
}

/// For each first letter, the lengths of the cues and breaks that begin with it, as bits.
static LENGTHS: LazyLock<[u16; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for word in CUES.iter().chain(&BREAKS) {
        lengths[usize::from(word.as_bytes()[0])] |= 1 << word.len();
    }
    lengths
});

/// Whether an ASCII word can be a cue or a break. This is a quick check, because most words are neither.
fn may_have_role(word: &[u8]) -> bool {
    let lengths = LENGTHS[usize::from(word[0].to_ascii_lowercase())];
    let is_listed = word.len() < 16 && lengths >> word.len() & 1 != 0;
    is_listed || matches!(word, [.., b'n' | b'N', b'\'', b't' | b'T'])
}

/// Returns a word in lower case, with one kind of apostrophe.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['\u{2019}', '\u{2BC}', '\u{FF07}'], "'")
}

/// Returns the place of the first character between two words that separates two clauses. A full stop does not if a
/// word character follows it directly: `.net` begins no sentence.
fn first_break(text: &str, between: Range<usize>) -> Option<usize> {
    let is_break = |&(at, c): &(usize, char)| match c {
        '.' => !text[between.start + at + 1..].chars().next().is_some_and(is_word),
        '!' | '?' | ';' | ':' | ',' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '…' | '—' | '。' | '！'
        | '？' | '；' | '：' | '，' | '、' => true,
        _ => false,
    };
    text[between.clone()].char_indices().find(is_break).map(|(at, _)| between.start + at)
}
