//! Decides whether a mention is negated: whether a cue is among the five words before it, in the same clause. This is
//! for English only. It sets a flag and never drops a hit.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use super::anchors::Anchors;
use super::starts::WordStarts;
use crate::keywords::cues::{BREAKS, CUES, FILLERS, UNDOING};
use crate::keywords::text::boundary::{is_apostrophe, is_clause_break};
use crate::keywords::text::words::{self, WordFinder};

/// Number of words before a hit that are looked at.
const REACH: usize = 5;
/// Number of words after a cue that are looked at: those within reach, and those of a filler after the last of them.
const LOOKED_AT: usize = REACH + LONGEST_FILLER;
/// The most words in a filler.
const LONGEST_FILLER: usize = 2;

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
        let plain = PlainText::of(text);
        finder.for_each(&plain.text, |word| words.push(word));
        for at in 0..words.len() {
            if let Some(reach) = reach(&plain.text, &words[at..words.len().min(at + 1 + LOOKED_AT)]) {
                reaches.push(plain.original(reach.start)..plain.original(reach.end));
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
        let Self { reaches, words, .. } = self;
        reaches.clear();
        CUE_STARTS.find(lowered.as_bytes(), starts.within(place.clone()), |_, found| {
            let cue = words::around(text.as_bytes(), found.start - place.start);
            reaches.extend(reach_in_ascii(text, cue, words));
        });
    }

    /// Whether a hit that begins at `start` of the text read last is negated.
    pub(in crate::keywords) fn has(&self, start: usize) -> bool {
        let nearest = self.reaches.partition_point(|reach| reach.start <= start).checked_sub(1);
        nearest.is_some_and(|nearest| start < self.reaches[nearest].end)
    }

    /// Whether a hit that begins at `start` of an ASCII text is negated. This reads only the words before the hit,
    /// which is faster if there are few hits.
    pub(in crate::keywords) fn is_negated(&mut self, text: &str, start: usize) -> bool {
        let before = words::before(text.as_bytes(), start).take(REACH);
        let mut reaches = before.filter_map(|word| reach_in_ascii(text, word, &mut self.words));
        reaches.any(|reach| reach.contains(&start))
    }
}

/// The anchors that find cues where a match can begin: the cues themselves, and the `t` of words such as `don't`.
pub(in crate::keywords) static CUE_STARTS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(&CUES.iter().chain(["t"].iter()).map(|&cue| cue.to_owned()).collect::<Vec<_>>()));

/// Returns where a hit that the word at `cue` of an ASCII text negates may begin, if that word is a cue. `words` is
/// memory for the words after it.
fn reach_in_ascii(text: &str, cue: Range<usize>, words: &mut Vec<Range<usize>>) -> Option<Range<usize>> {
    if !may_have_role(&text.as_bytes()[cue.clone()]) {
        return None;
    }
    words.clear();
    words.push(cue);
    while words.len() <= LOOKED_AT
        && let Some(next) = words::at_or_after(text.as_bytes(), words[words.len() - 1].end)
    {
        words.push(next);
    }
    reach(text, words)
}

/// Returns where a hit that the first of these words negates may begin, if that word is a cue. The words follow one
/// another.
///
/// A hit may begin within a word (`js` in `node.js`). The beginning of that word is then neither a word before the hit
/// nor a break.
fn reach(text: &str, words: &[Range<usize>]) -> Option<Range<usize>> {
    let (cue, following) = words.split_first()?;
    let word = |at: usize| following.get(at).map(|word| &text[word.clone()]);
    if !matches!(role(&text[cue.clone()], word(0)), WordRole::Cue) {
        return None;
    }
    // The gap before each of the words that follow.
    let gap = |at: usize| {
        let before = at.checked_sub(1).map_or(cue, |before| &following[before]);
        before.end..following.get(at).map_or(text.len(), |word| word.start)
    };
    // Where the filler ended whose commas are no breaks.
    let mut filler_end = 0;
    // Up to four words may stand between the cue and the hit, or between the cue and the word that the hit begins in.
    for at in 0..REACH {
        if let Some(place) = breaks(text, gap(at)).next() {
            let length = filler_length(text, &following[at..]);
            let is_beside_filler = length.is_some_and(|length| {
                let preceding = at.checked_sub(1).map_or(cue, |before| &following[before]);
                // "No, um, …" answers a question.
                !text[preceding.clone()].eq_ignore_ascii_case("no")
                    && is_one_comma(text, gap(at))
                    && is_one_comma(text, gap(at + length))
            });
            if is_beside_filler {
                filler_end = at + length.unwrap_or_default();
            } else if filler_end != at || at == 0 {
                return Some(cue.end..place + 1);
            }
        }
        let Some(next) = following.get(at) else { return Some(cue.end..text.len() + 1) };
        if at + 1 == REACH || matches!(role(&text[next.clone()], None), WordRole::Break) {
            return Some(cue.end..next.end);
        }
    }
    None
}

