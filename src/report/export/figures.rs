//! `figures.parquet`: a row for each figure, so that a dashboard needs no arithmetic of its own.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::tables::{CellValue, DISTRIBUTIONS, QUALITY, SAID, VOLUME, count, number, parts, parts_of, share};
use crate::lake::schema::TABLE;
use crate::report::model::{
    Distribution, Figures, JobReport, Keyword, KeywordCounts, KeywordPart, OpenFigures, Period, Quality,
    QuestionReport, Report, SpanFigures, WeekFigures,
};

/// Version of the file's columns. Later ones only add columns that may be null, and figures.
const VERSION: &str = "1";

/// How many rows are made into columns at once.
const ROWS_AT_ONCE: usize = 1 << 14;

type Column = (&'static str, DataType, bool, &'static str);

/// Name, type, whether it may be null, and description.
const COLUMNS: [Column; 15] = [
    (
        "scope",
        DataType::Utf8,
        false,
        "job, all_jobs, or other_jobs: those of too few persons, whose answers are counted together",
    ),
    ("job_id", DataType::Utf8, true, "The job; null where scope is not job"),
    ("job_title", DataType::Utf8, true, "Title of the job; null where scope is not job, and if none is known"),
    ("department", DataType::Utf8, true, "Department of the job; null where scope is not job, and if none is known"),
    (
        "span",
        DataType::Utf8,
        false,
        "period, previous_period, week, weeks: as many as it takes for enough persons, or now: when the report was made",
    ),
    ("first_day", DataType::Date32, true, "First day of the span, in the report's time zone; null for now"),
    ("until_day", DataType::Date32, true, "First day after the span; null for now"),
    ("figure", DataType::Utf8, false, "Name of the figure"),
    ("question_text", DataType::Utf8, true, "The question; null if it has no text, and where figure is not of one"),
    (
        "question_type",
        DataType::Utf8,
        true,
        "Type of the question; null if it has none, and where figure is not of one",
    ),
    ("keyword_set", DataType::Utf8, true, "Set of the keyword; null where figure is not of one"),
    ("term", DataType::Utf8, true, "The keyword; null where figure is not of one"),
    ("status", DataType::Utf8, true, "The vendor's status; null where figure is not open_interviews"),
    (
        "n",
        DataType::Int64,
        true,
        "How many interviews, or answers, the value was made from; of a count, the count; null if that is not shown",
    ),
    ("value", DataType::Float64, true, "The figure; null if it is of too few persons or cannot be computed"),
];

/// Makes the file.
///
/// # Panics
/// Never: memory takes every row.
#[must_use]
pub fn figures(report: &Report) -> Vec<u8> {
    let pairs = [(TABLE, "figures"), ("roundup.schema", VERSION)];
    let pairs = pairs.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let properties = WriterProperties::builder()
        // A fixed name, because the version of the parquet crate must not change the bytes.
        .set_created_by("roundup".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level")))
        .set_key_value_metadata(Some(pairs.to_vec()));
    let fields = COLUMNS.map(|(name, kind, nullable, description)| {
        let metadata = HashMap::from([("description".to_owned(), description.to_owned())]);
        Field::new(name, kind, nullable).with_metadata(metadata)
    });
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let writer =
        ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties.build())).expect("a plain schema");
    let mut rows = Rows { report, rows: Vec::new(), schema, writer };
    rows.all();
    rows.write();
    rows.writer.into_inner().expect("memory takes every row")
}

/// The columns of some rows, as in [`COLUMNS`].
fn columns(rows: &[Row<'_>]) -> Vec<ArrayRef> {
    let texts = |of: &dyn for<'r> Fn(&'r Row<'_>) -> Option<&'r str>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let days = |of: fn((Date, Date)) -> Date| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.about.days.map(|days| since_1970(of(days)))).collect::<Date32Array>())
    };
    vec![
        texts(&|row| Some(row.about.scope)),
        texts(&|row| row.about.job.map(|job| job.job_id.as_str())),
        texts(&|row| row.about.job.and_then(|job| job.job_title.as_deref())),
        texts(&|row| row.about.job.and_then(|job| job.department.as_deref())),
        texts(&|row| Some(row.about.span)),
        days(|(first, _)| first),
        days(|(_, until)| until),
        texts(&|row| Some(&row.figure)),
        texts(&|row| row.about.question_text),
        texts(&|row| row.about.question_type),
        texts(&|row| row.about.keyword.map(|keyword| keyword.set.as_str())),
        texts(&|row| row.about.keyword.map(|keyword| keyword.term.as_str())),
        texts(&|row| row.about.status),
        Arc::new(rows.iter().map(|row| row.n).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
    ]
}

/// Days since 1970-01-01.
fn since_1970(day: Date) -> i32 {
    i32::try_from(day.duration_since(date(1970, 1, 1)).as_hours() / 24).expect("jiff's years are few")
}

/// What a figure is about.
#[derive(Clone, Copy, Default)]
struct About<'a> {
    scope: &'static str,
    job: Option<&'a JobReport>,
    span: &'static str,
    /// First day of the span, and first day after it.
    days: Option<(Date, Date)>,
    question_text: Option<&'a str>,
    question_type: Option<&'a str>,
    keyword: Option<&'a Keyword>,
    status: Option<&'a str>,
}

