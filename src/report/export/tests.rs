//! The output of each exporter for a small report.

use std::io::Read;

use insta::assert_snapshot;

use super::csv::csv;
use super::json::json;
use super::sheets::sheets;
use super::tables::CellValue;
use super::xlsx::{work, xlsx};
use crate::report::model::{
    Distribution, Figures, JobReport, Keyword, KeywordCounts, KeywordPart, OtherJobs, QuestionReport, Report,
    SpanFigures, Week, WeekFigures,
};

/// A report of two jobs: one whose title is, among others, a formula, and one that is counted with
/// others.
fn report() -> Report {
    let distribution = Distribution {
        n: Some(12),
        median: Some(284.5),
        quartile_1: Some(236.0),
        quartile_3: Some(1.0 / 3.0),
        mean: Some(-0.5),
        standard_deviation: None,
    };
    let figures = Figures {
        completed: 12,
        expired: 3,
        described: 12,
        responses: Some(40),
        answered: Some(39),
        total_duration_seconds: distribution.clone(),
        pooled_words_per_minute: Some(136.25),
        ..Figures::default()
    };
    let cell = |interviews, share| KeywordPart { of: None, interviews, share };
    let keyword = Keyword {
        set: "engineering".to_owned(),
        term: "c++".to_owned(),
        counts: KeywordCounts { interviews: 6, share: 0.5, responses: 7, mentions: 9, negated: 1 },
        by_question: vec![cell(None, Some(0.5))],
        by_span: vec![cell(Some(6), Some(0.5))],
        ..Keyword::default()
    };
    let week = |name: &str| Week { name: name.to_owned(), from: jiff::civil::date(2026, 5, 18) };
    Report {
        weeks: vec![week("2026-W21"), week("2026-W22")],
        overall: figures.clone(),
        weekly: vec![WeekFigures { completed: 12, ..WeekFigures::default() }, WeekFigures::default()],
        jobs: vec![
            JobReport {
                job_id: "j1".to_owned(),
                job_title: Some("=HYPERLINK(\"http://x\"), a \"quote\"\r\nand \u{1}".to_owned()),
                department: Some("@SUM(A1)".to_owned()),
                figures,
                spans: vec![SpanFigures { weeks: 2, ..SpanFigures::default() }],
                questions: vec![QuestionReport {
                    question_text: Some("-1 + 1?".to_owned()),
                    asked: Some(12),
                    coverage: Some(1.0),
                    word_count: distribution,
                    ..QuestionReport::default()
                }],
                keywords: vec![keyword, Keyword { term: "rust".to_owned(), ..Keyword::default() }],
                ..JobReport::default()
            },
            JobReport {
                job_id: "j2".to_owned(),
                job_title: Some("Small".to_owned()),
                is_pooled: true,
                figures: Figures { completed: 2, ..Figures::default() },
                ..JobReport::default()
            },
        ],
        other_jobs: Some(OtherJobs {
            job_ids: vec!["j2".to_owned()],
            figures: Figures { described: 7, ..Figures::default() },
        }),
        smallest_group: 5,
        ..Report::default()
    }
}

fn csv_file(name: &str) -> String {
    let (_, bytes) = csv(&report()).into_iter().find(|(file, _)| file == name).unwrap();
    String::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').expect("the mark that Excel wants").to_owned()
}

/// The text of one part of the workbook.
fn part(name: &str) -> String {
    part_of(xlsx(&report()).unwrap(), name)
}

