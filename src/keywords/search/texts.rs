//! Texts prepared for searching, many at a time. Those in ASCII stand side by side in one buffer that is folded once
//! for all sets, so that a search runs over long stretches of memory.

use std::cell::{Cell, OnceCell};
use std::ops::Range;

use super::prefilter::Prefilter;
use super::starts::WordStarts;
use crate::keywords::text::ascii::Text;

/// Stands after each text in the buffer, and is part of no word.
const SEPARATOR: char = '\0';

/// Memory in which one lot of texts after another is prepared.
#[derive(Debug, Default)]
pub struct TextBuffers {
    lowered: String,
    ascii: Vec<AsciiText>,
    starts: WordStarts,
}

/// A list of texts, of which any may be missing.
pub struct Texts<'t> {
    originals: Vec<Option<Text<'t>>>,
    /// The prefilter for the sets that are sought.
    pub(in crate::keywords) prefilter: &'t Prefilter,
    /// The ASCII texts in lower case, each followed by a separator.
    pub(in crate::keywords) lowered: &'t str,
    /// The places of the ASCII texts in `lowered`, in order.
    pub(in crate::keywords) ascii: &'t [AsciiText],
    /// The places in `lowered` where matches can begin. They are found when a set first asks for them, in the memory of
    /// `unread_starts`.
    starts: OnceCell<&'t WordStarts>,
    unread_starts: Cell<Option<&'t mut WordStarts>>,
}

/// The place of one ASCII text in the buffer.
#[derive(Debug, Clone, Copy)]
pub(in crate::keywords) struct AsciiText {
    /// Its number among all texts.
    pub(in crate::keywords) text: u32,
    pub(in crate::keywords) start: usize,
    pub(in crate::keywords) end: usize,
}

impl<'t> Texts<'t> {
    /// Prepares texts in which the sets of `prefilter` will be sought.
    ///
    /// # Panics
    /// If the texts have 4 GiB or more together.
    pub fn new<T: Into<Text<'t>>>(
        originals: impl IntoIterator<Item = Option<T>>,
        prefilter: &'t Prefilter,
        buffers: &'t mut TextBuffers,
    ) -> Self {
        let originals: Vec<Option<Text>> = originals.into_iter().map(|text| text.map(Into::into)).collect();
        let bytes: usize = originals.iter().flatten().map(|text| text.as_bytes().len() + 1).sum();
        assert!(u32::try_from(bytes).is_ok(), "texts of {bytes} bytes together are too large to search");
        let TextBuffers { lowered, ascii, starts } = buffers;
        lowered.clear();
        ascii.clear();
        for (text, number) in originals.iter().zip(0..) {
            let Some(text) = text else { continue };
            if text.is_ascii() {
                let start = lowered.len();
                lowered.push_str(text.as_str());
                ascii.push(AsciiText { text: number, start, end: lowered.len() });
                lowered.push(SEPARATOR);
            }
        }
        lowered.make_ascii_lowercase();
        Self { originals, prefilter, lowered, ascii, starts: OnceCell::new(), unread_starts: Cell::new(Some(starts)) }
    }

    /// Returns the texts that are present and not ASCII, with their numbers.
    pub(in crate::keywords) fn beyond_ascii(&self) -> impl Iterator<Item = (u32, &'t str)> {
        let numbered = self.originals.iter().zip(0..);
        numbered.filter_map(|(text, number)| text.filter(|text| !text.is_ascii()).map(|text| (number, text.as_str())))
    }

    /// Returns the places in `lowered` where matches can begin.
    pub(in crate::keywords) fn starts(&self) -> &WordStarts {
        let unread = || self.unread_starts.take().expect("they are read once");
        self.starts.get_or_init(|| unread().read(self.lowered.as_bytes(), self.prefilter))
    }

    /// Returns the places in `lowered` where matches can begin, if a set has asked for them already.
    pub(in crate::keywords) fn starts_if_read(&self) -> Option<&WordStarts> {
        self.starts.get().copied()
    }

    /// Returns the place of a text in `lowered`, if it is ASCII.
    pub(in crate::keywords) fn place_in_lowered(&self, number: u32) -> Option<Range<usize>> {
        let at = self.ascii.binary_search_by_key(&number, |ascii| ascii.text).ok()?;
        Some(self.ascii[at].start..self.ascii[at].end)
    }

    /// Returns a text as it was given.
    ///
    /// # Panics
    /// If there is no such text.
    pub(in crate::keywords) fn original(&self, number: u32) -> &'t str {
        self.originals[number as usize].expect("only texts that are there are searched").as_str()
    }
}
