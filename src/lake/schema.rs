//! The lake's tables: an explicit schema with a description of every column. Changes may only add nullable columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::conform::conformed;

/// Metadata key of every file: the name of its table.
pub const TABLE: &str = "roundup.table";
/// Metadata key of every file: the version of the tables.
pub const SCHEMA: &str = "roundup.schema";
/// Metadata key of a derived file: the month and name of what it was made from.
pub const SOURCE: &str = "roundup.source";
/// Metadata key of a derived file: the SHA-256 of what it was made from.
pub const SOURCE_SHA256: &str = "roundup.source_sha256";
/// Metadata key of a derived file: the hash of the keyword set that it was made with.
pub const SET_SHA256: &str = "roundup.set_sha256";

/// Version of the tables, which is written into every file.
pub const SCHEMA_VERSION: &str = "2";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Integer,
    Float,
    Flag,
    /// UTC, microseconds.
    Time,
    /// A list of ranges of the original transcript with an exclusive end, in bytes and in Unicode scalar values, each with
    /// whether it is negated.
    Places,
    /// A list of names, each with a count.
    Counts,
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
            Self::Places => DataType::List(place_field()),
            Self::Counts => DataType::List(count_field()),
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
            Self::Places => {
                "STRUCT(\"start\" BIGINT, \"end\" BIGINT, start_char BIGINT, end_char BIGINT, negated BOOLEAN)[]"
            }
            Self::Counts => "STRUCT(\"name\" VARCHAR, \"count\" BIGINT)[]",
        }
    }
}

/// The field of a list of places. It has the name that the Parquet format gives it.
#[must_use]
pub fn place_field() -> FieldRef {
    Arc::new(Field::new("element", DataType::Struct(place_fields()), false))
}

/// The fields of one place of a hit. Files of version 1 have only the first two.
#[must_use]
pub fn place_fields() -> Fields {
    Fields::from(vec![
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("start_char", DataType::Int64, true),
        Field::new("end_char", DataType::Int64, true),
        Field::new("negated", DataType::Boolean, true),
    ])
}

/// The field of a list of counts.
fn count_field() -> FieldRef {
    Arc::new(Field::new("element", DataType::Struct(count_fields()), false))
}

