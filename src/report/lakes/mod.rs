//! Reports of 500 random lakes, read in every format and held against the truth: every count of interviews is right, and
//! whatever is said of what was said, and every difference of two such sums, is of five persons or more.

mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Range;

use rayon::prelude::*;
use serde_json::Value;

use self::random::{Lake, random_lake};
use super::frames::random::TERMS;
use super::make::render;
use super::model::Evidence;
use crate::model::random::Random;
use crate::pipeline::Format;

const LAKES: u64 = 500;
/// Every so many lakes pages and workbooks are made as well, which take the longest.
const ALL_FORMATS: u64 = 4;
const FEWEST: usize = 5;

/// The interviews that each shown figure is of, by the kind of the figure.
#[derive(Default)]
struct Shown(BTreeMap<&'static str, Vec<BTreeSet<usize>>>);

impl Shown {
    fn add(&mut self, kind: &'static str, rows: BTreeSet<usize>) {
        self.0.entry(kind).or_default().push(rows);
    }

    /// No combination of sums is of few: interviews that the same figures are of cannot be told apart, and all others
    /// are in some figure that these are not in.
    fn check(&self, lake: &Lake) {
        for (kind, sets) in &self.0 {
            let mut classes: BTreeMap<Vec<bool>, BTreeSet<usize>> = BTreeMap::new();
            for row in 0..lake.truth.len() {
                let inside: Vec<bool> = sets.iter().map(|rows| rows.contains(&row)).collect();
                if inside.contains(&true) {
                    classes.entry(inside).or_default().insert(row);
                }
            }
            for rows in classes.values() {
                assert!(lake.persons(rows) >= FEWEST, "{kind}: {rows:?}");
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The figures of a group in a period are those of these interviews.
fn check_figures(lake: &Lake, figures: &Value, rows: &BTreeSet<usize>, shown: &mut Shown) {
    if !rows.is_empty() {
        shown.add("interviews", rows.clone());
        let answers: usize = rows.iter().map(|row| lake.truth[*row].answers.len()).sum();
        assert_eq!(figures["responses"], answers);
        assert_eq!(figures["average_response_length"]["n"], rows.len());
    }
}

/// Durations, which not every interview has: in the figures of all interviews of a group, or in none.
fn check_durations(lake: &Lake, figures: &Value, all: &BTreeSet<usize>, shown: &mut Shown) {
    let rows: BTreeSet<usize> = all.iter().copied().filter(|row| lake.truth[*row].seconds().is_some()).collect();
    let summary = &figures["total_duration_seconds"];
    let Some(n) = summary["n"].as_u64().filter(|n| *n > 0) else { return };
    assert_eq!(usize::try_from(n).unwrap(), rows.len());
    let persons = lake.persons(&rows);
    let mut seconds: Vec<f64> = rows.iter().filter_map(|row| lake.truth[*row].seconds()).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    let middle = f64::midpoint(seconds[(seconds.len() - 1) / 2], seconds[seconds.len() / 2]);
    if persons >= 20 {
        assert_eq!(summary["median"], middle);
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        assert!((summary["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
        let bins = list(&figures["duration_bins"]);
        for bin in bins {
            let [from, until] = ["from", "until"].map(|edge| bin[edge].as_f64().unwrap());
            let is_in = |row: &&usize| (from..until).contains(&lake.truth[**row].seconds().unwrap());
            let inside: BTreeSet<usize> = rows.iter().filter(is_in).copied().collect();
            assert_eq!(bin["interviews"], inside.len());
            assert!(lake.persons(&inside) >= FEWEST);
        }
    } else {
        assert_eq!(summary["median"].as_f64(), format!("{middle:.1e}").parse().ok());
        assert!(summary["mean"].is_null() && summary["quartile_1"].is_null());
        assert!(list(&figures["duration_bins"]).is_empty());
    }
    shown.add("durations", rows);
}

/// The keywords of a group and its spans.
fn check_keywords(lake: &Lake, group: &Value, rows: &BTreeSet<usize>, spans: Option<&[BTreeSet<usize>]>) {
    let mut found: BTreeMap<&str, &Value> =
        list(&group["keywords"]).iter().map(|keyword| (keyword["term"].as_str().unwrap(), keyword)).collect();
    for (term, name) in (0u32..).zip(TERMS) {
        let interviews = lake.with_term(rows, term);
        let Some(keyword) = found.remove(name) else {
            assert_eq!(interviews, 0, "{name} is missing");
            continue;
        };
        assert_eq!(keyword["counts"]["interviews"], interviews);
        assert!((keyword["counts"]["share"].as_f64().unwrap() - interviews as f64 / rows.len() as f64).abs() < 1e-12);
        for (cell, rows) in list(&keyword["by_span"]).iter().zip(spans.unwrap_or_default()) {
            assert_eq!(cell["interviews"], lake.with_term(rows, term));
        }
    }
    assert!(found.is_empty());
}

/// Questions have a row if five persons were asked them, and all others one together.
fn check_questions(lake: &Lake, job: &Value, rows: &BTreeSet<usize>) {
    let mut asked: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    for row in rows {
        for answer in &lake.truth[*row].answers {
            asked.entry(answer.question).or_default().insert(*row);
        }
    }
    let number = job["job_id"].as_str().unwrap().trim_start_matches('j');
    let mut others = BTreeSet::new();
    let mut texts = 0;
    let questions = list(&job["questions"]);
    for (question, rows) in &asked {
        let text = format!("job {number} asks {question}?");
        let shown = questions.iter().find(|one| one["question_text"] == *text);
        if lake.persons(rows) >= FEWEST {
            let shown = shown.expect("a question that enough were asked");
            assert_eq!(shown["asked"], rows.len());
            assert!(shown["word_count"]["n"].is_null() && shown["word_count"]["mean"].is_null());
            check_health(lake, shown, *question, rows);
        } else {
            assert!(shown.is_none(), "{text}");
            texts += 1;
            others.extend(rows.iter().copied());
        }
    }
    let rest = questions.iter().find(|one| one["other_texts"].is_number());
    assert_eq!(rest.map_or(0, |rest| rest["other_texts"].as_u64().unwrap()), texts);
    if let Some(rest) = rest {
        let is_enough = lake.persons(&others) >= FEWEST;
        assert_eq!(rest["asked"].as_u64(), is_enough.then_some(others.len() as u64));
    }
}

/// Shares of answers at the limit of 120 seconds, and of those that are blank or of fewer than ten words.
fn check_health(lake: &Lake, shown: &Value, question: u32, rows: &BTreeSet<usize>) {
    let answers = || rows.iter().flat_map(|row| &lake.truth[*row].answers).filter(|answer| answer.question == question);
    let thin = answers().filter(|answer| answer.words.is_none_or(|words| words < 10)).count();
    let seconds: Vec<f64> = answers().filter_map(|answer| answer.seconds).collect();
    let at_limit = seconds.iter().filter(|seconds| **seconds >= 114.0).count();
    for (name, with, of) in [("thin_share", thin, answers().count()), ("at_limit_share", at_limit, seconds.len())] {
        let share = (rows.len() >= 30 && of > 0).then(|| with as f64 / of as f64);
        assert_eq!(shown[name].as_f64(), share, "{name}");
    }
}

/// Counts of interviews are what they are, of every group.
fn check_counts(lake: &Lake, jobs: &BTreeSet<u32>, group: &Value, figures: [&Value; 2]) {
    let calendar = &lake.calendar;
    let periods = [Some(&calendar.current_segments), calendar.previous_segments.as_ref()];
    for (figures, segments) in figures.into_iter().zip(periods) {
        let segments = segments.unwrap();
        assert_eq!(figures["completed"], lake.count(jobs, segments, true));
        assert_eq!(figures["expired"], lake.count(jobs, segments, false));
    }
    for (week, segments) in list(&group["weekly"]).iter().zip(&calendar.week_segments) {
        assert_eq!(week["completed"], lake.count(jobs, segments, true));
        assert_eq!(week["expired"], lake.count(jobs, segments, false));
    }
    let open = lake.truth.iter().enumerate().filter(|(_, one)| one.settled_at.is_none() && jobs.contains(&one.job));
    let expiring = open.clone().filter(|(row, _)| row % 3 == 0).count();
    assert_eq!(group["open"]["expiring"], expiring);
    let statuses: u64 = list(&group["open"]["by_status"]).iter().map(|one| one["interviews"].as_u64().unwrap()).sum();
    assert_eq!(statuses, open.count() as u64);
}

/// The interviews that a narrowed report describes: those of the jobs that the whole one shows alone, and those that it
/// counts together if all of them are wanted.
fn rows_within(
    lake: &Lake,
    jobs: &BTreeSet<u32>,
    (full, period): (&Value, &str),
    segments: &Range<usize>,
) -> BTreeSet<usize> {
    let (alone, together): (Vec<&Value>, Vec<&Value>) =
        list(&full["jobs"]).iter().partition(|job| job[period]["described"] != 0);
    let mut within: BTreeSet<u32> = alone.into_iter().map(number).filter(|job| jobs.contains(job)).collect();
    let is_there = |job: &u32| !lake.rows(&BTreeSet::from([*job]), segments).is_empty();
    let together: BTreeSet<u32> = together.into_iter().map(number).filter(is_there).collect();
    if together.is_subset(jobs) {
        within.extend(together);
    }
    lake.rows(&within, segments)
}

/// The number of a job.
fn number(job: &Value) -> u32 {
    job["job_id"].as_str().unwrap()[1..].parse().unwrap()
}

/// Everything in `summary.json`. Of the whole report, `full` is none.
fn check(lake: &Lake, report: &Value, wanted: &BTreeSet<u32>, full: Option<&Value>, shown: &mut Shown) {
    let calendar = &lake.calendar;
    let mut groups: Vec<(BTreeSet<u32>, &Value, &Value, &Value)> = list(&report["jobs"])
        .iter()
        .map(|job| (BTreeSet::from([number(job)]), job, &job["figures"], &job["previous"]))
        .collect();
    groups.push((wanted.clone(), report, &report["overall"], &report["overall_previous"]));
    let periods = [Some(&calendar.current_segments), calendar.previous_segments.as_ref()];
    for (jobs, group, now, before) in &groups {
        let is_one = jobs.len() == 1;
        check_counts(lake, jobs, group, [*now, *before]);
        // What was said: of all interviews, or of those of the jobs that the whole report shows.
        for (at, (figures, segments)) in [*now, *before].into_iter().zip(periods).enumerate() {
            let all = lake.rows(jobs, segments.unwrap());
            let described = usize::try_from(figures["described"].as_u64().unwrap()).unwrap();
            let rows = if described == all.len() {
                all
            } else if described == 0 {
                BTreeSet::new()
            } else {
                assert!(full.is_some() && !is_one, "in a whole report, and for one job, it is all or nothing");
                rows_within(lake, jobs, (full.unwrap(), ["figures", "previous"][at]), segments.unwrap())
            };
            assert_eq!(rows.len(), described);
            check_figures(lake, figures, &rows, shown);
            if full.is_none() || is_one {
                check_durations(lake, figures, &lake.rows(jobs, segments.unwrap()), shown);
            }
            if at == 0 && described > 0 {
                let spans: Option<Vec<BTreeSet<usize>>> = (full.is_none() || is_one).then(|| {
                    let of_span = |span: &Value| {
                        if span["described"] == 0 { BTreeSet::new() } else { lake.rows(jobs, &lake.segments_of(span)) }
                    };
                    list(&group["spans"]).iter().map(of_span).collect()
                });
                check_keywords(lake, group, &rows, spans.as_deref());
                if group["questions"].is_array() {
                    check_questions(lake, group, &rows);
                }
            } else if at == 0 {
                assert!(list(&group["keywords"]).is_empty());
            }
        }
        let weeks: u64 = list(&group["spans"]).iter().map(|span| span["weeks"].as_u64().unwrap()).sum();
        assert_eq!(weeks, calendar.weeks.len() as u64);
        if full.is_some() && !is_one {
            continue;
        }
        for span in list(&group["spans"]) {
            let rows = lake.rows(jobs, &lake.segments_of(span));
            if span["described"] != 0 {
                assert_eq!(span["described"], rows.len());
                shown.add("interviews", rows.clone());
            }
            if span["median_duration_seconds"].is_number() {
                let timed = rows.into_iter().filter(|row| lake.truth[*row].seconds().is_some()).collect();
                shown.add("durations", timed);
            }
        }
        for point in list(&group["cards"][2]["series"]) {
            if point["value"].is_number() {
                let rows = lake.rows(jobs, &lake.segments_of(point)).into_iter();
                shown.add("durations", rows.filter(|row| lake.truth[*row].seconds().is_some()).collect());
            }
        }
    }
    if let Some(others) = report["other_jobs"].as_object() {
        let jobs: BTreeSet<u32> =
            list(&others["job_ids"]).iter().map(|id| id.as_str().unwrap()[1..].parse().unwrap()).collect();
        let rows = lake.rows(&jobs, &calendar.current_segments);
        assert_eq!(others["figures"]["described"], rows.len());
        check_figures(lake, &others["figures"], &rows, shown);
    }
}

/// The other formats say what `summary.json` says.
fn check_files(files: &BTreeMap<String, Vec<u8>>, report: &Value) {
    let mut texts: Vec<String> = Vec::new();
    for (name, bytes) in files {
        if name == "roundup.xlsx" {
            let mut workbook = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            for part in ["xl/sharedStrings.xml", "xl/worksheets/sheet2.xml"] {
                let mut text = String::new();
                workbook.by_name(part).unwrap().read_to_string(&mut text).unwrap();
                texts.push(text);
            }
            for (row, job) in list(&report["jobs"]).iter().enumerate() {
                let cell = format!("<c r=\"C{}\" s=\"", row + 2);
                let written = texts.last().unwrap().split_once(&cell).unwrap().1.split_once("<v>").unwrap().1;
                assert!(written.starts_with(&format!("{}</v>", job["figures"]["completed"])), "{cell}");
            }
        } else if name != "figures.parquet" {
            // That one has no text of its own: its figures are those of the summary.
            texts.push(String::from_utf8(bytes.clone()).unwrap());
        }
        if name == "jobs.csv" {
            let text = texts.last().unwrap().trim_start_matches('\u{feff}');
            let mut reader = ::csv::Reader::from_reader(text.as_bytes());
            let header = reader.headers().unwrap().clone();
            let column = |name: &str| header.iter().position(|column| column == name).unwrap();
            for (row, job) in reader.records().zip(list(&report["jobs"])) {
                let row = row.unwrap();
                for name in ["completed", "expired", "described"] {
                    assert_eq!(row[column(name)], job["figures"][name].to_string());
                }
            }
        }
    }
    if let Some(index) = files.get("index.html") {
        let index = String::from_utf8(index.clone()).unwrap();
        let table = index.split("id=\"jobs-table\"").nth(1).map_or("", |rest| rest.split("</table>").next().unwrap());
        for job in list(&report["jobs"]) {
            let link = format!("<a href=\"{}\">", job["page"].as_str().unwrap().replace('/', "&#x2f;"));
            let row = table.split(&link).nth(1).unwrap();
            let cell = format!("<td data-label=\"Completed\" data-sort=\"{0}\">{0}</td>", job["figures"]["completed"]);
            assert!(row.split("</tr>").next().unwrap().contains(&cell), "{cell}");
        }
    }
    for text in texts {
        assert!(!text.contains("<5") && !text.contains("&lt;5"), "a count is held back");
    }
}

fn check_lake(seed: u64) -> usize {
    let lake = random_lake(seed);
    let mut random = Random(seed ^ 0x5EED);
    let all: BTreeSet<u32> = (0..lake.jobs).collect();
    let some: BTreeSet<u32> = all.iter().copied().filter(|_| random.one_in(2)).collect();
    let one = BTreeSet::from([random.below(lake.jobs.into()) as u32]);
    let mut shown = Shown::default();
    let mut full = None;
    for wanted in [all, some, one] {
        let report = lake.report(|job| wanted.contains(&job));
        let formats = if seed.is_multiple_of(ALL_FORMATS) { Format::all() } else { vec![Format::Csv, Format::Json] };
        let files: BTreeMap<String, Vec<u8>> =
            render(&report, &Evidence::default(), &formats).unwrap().into_iter().collect();
        let summary: Value = serde_json::from_slice(&files["summary.json"]).unwrap();
        check(&lake, &summary, &wanted, full.as_ref(), &mut shown);
        check_files(&files, &summary);
        full.get_or_insert(summary);
    }
    shown.check(&lake);
    shown.0.values().map(Vec::len).sum()
}

#[test]
fn reports_of_500_random_lakes_tell_the_truth_and_nothing_of_few() {
    let shown: usize = (0..LAKES)
        .into_par_iter()
        .map(|seed| std::panic::catch_unwind(|| check_lake(seed)).unwrap_or_else(|_| panic!("the lake of seed {seed}")))
        .sum();
    assert!(shown > 8_000, "{shown} figures");
}
