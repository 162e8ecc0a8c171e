//! Decides whether a mention is negated: whether a cue is among the five words before it, in the same clause. This is
//! for English only. It sets a flag and never drops a hit.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use super::anchors::Anchors;
use super::starts::WordStarts;
use crate::keywords::cues::{BREAKS, CUES, FILLERS, UNDOING};
use crate::keywords::text::boundary::is_apostrophe;
use crate::keywords::text::clauses::breaks;
use crate::keywords::text::words::{self, WordFinder};

/// Number of words before a hit that are looked at.
const REACH: usize = 5;
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
    /// Memory for the words from a cue on.
    from_cue: Vec<Range<usize>>,
}

impl Negation {
    /// Reads any text.
    pub(in crate::keywords) fn read(&mut self, text: &str) {
        let Self { reaches, words, finder, from_cue } = self;
        reaches.clear();
        words.clear();
        let plain = PlainText::of(text);
        finder.for_each(&plain.text, |word| words.push(word));
        for (word, at) in words.iter().zip(1..) {
            let mut following = words[at..].iter().cloned();
            if let Some(reach) = reach(&plain.text, word.clone(), from_cue, |_| following.next()) {
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
        let Self { reaches, from_cue, .. } = self;
        reaches.clear();
        CUE_STARTS.find(lowered.as_bytes(), starts.within(place.clone()), |_, found| {
            let cue = words::around(text.as_bytes(), found.start - place.start);
            reaches.extend(reach_in_ascii(text, cue, from_cue));
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
        let mut reaches = before.filter_map(|word| reach_in_ascii(text, word, &mut self.from_cue));
        reaches.any(|reach| reach.contains(&start))
    }
}

/// The anchors that find cues where a match can begin: the cues themselves, and the `t` of words such as `don't`.
pub(in crate::keywords) static CUE_STARTS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(&CUES.iter().chain(["t"].iter()).map(|&cue| cue.to_owned()).collect::<Vec<_>>()));

fn reach_in_ascii(text: &str, cue: Range<usize>, from_cue: &mut Vec<Range<usize>>) -> Option<Range<usize>> {
    reach(text, cue, from_cue, |end| words::at_or_after(text.as_bytes(), end))
}

/// Returns where a hit that the word at `cue` negates may begin, if that word is a cue. `next` returns the word after the
/// one that ends at a place, and is asked for no more words than are needed.
///
/// A hit may begin within a word (`js` in `node.js`). The beginning of that word is then neither a word before the hit
/// nor a break.
fn reach(
    text: &str,
    cue: Range<usize>,
    from_cue: &mut Vec<Range<usize>>,
    next: impl FnMut(usize) -> Option<Range<usize>>,
) -> Option<Range<usize>> {
    let word = &text[cue.clone()];
    if word.is_ascii() && !may_have_role(word.as_bytes()) {
        return None;
    }
    from_cue.clear();
    from_cue.push(cue.clone());
    let mut words = WordsFromCue { text, known: from_cue, next };
    let next_word = words.get(1).map(|next| &text[next]);
    if !matches!(role(word, next_word), WordRole::Cue) {
        return None;
    }
    let mut after_filler = None;
    // Up to four words may stand between the cue and the hit, or between the cue and the word that the hit begins in.
    for at in 1..=REACH {
        if let Some(place) = breaks(text, words.gap_before(at)).next() {
            let next_after_filler = words.after_filler(at);
            if next_after_filler.is_none() && after_filler != Some(at) {
                return Some(cue.end..place + 1);
            }
            after_filler = next_after_filler;
        }
        let Some(next) = words.get(at) else { return Some(cue.end..text.len() + 1) };
        if at == REACH || matches!(role(&text[next.clone()], None), WordRole::Break) {
            return Some(cue.end..next.end);
        }
    }
    None
}

/// The words of a text from a cue on, which are found when they are asked for.
struct WordsFromCue<'w, N> {
    text: &'w str,
    /// The cue and the words after it that are known already.
    known: &'w mut Vec<Range<usize>>,
    next: N,
}

impl<N: FnMut(usize) -> Option<Range<usize>>> WordsFromCue<'_, N> {
    /// Returns a word. The cue has the number 0.
    fn get(&mut self, number: usize) -> Option<Range<usize>> {
        while self.known.len() <= number {
            let next = (self.next)(self.known[self.known.len() - 1].end)?;
            self.known.push(next);
        }
        Some(self.known[number].clone())
    }

    /// Returns what stands between a word after the cue and the word before that. There must be such a word before.
    fn gap_before(&mut self, number: usize) -> Range<usize> {
        let end = self.get(number).map_or(self.text.len(), |word| word.start);
        self.known[number - 1].end..end
    }

    /// Returns the number of the word after a filler that begins with this word and stands between commas, which are no
    /// breaks then.
    fn after_filler(&mut self, number: usize) -> Option<usize> {
        // "No, um, …" answers a question.
        let text = self.text;
        let follows_no = text[self.known[number - 1].clone()].eq_ignore_ascii_case("no");
        if follows_no || !is_one_comma(text, self.gap_before(number)) {
            return None;
        }
        let mut phrase = String::new();
        for at in number..number + LONGEST_FILLER {
            let word = self.get(at)?;
            if at > number {
                if breaks(text, self.gap_before(at)).next().is_some() {
                    return None;
                }
                phrase.push(' ');
            }
            phrase += &text[word].to_lowercase();
            if FILLERS.contains(&phrase.as_str()) {
                return is_one_comma(text, self.gap_before(at + 1)).then_some(at + 1);
            }
        }
        None
    }
}

/// Whether the only clause break between two words is a comma.
fn is_one_comma(text: &str, between: Range<usize>) -> bool {
    let mut breaks = breaks(text, between);
    breaks.next().is_some_and(|place| text.as_bytes()[place] == b',') && breaks.next().is_none()
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
    if BREAKS.contains(&&*word) {
        return WordRole::Break;
    }
    let is_contraction = word.ends_with("n't");
    if !is_contraction && !CUES.contains(&&*word) {
        return WordRole::Other;
    }
    let cue = if is_contraction { "not" } else { &*word };
    let undoes = |next: &str| UNDOING.iter().any(|phrase| phrase.split_once(' ') == Some((cue, next)));
    let is_undone = next_word.is_some_and(|next| undoes(&lowered(next)));
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
fn lowered(word: &str) -> Cow<'_, str> {
    let is_lowered = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'');
    if is_lowered { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase().replace(is_apostrophe, "'")) }
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
