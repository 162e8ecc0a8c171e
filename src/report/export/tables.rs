//! The tables of a report: column names, and cells of a few types.

use std::borrow::Cow;

use crate::report::model::{
    DepartmentReport, Distribution, Figures, JobReport, Keyword, KeywordCounts, OtherJobs, PlaceOfQuestion, Quality,
    QuestionReport, Report, SpanFigures, Week, WeekFigures, WordingReport,
};

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum CellValue<'a> {
    Empty,
    /// Unescaped text, mostly that of the report itself: a table of keywords has some hundred thousand rows. Each
    /// exporter must keep it from being read as anything but text.
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    /// A share from 0 to 1.
    Share(f64),
    Flag(bool),
}

pub struct TableColumn {
    pub name: String,
    /// Whether bars in the cells help to compare the rows.
    pub has_bars: bool,
}

pub struct Table<'a> {
    pub columns: Vec<TableColumn>,
    pub rows: Vec<Vec<CellValue<'a>>>,
}

impl<'a> Table<'a> {
    fn new(columns: impl IntoIterator<Item = String>) -> Self {
        let has_bars = |name: &str| name == "share" || name == "coverage" || name == "completion_rate";
        let column = |name: String| TableColumn { has_bars: has_bars(&name), name };
        Self { columns: columns.into_iter().map(column).collect(), rows: Vec::new() }
    }

    /// Index of a column.
    pub fn place(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column.name == name).expect("the table has a column of this name")
    }

    /// Adds a row. A short row is filled with empty cells.
    fn push(&mut self, mut row: Vec<CellValue<'a>>) {
        debug_assert!(row.len() <= self.columns.len(), "a row has no more cells than columns");
        row.resize(self.columns.len(), CellValue::Empty);
        self.rows.push(row);
    }
}

const JOB: [&str; 3] = ["job_id", "job_title", "department"];
/// What is shown of a figure by question.
const QUARTILES: [&str; 3] = ["median", "quartile_1", "quartile_3"];
pub(super) const PARTS: [&str; 6] = ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"];

/// One row per job, and one of those that are counted together, whose counts of interviews are in the rows above.
/// What was said is empty where it is counted with other jobs.
pub fn jobs(report: &Report) -> Table<'_> {
    let mut names: Vec<String> = owned(&JOB);
    names.push("with_other_jobs".to_owned());
    names.extend(VOLUME.map(|(name, _)| name.to_owned()));
    names.push("expiring_within_72_hours".to_owned());
    names.extend(SAID.map(|(name, _)| name.to_owned()));
    names.extend(QUALITY.map(|(name, _)| name.to_owned()));
    names.extend(DISTRIBUTIONS.iter().flat_map(|(name, _)| parts_of(name)));
    names.extend(PREVIOUS.map(|(name, _)| format!("previous_{name}")));
    let mut table = Table::new(names);
    for job in &report.jobs {
        let mut row = job_cells(job);
        row.push(CellValue::Flag(job.is_pooled));
        row.extend(VOLUME.map(|(_, of)| of(&job.figures)));
        row.push(CellValue::Integer(job.open.expiring));
        row.extend(SAID.map(|(_, of)| of(&job.figures)));
        row.extend(
            QUALITY.map(|(_, of)| job.quality.as_ref().map_or(CellValue::Empty, |one| CellValue::Integer(of(one)))),
        );
        row.extend(DISTRIBUTIONS.iter().flat_map(|(_, of)| parts(of(&job.figures))));
        row.extend(PREVIOUS.map(|(_, of)| job.previous.as_ref().map_or(CellValue::Empty, of)));
        table.push(row);
    }
    if let Some(OtherJobs { job_ids, figures }) = &report.other_jobs {
        let mut row =
            vec![CellValue::Empty, CellValue::Text(format!("other jobs ({})", job_ids.len()).into()), CellValue::Empty];
        row.push(CellValue::Flag(true));
        row.extend(VOLUME.map(|_| CellValue::Empty));
        row.push(CellValue::Empty);
        row.extend(SAID.map(|(_, of)| of(figures)));
        row.extend(QUALITY.map(|_| CellValue::Empty));
        row.extend(DISTRIBUTIONS.iter().flat_map(|(_, of)| parts(of(figures))));
        table.push(row);
    }
    table
}

