//! Whether a mention is negated: a cue among the five words before it, in the same clause. English only, and a flag,
//! never a reason to drop a hit.

use std::ops::Range;
use std::sync::LazyLock;

use super::boundary::is_word;
use super::words;

/// How many words before a hit are looked at.
const REACH: usize = 5;

/// Words that negate what follows, besides every word that ends in `n't` with whatever apostrophe;
/// transcribers drop it too.
pub(super) const CUES: [&str; 39] = [
    "aint",
    "arent",
    "barely",
    "cannot",
    "cant",
    "couldnt",
    "didnt",
    "doesnt",
    "dont",
    "hadnt",
    "hardly",
    "hasnt",
    "havent",
    "isnt",
    "lack",
    "lacked",
    "lacking",
    "lacks",
    "mightnt",
    "mustnt",
    "neednt",
    "neither",
    "never",
    "no",
    "nobody",
    "none",
    "nor",
    "not",
    "nothing",
    "nowhere",
    "scarcely",
    "shouldnt",
    "unable",
    "unfamiliar",
    "wasnt",
    "werent",
    "without",
    "wont",
    "wouldnt",
];

/// After `not`, these make it no negation: "not only react but also vue".
pub(super) const UNDOING: [&str; 3] = ["just", "merely", "only"];

/// Words that begin a new clause, as a mark of punctuation does. Left out for what they do after a cue: `yet` ("not yet
/// used"), `so` ("not so good with"), `and` and `or` ("no react or vue").
pub(super) const BREAKS: [&str; 14] = [
    "although", "because", "besides", "but", "except", "however", "instead", "since", "then", "though", "unless",
    "until", "whereas", "while",
];

/// Up to this many bytes an ASCII text is looked at around each hit; a longer one is read once, so that a word of a
/// million bytes is not read again for each of its hits.
const LOOKED_AT: usize = 4096;

/// The words of a text, found once and asked about many hits, or just those around each hit.
#[derive(Debug, Default)]
pub(super) struct Words {
    looks_around: bool,
    places: Vec<Range<usize>>,
}

impl Words {
    pub(super) fn read(&mut self, text: &str) {
        self.looks_around = text.len() <= LOOKED_AT && text.is_ascii();
        self.places.clear();
        if !self.looks_around {
            words::for_each(text, |word| self.places.push(word));
        }
    }

    /// Whether a hit that begins at `start` is negated. `text` is what was read.
    pub(super) fn is_negated(&self, text: &str, start: usize) -> bool {
        if self.looks_around {
            let bytes = text.as_bytes();
            is_negated(text, start, words::before(bytes, start), words::at_or_after(bytes, start))
        } else {
            let before = self.places.partition_point(|word| word.end <= start);
            let backwards = self.places[..before].iter().rev().cloned();
            is_negated(text, start, backwards, self.places.get(before).cloned())
        }
    }
}

/// `before` are the words that end at `start` or before, the last one first; `at_or_after` is the word after those.
fn is_negated(
    text: &str,
    start: usize,
    before: impl Iterator<Item = Range<usize>>,
    at_or_after: Option<Range<usize>>,
) -> bool {
    // A hit may begin within a word (`js` in `node.js`): the beginning of that word is neither before it nor a break.
    let mut reached = at_or_after.as_ref().map_or(start, |word| word.start.min(start));
    let mut next_word = at_or_after.map(|word| &text[word]);
    for place in before.take(REACH) {
        if has_break(&text[place.end..reached], &text[reached..]) {
            return false;
        }
        let word = &text[place.clone()];
        match role(word, next_word) {
            Role::Cue => return true,
            Role::Break => return false,
            Role::Other => {}
        }
        reached = place.start;
        next_word = Some(word);
    }
    false
}

enum Role {
    Cue,
    Break,
    Other,
}

fn role(word: &str, next_word: Option<&str>) -> Role {
    if word.is_ascii() && !may_have_role(word.as_bytes()) {
        return Role::Other;
    }
    let word = plain(word);
    if word == "not" && next_word.is_some_and(|next| UNDOING.contains(&plain(next).as_str())) {
        Role::Other
    } else if word.ends_with("n't") || CUES.contains(&word.as_str()) {
        Role::Cue
    } else if BREAKS.contains(&word.as_str()) {
        Role::Break
    } else {
        Role::Other
    }
}

/// By first letter: the lengths of the cues and breaks that begin with it, as bits.
static LENGTHS: LazyLock<[u16; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for word in CUES.iter().chain(&BREAKS) {
        lengths[usize::from(word.as_bytes()[0])] |= 1 << word.len();
    }
    lengths
});

/// Whether an ASCII word can be a cue or a break: what is quickly said of most words, of which many are asked about.
fn may_have_role(word: &[u8]) -> bool {
    let lengths = LENGTHS[usize::from(word[0].to_ascii_lowercase())];
    let is_listed = word.len() < 16 && lengths >> word.len() & 1 != 0;
    is_listed || matches!(word, [.., b'n' | b'N', b'\'', b't' | b'T'])
}

/// In lower case, with one kind of apostrophe.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['\u{2019}', '\u{2BC}', '\u{FF07}'], "'")
}

/// Whether what stands between two words parts two clauses. A full stop does not where a word character follows it
/// directly: `.net` begins no sentence.
fn has_break(between: &str, after: &str) -> bool {
    between.char_indices().any(|(at, c)| match c {
        '.' => !between[at + 1..].chars().chain(after.chars()).next().is_some_and(is_word),
        '!' | '?' | ';' | ':' | ',' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '…' | '—' | '。' | '！'
        | '？' | '；' | '：' | '，' | '、' => true,
        _ => false,
    })
}