/// The fields of one count.
#[must_use]
pub fn count_fields() -> Fields {
    Fields::from(vec![Field::new("name", DataType::Utf8, false), Field::new("count", DataType::Int64, false)])
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

    /// The values of the partition columns at a place below the table; null where its path has none.
    #[must_use]
    pub fn partition_values(&self, place: &str) -> BTreeMap<String, Option<String>> {
        let value = |column: &str| {
            place.split('/').find_map(|part| Some(part.strip_prefix(column)?.strip_prefix('=')?.to_owned()))
        };
        self.partitions.iter().map(|column| ((*column).to_owned(), value(column))).collect()
    }

    /// Rows of a file under the table's own schema. The file may be older: its descriptions may differ, and a column
    /// that it lacks is null, and so is what the places of its hits lack.
    ///
    /// # Errors
    /// When a column has another type, or one that is never null is missing.
    pub fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let column = |column: &Column| match batch.column_by_name(column.name) {
            Some(values) => conformed(values, &column.column_type.arrow()),
            None => Ok(new_null_array(&column.column_type.arrow(), batch.num_rows())),
        };
        RecordBatch::try_new(self.arrow(), self.columns.iter().map(column).collect::<Result<_, _>>()?)
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
const JOB_ID: Column = optional("job_id", ColumnType::Text, "The vendor's id of the job; null if the body has none");
const QUESTION_ID: Column =
    optional("question_id", ColumnType::Text, "The vendor's id of the question; null if the body has none");
const POSITION: Column = needed("position", ColumnType::Integer, "0-based place of the answer in responses[]");
const SETTLED_AT: Column = optional(
    "settled_at",
    ColumnType::Time,
    "completed_at; of an expired interview expires_at; failing that the latest time the body holds; null if it holds none, \
     and in open interviews",
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
    optional("job_title", ColumnType::Text, "Title of the job as this body had it; null if it had none"),
    optional("department", ColumnType::Text, "Department of the job as this body had it; null if it had none"),
    optional(
        "candidate_key",
        ColumnType::Text,
        "HMAC-SHA256 of the candidate's id under this lake's key, in hex; null without an id",
    ),
    optional("created_at", ColumnType::Time, "When the interview was created; null if the body does not say"),
    optional("started_at", ColumnType::Time, "When the candidate began; null before that, or if the body does not say"),
    optional(
        "completed_at",
        ColumnType::Time,
        "When the candidate finished; null unless it is completed, or if the body does not say",
    ),
    optional(
        "expires_at",
        ColumnType::Time,
        "When the interview expires or has expired; null if the body does not say",
    ),
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

pub const JOBS: Table = Table {
    name: "jobs",
    row: "one job, as the interviews of the lake have it, open ones included; the table is one file, replaced as a whole",
    key: &["job_id"],
    sorted_by: &["job_id"],
    partitions: &[],
    columns: &[
        optional("job_id", ColumnType::Text, "The vendor's id of the job; null for interviews without a job"),
        optional("job_title", ColumnType::Text, "Its latest title; null if none of its interviews has one"),
        optional("department", ColumnType::Text, "Its latest department; null if none of its interviews has one"),
        needed("first_seen_at", ColumnType::Time, "When this lake first saw an interview of it"),
        needed("last_seen_at", ColumnType::Time, "When the newest body of its interviews was fetched or imported"),
        needed("completed", ColumnType::Integer, "Its completed interviews"),
        needed("expired", ColumnType::Integer, "Its expired interviews"),
        needed("invited", ColumnType::Integer, "Its open interviews that are invited"),
        needed("in_progress", ColumnType::Integer, "Its open interviews that are in progress"),
        needed("other", ColumnType::Integer, "Its open interviews with a status not known yet"),
    ],
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
        optional("question_text", ColumnType::Text, "The question as it was asked; null if the body has none"),
        optional(
            "question_type",
            ColumnType::Text,
            "The vendor's word for the kind of question; null if the body has none",
        ),
        optional(
            "transcript",
            ColumnType::Text,
            "What the candidate said, as transcribed by the vendor; null if there is no transcript (yet), or if it was erased",
        ),
        optional(
            "duration_seconds",
            ColumnType::Float,
            "Length of the recording in seconds; null if the body has none, or none that can be true",
        ),
        optional("answered_at", ColumnType::Time, "When the answer was given; null if the body does not say"),
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
        optional("question_text", ColumnType::Text, "The question; null if the body has none"),
        optional(
            "question_type",
            ColumnType::Text,
            "The vendor's word for the kind of question; null if the body has none",
        ),
        optional(
            "time_limit_seconds",
            ColumnType::Float,
            "How long an answer may be, in seconds; null if the body does not say",
        ),
        optional(
            "question_order",
            ColumnType::Integer,
            "The vendor's order; it may have gaps; null if the body does not say",
        ),
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
        optional("candidate_key", ColumnType::Text, "As in interviews; null if the body has no id of the candidate"),
        INTERVIEW_ID,
        optional("name", ColumnType::Text, "The candidate's name; null if the body has none"),
        optional("email", ColumnType::Text, "The candidate's e-mail address; null if the body has none"),
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
        optional(
            "length_utf16",
            ColumnType::Integer,
            "UTF-16 code units of the transcript; null without one, or if length was not asked for",
        ),
        optional(
            "char_count",
            ColumnType::Integer,
            "Unicode scalar values of the transcript; null when length_utf16 is",
        ),
        optional(
            "word_count",
            ColumnType::Integer,
            "UAX #29 word segments with at least one alphanumeric character; null without a transcript, where Han, Kana or Thai \
             dominate, or if words were not asked for",
        ),
        optional(
            "unique_words",
            ColumnType::Integer,
            "Distinct words, case-folded; null where words cannot be counted, or if richness was not asked for",
        ),
        optional(
            "words_per_minute",
            ColumnType::Float,
            "60 * word_count / duration_seconds; null without a duration above 0, where words cannot be counted, or if pace was \
             not asked for",
        ),
        optional(
            "filler_count",
            ColumnType::Integer,
            "Matches of the shipped keyword set fillers, as transcribed; null without a transcript, or if fillers were not asked for",
        ),
        optional(
            "mattr_50",
            ColumnType::Float,
            "Mean type-token ratio over every window of 50 words; null below 50 words and when unique_words is",
        ),
        optional(
            "language",
            ColumnType::Text,
            "ISO 639-1 code of the transcript's language; null below 40 characters, when unsure, or if language was not asked for",
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
        optional("elapsed_seconds", ColumnType::Float, "completed_at - started_at, in seconds; null without both"),
        optional("days_to_complete", ColumnType::Float, "completed_at - created_at, in days; null without both"),
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
        optional("category", ColumnType::Text, "Category of the term in its set; null if the set gives none"),
        needed("mentions", ColumnType::Integer, "Occurrences of the term in the transcript"),
        optional(
            "negated",
            ColumnType::Integer,
            "Mentions with a negation among the five words before; null where the transcript is not in English",
        ),
        needed(
            "places",
            ColumnType::Places,
            "Where, in order: offsets into the original transcript in bytes (start, end) and in Unicode scalar values \
             (start_char, end_char), ends exclusive, and whether the mention is negated, which is null where the column \
             negated is; the last three are null in files of older versions",
        ),
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

pub const ERASURES: Table = Table {
    name: "erasures",
    row: "one erasure: what was erased and where, and nobody's name or id",
    key: &["erasure_id"],
    sorted_by: &["erasure_id"],
    partitions: &["month"],
    columns: &[
        needed("erasure_id", ColumnType::Text, "Sorts by time"),
        needed("erased_at", ColumnType::Time, "When it was asked for; the folder is of its month"),
        needed("kind", ColumnType::Text, "forget: persons or interviews; retain: what was older than it is kept"),
        optional(
            "kept_days",
            ColumnType::Text,
            "As JSON, for how many days what is kept: audio, transcripts, candidates, interviews; null for forget",
        ),
        needed("interviews", ColumnType::Integer, "Interviews that it was of"),
        needed("rows", ColumnType::Integer, "Rows that were deleted from the tables, or that lost a transcript"),
        needed("files", ColumnType::Integer, "Files of the tables that were written anew"),
        needed("bytes", ColumnType::Integer, "Size of these files before"),
        needed(
            "places",
            ColumnType::Text,
            "As JSON, how many rows or bodies were erased by place: a table, spool, inbox, quarantine, ledger, links, set-aside",
        ),
        needed("recordings", ColumnType::Integer, "Recordings that were deleted from archives"),
        needed("reports_made_anew", ColumnType::Integer, "Reports that quoted an erased answer and were made anew"),
        needed(
            "reports_without_pages",
            ColumnType::Integer,
            "Reports that quoted an erased answer, could not be made anew, and lost their pages",
        ),
        needed(
            "exports",
            ColumnType::Integer,
            "Exports that were written before and may have the person: they lie elsewhere",
        ),
        optional(
            "sent_to",
            ColumnType::Text,
            "Names of the connectors whose systems were sent answers, and have to be asked, comma-separated; null if none",
        ),
        needed("version", ColumnType::Text, "Version of the program"),
    ],
};

pub const RUNS: Table = Table {
    name: "runs",
    row: "one run of a command that changes the lake: what it did, how long, how it ended",
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
        optional(
            "excluded",
            ColumnType::Integer,
            "Interviews that a pattern kept out for the first time; null in files of older versions",
        ),
        optional(
            "still_open",
            ColumnType::Integer,
            "Interviews seen that are still open; null in files of older versions",
        ),
        optional(
            "left",
            ColumnType::Integer,
            "Interviews that were due and not reached; null in files of older versions",
        ),
        optional(
            "retries",
            ColumnType::Integer,
            "Requests sent because an earlier one of the same call failed; null in files of older versions",
        ),
        optional("limited", ColumnType::Integer, "Requests that were answered 429; null in files of older versions"),
        optional(
            "waited_seconds",
            ColumnType::Integer,
            "Seconds that requests were held back for the limit's sake; null in files of older versions",
        ),
        optional("bytes", ColumnType::Integer, "Bytes of bodies, decompressed; null in files of older versions"),
        optional("error", ColumnType::Text, "What ended the run badly; null if nothing did"),
        optional(
            "command",
            ColumnType::Text,
            "run, or the command that ran alone: ingest, import, analyze, audio, ats, quarantine, repair, compact, forget, \
             retain; null in files \
             of older versions, which have only rows of run",
        ),
        optional(
            "completed",
            ColumnType::Integer,
            "Interviews published by this run that were completed; like the figures after it null without an ingest, and in \
             files of older versions",
        ),
        optional("expired", ColumnType::Integer, "Interviews published by this run that expired; null as completed is"),
        optional(
            "by_event",
            ColumnType::Integer,
            "Completed interviews published by this run that were first seen through an event; null as completed is",
        ),
        optional(
            "answers",
            ColumnType::Integer,
            "Answers of the completed interviews published by this run; null as completed is",
        ),
        optional(
            "without_transcript",
            ColumnType::Integer,
            "Those of the answers that came without a transcript, as of the end of the run; null as completed is",
        ),
        optional(
            "without_duration",
            ColumnType::Integer,
            "Those of the answers that came without a duration; null as completed is",
        ),
        optional(
            "median_duration_seconds",
            ColumnType::Float,
            "Median duration of the answers; null without any that has one, and as completed is",
        ),
        optional(
            "completed_by_job",
            ColumnType::Counts,
            "Completed interviews published by this run, by the id of the job; null as completed is",
        ),
        optional(
            "answers_by_type",
            ColumnType::Counts,
            "The answers by the vendor's word for the type of question; null as completed is",
        ),
        optional(
            "recordings_archived",
            ColumnType::Integer,
            "Recordings that were archived; null without that stage, and in files of older versions",
        ),
        optional(
            "recordings_not_archived",
            ColumnType::Integer,
            "Recordings that could not be archived, for now or for good; null as recordings_archived is",
        ),
        optional(
            "recordings_found",
            ColumnType::Integer,
            "Recordings that were in the archive and are only recorded; null as recordings_archived is",
        ),
        optional("recordings_left", ColumnType::Integer, "Recordings not reached; null as recordings_archived is"),
        optional(
            "recordings_bytes",
            ColumnType::Integer,
            "Bytes of the recordings that were archived; null as recordings_archived is",
        ),
        optional(
            "interviews_sent",
            ColumnType::Integer,
            "Interviews that were sent to applicant tracking systems, once for each; null without that stage, and in files of \
             older versions",
        ),
        optional(
            "interviews_not_sent",
            ColumnType::Integer,
            "Interviews that could not be sent, for now or for good; null as interviews_sent is",
        ),
        optional(
            "interviews_not_sent_yet",
            ColumnType::Integer,
            "Interviews that wait for their candidate or their recordings, or were not reached; null as interviews_sent is",
        ),
        optional(
            "interviews_erased",
            ColumnType::Integer,
            "Interviews of which something was erased by its age; null without that stage, and in files of older versions",
        ),
        optional(
            "rows_erased",
            ColumnType::Integer,
            "Rows that were erased or changed so; null as interviews_erased is",
        ),
        optional(
            "recordings_erased",
            ColumnType::Integer,
            "Recordings that were erased so; null as interviews_erased is",
        ),
        optional(
            "unfinished_erasures",
            ColumnType::Integer,
            "Erasures that were begun and not over at the end of the run; null in rows of other commands, and in files of \
             older versions",
        ),
        optional(
            "expectations",
            ColumnType::Integer,
            "What was expected and judged; null without [expect] or an ingest, and in files of older versions",
        ),
        optional("expectations_unmet", ColumnType::Integer, "What was not as expected; null as expectations is"),
        optional(
            "unmet_by_expectation",
            ColumnType::Counts,
            "The same by the word of the expectation, 0 for one that was met; null as expectations is",
        ),
        optional("ingest_seconds", ColumnType::Float, "How long the ingest took, in seconds; null if it did not run"),
        optional("analyze_seconds", ColumnType::Float, "The same of the analysis; null if it did not run"),
        optional("retain_seconds", ColumnType::Float, "The same of what was erased by age; null if it did not run"),
        optional("report_seconds", ColumnType::Float, "The same of the report; null if it did not run"),
        optional("export_seconds", ColumnType::Float, "The same of the exports; null if they did not run"),
        optional(
            "audio_seconds",
            ColumnType::Float,
            "The same of archiving recordings after the ingest; null if it did not run",
        ),
        optional("ats_seconds", ColumnType::Float, "The same of sending interviews; null if it did not run"),
        optional("expect_seconds", ColumnType::Float, "The same of judging the night; null without an ingest"),
        optional("compact_seconds", ColumnType::Float, "The same of merging small files; null if it did not run"),
        optional("mirror_seconds", ColumnType::Float, "The same of the mirror; null if it did not run"),
    ],
};

/// Every table, in the order of the data.
pub const TABLES: &[&Table] = &[
    &INTERVIEWS,
    &OPEN_INTERVIEWS,
    &JOBS,
    &RESPONSES,
    &QUESTIONS,
    &CANDIDATES,
    &RESPONSE_METRICS,
    &INTERVIEW_METRICS,
    &KEYWORD_HITS,
    &AUDIO,
    &DELIVERIES,
    &ERASURES,
    &RUNS,
];

#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// Tables that are not derived from others, in the order in which they are published: a visible interview always has its
/// answers and its candidate.
pub const SOURCES: &[&str] = &[
    "candidates",
    "responses",
    "questions",
    "audio",
    "deliveries",
    "erasures",
    "runs",
    "interviews",
    "open_interviews",
];

/// The place of a table in the order in which files are published; those of derived tables are last.
#[must_use]
pub fn rank(table: &str) -> usize {
    SOURCES.iter().position(|name| *name == table).unwrap_or(SOURCES.len())
}

/// Whether a table is not derived from others.
#[must_use]
pub fn is_source(table: &str) -> bool {
    SOURCES.contains(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_can_be_null_say_when() {
        for table in TABLES {
            for column in table.columns.iter().filter(|column| column.nullable) {
                let Column { name, description, .. } = column;
                assert!(description.contains("null "), "{}.{name}: {description}", table.name);
            }
        }
    }
}