type DistributionColumns = (&'static str, fn(&Figures) -> &Distribution);
type FigureColumn = (&'static str, fn(&Figures) -> CellValue<'static>);
/// Counts of a group's interviews, and the shares of these.
pub(super) const VOLUME: [FigureColumn; 7] = [
    ("completed", |figures| CellValue::Integer(figures.completed)),
    ("expired", |figures| CellValue::Integer(figures.expired)),
    ("completion_from", |figures| day(figures.completion.completion_from)),
    ("completion_last", |figures| day(figures.completion.completion_last)),
    ("completion_cohort", |figures| CellValue::Integer(figures.completion.completion_cohort)),
    ("completion_rate", |figures| share(figures.completion.completion_rate)),
    ("still_open_share", |figures| share(figures.completion.still_open_share)),
];
/// What was said, besides distributions.
pub(super) const SAID: [FigureColumn; 4] = [
    ("described", |figures| CellValue::Integer(figures.described)),
    ("responses", |figures| count(figures.responses)),
    ("answered", |figures| count(figures.answered)),
    ("pooled_words_per_minute", |figures| number(figures.pooled_words_per_minute)),
];
type QualityColumn = (&'static str, fn(&Quality) -> i64);
pub(super) const QUALITY: [QualityColumn; 5] = [
    ("interviews_without_answers", |quality| quality.interviews_without_answers),
    ("answers_without_duration", |quality| quality.answers_without_duration),
    ("answers_without_transcript", |quality| quality.answers_without_transcript),
    ("answers_with_empty_transcript", |quality| quality.answers_with_empty_transcript),
    ("answers_paced_above_400", |quality| quality.answers_paced_above_400),
];
/// The figures that are repeated for the previous period.
const PREVIOUS: [FigureColumn; 5] = [
    ("completed", |figures| CellValue::Integer(figures.completed)),
    ("completion_rate", |figures| share(figures.completion.completion_rate)),
    ("total_duration_seconds_median", |figures| number(figures.total_duration_seconds.median)),
    ("average_response_length_median", |figures| number(figures.average_response_length.median)),
    ("words_per_minute_median", |figures| number(figures.words_per_minute.median)),
];

/// Distributions of a group. Each fills as many columns as [`PARTS`] has names.
pub(super) const DISTRIBUTIONS: [DistributionColumns; 8] = [
    ("total_duration_seconds", |figures| &figures.total_duration_seconds),
    ("average_response_length", |figures| &figures.average_response_length),
    ("elapsed_seconds", |figures| &figures.elapsed_seconds),
    ("days_to_complete", |figures| &figures.days_to_complete),
    ("word_count", |figures| &figures.word_count),
    ("words_per_minute", |figures| &figures.words_per_minute),
    ("question_count", |figures| &figures.question_count),
    ("answered_share", |figures| &figures.answered_share),
];

/// The figures over all jobs as tables of one row: of this period, and of the previous one if there is one.
pub fn overall_by_period(report: &Report) -> Vec<(&'static str, Table<'_>)> {
    let table = |figures: &Figures| {
        let mut names: Vec<String> = VOLUME.iter().chain(&SAID).map(|(name, _)| (*name).to_owned()).collect();
        names.extend(DISTRIBUTIONS.iter().flat_map(|(name, _)| parts_of(name)));
        let mut row: Vec<CellValue<'_>> = VOLUME.iter().chain(&SAID).map(|(_, of)| of(figures)).collect();
        row.extend(DISTRIBUTIONS.iter().flat_map(|(_, of)| parts(of(figures))));
        let mut table = Table::new(names);
        table.push(row);
        table
    };
    let before = report.overall_previous.as_ref().map(|figures| ("All jobs, before", table(figures)));
    std::iter::once(("All jobs", table(&report.overall))).chain(before).collect()
}

/// One row per question of each job.
pub fn questions(report: &Report) -> Table<'_> {
    let mut names = owned(&JOB);
    names.extend(owned(&["question_text", "question_type", "other_texts", "asked", "coverage"]));
    let quartiles = |figure: &str| QUARTILES.map(|part| format!("{figure}_{part}"));
    for figure in ["word_count", "duration_seconds", "words_per_minute"] {
        names.extend(quartiles(figure));
    }
    names.push("time_limit_seconds".to_owned());
    names.extend(quartiles("time_limit_share"));
    names.extend(owned(&["at_limit_share", "thin_share", "median_words_by_place", "wordings"]));
    let mut table = Table::new(names);
    for job in &report.jobs {
        for question in &job.questions {
            let mut row = job_cells(job);
            row.extend([maybe(question.question_text.as_deref()), maybe(question.question_type.as_deref())]);
            row.extend([count(question.other_texts), count(question.asked), share(question.coverage)]);
            let quartiles = |of: &Distribution| [of.median, of.quartile_1, of.quartile_3].map(number);
            for distribution in [&question.word_count, &question.duration_seconds, &question.words_per_minute] {
                row.extend(quartiles(distribution));
            }
            row.push(number(question.time_limit_seconds));
            row.extend(quartiles(&question.time_limit_share));
            row.extend([share(question.at_limit_share), share(question.thin_share)]);
            row.extend([by_place(question), wordings(question)]);
            table.push(row);
        }
    }
    table
}

/// `1: 120 (60); 2: 95 (40)`: the place, median words, and answers.
fn by_place(question: &QuestionReport) -> CellValue<'static> {
    let words = |one: &PlaceOfQuestion| one.median_words.map_or_else(String::new, |words| words.to_string());
    let place = |one: &PlaceOfQuestion| format!("{}: {} ({})", one.place, words(one), one.answers);
    let places: Vec<String> = question.by_place.iter().map(place).collect();
    list(places.join("; "))
}