fn part_of(bytes: Vec<u8>, name: &str) -> String {
    let mut workbook = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    workbook.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn jobs_as_csv() {
    let file = csv_file("jobs.csv");
    let rows: Vec<&str> = file.split("\r\n").collect();
    assert_eq!(rows[0].split(',').count(), 74);
    let shown: Vec<&str> = rows[1..].iter().map(|row| row.trim_end_matches(',')).collect();
    assert_snapshot!(shown.join("\r\n").escape_debug(), @r#"j1,\"\'=HYPERLINK(\"\"http://x\"\"), a \"\"quote\"\"\r\nand �\",\'@SUM(A1),false,12,3,,,0,,,0,12,40,39,136.25,,,,,,12,284.5,236,0.3333333333333333,-0.5\r\nj2,Small,,true,2,0,,,0,,,0,0\r\n,other jobs (1),,true,,,,,,,,,7\r\n"#);
}

#[test]
fn questions_as_csv() {
    assert_snapshot!(csv_file("questions.csv"), @r#"
    job_id,job_title,department,question_text,question_type,other_texts,asked,coverage,word_count_median,word_count_quartile_1,word_count_quartile_3,duration_seconds_median,duration_seconds_quartile_1,duration_seconds_quartile_3,words_per_minute_median,words_per_minute_quartile_1,words_per_minute_quartile_3,time_limit_seconds,time_limit_share_median,time_limit_share_quartile_1,time_limit_share_quartile_3,at_limit_share,thin_share,median_words_by_place,wordings
    j1,"'=HYPERLINK(""http://x""), a ""quote""
    and �",'@SUM(A1),'-1 + 1?,,,12,1,284.5,236,0.3333333333333333,,,,,,,,,,,,,,
    "#);
}

#[test]
fn keywords_as_csv() {
    assert_snapshot!(csv_file("keywords.csv"), @r#"
    job_id,job_title,department,set,term,category,by,of,interviews,share,previous_share,responses,mentions,negated
    j1,"'=HYPERLINK(""http://x""), a ""quote""
    and �",'@SUM(A1),engineering,c++,,all,,6,0.5,,7,9,1
    j1,"'=HYPERLINK(""http://x""), a ""quote""
    and �",'@SUM(A1),,rust,,all,,0,0,,0,0,0
    j1,"'=HYPERLINK(""http://x""), a ""quote""
    and �",'@SUM(A1),engineering,c++,,question,'-1 + 1?,,0.5,,,,
    j1,"'=HYPERLINK(""http://x""), a ""quote""
    and �",'@SUM(A1),engineering,c++,,weeks,2026-W21 to 2026-W22,6,0.5,,,,
    "#);
}

#[test]
fn a_job_as_json() {
    let report: serde_json::Value = serde_json::from_slice(&json(&report())).unwrap();
    let figures = &report["jobs"][0]["figures"];
    assert_eq!(figures["expired"], 3);
    assert_eq!(figures["total_duration_seconds"]["median"], 284.5);
    assert!(figures["total_duration_seconds"]["standard_deviation"].is_null());
    assert_snapshot!(report["jobs"][0]["keywords"][0], @r#"{"anchor":"","by_question":[{"share":0.5}],"by_question_type":[],"by_span":[{"interviews":6,"share":0.5}],"category":null,"counts":{"interviews":6,"mentions":9,"negated":1,"responses":7,"share":0.5},"previous_share":null,"set":"engineering","term":"c++"}"#);
    assert_eq!(
        (&report["jobs"][1]["figures"]["completed"], &report["jobs"][1]["is_pooled"]),
        (&2.into(), &true.into())
    );
}

#[test]
fn the_workbook_is_the_same_every_time_and_has_a_sheet_for_each_table() {
    assert!(xlsx(&report()).unwrap() == xlsx(&report()).unwrap());
    let workbook = part("xl/workbook.xml");
    let names: Vec<&str> = workbook.split("<sheet name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(
        names,
        [
            "At a glance",
            "Jobs",
            "Departments",
            "Questions",
            "Keywords",
            "Distinctive",
            "Needs a look",
            "Weeks",
            "Keywords by part",
            "Details",
            "About"
        ]
    );
}

#[test]
fn rows_that_a_sheet_cannot_take_are_said_to_be_cut() {
    let about = |bytes| part_of(bytes, "xl/sharedStrings.xml");
    let bytes = work(&report(), 1).unwrap();
    assert!(about(bytes.clone()).contains("Jobs: the first 1 of 3 rows, as a sheet takes no more"));
    assert!(!part_of(bytes, "xl/worksheets/sheet2.xml").contains("<row r=\"3\""));
    assert!(!about(xlsx(&report()).unwrap()).contains("as a sheet takes no more"));
}

#[test]
fn cells_of_the_workbook_have_types_and_none_is_a_formula() {
    let sheet = part("xl/worksheets/sheet2.xml");
    let cells: String =
        sheet.split("<row r=\"2\"").nth(1).unwrap().split("</row>").next().unwrap().chars().take(560).collect();
    assert_snapshot!(cells, @r#" spans="1:20" x14ac:dyDescent="0.25"><c r="A2" t="s"><v>54</v></c><c r="B2" t="s"><v>55</v></c><c r="C2" s="4"><v>12</v></c><c r="E2" s="4"><v>3</v></c><c r="H2" s="4"><v>0</v></c><c r="I2" s="5"><v>4.741666666666666</v></c><c r="S2" s="4"><v>12</v></c><c r="T2" t="s"><v>56</v></c>"#);
    for at in 1..=10 {
        assert!(!part(&format!("xl/worksheets/sheet{at}.xml")).contains("<f>"), "sheet {at} has a formula");
    }
    let texts = part("xl/sharedStrings.xml");
    assert!(
        texts.contains("=HYPERLINK(&quot;http://x&quot;)") || texts.contains("=HYPERLINK(\"http://x\")"),
        "{texts}"
    );
    assert!(
        texts.contains("@SUM(A1)") && !texts.contains('\u{1}'),
        "a control character is written as XML can hold it"
    );
    assert!(
        sheet.contains("<pane xSplit=\"1\" ySplit=\"1\"") && sheet.contains("<autoFilter") && sheet.contains("dataBar")
    );
    assert!(part("xl/worksheets/sheet8.xml").contains("sparkline"));
}

#[test]
fn headings_of_the_workbook_are_words_and_its_sheets_are_narrow() {
    for sheet in sheets(&report()) {
        assert!(sheet.columns.len() <= 20, "{}: {} columns", sheet.name, sheet.columns.len());
        assert!(sheet.columns.iter().all(|column| !column.heading.contains('_')), "{}", sheet.name);
        assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()), "{}", sheet.name);
    }
}

#[test]
fn what_the_sheets_leave_out_is_among_the_details() {
    let report = report();
    let details = sheets(&report).into_iter().find(|sheet| sheet.name == "Details").unwrap();
    let words = |row: &Vec<CellValue<'_>>| -> Vec<String> {
        let word = |cell: &CellValue<'_>| match cell {
            CellValue::Empty => String::new(),
            CellValue::Text(text) => text.to_string(),
            CellValue::Integer(number) => number.to_string(),
            CellValue::Float(number) | CellValue::Share(number) => format!("{number:.3}"),
            CellValue::Flag(flag) => flag.to_string(),
        };
        row.iter().map(word).collect()
    };
    let rows: Vec<String> = details.rows.iter().map(|row| words(row)[2..11].join("|")).collect();
    let of_job = "|Answers of an interview, together|minutes|12|4.742|3.933|0.006|-0.008|";
    assert_eq!(rows.iter().filter(|row| *row == of_job).count(), 2, "of all jobs, and of the job: {rows:#?}");
    assert!(rows.contains(&"-1 + 1?|Words of an answer|words||284.500|236.000|0.333||".to_owned()), "{rows:#?}");
    assert!(rows.contains(&"|Answers that are not blank|answers||39||||".to_owned()), "{rows:#?}");
    assert!(details.rows.iter().flatten().all(|cell| !matches!(cell, CellValue::Text(text) if text.contains('_'))));
}
