//! The sheets of the workbook: the same cells as in the tables for other programs, with headings in words and units that
//! people read. What a sheet of at most 20 columns cannot hold is in the rows of "Details".

use super::tables::{self, CellValue, Table};
use super::words::{figure_words, unit_of};
use crate::report::model::Report;

/// Number of newest weeks side by side, so that a sheet keeps its width however long the period is.
const WEEKS_ACROSS: usize = 16;

/// How the numbers of a column are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Text,
    /// A text of a sentence or more.
    LongText,
    /// Counts as whole numbers, shares as percent, and other numbers with one decimal.
    Number,
    /// A length in seconds, in minutes.
    Minutes,
    /// A number of which small differences matter, such as a p-value.
    Fine,
}

pub struct SheetColumn {
    pub heading: String,
    pub shown: Shown,
    /// Whether bars in the cells help to compare the rows.
    pub has_bars: bool,
}

pub struct Sheet<'a> {
    pub name: &'static str,
    /// What a row is.
    pub holds: &'static str,
    pub columns: Vec<SheetColumn>,
    pub rows: Vec<Vec<CellValue<'a>>>,
    /// Index of the first of the columns of weeks, which get a sparkline, if there are any.
    pub weeks_from: Option<usize>,
}

/// A column of a table for other programs, and its heading.
type Choice = (&'static str, &'static str, Shown);

const JOB: Choice = ("job_title", "Job", Shown::Text);
const DEPARTMENT: Choice = ("department", "Department", Shown::Text);
const SET: Choice = ("set", "Keyword set", Shown::Text);
const TERM: Choice = ("term", "Keyword", Shown::Text);
const CATEGORY: Choice = ("category", "Category", Shown::Text);
/// Figures of a job, or of a department.
const FIGURES: [Choice; 12] = [
    ("completed", "Completed interviews", Shown::Number),
    ("previous_completed", "Completed before", Shown::Number),
    ("expired", "Expired interviews", Shown::Number),
    ("completion_rate", "Completion rate", Shown::Number),
    ("previous_completion_rate", "Completion rate before", Shown::Number),
    ("expiring_within_72_hours", "Expire within 72 hours", Shown::Number),
    ("total_duration_seconds_median", "Median minutes", Shown::Minutes),
    ("previous_total_duration_seconds_median", "Median minutes before", Shown::Minutes),
    ("average_response_length_median", "Median characters", Shown::Number),
    ("previous_average_response_length_median", "Median characters before", Shown::Number),
    ("words_per_minute_median", "Median words a minute", Shown::Number),
    ("previous_words_per_minute_median", "Median words a minute before", Shown::Number),
];
/// Further figures of a job.
const MORE_OF_A_JOB: [Choice; 6] = [
    ("word_count_median", "Median words of an answer", Shown::Number),
    ("elapsed_seconds_median", "Median minutes from start to end", Shown::Minutes),
    ("days_to_complete_median", "Median days from creation to end", Shown::Number),
    ("answered_share_median", "Median share of questions answered", Shown::Number),
    ("described", "Interviews that the medians are of", Shown::Number),
    ("with_other_jobs", "Counted with other jobs", Shown::Text),
];
const JOBS_OF_A_DEPARTMENT: Choice = ("jobs", "Jobs", Shown::Number);
const QUESTIONS: [Choice; 14] = [
    JOB,
    DEPARTMENT,
    ("question_text", "Question", Shown::LongText),
    ("question_type", "Type", Shown::Text),
    ("other_texts", "Other questions, together", Shown::Number),
    ("asked", "Interviews asked", Shown::Number),
    ("coverage", "Share answered", Shown::Number),
    ("word_count_median", "Median words", Shown::Number),
    ("duration_seconds_median", "Median minutes", Shown::Minutes),
    ("words_per_minute_median", "Median words a minute", Shown::Number),
    ("time_limit_seconds", "Time limit, minutes", Shown::Minutes),
    ("time_limit_share_median", "Median share of the time limit", Shown::Number),
    ("at_limit_share", "Share at the limit", Shown::Number),
    ("thin_share", "Share of thin answers", Shown::Number),
];
const KEYWORDS: [Choice; 11] = [
    JOB,
    DEPARTMENT,
    SET,
    TERM,
    CATEGORY,
    ("interviews", "Interviews with it", Shown::Number),
    ("share", "Share of interviews", Shown::Number),
    ("previous_share", "Share before", Shown::Number),
    ("responses", "Answers with it", Shown::Number),
    ("mentions", "Mentions", Shown::Number),
    ("negated", "Negated mentions", Shown::Number),
];
const KEYWORD_PARTS: [Choice; 9] = [
    JOB,
    DEPARTMENT,
    SET,
    TERM,
    CATEGORY,
    ("by", "By", Shown::Text),
    ("of", "Question, type or weeks", Shown::LongText),
    ("interviews", "Interviews with it", Shown::Number),
    ("share", "Share of interviews", Shown::Number),
];
const DISTINCTIVE: [Choice; 12] = [
    JOB,
    DEPARTMENT,
    SET,
    TERM,
    ("n", "Persons of this job", Shown::Number),
    ("others_n", "Persons of other jobs", Shown::Number),
    ("share", "Share here", Shown::Number),
    ("others_share", "Share elsewhere", Shown::Number),
    ("log_odds_ratio", "Log odds ratio", Shown::Fine),
    ("signed_root_g2", "Signed root of G²", Shown::Fine),
    ("p", "p", Shown::Fine),
    ("q", "q (adjusted p)", Shown::Fine),
];
const NEEDS_A_LOOK: [Choice; 12] = [
    ("job", "Job", Shown::Text),
    ("what", "What", Shown::LongText),
    ("is_new", "New", Shown::Text),
    ("kind", "Kind", Shown::Text),
    ("value", "This period", Shown::Fine),
    ("previous", "Before", Shown::Fine),
    ("n", "n", Shown::Number),
    ("previous_n", "n before", Shown::Number),
    ("test", "Test", Shown::Text),
    ("p", "p", Shown::Fine),
    ("q", "q (adjusted p)", Shown::Fine),
    ("effect", "Size of the effect", Shown::Fine),
];