/// `2026-03-02 to 2026-05-03: …`, a line for each text that the question has had.
fn wordings(question: &QuestionReport) -> CellValue<'static> {
    let wording = |one: &WordingReport| {
        format!("{} to {}: {}", one.first, one.last, one.question_text.as_deref().unwrap_or_default())
    };
    let all: Vec<String> = question.wordings.iter().map(wording).collect();
    list(all.join("\n"))
}

fn list(text: String) -> CellValue<'static> {
    if text.is_empty() { CellValue::Empty } else { CellValue::Text(text.into()) }
}

/// One row per department, if there are several.
pub fn departments(report: &Report) -> Table<'_> {
    let mut names = owned(&["department", "jobs"]);
    names.extend(VOLUME.map(|(name, _)| name.to_owned()));
    names.push("expiring_within_72_hours".to_owned());
    names.extend(SAID.map(|(name, _)| name.to_owned()));
    names.extend(DISTRIBUTIONS.iter().flat_map(|(name, _)| parts_of(name)));
    names.extend(PREVIOUS.map(|(name, _)| format!("previous_{name}")));
    let mut table = Table::new(names);
    for DepartmentReport { department, job_ids, figures, previous, expiring } in &report.departments {
        let mut row = vec![text(department), CellValue::Integer(i64::try_from(job_ids.len()).expect("few jobs"))];
        row.extend(VOLUME.map(|(_, of)| of(figures)));
        row.push(CellValue::Integer(*expiring));
        row.extend(SAID.map(|(_, of)| of(figures)));
        row.extend(DISTRIBUTIONS.iter().flat_map(|(_, of)| parts(of(figures))));
        row.extend(PREVIOUS.map(|(_, of)| previous.as_ref().map_or(CellValue::Empty, of)));
        table.push(row);
    }
    table
}

