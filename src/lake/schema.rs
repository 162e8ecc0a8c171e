//! The lake's tables: an explicit schema with a description of every column. Changes may only add nullable columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

/// Metadata key of every file: the name of its table.
pub const TABLE: &str = "roundup.table";
/// Metadata key of a derived file: the SHA-256 of what it was made from.
pub const SOURCE_SHA256: &str = "roundup.source_sha256";
/// Metadata key of a derived file: the hash of the keyword set that it was made with.
pub const SET_SHA256: &str = "roundup.set_sha256";

/// Version of the tables, which is written into every file.
pub const SCHEMA_VERSION: &str = "1";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Integer,
    Float,
    Flag,
    /// UTC, microseconds.
    Time,
    /// A list of ranges (start, end) of byte offsets into the original transcript, with an exclusive end.
    Places,
}

impl ColumnType {
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Places => DataType::List(Arc::new(Field::new("item", DataType::Struct(place_fields()), false))),
        }
    }

    /// The type's name in SQL (DuckDB's dialect).
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "VARCHAR",
            Self::Integer => "BIGINT",
            Self::Float => "DOUBLE",
            Self::Flag => "BOOLEAN",
            Self::Time => "TIMESTAMP WITH TIME ZONE",
            Self::Places => "STRUCT(\"start\" BIGINT, \"end\" BIGINT)[]",
        }
    }
}

/// The fields of one place of a hit.
#[must_use]
pub fn place_fields() -> Fields {
    Fields::from(vec![Field::new("start", DataType::Int64, false), Field::new("end", DataType::Int64, false)])
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub column_type: ColumnType,
    pub nullable: bool,
    pub description: &'static str,
}

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// What a row is.
    pub row: &'static str,
    pub key: &'static [&'static str],
    /// Columns by which the rows of a file are sorted, ascending, nulls first.
    pub sorted_by: &'static [&'static str],
    /// Partition columns, which are in the path and never in the file.
    pub partitions: &'static [&'static str],
    pub columns: &'static [Column],
}

impl Table {
    #[must_use]
    pub fn column_names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    #[must_use]
    pub fn arrow(&self) -> SchemaRef {
        let field = |column: &Column| {
            let metadata = HashMap::from([("description".to_owned(), column.description.to_owned())]);
            Field::new(column.name, column.column_type.arrow(), column.nullable).with_metadata(metadata)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Rows of a file under the table's own schema. The file may be older: its descriptions may differ, and a column
    /// that it lacks is null.
    ///
    /// # Errors
    /// When a column has another type, or one that is never null is missing.
    pub fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let column = |column: &Column| match batch.column_by_name(column.name) {
            Some(values) => Arc::clone(values),
            None => new_null_array(&column.column_type.arrow(), batch.num_rows()),
        };
        RecordBatch::try_new(self.arrow(), self.columns.iter().map(column).collect())
    }
}

const fn needed(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: false, description }
}

const fn optional(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: true, description }
}

const INTERVIEW_ID: Column =
    needed("interview_id", ColumnType::Text, "The vendor's id of the interview, an opaque string");
const JOB_ID: Column = optional("job_id", ColumnType::Text, "The vendor's id of the job");
const QUESTION_ID: Column = optional("question_id", ColumnType::Text, "The vendor's id of the question");
const POSITION: Column = needed("position", ColumnType::Integer, "0-based place of the answer in responses[]");
const SETTLED_AT: Column = optional(
    "settled_at",
    ColumnType::Time,
    "completed_at; of an expired interview expires_at; failing that the latest time the body holds",
);

