//! Computes the figures of one answer and of one interview, without I/O. A figure that cannot be computed is `None`,
//! never 0 or NaN.

use jiff::Timestamp;

use super::richness::Vocabulary;
use crate::keywords::Text;
use crate::keywords::text::unspaced::is_unspaced;
use crate::keywords::text::words;
use crate::pipeline::MetricGroup;

/// Figures of one answer. All are `None` without a transcript, and so are those of groups that were not asked for.
/// Figures of words are also `None` for a text that is written without spaces.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ResponseFigures {
    /// Length of the transcript in UTF-16 code units, as JavaScript's `.length` counts.
    pub length_utf16: Option<u64>,
    /// Length of the transcript in Unicode scalar values.
    pub char_count: Option<u64>,
    /// Number of words, as UAX #29 finds them.
    pub word_count: Option<u64>,
    /// Number of distinct words after case folding.
    pub unique_words: Option<u64>,
    /// Moving-average type-token ratio over windows of 50 words; `None` for fewer than 50 words.
    pub mattr_50: Option<f64>,
    /// 60 · words / duration in seconds; `None` unless the duration is above 0.
    pub words_per_minute: Option<f64>,
}

/// Computes the figures of an answer, for those of the groups `length`, `words`, `pace` and `richness` that are in
/// `groups`.
#[must_use]
pub fn response<'t>(
    transcript: Option<impl Into<Text<'t>>>,
    duration_seconds: Option<f64>,
    groups: &[MetricGroup],
    vocabulary: &mut Vocabulary,
) -> ResponseFigures {
    let mut figures = ResponseFigures::default();
    let Some(text) = transcript.map(Into::into) else { return figures };
    let wants = |group| groups.contains(&group);
    if wants(MetricGroup::Length) {
        let length = TextLength::of(text);
        figures.length_utf16 = Some(length.utf16);
        figures.char_count = Some(length.chars);
    }
    let [words, pace, richness] = [MetricGroup::Words, MetricGroup::Pace, MetricGroup::Richness].map(wants);
    if !(words || pace || richness) || is_unspaced(text) {
        return figures;
    }
    let count = if richness {
        let richness = vocabulary.richness(text);
        figures.unique_words = Some(richness.unique);
        figures.mattr_50 = richness.mattr_50;
        richness.words
    } else {
        words::count(text)
    };
    figures.word_count = words.then_some(count);
    if pace {
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        let per_minute = |seconds| 60.0 * count as f64 / seconds;
        let duration = duration_seconds.filter(|seconds| *seconds > 0.0);
        figures.words_per_minute = duration.map(per_minute).filter(|pace| pace.is_finite());
    }
    figures
}

/// The length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLength {
    /// Number of UTF-16 code units.
    pub utf16: u64,
    /// Number of Unicode scalar values.
    pub chars: u64,
}

impl TextLength {
    #[must_use]
    pub fn of<'t>(text: impl Into<Text<'t>>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        if text.is_ascii() {
            return Self { utf16: bytes.len() as u64, chars: bytes.len() as u64 };
        }
        let chars = count(bytes, |byte| !matches!(byte, 0x80..=0xBF));
        // A character of four bytes in UTF-8 is two code units in UTF-16.
        Self { utf16: chars + count(bytes, |byte| byte >= 0xF0), chars }
    }
}

/// Counts the bytes of a text for which `is` holds. Each chunk is short enough for a `u8` to count its bytes, so that
/// the compiler can compare many bytes at once.
fn count(text: &[u8], is: impl Fn(u8) -> bool) -> u64 {
    let few = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(is(*byte))).sum::<u8>();
    text.chunks(128).map(|bytes| u64::from(few(bytes))).sum()
}

/// The measures of one answer that the figures of its interview are computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerMeasures {
    pub length_utf16: Option<u64>,
    pub is_blank: bool,
    pub duration_seconds: Option<f64>,
}

impl AnswerMeasures {
    #[must_use]
    pub fn new(transcript: Option<Text>, duration_seconds: Option<f64>) -> Self {
        Self {
            length_utf16: transcript.map(|text| TextLength::of(text).utf16),
            is_blank: transcript.is_none_or(|text| text.as_str().trim().is_empty()),
            duration_seconds,
        }
    }
}

/// Figures of one interview.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InterviewFigures {
    pub total_duration_seconds: Option<f64>,
    /// Mean length, in UTF-16 code units, of the answers that have a transcript. An empty transcript counts as 0.
    pub average_response_length: Option<f64>,
    pub response_count: u64,
    /// Number of answers whose transcript is not blank.
    pub answered_count: u64,
}

/// Computes the figures of one interview. The answers must be in their order, because sums of floats depend on it.
#[must_use]
pub fn interview(answers: &[AnswerMeasures]) -> InterviewFigures {
    let durations = answers.iter().filter_map(|answer| answer.duration_seconds);
    let lengths = answers.iter().filter_map(|answer| answer.length_utf16);
    let transcripts = lengths.clone().count();
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let average = |transcripts: usize| lengths.sum::<u64>() as f64 / transcripts as f64;
    InterviewFigures {
        total_duration_seconds: durations.reduce(|sum, seconds| sum + seconds).filter(|sum| sum.is_finite()),
        average_response_length: (transcripts > 0).then(|| average(transcripts)),
        response_count: answers.len() as u64,
        answered_count: answers.iter().filter(|answer| !answer.is_blank).count() as u64,
    }
}

/// Returns the seconds from one time to another, or `None` unless both are given. The result is negative when a clock
/// was wrong; it is kept so that the error is visible.
#[must_use]
pub fn seconds_between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    Some(to?.duration_since(from?).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lengths_are_counted_as_the_standard_library_counts(text in "[ -~é東\u{FFFF}👩\u{10FFFF}]{0,400}") {
            let utf16 = text.encode_utf16().count() as u64;
            prop_assert_eq!(TextLength::of(&text), TextLength { utf16, chars: text.chars().count() as u64 });
        }
    }
}