const KEYWORD: [&str; 11] = [
    "set",
    "term",
    "category",
    "by",
    "of",
    "interviews",
    "share",
    "previous_share",
    "responses",
    "mentions",
    "negated",
];

/// One row per keyword: first over all jobs, where the job is empty, then for each job.
pub fn keywords(report: &Report) -> Table<'_> {
    let mut table = Table::new(owned(&JOB).into_iter().chain(owned(&KEYWORD)));
    each_keyword(report, |job, keyword| {
        let mut row = start(job, keyword, "all", None);
        let KeywordCounts { interviews, share: of_completed, responses, mentions, negated } = &keyword.counts;
        row.extend([CellValue::Integer(*interviews), CellValue::Share(*of_completed), share(keyword.previous_share)]);
        row.extend([responses, mentions, negated].map(|count| CellValue::Integer(*count)));
        table.push(row);
    });
    table
}

/// One row per keyword and question, question type or span of weeks in which it occurs. The columns are those of [`keywords`].
pub fn keyword_parts(report: &Report) -> Table<'_> {
    let mut table = Table::new(owned(&JOB).into_iter().chain(owned(&KEYWORD)));
    each_keyword(report, |job, keyword| {
        let questions = job.map_or(&[][..], |job| job.questions.as_slice());
        let by_question = keyword.by_question.iter().zip(questions);
        let by_question =
            by_question.map(|(cell, question)| ("question", question.question_text.as_deref().map(Cow::from), cell));
        let kinds = job.map_or(&[][..], |job| job.question_types.as_slice());
        let by_kind = keyword.by_question_type.iter().enumerate();
        let by_kind = by_kind
            .map(|(at, cell)| ("question_type", cell.of.as_ref().or_else(|| kinds.get(at)).map(Cow::from), cell));
        let spans = job.map_or(&report.spans, |job| &job.spans);
        let by_span = keyword.by_span.iter().zip(spans);
        let by_span = by_span.map(|(cell, span)| ("weeks", Some(Cow::from(span_name(&report.weeks, span))), cell));
        for (by, of, cell) in by_question.chain(by_kind).chain(by_span) {
            if cell.share.is_some_and(|share| share > 0.0) {
                let mut row = start(job, keyword, by, of);
                row.extend([count(cell.interviews), share(cell.share)]);
                table.push(row);
            }
        }
    });
    table
}

/// One row per distinctive term of each job.
pub fn distinctive(report: &Report) -> Table<'_> {
    let mut names = owned(&JOB);
    names.extend(owned(&["set", "term", "n", "others_n", "share", "others_share"]));
    names.extend(owned(&["log_odds_ratio", "signed_root_g2", "p", "q"]));
    let mut table = Table::new(names);
    for job in &report.jobs {
        for term in &job.distinctive {
            let mut row = job_cells(job);
            row.extend([
                text(&term.set),
                text(&term.term),
                CellValue::Integer(term.n),
                CellValue::Integer(term.others_n),
            ]);
            row.extend([CellValue::Share(term.share), CellValue::Share(term.others_share)]);
            let figures = [term.log_odds_ratio, term.signed_root_g2, term.p, term.q];
            row.extend(figures.map(CellValue::Float));
            table.push(row);
        }
    }
    table
}

/// One row per finding: first those that the report names, then the others of each job.
pub fn needs_a_look(report: &Report) -> Table<'_> {
    let names = ["job_id", "job", "kind", "is_new", "what", "value", "previous", "n", "previous_n", "test", "p", "q"];
    let mut table = Table::new(owned(&names).into_iter().chain(["effect".to_owned()]));
    let named = &report.needs_a_look.findings;
    let of_jobs = report.jobs.iter().flat_map(|job| &job.findings).filter(|one| !named.contains(one));
    for finding in named.iter().chain(of_jobs) {
        let mut row = vec![maybe(finding.job_id.as_deref()), maybe(finding.job.as_deref())];
        row.extend([text(finding.kind.as_str()), CellValue::Flag(finding.is_new), text(&finding.text)]);
        row.extend([CellValue::Float(finding.value), number(finding.previous), CellValue::Integer(finding.n)]);
        row.extend([count(finding.previous_n), text(finding.test)]);
        row.extend([finding.p, finding.q, finding.effect].map(number));
        table.push(row);
    }
    table
}

