//! The words that flags take for types of other modules, and what `--help` says of each. Those modules know nothing of a
//! command line; where a type also stands in a file, its word there is its own.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::keywords::Mode;
use crate::pipeline::{ExportFormat, ExportRows, Format, MetricGroup, QuestionPolicy, Stage};
use crate::sandbox::{AtsFault, WebhookFault, WindowKind};
use crate::search::By;
use crate::search::discover::Against;

/// For each variant the word, and what is said of it.
macro_rules! values {
    ($type:ty { $($variant:ident = $word:literal $(: $help:literal)?,)+ }) => {
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$variant),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(Self::$variant => PossibleValue::new($word)$(.help($help))?,)+
                })
            }
        }
    };
}

values!(Mode {
    Word = "word": "As a whole word, whatever its case and normalisation",
    Substring = "substring": "As the vendor's sample does: anywhere in the lower-cased text, the term as given",
});

values!(QuestionPolicy {
    Unseen = "unseen": "When a settled interview shows a question or job not known yet",
    All = "all": "Of every settled interview",
    None = "none": "Of none",
});

values!(MetricGroup {
    Length = "length": "UTF-16 code units and characters",
    Words = "words": "Words",
    Pace = "pace": "Words a minute",
    Richness = "richness": "Different words, and the moving-average type-token ratio",
    Fillers = "fillers": "Um, uh and the like",
    Language = "language": "The language it is in",
});

values!(ExportFormat {
    Csv = "csv",
    Jsonl = "jsonl",
    Parquet = "parquet",
    Xlsx = "xlsx",
});

values!(ExportRows {
    Interviews = "interviews": "The table `interviews`, with those that are still open",
    Responses = "responses": "The table `responses`: answers, transcripts included",
    Analysis = "analysis":
        "Candidate, completedAt, totalDuration, averageResponseLength, keywordMatches; needs `analyze`",
});

values!(Format {
    Html = "html",
    Xlsx = "xlsx",
    Csv = "csv",
    Json = "json",
    Parquet = "parquet",
});

values!(By {
    Job = "job",
    Question = "question",
    Type = "type",
    Month = "month",
});

values!(Stage {
    Ingest = "ingest",
    Analyze = "analyze",
    Retain = "retain",
    Report = "report",
    Export = "export",
    Audio = "audio",
    Ats = "ats",
    Mirror = "mirror",
});

values!(WebhookFault {
    Late = "late": "They come after those of all others",
    Twice = "twice": "Each is sent twice, signed anew",
    OutOfOrder = "out-of-order": "The end comes before the start",
    Replayed = "replayed": "The same request once more",
    Forged = "forged": "Another one beside them, with a wrong secret",
    Stale = "stale": "Another one beside them, signed an hour ago",
    Truncated = "truncated": "Another one beside them, cut short after it was signed",
    Oversized = "oversized": "Another one beside them, of 2 MiB",
});

values!(WindowKind {
    Fixed = "fixed",
    Sliding = "sliding",
});

values!(AtsFault {
    ErrorIn200 = "error-in-200": "200, and an error in the answer",
    NoContent = "no-content": "It is written, and answered 204, always",
    Conflict = "conflict": "409",
    Unprocessable = "unprocessable": "422",
    Limited = "limited": "429 with Retry-After, once",
    Unavailable = "unavailable": "503, once",
    Page = "page": "A page where JSON should be, once",
    Silence = "silence": "Silence until the client hangs up, once",
    AnswerLost = "answer-lost": "It is written, and the answer is broken off, once",
    TokenEnded = "token-ended": "401, once, as if the token had ended",
    OverLimit = "over-limit": "429, always",
    Refused = "refused": "403, always",
    Redirect = "redirect": "302 to elsewhere, always",
    Merged = "merged": "The candidate is found under another id after the first write, which is answered 404",
    Fuzzy = "fuzzy": "Somebody who was referred by the candidate is found first",
    OnlyOthers = "only-others": "Only somebody who was referred by the candidate is found",
    Twins = "twins": "Two candidates of that e-mail are found",
    Unknown = "unknown": "Nobody of that e-mail is found; 404 where it is in the address",
});

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;

    #[test]
    fn a_word_of_a_flag_is_the_one_of_a_file() {
        fn check<T: ValueEnum + DeserializeOwned + PartialEq + Debug>() {
            for value in T::value_variants() {
                let word = value.to_possible_value().unwrap().get_name().to_owned();
                assert_eq!(T::deserialize(toml::Value::from(word)).as_ref(), Ok(value));
            }
        }
        check::<Mode>();
        check::<QuestionPolicy>();
        check::<MetricGroup>();
        check::<ExportFormat>();
        check::<ExportRows>();
        check::<Format>();
        for group in MetricGroup::value_variants() {
            assert_eq!(group.to_possible_value().unwrap().get_name(), group.as_str());
        }
    }
}

values!(Against {
    Others = "others": "Each job with all others",
    Previous = "previous": "The period with the one before, of as many days",
});
