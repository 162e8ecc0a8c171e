//! Reads the bodies of answers: decoded, and bounded while they are decoded, since a megabyte of gzip can hold a
//! gigabyte.

use std::io::{self, Write};
use std::mem;

use flate2::write::GzDecoder;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::client::root_cause;

/// The first byte of a member of gzip.
const MAGIC: u8 = 0x1F;

/// Reads a whole body, or returns `None` if it is longer than `most` bytes.
///
/// # Errors
/// When it breaks off or its gzip is damaged: the reason, which holds nothing of the body.
pub(crate) async fn read_body(response: Response, most: usize) -> Result<Option<Vec<u8>>, String> {
    let body = read_start(response, most).await?;
    Ok((body.len() <= most).then_some(body))
}

/// Reads a body, and of one that is longer than `most` bytes the first `most + 1`.
///
/// # Errors
/// When it breaks off or its gzip is damaged: the reason, which holds nothing of the body.
pub(crate) async fn read_start(mut response: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = if is_gzip(response.headers()) {
        Decoder::Gzip(Box::new(Gunzip::new(most)))
    } else {
        Decoder::Plain(Vec::new())
    };
    while let Some(chunk) = response.chunk().await.map_err(|error| root_cause(&error))? {
        match &mut body {
            Decoder::Plain(bytes) => bytes.extend_from_slice(&chunk),
            Decoder::Gzip(gunzip) => gunzip.write(&chunk).map_err(|error| error.to_string())?,
        }
        if body.len() > most {
            break;
        }
    }
    let mut bytes = match body {
        Decoder::Plain(bytes) => bytes,
        Decoder::Gzip(gunzip) => gunzip.finish().map_err(|error| error.to_string())?,
    };
    bytes.truncate(most + 1);
    Ok(bytes)
}

/// Whether a body is encoded with gzip, whose name has no case and an older form.
fn is_gzip(headers: &HeaderMap) -> bool {
    let encoding = headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes().trim_ascii());
    encoding.is_some_and(|name| name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip"))
}

enum Decoder {
    Plain(Vec<u8>),
    Gzip(Box<Gunzip>),
}

impl Decoder {
    fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Gzip(gunzip) => gunzip.len(),
        }
    }
}

/// Decodes gzip of one or several members as it comes, up to a bound. What follows them is ignored, such as padding.
struct Gunzip {
    member: GzDecoder<Vec<u8>>,
    most: usize,
    /// Whether anything came.
    has_begun: bool,
    has_ended: bool,
}

impl Gunzip {
    fn new(most: usize) -> Self {
        Self { member: GzDecoder::new(Vec::new()), most, has_begun: false, has_ended: false }
    }

    fn len(&self) -> usize {
        self.member.get_ref().len()
    }

    /// Decodes more bytes, until more than the bound is there. One step decodes some 32 kB at most.
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.has_begun |= !bytes.is_empty();
        while !bytes.is_empty() && !self.has_ended && self.len() <= self.most {
            match self.member.write(bytes)? {
                0 if bytes[0] == MAGIC => {
                    // Checks the sum of the member that ended.
                    self.member.try_finish()?;
                    let decoded = mem::take(self.member.get_mut());
                    self.member = GzDecoder::new(decoded);
                }
                0 => self.has_ended = true,
                read => bytes = &bytes[read..],
            }
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        if self.has_begun && self.len() <= self.most {
            self.member.try_finish()?;
        }
        Ok(mem::take(self.member.get_mut()))
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Decodes bytes that come in chunks of a size.
    fn gunzip(bytes: &[u8], chunk: usize, most: usize) -> io::Result<Vec<u8>> {
        let mut gunzip = Gunzip::new(most);
        bytes.chunks(chunk).try_for_each(|chunk| gunzip.write(chunk))?;
        gunzip.finish()
    }

    proptest! {
        #[test]
        fn members_are_read_as_one_body_however_they_come(
            members in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..4),
            padding in 0..20_usize,
            chunk in 1..400_usize,
        ) {
            let mut bytes: Vec<u8> = members.iter().flat_map(|member| gzip(member)).collect();
            bytes.resize(bytes.len() + padding, 0);
            prop_assert_eq!(gunzip(&bytes, chunk, 10_000).unwrap(), members.concat());
        }
    }

    #[test]
    fn damaged_gzip_is_an_error_wherever_it_is() {
        let whole = [gzip(b"one"), gzip(b"two")].concat();
        let first = gzip(b"one").len();
        for cut in (1..whole.len()).filter(|cut| *cut != first) {
            assert!(gunzip(&whole[..cut], 7, 100).is_err(), "cut at {cut}");
        }
        assert!(gunzip(b"{\"id\":1}", 7, 100).is_err(), "no gzip at all");
        for member in [first, whole.len()] {
            let mut wrong = whole.clone();
            wrong[member - 8] ^= 1;
            assert!(gunzip(&wrong, 7, 100).is_err(), "the sum at {member}");
        }
        assert_eq!(gunzip(b"", 7, 100).unwrap(), b"");
    }

    #[test]
    fn a_bomb_is_decoded_up_to_the_bound_alone() {
        let bomb = gzip(&vec![b'a'; 50 << 20]);
        for bomb in [&bomb[..], &[&gzip(b"")[..], &bomb].concat()] {
            let read = gunzip(bomb, bomb.len(), 1 << 20).unwrap();
            assert!((1 << 20..2 << 20).contains(&read.len()), "{}", read.len());
            assert!(read.capacity() < 4 << 20, "{}", read.capacity());
        }
    }
}