/// Completed interviews by week: one row over all jobs, then one per job.
pub fn weeks(report: &Report) -> Table<'_> {
    let mut names = owned(&JOB);
    names.extend(report.weeks.iter().map(|week| week.name.clone()));
    let mut table = Table::new(names);
    let completed = |weekly: &[WeekFigures]| -> Vec<CellValue<'_>> {
        weekly.iter().map(|week| CellValue::Integer(week.completed)).collect()
    };
    if !report.weekly.is_empty() {
        table.push([vec![CellValue::Empty, text("all jobs"), CellValue::Empty], completed(&report.weekly)].concat());
    }
    for job in &report.jobs {
        table.push([job_cells(job), completed(&job.weekly)].concat());
    }
    table
}

fn each_keyword<'a>(report: &'a Report, mut each: impl FnMut(Option<&'a JobReport>, &'a Keyword)) {
    report.keywords.iter().for_each(|keyword| each(None, keyword));
    for job in &report.jobs {
        job.keywords.iter().for_each(|keyword| each(Some(job), keyword));
    }
}

/// The cells of the columns in [`JOB`].
fn job_cells(job: &JobReport) -> Vec<CellValue<'_>> {
    vec![text(&job.job_id), maybe(job.job_title.as_deref()), maybe(job.department.as_deref())]
}

fn start<'a>(
    job: Option<&'a JobReport>,
    keyword: &'a Keyword,
    by: &'static str,
    of: Option<Cow<'a, str>>,
) -> Vec<CellValue<'a>> {
    let mut row = job.map_or_else(|| vec![CellValue::Empty; JOB.len()], job_cells);
    row.extend([text(&keyword.set), text(&keyword.term), maybe(keyword.category.as_deref()), text(by)]);
    row.push(of.map_or(CellValue::Empty, CellValue::Text));
    row
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn parts_of(figure: &str) -> Vec<String> {
    PARTS.iter().map(|part| format!("{figure}_{part}")).collect()
}

pub(super) fn parts(distribution: &Distribution) -> Vec<CellValue<'static>> {
    let Distribution { n, median, quartile_1, quartile_3, mean, standard_deviation } = distribution;
    let rest = [median, quartile_1, quartile_3, mean, standard_deviation].map(|value| number(*value));
    std::iter::once(count(*n)).chain(rest).collect()
}

fn text(text: &str) -> CellValue<'_> {
    CellValue::Text(text.into())
}

fn maybe(text: Option<&str>) -> CellValue<'_> {
    text.map_or(CellValue::Empty, |text| CellValue::Text(text.into()))
}

pub(super) fn count(count: Option<i64>) -> CellValue<'static> {
    count.map_or(CellValue::Empty, CellValue::Integer)
}

fn day(day: Option<jiff::civil::Date>) -> CellValue<'static> {
    day.map_or(CellValue::Empty, |day| CellValue::Text(day.to_string().into()))
}

/// `2026-W20`, or `2026-W20 to 2026-W22`.
pub fn span_name(weeks: &[Week], span: &SpanFigures) -> String {
    let name = |at: usize| weeks.get(at).map_or("", |week| week.name.as_str());
    match span.weeks {
        1 => name(span.week).to_owned(),
        count => format!("{} to {}", name(span.week), name(span.week + count - 1)),
    }
}

pub(super) fn number(number: Option<f64>) -> CellValue<'static> {
    number.map_or(CellValue::Empty, CellValue::Float)
}

pub(super) fn share(share: Option<f64>) -> CellValue<'static> {
    share.map_or(CellValue::Empty, CellValue::Share)
}