struct Row<'a> {
    about: About<'a>,
    figure: String,
    n: Option<i64>,
    value: Option<f64>,
}

/// The parts of the model that one job has, and all jobs together.
struct Group<'a> {
    scope: &'static str,
    job: Option<&'a JobReport>,
    figures: &'a Figures,
    previous: Option<&'a Figures>,
    weekly: &'a [WeekFigures],
    spans: &'a [SpanFigures],
    open: &'a OpenFigures,
    quality: Option<&'a Quality>,
    questions: &'a [QuestionReport],
    question_types: &'a [String],
    keywords: &'a [Keyword],
}

/// The file as it is made: there can be a million rows, so only a few are in memory as such.
struct Rows<'a> {
    report: &'a Report,
    rows: Vec<Row<'a>>,
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl<'a> Rows<'a> {
    fn all(&mut self) {
        let report = self.report;
        let all = Group {
            scope: "all_jobs",
            job: None,
            figures: &report.overall,
            previous: report.overall_previous.as_ref(),
            weekly: &report.weekly,
            spans: &report.spans,
            open: &report.open,
            quality: report.quality.as_ref(),
            questions: &[],
            question_types: &[],
            keywords: &report.keywords,
        };
        let of_job = |job: &'a JobReport| {
            let JobReport {
                figures, previous, weekly, spans, open, quality, questions, question_types, keywords, ..
            } = job;
            Group {
                scope: "job",
                job: Some(job),
                figures,
                previous: previous.as_ref(),
                weekly,
                spans,
                open,
                quality: quality.as_ref(),
                questions,
                question_types,
                keywords,
            }
        };
        self.group(&all);
        report.jobs.iter().for_each(|job| self.group(&of_job(job)));
        if let Some(other) = &report.other_jobs {
            // Their counts of interviews are those of the jobs.
            let about = About { scope: "other_jobs", ..self.about(&all, "period", &report.period) };
            self.said(about, &other.figures);
        }
    }

    /// Writes the rows that are in memory.
    fn write(&mut self) {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns(&self.rows))
            .expect("columns are as the schema says");
        self.writer.write(&batch).expect("memory takes every row");
        self.rows.clear();
    }

    fn group(&mut self, group: &Group<'a>) {
        let period = self.about(group, "period", &self.report.period);
        let previous = self.report.previous_period.as_ref().map(|days| self.about(group, "previous_period", days));
        let now = About { scope: group.scope, job: group.job, span: "now", ..About::default() };
        self.figures(period, group.figures);
        for (name, of) in QUALITY {
            if let Some(quality) = group.quality {
                self.push(period, name, CellValue::Integer(of(quality)), None);
            }
        }
        if let Some((about, figures)) = previous.zip(group.previous) {
            self.figures(about, figures);
        }
        for (week, figures) in group.weekly.iter().enumerate() {
            self.week(self.weeks(group, "week", week, 1), figures);
        }
        let spans: Vec<About<'a>> =
            group.spans.iter().map(|span| self.weeks(group, "weeks", span.week, span.weeks)).collect();
        for (about, span) in spans.iter().zip(group.spans) {
            self.span(*about, span);
        }
        self.open(now, group.open);
        if let Some(quarantined) = group.quality.and_then(|quality| quality.quarantined) {
            self.push(now, "quarantined", CellValue::Integer(quarantined), None);
        }
        for question in group.questions {
            self.question(of_question(period, question), question);
        }
        for keyword in group.keywords {
            let about = About { keyword: Some(keyword), ..period };
            self.keyword(about, keyword, group.figures.described);
            if let Some((about, figures)) = previous.zip(group.previous) {
                let about = About { keyword: Some(keyword), ..about };
                self.push(about, "keyword_share", share(keyword.previous_share), Some(figures.described));
            }
            for (question, part) in group.questions.iter().zip(&keyword.by_question) {
                self.push(of_question(about, question), "keyword_share_by_question", share(part.share), question.asked);
            }
            for (at, part) in keyword.by_question_type.iter().enumerate() {
                let question_type = part.of.as_deref().or_else(|| group.question_types.get(at).map(String::as_str));
                self.push(About { question_type, ..about }, "keyword_share_by_question_type", share(part.share), None);
            }
            for ((about, part), span) in spans.iter().zip(&keyword.by_span).zip(group.spans) {
                let about = About { keyword: Some(keyword), ..*about };
                self.part(about, part, span.described);
            }
        }
    }

    fn about(&self, group: &Group<'a>, span: &'static str, days: &Period) -> About<'a> {
        let days = Some((days.from, days.until));
        About { scope: group.scope, job: group.job, span, days, ..About::default() }
    }

    /// Some weeks in a row. The last one ends with the period.
    fn weeks(&self, group: &Group<'a>, span: &'static str, first: usize, count: usize) -> About<'a> {
        let Report { weeks, period, .. } = self.report;
        let until = weeks.get(first + count).map_or(period.until, |week| week.from);
        let days = Some((weeks[first].from, until));
        About { scope: group.scope, job: group.job, span, days, ..About::default() }
    }

    /// `n` is that of a share, or of a number; a count is its own.
    fn push(&mut self, about: About<'a>, figure: impl Into<String>, value: CellValue<'_>, n: Option<i64>) {
        let (n, value) = match value {
            CellValue::Integer(count) => (Some(count), Some(count as f64)),
            CellValue::Float(value) | CellValue::Share(value) => (n, Some(value)),
            CellValue::Empty | CellValue::Text(_) | CellValue::Flag(_) => (None, None),
        };
        self.rows.push(Row { about, figure: figure.into(), n, value });
        if self.rows.len() == ROWS_AT_ONCE {
            self.write();
        }
    }

    fn distribution(&mut self, about: About<'a>, name: &str, distribution: &Distribution) {
        for (figure, value) in parts_of(name).into_iter().zip(parts(distribution)).skip(1) {
            let n = distribution.n;
            self.push(about, figure, value, n);
        }
    }

    fn figures(&mut self, about: About<'a>, figures: &'a Figures) {
        for (name, of) in VOLUME {
            // Days are no figures: they are in the columns of a span.
            if ["completion_from", "completion_last"].contains(&name) {
                continue;
            }
            let of_settled = name == "completion_rate";
            let completion = &figures.completion;
            let n = if of_settled { completion.completion_settled } else { completion.completion_cohort };
            self.push(about, name, of(figures), Some(n));
        }
        self.said(about, figures);
    }

    /// What was said, and how long it took.
    fn said(&mut self, about: About<'a>, figures: &'a Figures) {
        for (name, of) in SAID {
            self.push(about, name, of(figures), figures.words_per_minute.n);
        }
        for (name, of) in DISTRIBUTIONS {
            self.distribution(about, name, of(figures));
        }
    }

    /// A week's figures have the names that they have in the period.
    fn week(&mut self, about: About<'a>, week: &WeekFigures) {
        self.push(about, "completed", CellValue::Integer(week.completed), None);
        self.push(about, "expired", CellValue::Integer(week.expired), None);
        self.push(about, "completion_rate", share(week.completion_rate), None);
    }

    /// So have those of some weeks.
    fn span(&mut self, about: About<'a>, span: &SpanFigures) {
        let n = Some(span.described);
        self.push(about, "described", CellValue::Integer(span.described), None);
        self.push(about, "total_duration_seconds_median", number(span.median_duration_seconds), n);
        self.push(about, "average_response_length_median", number(span.median_response_length), n);
        self.push(about, "words_per_minute_median", number(span.median_words_per_minute), n);
    }

    fn open(&mut self, now: About<'a>, open: &'a OpenFigures) {
        for status in &open.by_status {
            let about = About { status: Some(&status.status), ..now };
            self.push(about, "open_interviews", CellValue::Integer(status.interviews), None);
        }
        let of_all = [("expiring_within_72_hours", Some(open.expiring)), ("stale", open.stale), ("gone", open.gone)];
        for (name, of) in of_all.into_iter().filter_map(|(name, of)| Some((name, of?))) {
            self.push(now, name, CellValue::Integer(of), None);
        }
    }

    fn question(&mut self, about: About<'a>, question: &QuestionReport) {
        self.push(about, "question_asked", count(question.asked), None);
        self.push(about, "question_coverage", share(question.coverage), question.asked);
        for (name, distribution) in [
            ("word_count", &question.word_count),
            ("duration_seconds", &question.duration_seconds),
            ("words_per_minute", &question.words_per_minute),
            ("time_limit_share", &question.time_limit_share),
        ] {
            let figures = parts_of(&format!("question_{name}")).into_iter().zip(parts(distribution));
            for (figure, value) in figures.skip(1).take(3) {
                self.push(about, figure, value, None);
            }
        }
        self.push(about, "question_time_limit_seconds", number(question.time_limit_seconds), None);
        self.push(about, "question_at_limit_share", share(question.at_limit_share), question.asked);
        self.push(about, "question_thin_share", share(question.thin_share), question.asked);
    }

    fn keyword(&mut self, about: About<'a>, keyword: &Keyword, described: i64) {
        let KeywordCounts { interviews, share: of_all, responses, mentions, negated } = keyword.counts;
        self.push(about, "keyword_interviews", CellValue::Integer(interviews), None);
        self.push(about, "keyword_share", share(Some(of_all)), Some(described));
        self.push(about, "keyword_responses", CellValue::Integer(responses), None);
        self.push(about, "keyword_mentions", CellValue::Integer(mentions), None);
        self.push(about, "keyword_negated", CellValue::Integer(negated), None);
    }

    fn part(&mut self, about: About<'a>, part: &KeywordPart, of: i64) {
        self.push(about, "keyword_interviews", count(part.interviews), None);
        self.push(about, "keyword_share", share(part.share), Some(of));
    }
}

fn of_question<'a>(about: About<'a>, question: &'a QuestionReport) -> About<'a> {
    About {
        question_text: question.question_text.as_deref(),
        question_type: question.question_type.as_deref(),
        ..about
    }
}