/// Returns how many words the filler has that these words begin with, if they begin with one.
fn filler_length(text: &str, words: &[Range<usize>]) -> Option<usize> {
    (1..=LONGEST_FILLER.min(words.len())).find(|&length| {
        let parts = words[..length].iter().map(|word| text[word.clone()].to_lowercase());
        let is_whole = words[..length].windows(2).all(|two| breaks(text, two[0].end..two[1].start).next().is_none());
        is_whole && FILLERS.contains(&parts.collect::<Vec<_>>().join(" ").as_str())
    })
}

/// Whether the only clause break between two words is a comma.
fn is_one_comma(text: &str, between: Range<usize>) -> bool {
    let mut breaks = breaks(text, between);
    breaks.next().is_some_and(|place| text.as_bytes()[place] == b',') && breaks.next().is_none()
}

/// Returns the places of the characters between two words that separate two clauses.
fn breaks(text: &str, between: Range<usize>) -> impl Iterator<Item = usize> {
    let places = text[between.clone()].char_indices().map(move |(at, _)| between.start + at);
    places.filter(|&place| is_clause_break(text, place))
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
    let word = lowered(word);
    if BREAKS.contains(&word.as_str()) {
        return WordRole::Break;
    }
    let is_contraction = word.ends_with("n't");
    if !is_contraction && !CUES.contains(&word.as_str()) {
        return WordRole::Other;
    }
    let cue = if is_contraction { "not" } else { &word };
    let is_undone = next_word.is_some_and(|next| UNDOING.contains(&format!("{cue} {}", lowered(next)).as_str()));
    if is_undone { WordRole::Other } else { WordRole::Cue }
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
    is_listed || matches!(word, [.., b'n' | b'N', b'\'' | b'`', b't' | b'T'])
}

/// Returns a word in lower case, with one kind of apostrophe.
fn lowered(word: &str) -> String {
    word.to_lowercase().replace(is_apostrophe, "'")
}

/// A text in which all apostrophes are of one kind. Words are joined by that kind and not by all others.
struct PlainText<'t> {
    text: Cow<'t, str>,
    /// Where each longer apostrophe ended in the plain text, and how many bytes longer it and those before it were.
    longer: Vec<(usize, usize)>,
}

impl<'t> PlainText<'t> {
    fn of(text: &'t str) -> Self {
        if !text.contains(|c| is_apostrophe(c) && c != '\'') {
            return Self { text: Cow::Borrowed(text), longer: Vec::new() };
        }
        let (mut plain, mut longer, mut difference) = (String::with_capacity(text.len()), Vec::new(), 0);
        for c in text.chars() {
            if is_apostrophe(c) {
                plain.push('\'');
                difference += c.len_utf8() - 1;
                longer.push((plain.len(), difference));
            } else {
                plain.push(c);
            }
        }
        Self { text: Cow::Owned(plain), longer }
    }

    /// Returns the place in the original of a place in the plain text, or of one beyond its end.
    fn original(&self, place: usize) -> usize {
        let before = self.longer.partition_point(|&(end, _)| end <= place);
        place + before.checked_sub(1).map_or(0, |before| self.longer[before].1)
    }
}