const INTERVIEW_COLUMNS: &[Column] = &[
    INTERVIEW_ID,
    needed("source", ColumnType::Text, "Name of the account it was read from"),
    needed(
        "status",
        ColumnType::Text,
        "The vendor's word: invited, in_progress, completed, expired, or one not known yet",
    ),
    JOB_ID,
    optional("job_title", ColumnType::Text, "Title of the job as this body had it"),
    optional("department", ColumnType::Text, "Department of the job as this body had it"),
    optional(
        "candidate_key",
        ColumnType::Text,
        "HMAC-SHA256 of the candidate's id under this lake's key, in hex; null without an id",
    ),
    optional("created_at", ColumnType::Time, "When the interview was created"),
    optional("started_at", ColumnType::Time, "When the candidate began"),
    optional("completed_at", ColumnType::Time, "When the candidate finished"),
    optional("expires_at", ColumnType::Time, "When an open interview expires"),
    SETTLED_AT,
    needed("first_seen_at", ColumnType::Time, "When this lake first saw it"),
    needed("first_seen_via", ColumnType::Text, "How this lake first saw it: list, webhook or import"),
    needed("first_seen_status", ColumnType::Text, "Its status then"),
    optional("changed_at", ColumnType::Time, "When this row came into the lake; null in files of older versions"),
    optional("asked_at", ColumnType::Time, "When the body was fetched or imported; null in files of older versions"),
    optional(
        "asks_after_expiry",
        ColumnType::Integer,
        "How often an open interview was fetched after its expiry; null for a settled one",
    ),
];

pub const INTERVIEWS: Table = Table {
    name: "interviews",
    row: "one settled interview (completed or expired)",
    key: &["interview_id"],
    sorted_by: &["job_id", "interview_id"],
    partitions: &["month"],
    columns: INTERVIEW_COLUMNS,
};

pub const OPEN_INTERVIEWS: Table = Table {
    name: "open_interviews",
    row: "one interview not settled yet; the table is one file, replaced as a whole",
    key: &["interview_id"],
    sorted_by: &["job_id", "interview_id"],
    partitions: &[],
    columns: INTERVIEW_COLUMNS,
};

pub const RESPONSES: Table = Table {
    name: "responses",
    row: "one answer, transcript included",
    key: &["interview_id", "position"],
    sorted_by: &["job_id", "interview_id", "position"],
    partitions: &["month"],
    columns: &[
        INTERVIEW_ID,
        POSITION,
        JOB_ID,
        SETTLED_AT,
        QUESTION_ID,
        optional("question_text", ColumnType::Text, "The question as it was asked"),
        optional("question_type", ColumnType::Text, "The vendor's word for the kind of question"),
        optional("transcript", ColumnType::Text, "What the candidate said, as transcribed by the vendor"),
        optional("duration_seconds", ColumnType::Float, "Length of the recording in seconds"),
        optional("answered_at", ColumnType::Time, "When the answer was given"),
        needed("has_audio", ColumnType::Flag, "Whether the body had a link to a recording"),
        optional(
            "transcript_erased_at",
            ColumnType::Time,
            "When the transcript was erased on request; null if it was not",
        ),
    ],
};

pub const QUESTIONS: Table = Table {
    name: "questions",
    row: "one question asked of an interview, where it was fetched",
    key: &["interview_id", "question_id"],
    sorted_by: &["job_id", "interview_id"],
    partitions: &["month"],
    columns: &[
        INTERVIEW_ID,
        JOB_ID,
        SETTLED_AT,
        QUESTION_ID,
        optional("question_text", ColumnType::Text, "The question"),
        optional("question_type", ColumnType::Text, "The vendor's word for the kind of question"),
        optional("time_limit_seconds", ColumnType::Float, "How long an answer may be, in seconds"),
        optional("question_order", ColumnType::Integer, "The vendor's order; it may have gaps"),
        needed("is_custom", ColumnType::Flag, "Added over the API rather than from the job's template"),
    ],
};

pub const CANDIDATES: Table = Table {
    name: "candidates",
    row: "the person of one settled interview: the only table with direct identifiers",
    key: &["candidate_key", "interview_id"],
    sorted_by: &["interview_id"],
    partitions: &["month"],
    columns: &[
        optional("candidate_key", ColumnType::Text, "As in interviews"),
        INTERVIEW_ID,
        optional("name", ColumnType::Text, "The candidate's name"),
        optional("email", ColumnType::Text, "The candidate's e-mail address"),
    ],
};

