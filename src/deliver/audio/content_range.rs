//! What part of a recording a response has, and whether it is compressed.

use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderMap};

/// The part of a recording that a response says it has: `Content-Range: bytes 100-199/200`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    pub start: u64,
    /// The last byte.
    pub end: u64,
    /// Length of the whole; `*` where the host does not say.
    pub total: Option<u64>,
}

impl ContentRange {
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let (part, total) = part_and_total(headers)?;
        let (start, end) = part.split_once('-')?;
        let (start, end) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
        let total = if total == "*" { None } else { Some(total.parse().ok()?) };
        (start <= end && total.is_none_or(|total| end < total)).then_some(Self { start, end, total })
    }
}

/// The length of the whole in a response that has no part of it: `Content-Range: bytes */200`.
pub fn total_of_unsatisfied(headers: &HeaderMap) -> Option<u64> {
    part_and_total(headers).filter(|(part, _)| *part == "*")?.1.parse().ok()
}

fn part_and_total(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (unit, range) = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().split_once(' ')?;
    let (part, total) = range.split_once('/')?;
    unit.eq_ignore_ascii_case("bytes").then_some((part.trim(), total.trim()))
}

/// Whether a response is compressed. Object stores repeat what an upload said: its transfer encoding, or a character set.
pub fn is_compressed(headers: &HeaderMap) -> bool {
    let is_none =
        |word: &str| ["", "identity", "aws-chunked", "utf-8"].contains(&word.trim().to_ascii_lowercase().as_str());
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|encoding| !encoding.to_str().is_ok_and(|words| words.split(',').all(is_none)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(name: reqwest::header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn ranges_are_read() {
        for (text, range) in [
            ("bytes 100-199/200", Some((100, 199, Some(200)))),
            ("bytes 100-199/*", Some((100, 199, None))),
            ("Bytes 0-0/1", Some((0, 0, Some(1)))),
            ("bytes 100-199/150", None),
            ("bytes 5-4/9", None),
            ("bytes */200", None),
            ("items 1-2/3", None),
            ("bytes 1-2", None),
            ("bytes 1-2/many", None),
        ] {
            let range = range.map(|(start, end, total)| ContentRange { start, end, total });
            assert_eq!(ContentRange::of(&headers(CONTENT_RANGE, text)), range, "{text}");
        }
        assert_eq!(total_of_unsatisfied(&headers(CONTENT_RANGE, "bytes */200")), Some(200));
        assert_eq!(total_of_unsatisfied(&headers(CONTENT_RANGE, "bytes 1-2/200")), None);
    }

    #[test]
    fn words_that_mean_no_compression_are_known() {
        for word in ["", "identity", "Identity", "aws-chunked", "AWS-Chunked,identity", "UTF-8", "utf-8"] {
            assert!(!is_compressed(&headers(CONTENT_ENCODING, word)), "{word}");
        }
        for word in ["gzip", "br", "identity, gzip", "aws-chunked,gzip", "utf8mb4"] {
            assert!(is_compressed(&headers(CONTENT_ENCODING, word)), "{word}");
        }
        assert!(!is_compressed(&HeaderMap::new()));
    }
}