/// Every sheet but the first and the last, in their order.
pub fn sheets(report: &Report) -> Vec<Sheet<'_>> {
    let (jobs, questions) = (tables::jobs(report), tables::questions(report));
    let of_jobs = [&[JOB, DEPARTMENT][..], &FIGURES, &MORE_OF_A_JOB].concat();
    let of_departments = [&[DEPARTMENT, JOBS_OF_A_DEPARTMENT][..], &FIGURES].concat();
    let details = details(report, [(&jobs, &of_jobs), (&questions, &QUESTIONS)]);
    vec![
        chosen("Jobs", "a job, with its medians", &of_jobs, jobs),
        chosen("Departments", "a department, with its medians", &of_departments, tables::departments(report)),
        chosen("Questions", "a question of a job", &QUESTIONS, questions),
        of_all_jobs(chosen("Keywords", "a keyword, in all jobs and in each", &KEYWORDS, tables::keywords(report))),
        chosen(
            "Distinctive",
            "a keyword that a job has more or less than others",
            &DISTINCTIVE,
            tables::distinctive(report),
        ),
        of_all_jobs(chosen("Needs a look", "a finding", &NEEDS_A_LOOK, tables::needs_a_look(report))),
        weeks(report),
        of_all_jobs(chosen(
            "Keywords by part",
            "a keyword by question, type or weeks",
            &KEYWORD_PARTS,
            tables::keyword_parts(report),
        )),
        details,
    ]
}

/// A sheet of some columns of a table.
fn chosen<'a>(name: &'static str, holds: &'static str, choices: &[Choice], table: Table<'a>) -> Sheet<'a> {
    let places: Vec<usize> = choices.iter().map(|(column, ..)| table.place(column)).collect();
    let column = |((_, heading, shown), place): (&Choice, &usize)| SheetColumn {
        heading: (*heading).to_owned(),
        shown: *shown,
        has_bars: table.columns[*place].has_bars,
    };
    let columns = choices.iter().zip(&places).map(column).collect();
    let cells = |mut row: Vec<CellValue<'a>>| {
        places.iter().map(|place| std::mem::replace(&mut row[*place], CellValue::Empty)).collect()
    };
    Sheet { name, holds, columns, rows: table.rows.into_iter().map(cells).collect(), weeks_from: None }
}

