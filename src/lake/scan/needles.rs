//! The texts that are looked for.

use std::io::{self, Read};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::http::client::encode_id;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Texts to look for, in upper or lower case.
pub struct Needles {
    automaton: Option<AhoCorasick>,
    /// Of each pattern whether it is a name, which others may have, too.
    is_name: Vec<bool>,
    /// Length of the longest pattern in bytes.
    longest: usize,
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
        let texts = texts.into_iter().map(|text| (text, false));
        let mut patterns: Vec<(String, bool)> = Vec::new();
        for (text, is_name) in texts.chain(names.into_iter().map(|name| (name, true))) {
            let json = serde_json::to_string(text).expect("a text is JSON");
            let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#x27;");
            let forms = [
                text.to_owned(),
                json[1..json.len() - 1].to_owned(),
                html.replace('/', "&#x2f;"),
                html,
                encode_id(text),
            ];
            patterns.extend(forms.into_iter().filter(|form| !form.is_empty()).map(|form| (form, is_name)));
        }
        patterns.sort();
        patterns.dedup();
        let automaton = (!patterns.is_empty()).then(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .build(patterns.iter().map(|(text, _)| text))
                .or_else(|_| AhoCorasick::new(patterns.iter().map(|(text, _)| text)))
                .expect("texts that fit in memory")
        });
        let longest = patterns.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
        Self { automaton, is_name: patterns.into_iter().map(|(_, is_name)| is_name).collect(), longest }
    }

    /// Looks through bytes.
    #[must_use]
    pub fn look(&self, bytes: &[u8]) -> Seen {
        self.look_from(bytes, 0)
    }

    /// Looks for what ends behind a place: what ends before it was seen already.
    fn look_from(&self, bytes: &[u8], seen: usize) -> Seen {
        let mut all = Seen { bytes: (bytes.len() - seen) as u64, ..Seen::default() };
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(bytes)) {
            if found.end() > seen {
                *if self.is_name[found.pattern()] { &mut all.names } else { &mut all.texts } += 1;
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
        fn a_text_is_found_wherever_a_chunk_ends(at in CHUNK - 40..CHUNK + 40, step in 1_usize..100_000) {
            let needles = Needles::new(["660f9511-f30c-52e5"], []);
            let mut bytes = vec![b'x'; 2 * CHUNK];
            bytes[at..at + 18].copy_from_slice(b"660f9511-f30c-52e5");
            let seen = needles.look_through(&mut Slow(&bytes, step)).unwrap();
            prop_assert_eq!((seen.texts, seen.bytes), (1, bytes.len() as u64));
        }
    }
}
