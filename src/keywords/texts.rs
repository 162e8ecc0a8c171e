//! Texts made ready to be searched, many at a time: those of ASCII side by side in one buffer, folded once for every
//! set, so that the search runs over long stretches of memory.

use std::cell::OnceCell;

use super::starts::{WordStarts, pad};

/// Parts two texts, and is part of no word.
const SEPARATOR: char = '\0';

/// Some texts, of which any may be missing.
#[derive(Debug)]
pub struct Texts<'t> {
    originals: Vec<Option<&'t str>>,
    /// The ASCII texts in lower case, each followed by a separator; padded by [`pad`].
    pub(super) lowered: String,
    /// Where the ASCII texts are in `lowered`, in their order.
    pub(super) ascii: Vec<AsciiText>,
    /// Where words begin in `lowered`; found when a set first asks.
    starts: OnceCell<WordStarts>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct AsciiText {
    /// Its number among all texts.
    pub(super) text: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'t> Texts<'t> {
    /// # Panics
    /// If the texts have 4 GiB or more together.
    pub fn new(originals: Vec<Option<&'t str>>) -> Self {
        let bytes: usize = originals.iter().flatten().map(|text| text.len() + 1).sum();
        assert!(u32::try_from(bytes).is_ok(), "texts of {bytes} bytes together are too large to search");
        let mut lowered = String::with_capacity(bytes + 16);
        let mut ascii = Vec::with_capacity(originals.len());
        for (text, number) in originals.iter().zip(0..) {
            let Some(text) = text else { continue };
            if text.is_ascii() {
                let start = lowered.len();
                lowered.push_str(text);
                ascii.push(AsciiText { text: number, start, end: lowered.len() });
                lowered.push(SEPARATOR);
            }
        }
        lowered.make_ascii_lowercase();
        pad(&mut lowered);
        Self { originals, lowered, ascii, starts: OnceCell::new() }
    }

    /// The texts that are there, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'t str)> {
        self.originals.iter().enumerate().filter_map(|(number, text)| Some((number, (*text)?)))
    }

    pub(super) fn starts(&self) -> &WordStarts {
        self.starts.get_or_init(|| WordStarts::of(&self.lowered))
    }

    /// # Panics
    /// If there is no such text.
    pub(super) fn original(&self, number: u32) -> &'t str {
        self.originals[number as usize].expect("only texts that are there are searched")
    }
}
