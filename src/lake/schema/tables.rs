//! The tables of interviews, of what is derived from them, and of what became of them.

use super::column::{Column, ColumnType, Table, needed, optional};

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
