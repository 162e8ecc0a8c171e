//! The table of runs.

use super::column::{ColumnType, Table, needed, optional};

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
