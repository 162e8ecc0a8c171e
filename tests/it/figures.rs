//! Figures: equal to the vendor's sample formulas wherever those give a finite number, and null where they do not.
//! (The formulas are run in the vendor's own language too, by `.ci/run`.)

use std::collections::HashMap;

use roundup::analyze::figures::{self, AnswerMeasures, ResponseFigures};
use roundup::analyze::richness::Vocabulary;
use roundup::pipeline::MetricGroup;
use serde_json::Value;

use crate::common::{INTERVIEWS, roundup, rows, sample};

fn answers(body: &Value) -> &[Value] {
    body["responses"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_sample_interview_has_the_vendors_figures() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| roundup(folder.path()).args(arguments).assert().success();
    run(&["import", "--lake", "lake", INTERVIEWS]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    let lake = folder.path().join("lake");
    let metrics: HashMap<String, _> =
        rows(&lake, "interview_metrics").into_iter().map(|row| (row["interview_id"].clone(), row)).collect();
    let mut containing: HashMap<(String, String), usize> = HashMap::new();
    for hit in rows(&lake, "keyword_hits") {
        *containing.entry((hit["interview_id"].clone(), hit["term"].clone())).or_default() += 1;
    }
    let (mut finite, mut null) = (0, 0);
    for body in sample().iter().filter(|body| body["status"] == "completed") {
        let id = body["id"].as_str().unwrap();
        let figures = &metrics[id];
        let float = |name: &str| figures.get(name).map(|text| text.parse::<f64>().unwrap());
        let durations: Option<Vec<f64>> =
            answers(body).iter().map(|answer| answer["duration_seconds"].as_f64()).collect();
        // JavaScript adds from 0, and undefined makes it NaN. No answers at all sum to 0 there and to null here.
        match durations.filter(|durations| !durations.is_empty()) {
            Some(durations) => assert_eq!(float("total_duration_seconds"), Some(durations.iter().sum()), "{id}"),
            None => null += 1,
        }
        let transcripts: Option<Vec<&str>> = answers(body).iter().map(|answer| answer["transcript"].as_str()).collect();
        let Some(transcripts) = transcripts else {
            null += 1;
            continue;
        };
        let units: usize = transcripts.iter().map(|text| text.encode_utf16().count()).sum();
        let average = (!transcripts.is_empty()).then(|| units as f64 / transcripts.len() as f64);
        assert_eq!(float("average_response_length"), average, "{id}");
        for keyword in ["react", "typescript", "testing", "agile", "ci/cd"] {
            let expected = transcripts.iter().filter(|text| text.to_lowercase().contains(keyword)).count();
            let found = containing.get(&(id.to_owned(), keyword.to_owned())).copied().unwrap_or(0);
            assert_eq!(found, expected, "{id}: {keyword}");
            finite += usize::from(expected > 0);
        }
    }
    assert!(finite > 15, "the sample mentions the five keywords");
    assert!(null > 3, "the sample has interviews on which the vendor's formulas fail");
}

fn response(text: Option<&str>, duration: Option<f64>) -> ResponseFigures {
    figures::response(text, duration, &MetricGroup::all(), &mut Vocabulary::default())
}

#[test]
fn what_cannot_be_computed_is_null() {
    let none = figures::interview(&[]);
    assert_eq!((none.total_duration_seconds, none.average_response_length), (None, None));
    assert_eq!((none.response_count, none.answered_count), (0, 0));
    let silent = AnswerMeasures { length_utf16: None, is_blank: true, duration_seconds: None };
    let empty = AnswerMeasures { length_utf16: Some(0), is_blank: true, duration_seconds: Some(0.0) };
    let spoken = AnswerMeasures { length_utf16: Some(9), is_blank: false, duration_seconds: Some(2.5) };
    let some = figures::interview(&[silent, empty, spoken]);
    assert_eq!(some.total_duration_seconds, Some(2.5));
    assert_eq!(some.average_response_length, Some(4.5), "the empty transcript counts, the missing one does not");
    assert_eq!((some.response_count, some.answered_count), (3, 1));

    let null = response(None, Some(10.0));
    assert_eq!(null, ResponseFigures::default());
    let pace = |duration| response(Some("one two three"), duration).words_per_minute;
    assert_eq!((pace(Some(6.0)), pace(Some(0.0)), pace(None)), (Some(30.0), None, None));
    assert_eq!(pace(Some(5e-324)), None, "what is too large for a number is null as well");
    let empty = response(Some(""), Some(4.0));
    assert_eq!((empty.word_count, empty.words_per_minute), (Some(0), Some(0.0)));
}

#[test]
fn lengths_are_counted_in_the_units_of_the_definitions() {
    let figures = response(Some("a🙂é"), None);
    assert_eq!((figures.length_utf16, figures.char_count), (Some(4), Some(3)));
}

#[test]
fn words_are_unicode_word_segments() {
    let count = |text| {
        let figures = response(Some(text), None);
        assert_eq!(figures.word_count.is_some(), figures.unique_words.is_some());
        figures.word_count.zip(figures.unique_words)
    };
    for one in ["node.js", "don't", "3.5", "1,000", "naïve", "cafe\u{301}", "snake_case"] {
        assert_eq!(count(one), Some((1, 1)), "{one}");
    }
    assert_eq!(count("well-known c++ — 🙂 (yes)"), Some((4, 4)));
    assert_eq!(count("The the THE Straße STRASSE"), Some((5, 2)));
    assert_eq!(count(""), Some((0, 0)));
    assert_eq!(count("東京で働いています"), None, "Han and Kana are not split by spaces");
    assert_eq!(count("we moved to 東京 last year"), count("we moved to AB last year").map(|(n, u)| (n + 1, u + 1)));
}

#[test]
fn figures_are_chosen_by_group() {
    let of = |groups: &[MetricGroup]| {
        let figures = figures::response(Some("one two one"), Some(6.0), groups, &mut Vocabulary::default());
        (figures.length_utf16, figures.word_count, figures.unique_words, figures.words_per_minute)
    };
    assert_eq!(of(&[]), (None, None, None, None));
    assert_eq!(of(&[MetricGroup::Length]), (Some(11), None, None, None));
    assert_eq!(of(&[MetricGroup::Words]), (None, Some(3), None, None));
    assert_eq!(of(&[MetricGroup::Pace]), (None, None, None, Some(30.0)));
    assert_eq!(of(&[MetricGroup::Richness]), (None, None, Some(2), None));
}

#[test]
fn other_metrics_make_the_figures_again_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| roundup(folder.path()).args(arguments).assert().success();
    run(&["import", "--lake", "lake", INTERVIEWS]);
    let analyze = |metrics: &str| {
        let flags =
            ["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample", "--explain", "--format", "json"];
        let output = roundup(folder.path()).args(flags).args(["--metrics", metrics]).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let made = |part: &Value| (part["table"].as_str().unwrap().to_owned(), part["made"].clone());
        said["plan"]
            .as_array()
            .unwrap()
            .iter()
            .map(made)
            .filter(|(_, made)| *made != serde_json::json!({}))
            .collect::<Vec<_>>()
    };
    let tables = |made: &[(String, Value)]| made.iter().map(|(table, _)| table.clone()).collect::<Vec<_>>();
    assert_eq!(tables(&analyze("words,pace")), ["response_metrics", "keyword_hits", "interview_metrics"]);
    assert_eq!(analyze("pace,words"), [], "in whatever order");
    let again = analyze("language,fillers");
    assert_eq!(tables(&again), ["response_metrics"]);
    assert!(again[0].1["metrics"].as_u64() > Some(0), "{again:?}");
    let figures = rows(&folder.path().join("lake"), "response_metrics");
    assert!(figures.iter().any(|row| row.get("language").is_some_and(|language| language == "en")));
    assert!(figures.iter().all(|row| !row.contains_key("word_count") && !row.contains_key("length_utf16")));
}
