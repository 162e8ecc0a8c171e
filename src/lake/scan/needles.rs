//! The texts that are looked for.

use std::io::{self, Read};

use aho_corasick::packed::Searcher;
use aho_corasick::{AhoCorasick, Match};
use memchr::memchr_iter;

use crate::http::client::encode_id;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Texts to look for.
pub struct Needles {
    /// Ids as they are, in lower and in upper case.
    ids: Option<ExactTexts>,
    /// Addresses, found by their `@` in any case.
    addresses: Vec<Address>,
    /// Names in any case, which others may have, too.
    names: Option<AhoCorasick>,
    /// Length of the longest text in bytes.
    longest: usize,
}

/// Texts in this case alone.
enum ExactTexts {
    /// Few texts, found with vector instructions. The prefilter of an automaton would stop at every digit.
    Few(Searcher),
    Many(AhoCorasick),
}

struct Address {
    text: String,
    /// Where its `@` is.
    at: usize,
}

/// How often texts were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Ids and addresses.
    pub texts: u64,
    /// Names.
    pub names: u64,
    /// Bytes that were looked at, decompressed.
    pub bytes: u64,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.texts += other.texts;
        self.names += other.names;
        self.bytes += other.bytes;
    }
}

impl Needles {
    /// Looks for ids and addresses, also as JSON, HTML and addresses on the web write them, and for names.
    #[must_use]
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>, names: impl IntoIterator<Item = &'a str>) -> Self {
        let written = texts.into_iter().flat_map(forms);
        let (addresses, ids): (Vec<String>, Vec<String>) = written.partition(|form| form.contains('@'));
        let (ids, longest_id) = distinct(ids.into_iter().flat_map(|id| [id.to_lowercase(), id.to_uppercase(), id]));
        let (names, longest_name) = distinct(names.into_iter().flat_map(forms));
        let address = |text: String| text.find('@').map(|at| Address { at, text });
        let addresses: Vec<Address> = addresses.into_iter().filter_map(address).collect();
        let longest = addresses.iter().map(|address| address.text.len()).max().unwrap_or(0);
        Self {
            ids: (!ids.is_empty()).then(|| ExactTexts::new(&ids)),
            addresses,
            names: (!names.is_empty()).then(|| automaton(&names, true)),
            longest: longest.max(longest_id).max(longest_name),
        }
    }

    /// Looks through bytes.
    #[must_use]
    pub fn look(&self, bytes: &[u8]) -> Seen {
        self.look_from(bytes, 0)
    }

    /// Looks for what ends behind a place: what ends before it was seen already.
    fn look_from(&self, bytes: &[u8], seen: usize) -> Seen {
        let is_new = |found: &Match| found.end() > seen;
        let texts = self.ids.as_ref().map_or(0, |ids| ids.count(bytes, is_new));
        let names = self.names.iter().flat_map(|names| names.find_iter(bytes)).filter(is_new).count() as u64;
        let is_at = |address: &Address, place: usize| {
            let Some(begin) = place.checked_sub(address.at) else { return false };
            let end = begin + address.text.len();
            let is_it = |there: &[u8]| there.eq_ignore_ascii_case(address.text.as_bytes());
            end > seen && bytes.get(begin..end).is_some_and(is_it)
        };
        let mut all = Seen { bytes: (bytes.len() - seen) as u64, texts, names };
        if !self.addresses.is_empty() {
            for place in memchr_iter(b'@', bytes) {
                all.texts += u64::from(self.addresses.iter().any(|address| is_at(address, place)));
            }
        }
        all
    }

    /// Looks through all that is left of an input.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look_through(&self, input: &mut impl Read) -> io::Result<Seen> {
        let (mut all, mut buffer, mut kept) = (Seen::default(), vec![0; CHUNK + self.longest], 0);
        loop {
            let mut end = kept;
            while end < buffer.len() {
                match input.read(&mut buffer[end..]) {
                    Ok(0) => break,
                    Ok(count) => end += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if end == kept {
                return Ok(all);
            }
            all += self.look_from(&buffer[..end], kept);
            // What began here may go on in the next chunk.
            let rest = self.longest.saturating_sub(1).min(end);
            buffer.copy_within(end - rest..end, 0);
            kept = rest;
        }
    }
}

impl ExactTexts {
    fn new(texts: &[String]) -> Self {
        Searcher::new(texts).map_or_else(|| Self::Many(automaton(texts, false)), Self::Few)
    }

    fn count(&self, bytes: &[u8], is_counted: impl Fn(&Match) -> bool) -> u64 {
        let count = match self {
            Self::Few(searcher) => searcher.find_iter(bytes).filter(is_counted).count(),
            Self::Many(automaton) => automaton.find_iter(bytes).filter(is_counted).count(),
        };
        count as u64
    }
}

/// The forms that a text may have in a file.
fn forms(text: &str) -> impl Iterator<Item = String> + use<> {
    let json = serde_json::to_string(text).expect("a text is JSON");
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#x27;");
    let forms =
        [text.to_owned(), json[1..json.len() - 1].to_owned(), html.replace('/', "&#x2f;"), html, encode_id(text)];
    forms.into_iter().filter(|form| !form.is_empty())
}

/// Texts without repetition, and the length of the longest.
fn distinct(texts: impl Iterator<Item = String>) -> (Vec<String>, usize) {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    let longest = texts.iter().map(String::len).max().unwrap_or(0);
    (texts, longest)
}

fn automaton(texts: &[String], any_case: bool) -> AhoCorasick {
    AhoCorasick::builder().ascii_case_insensitive(any_case).build(texts).expect("texts that fit in memory")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn texts_are_found_in_any_case_and_form() {
        let needles = Needles::new(["a&b@example.com", "id/1"], ["Jane Doe"]);
        for text in ["x A&B@EXAMPLE.com", "a&amp;b@example.com", "id/1", "id&#x2f;1", "id%2F1"] {
            assert_eq!(needles.look(text.as_bytes()).texts, 1, "{text}");
        }
        let seen = needles.look(b"jane doe, id/2");
        assert_eq!((seen.texts, seen.names), (0, 1));
        assert_eq!(Needles::new([], []).look(b"anything").texts, 0);
    }

    proptest! {
        #[test]
        fn many_ids_are_seen_as_few_are(ids in prop::collection::btree_set("[a-c0-2]{3,6}", 1..6), bytes in "[a-cA-C0-2-]{0,300}") {
            let few: Vec<String> = ids.into_iter().collect();
            // More than vector instructions take.
            let many: Vec<String> = few.iter().cloned().chain((0..300).map(|number| format!("{number:-^9}z"))).collect();
            let [few, many] = [few, many].map(|ids| Needles::new(ids.iter().map(String::as_str), []));
            prop_assert!(matches!(many.ids, Some(ExactTexts::Many(_))));
            let [few, many] = [few, many].map(|needles| needles.look(bytes.as_bytes()));
            prop_assert_eq!(few.texts > 0, many.texts > 0);
            prop_assert_eq!(few.bytes, many.bytes);
        }

        #[test]
        fn a_text_is_found_wherever_a_chunk_ends(at in CHUNK - 40..CHUNK + 40, step in 1_usize..100_000) {
            let needles = Needles::new(["660f9511-f30c-52e5"], []);
            let mut bytes = vec![b'x'; 2 * CHUNK];
            bytes[at..at + 18].copy_from_slice(b"660f9511-f30c-52e5");
            let seen = needles.look_through(&mut Slow(&bytes, step)).unwrap();
            prop_assert_eq!((seen.texts, seen.bytes), (1, bytes.len() as u64));
        }
    }
}
