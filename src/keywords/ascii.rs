//! ASCII text, 64 bytes at a time: which of them belong to a class, as the bits of a `u64`.

/// Bytes of a block; its places are the bits of a `u64`, the first the lowest.
pub(super) const BLOCK: usize = 64;

/// The blocks of a text with the place each begins at; the last is filled up with zeros, which are in no class.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = (usize, [u8; BLOCK])> {
    let (whole, rest) = text.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(last);
    whole.iter().copied().chain(last).enumerate().map(|(index, block)| (index * BLOCK, block))
}

/// A bit for each byte of a block. Both steps are written so that they become vector instructions.
pub(super) fn pack(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let flags = block.map(|byte| u8::from(is(byte)));
    let (eights, _) = flags.as_chunks::<8>();
    let mut bits = 0;
    for (eight, index) in eights.iter().zip(0..) {
        // Gathers the lowest bit of each of eight bytes.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * index);
    }
    bits
}

/// How many bytes a text begins with that are ASCII.
pub(super) fn ascii_length(text: &[u8]) -> usize {
    let (blocks, _) = text.as_chunks::<BLOCK>();
    let whole = blocks.iter().take_while(|block| block.is_ascii()).count() * BLOCK;
    whole + text[whole..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// In ASCII, a letter, digit or underscore.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