/// Names all jobs in the rows whose first column, the job, is empty.
fn of_all_jobs(mut sheet: Sheet<'_>) -> Sheet<'_> {
    for cell in sheet.rows.iter_mut().filter_map(|row| row.first_mut()) {
        if *cell == CellValue::Empty {
            *cell = CellValue::Text("All jobs".into());
        }
    }
    sheet
}

/// Completed interviews in the newest weeks: all jobs, then each.
fn weeks(report: &Report) -> Sheet<'_> {
    let mut table = tables::weeks(report);
    let old = report.weeks.len().saturating_sub(WEEKS_ACROSS);
    let first = table.columns.len() - report.weeks.len();
    for row in &mut table.rows {
        row.drain(first..first + old);
        row.remove(0);
    }
    let text = |heading: &str| SheetColumn { heading: heading.to_owned(), shown: Shown::Text, has_bars: false };
    let week = |week: &crate::report::model::Week| SheetColumn {
        heading: format!("Week of {}", week.from.strftime("%-d %b %Y")),
        shown: Shown::Number,
        has_bars: false,
    };
    let columns = [text("Job"), text("Department")].into_iter().chain(report.weeks[old..].iter().map(week)).collect();
    Sheet {
        name: "Weeks",
        holds: "a job, with its completed interviews by week",
        columns,
        rows: table.rows,
        weeks_from: Some(2),
    }
}

const DETAILS: [(&str, Shown); 12] = [
    ("Job", Shown::Text),
    ("Department", Shown::Text),
    ("Question", Shown::LongText),
    ("Figure", Shown::Text),
    ("Unit", Shown::Text),
    ("n", Shown::Number),
    ("Median, or the value", Shown::Number),
    ("Lower quartile", Shown::Number),
    ("Upper quartile", Shown::Number),
    ("Mean", Shown::Number),
    ("Standard deviation", Shown::Number),
    ("Job ID", Shown::Text),
];

/// A row for each figure that the other sheets leave out, and for the spread of each that they have. `elsewhere` are the
/// tables of these sheets, with the columns that they have.
fn details<'a>(report: &'a Report, elsewhere: [(&Table<'a>, &[Choice]); 2]) -> Sheet<'a> {
    let mut rows = Vec::new();
    for (name, figures) in tables::overall_by_period(report) {
        let names = [CellValue::Text(name.into()), CellValue::Empty, CellValue::Empty, CellValue::Empty];
        rows.extend(spread(&names, &figures.columns, &figures.rows[0], &[]));
    }
    for (table, choices) in elsewhere {
        let question = table.columns.iter().position(|column| column.name == "question_text");
        for row in &table.rows {
            let question = question.map_or(CellValue::Empty, |place| row[place].clone());
            let names = [row[1].clone(), row[2].clone(), question, row[0].clone()];
            rows.extend(spread(&names, &table.columns, row, choices));
        }
    }
    let column = |(heading, shown): (&str, Shown)| SheetColumn { heading: heading.to_owned(), shown, has_bars: false };
    Sheet {
        name: "Details",
        holds: "a figure with its quartiles, mean and standard deviation",
        columns: DETAILS.map(column).into(),
        rows,
        weeks_from: None,
    }
}

/// The figures of one row of a table as rows of [`DETAILS`], without those that a sheet of these columns has already.
fn spread<'a>(
    names: &[CellValue<'a>; 4],
    columns: &[tables::TableColumn],
    row: &[CellValue<'a>],
    elsewhere: &[Choice],
) -> Vec<Vec<CellValue<'a>>> {
    let [job, department, question, id] = names;
    let cell = |name: &str| {
        let place = columns.iter().position(|column| column.name == name);
        place.map_or(CellValue::Empty, |place| row[place].clone())
    };
    let mut rows = Vec::new();
    let mut add = |figure: &str, cells: Vec<CellValue<'a>>| {
        if cells.iter().all(|cell| *cell == CellValue::Empty) {
            return;
        }
        let (unit, divisor) = unit_of(figure);
        let in_unit = |cell| match cell {
            CellValue::Float(number) => CellValue::Float(number / divisor),
            other => other,
        };
        let mut written = vec![job.clone(), department.clone(), question.clone()];
        written.extend([CellValue::Text(figure_words(figure).into()), CellValue::Text(unit.into())]);
        written.extend(cells.into_iter().map(in_unit));
        written.resize(DETAILS.len() - 1, CellValue::Empty);
        written.push(id.clone());
        rows.push(written);
    };
    for column in columns.iter().skip(if elsewhere.is_empty() { 0 } else { 3 }) {
        let name = column.name.as_str();
        let distribution = tables::PARTS.iter().find_map(|part| name.strip_suffix(part)?.strip_suffix('_'));
        match distribution.filter(|_| !name.starts_with("previous_")) {
            Some(figure) if name.ends_with("_median") => {
                add(figure, tables::parts_of(figure).iter().map(|part| cell(part)).collect());
            }
            Some(_) => {}
            None if elsewhere.iter().any(|(there, ..)| *there == name) => {}
            None => add(name, vec![CellValue::Empty, cell(name)]),
        }
    }
    rows
}
