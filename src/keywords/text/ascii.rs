//! Reads ASCII text 64 bytes at a time. The bytes of a block that belong to a class are the bits of a `u64`.

use wide::i8x16;

/// Number of bytes in a block. They correspond to the bits of a `u64`, the first byte to the lowest bit.
pub(in crate::keywords) const BLOCK: usize = 64;

/// Returns the blocks of a text, each with the place where it begins. The last block is filled up with zeros, which are
/// in no class.
pub(in crate::keywords) fn blocks(text: &[u8]) -> impl Iterator<Item = (usize, [u8; BLOCK])> {
    let (whole, rest) = text.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(last);
    whole.iter().copied().chain(last).enumerate().map(|(index, block)| (index * BLOCK, block))
}

/// Returns a bit for each byte of a block: whether `is` sets all bits of that byte. No class may hold bytes beyond
/// ASCII.
#[inline]
pub(in crate::keywords) fn pack(block: &[u8; BLOCK], is: impl Fn(i8x16) -> i8x16) -> u64 {
    let (sixteens, _) = block.as_chunks::<16>();
    let bits = sixteens.iter().map(|bytes| u64::from(is(i8x16::new(bytes.map(u8::cast_signed))).to_bitmask()));
    bits.zip(0..).fold(0, |all, (bits, at)| all | bits << (16 * at))
}

/// Returns which bytes are equal to an ASCII character.
#[inline]
pub(in crate::keywords) fn equal(bytes: i8x16, character: u8) -> i8x16 {
    bytes.simd_eq(i8x16::splat(character.cast_signed()))
}

/// Returns which bytes are from `first` to `last`, both ASCII.
#[inline]
pub(in crate::keywords) fn between(bytes: i8x16, first: u8, last: u8) -> i8x16 {
    // All bytes are moved so that `last` becomes the largest value. Bytes above it and bytes beyond ASCII then become
    // less than `first`.
    let last_to_largest = i8::MAX - last.cast_signed();
    let moved = bytes + i8x16::splat(last_to_largest);
    moved.simd_gt(i8x16::splat(first.cast_signed() + last_to_largest - 1))
}

/// Returns which bytes are ASCII letters.
#[inline]
pub(in crate::keywords) fn letters(bytes: i8x16) -> i8x16 {
    between(bytes | i8x16::splat(0x20), b'a', b'z')
}

/// Returns which bytes are ASCII digits.
#[inline]
pub(in crate::keywords) fn digits(bytes: i8x16) -> i8x16 {
    between(bytes, b'0', b'9')
}

/// Returns which bytes are word characters, as [`is_word`] defines them.
#[inline]
pub(in crate::keywords) fn word_characters(bytes: i8x16) -> i8x16 {
    letters(bytes) | digits(bytes) | equal(bytes, b'_')
}

/// Places in a text, collected from the bits of its blocks.
#[derive(Debug, Default)]
pub(in crate::keywords) struct Places {
    /// The places, followed by unused entries, so that memory is cleared only once.
    places: Vec<u32>,
    count: usize,
}

impl Places {
    /// Removes all places and makes room for every byte of a text, which must be smaller than 4 GiB.
    pub(in crate::keywords) fn clear(&mut self, text: &[u8]) {
        let most = text.len() + BLOCK + 1;
        if self.places.len() < most {
            self.places.resize(most, 0);
        }
        self.count = 0;
    }

    /// Adds the places of a block. Eight are written at once, even if fewer are there, because no branch predictor
    /// foresees their number.
    pub(in crate::keywords) fn add(&mut self, begin: usize, mut bits: u64) {
        let begin = u32::try_from(begin).expect("texts are below 4 GiB");
        let count = bits.count_ones() as usize;
        let (eights, _) = self.places[self.count..self.count + BLOCK].as_chunks_mut::<8>();
        for eight in eights {
            for place in eight {
                *place = begin + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
        }
        self.count += count;
    }

    /// Keeps only the pairs of places for which `is_kept` holds. The number of places must be even.
    pub(in crate::keywords) fn retain_pairs(&mut self, mut is_kept: impl FnMut([u32; 2]) -> bool) {
        let (pairs, _) = self.places[..self.count].as_chunks_mut::<2>();
        let mut kept = 0;
        for at in 0..pairs.len() {
            if is_kept(pairs[at]) {
                pairs[kept] = pairs[at];
                kept += 1;
            }
        }
        self.count = 2 * kept;
    }

    pub(in crate::keywords) fn get(&self) -> &[u32] {
        &self.places[..self.count]
    }
}

/// Whether a text is ASCII. Its last bytes are checked as a whole block, together with those before them, rather than
/// one by one.
pub(in crate::keywords) fn is_ascii(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    if !blocks.iter().all(|block| block.is_ascii()) {
        return false;
    }
    text.last_chunk::<BLOCK>().map_or_else(|| rest.is_ascii(), |last| last.is_ascii())
}

/// Returns how many ASCII bytes a text begins with.
pub(in crate::keywords) fn ascii_length(text: &[u8]) -> usize {
    let (blocks, _) = text.as_chunks::<BLOCK>();
    let whole = blocks.iter().take_while(|block| block.is_ascii()).count() * BLOCK;
    let rest = &text[whole..];
    whole + if is_ascii(rest) { rest.len() } else { rest.iter().take_while(|byte| byte.is_ascii()).count() }
}

/// Whether a byte is an ASCII letter, a digit or an underscore.
pub(in crate::keywords) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A text together with whether it is ASCII. Nearly all texts are, and every count and search depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Text<'t> {
    text: &'t str,
    is_ascii: bool,
}

impl<'t> Text<'t> {
    #[must_use]
    pub fn as_str(self) -> &'t str {
        self.text
    }

    #[must_use]
    pub fn as_bytes(self) -> &'t [u8] {
        self.text.as_bytes()
    }

    #[must_use]
    pub fn is_ascii(self) -> bool {
        self.is_ascii
    }
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self { text, is_ascii: is_ascii(text.as_bytes()) }
    }
}

impl<'t> From<&'t String> for Text<'t> {
    fn from(text: &'t String) -> Self {
        Self::from(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_single_byte() {
        let all: Vec<u8> = (0..=255).collect();
        for (begin, block) in blocks(&all) {
            let bits = |is: &dyn Fn(u8) -> bool| {
                block.iter().zip(0..).fold(0, |all, (byte, at)| all | u64::from(is(*byte)) << at)
            };
            assert_eq!(pack(&block, word_characters), bits(&is_word), "{begin}");
            assert_eq!(pack(&block, letters), bits(&|byte| byte.is_ascii_alphabetic()), "{begin}");
            assert_eq!(pack(&block, digits), bits(&|byte| byte.is_ascii_digit()), "{begin}");
            assert_eq!(pack(&block, |bytes| equal(bytes, b'.')), bits(&|byte| byte == b'.'), "{begin}");
        }
    }

    #[test]
    fn one_byte_beyond_ascii_is_seen_wherever_it_is() {
        for length in [0, 1, 63, 64, 65, 127, 128, 200] {
            let mut text = vec![b'a'; length];
            assert!(is_ascii(&text), "{length}");
            for place in 0..length {
                text[place] = 0x80;
                assert!(!is_ascii(&text), "{place} of {length}");
                text[place] = b'a';
            }
        }
    }
}