pub const RESPONSE_METRICS: Table = Table {
    name: "response_metrics",
    row: "the figures of one answer",
    key: &["interview_id", "position"],
    sorted_by: &["job_id", "interview_id", "position"],
    partitions: &["month"],
    columns: &[
        INTERVIEW_ID,
        POSITION,
        JOB_ID,
        SETTLED_AT,
        optional("length_utf16", ColumnType::Integer, "UTF-16 code units of the transcript"),
        optional("char_count", ColumnType::Integer, "Unicode scalar values of the transcript"),
        optional(
            "word_count",
            ColumnType::Integer,
            "UAX #29 word segments with at least one alphanumeric character; null where Han, Kana or Thai dominate",
        ),
        optional(
            "unique_words",
            ColumnType::Integer,
            "Distinct words, case-folded; null where words cannot be counted",
        ),
        optional(
            "words_per_minute",
            ColumnType::Float,
            "60 * word_count / duration_seconds; null without a duration above 0",
        ),
        optional("filler_count", ColumnType::Integer, "Matches of the shipped keyword set fillers, as transcribed"),
        optional(
            "mattr_50",
            ColumnType::Float,
            "Mean type-token ratio over every window of 50 words; null below 50 words and where word_count is",
        ),
        optional(
            "language",
            ColumnType::Text,
            "ISO 639-1 code of the transcript's language; null below 40 characters or when unsure",
        ),
    ],
};

pub const INTERVIEW_METRICS: Table = Table {
    name: "interview_metrics",
    row: "the figures of one settled interview",
    key: &["interview_id"],
    sorted_by: &["job_id", "interview_id"],
    partitions: &["month"],
    columns: &[
        INTERVIEW_ID,
        JOB_ID,
        SETTLED_AT,
        optional(
            "total_duration_seconds",
            ColumnType::Float,
            "Sum of duration_seconds of its responses; null if none has one",
        ),
        optional(
            "average_response_length",
            ColumnType::Float,
            "Mean of length_utf16 over the responses that have a transcript; null if none has one",
        ),
        needed("response_count", ColumnType::Integer, "Responses in the body"),
        needed("answered_count", ColumnType::Integer, "Responses whose transcript is not blank"),
        optional("elapsed_seconds", ColumnType::Float, "completed_at - started_at, in seconds"),
        optional("days_to_complete", ColumnType::Float, "completed_at - created_at, in days"),
    ],
};

pub const KEYWORD_HITS: Table = Table {
    name: "keyword_hits",
    row: "one answer and term with at least one mention",
    key: &["interview_id", "position", "set", "term"],
    sorted_by: &["job_id", "interview_id", "position"],
    partitions: &["set", "month"],
    columns: &[
        INTERVIEW_ID,
        POSITION,
        JOB_ID,
        SETTLED_AT,
        needed("term", ColumnType::Text, "Canonical name of the term"),
        optional("category", ColumnType::Text, "Category of the term in its set"),
        needed("mentions", ColumnType::Integer, "Occurrences of the term in the transcript"),
        optional(
            "negated",
            ColumnType::Integer,
            "Mentions with a negation among the five words before; null where the transcript is not in English",
        ),
        needed("places", ColumnType::Places, "Where: byte offsets into the original transcript"),
    ],
};

pub const AUDIO: Table = Table {
    name: "audio",
    row: "one recording that is archived",
    key: &["interview_id", "position"],
    sorted_by: &["job_id", "interview_id", "position"],
    partitions: &["month"],
    columns: &[
        INTERVIEW_ID,
        POSITION,
        JOB_ID,
        SETTLED_AT,
        QUESTION_ID,
        needed("object", ColumnType::Text, "Where it is, below the folder or address of the archive"),
        needed("bytes", ColumnType::Integer, "Its size"),
        needed("sha256", ColumnType::Text, "SHA-256 of its bytes, in hex"),
        optional("content_type", ColumnType::Text, "What the vendor's host called it; null if it did not say"),
        needed("archived_at", ColumnType::Time, "When it was archived"),
    ],
};

pub const DELIVERIES: Table = Table {
    name: "deliveries",
    row: "one version of an interview's answers that was sent to a system, or given up",
    key: &["connector", "interview_id", "sent_at"],
    sorted_by: &["connector", "interview_id", "sent_at"],
    partitions: &["month"],
    columns: &[
        needed("connector", ColumnType::Text, "Name of the connector"),
        INTERVIEW_ID,
        needed("sent_at", ColumnType::Time, "When it ended; the folder is of its month"),
        needed("outcome", ColumnType::Text, "delivered or given-up"),
        optional("reason", ColumnType::Text, "Why it was given up; null if it was delivered"),
        needed("answers_sha256", ColumnType::Text, "SHA-256 of the answers that were to be sent, in hex"),
        needed(
            "deliveries",
            ColumnType::Integer,
            "Versions of the answers that the system was sent, or part of them, up to then",
        ),
        needed("put_back", ColumnType::Integer, "How often it was put back after it was given up"),
        needed("first_due_at", ColumnType::Time, "When the interview was first to be sent there"),
    ],
};

pub const RUNS: Table = Table {
    name: "runs",
    row: "one run: what it did, how long, how it ended",
    key: &["run_id"],
    sorted_by: &["run_id"],
    partitions: &["month"],
    columns: &[
        needed("run_id", ColumnType::Text, "Sorts by time"),
        needed("started_at", ColumnType::Time, "When the run began"),
        needed("ended_at", ColumnType::Time, "When it ended"),
        needed("exit_code", ColumnType::Integer, "As in the README's table"),
        needed("complete", ColumnType::Flag, "Whether nothing was left for the next run"),
        needed("requests", ColumnType::Integer, "Requests sent to the API, retries included"),
        needed("fetched", ColumnType::Integer, "Bodies of interviews read"),
        needed("newly_settled", ColumnType::Integer, "Interviews published by this run"),
        needed("skipped_settled", ColumnType::Integer, "Listed interviews that were settled before and not asked for"),
        needed("gone", ColumnType::Integer, "Listed interviews the API does not know"),
        needed("quarantined", ColumnType::Integer, "Bodies set aside because they break the contract"),
        needed("failed", ColumnType::Integer, "Interviews given up after the last try"),
        optional("excluded", ColumnType::Integer, "Interviews that a pattern kept out for the first time"),
        optional("still_open", ColumnType::Integer, "Interviews seen that are still open"),
        optional("left", ColumnType::Integer, "Interviews that were due and not reached"),
        optional("retries", ColumnType::Integer, "Requests sent because an earlier one of the same call failed"),
        optional("limited", ColumnType::Integer, "Requests that were answered 429"),
        optional("waited_seconds", ColumnType::Integer, "Seconds that requests were held back for the limit's sake"),
        optional("bytes", ColumnType::Integer, "Bytes of bodies, decompressed"),
        optional("error", ColumnType::Text, "What ended the run badly; null if nothing did"),
    ],
};

/// Every table, in the order of the data.
pub const TABLES: &[&Table] = &[
    &INTERVIEWS,
    &OPEN_INTERVIEWS,
    &RESPONSES,
    &QUESTIONS,
    &CANDIDATES,
    &RESPONSE_METRICS,
    &INTERVIEW_METRICS,
    &KEYWORD_HITS,
    &AUDIO,
    &DELIVERIES,
    &RUNS,
];

#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// Tables that are not derived from others, in the order in which they are published: a visible interview always has its
/// answers and its candidate.
pub const SOURCES: &[&str] =
    &["candidates", "responses", "questions", "audio", "deliveries", "runs", "interviews", "open_interviews"];

/// Whether a table is not derived from others.
#[must_use]
pub fn is_source(table: &str) -> bool {
    SOURCES.contains(&table)
}
