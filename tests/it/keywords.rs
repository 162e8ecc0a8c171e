//! Keyword hits in the lake. (What a hit is, is tested beside the matcher.)

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use arrow::array::Array;
use roundup::lake::read::{ParquetFile, column, integers, parquet_files, string_at, strings};
use roundup::lake::schema;
use serde_json::Value;

use crate::common::{INTERVIEWS, roundup, rows};

fn imported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    folder
}

/// Analyses and returns how many files were made.
fn analyze(folder: &Path, flags: &[&str]) -> u64 {
    let output = roundup(folder).args(["analyze", "--lake", "lake", "--format", "json"]).args(flags).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["files_made"].as_u64().unwrap()
}

#[test]
fn places_are_the_bytes_of_the_term_in_the_original_transcript() {
    let folder = imported();
    analyze(folder.path(), &["--keywords", "builtin:vendor-sample"]);
    let lake = folder.path().join("lake");
    let mut transcripts = HashMap::new();
    for path in parquet_files(&lake.join("responses")).unwrap() {
        let batch = ParquetFile::open(&path).unwrap().all(&["interview_id", "position", "transcript"]).unwrap();
        for row in 0..batch.num_rows() {
            let key = (strings(&batch, "interview_id").value(row).to_owned(), integers(&batch, "position").value(row));
            transcripts.insert(key, string_at(strings(&batch, "transcript"), row).map(str::to_owned));
        }
    }
    let mut checked = 0;
    for path in parquet_files(&lake.join("keyword_hits")).unwrap() {
        let columns: Vec<&str> = schema::KEYWORD_HITS.columns.iter().map(|column| column.name).collect();
        let batch = ParquetFile::open(&path).unwrap().all(&columns).unwrap();
        let places: &arrow::array::ListArray = column(&batch, "places");
        for row in 0..batch.num_rows() {
            let key = (strings(&batch, "interview_id").value(row).to_owned(), integers(&batch, "position").value(row));
            let text = transcripts[&key].as_deref().unwrap();
            let of_row = places.value(row);
            let of_row = arrow::array::AsArray::as_struct(&of_row);
            let field = |name: &str| {
                let values = of_row.column_by_name(name).unwrap();
                arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(values).values().to_vec()
            };
            let found = field("start").into_iter().zip(field("end"));
            let chars: Vec<char> = text.chars().collect();
            for ((start, end), (first, last)) in
                found.clone().zip(field("start_char").into_iter().zip(field("end_char")))
            {
                let in_bytes = &text[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
                let in_chars = &chars[usize::try_from(first).unwrap()..usize::try_from(last).unwrap()];
                assert!(in_bytes.chars().eq(in_chars.iter().copied()), "{in_bytes:?}, {in_chars:?}");
            }
            let negated = arrow::array::AsArray::as_boolean(of_row.column_by_name("negated").unwrap()).true_count();
            assert_eq!(integers(&batch, "negated").value(row), i64::try_from(negated).unwrap());
            let term = strings(&batch, "term").value(row);
            assert_eq!(integers(&batch, "mentions").value(row), i64::try_from(of_row.len()).unwrap());
            assert!(integers(&batch, "negated").value(row) <= integers(&batch, "mentions").value(row));
            for (start, end) in found {
                let place = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                assert_eq!(text[place].to_lowercase(), term);
                checked += 1;
            }
        }
    }
    assert!(checked > 20);
}

#[test]
fn a_changed_set_makes_only_its_own_results_again() {
    let folder = imported();
    let months = parquet_files(&folder.path().join("lake/responses")).unwrap().len() as u64;
    let interviews = parquet_files(&folder.path().join("lake/interviews")).unwrap().len() as u64;
    let set = |term: &str| {
        let text = format!("name = \"mine\"\nversion = \"1\"\n[[terms]]\nname = \"{term}\"\n");
        fs::write(folder.path().join("mine.toml"), text).unwrap();
    };
    set("kafka");
    let flags = ["--keywords", "mine.toml", "builtin:vendor-sample"];
    assert_eq!(analyze(folder.path(), &flags), 3 * months + interviews);
    assert_eq!(analyze(folder.path(), &flags), 0);
    set("postgres");
    assert_eq!(analyze(folder.path(), &flags), months);
    let lake = folder.path().join("lake");
    assert!(rows(&lake, "keyword_hits").iter().all(|hit| hit["term"] != "kafka"), "one result for each set");
    fs::write(
        folder.path().join("mine.toml"),
        "# a comment\nname = \"mine\"\nversion = \"1\"\nterms = [{ name = \"postgres\" }]\n",
    )
    .unwrap();
    assert_eq!(analyze(folder.path(), &flags), 0, "a comment changes nothing");
    let mut forced = flags.to_vec();
    forced.push("--force");
    assert_eq!(analyze(folder.path(), &forced), 3 * months + interviews);
}

#[test]
fn a_derived_file_that_was_damaged_or_deleted_is_made_again() {
    let folder = imported();
    analyze(folder.path(), &[]);
    let files = parquet_files(&folder.path().join("lake/response_metrics")).unwrap();
    let whole = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    assert_eq!(analyze(folder.path(), &[]), 2);
    assert!(fs::read(&files[0]).unwrap() == whole);
}

#[test]
fn a_list_of_terms_is_a_set_in_the_mode_that_is_asked_for() {
    let folder = imported();
    fs::write(folder.path().join("list.txt"), "\u{FEFF}test\r\n\r\nkubernetes\r\n").unwrap();
    let hits = |mode: &str| {
        analyze(folder.path(), &["--keywords", "list.txt", "--mode", mode]);
        let of = rows(&folder.path().join("lake"), "keyword_hits").into_iter().filter(|hit| hit["term"] == "test");
        of.map(|hit| hit["mentions"].parse::<u64>().unwrap()).sum::<u64>()
    };
    let (word, substring) = (hits("word"), hits("substring"));
    assert!(word > 0 && substring > word, "{word} as a word, {substring} anywhere (tests, testing, contest)");
}

#[test]
fn a_set_is_tried_on_a_text_and_on_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("set.txt"), "react\nc++\n").unwrap();
    fs::write(folder.path().join("answer.txt"), "I used C++,\nbut never React.\u{1b}[2J").unwrap();
    let run = |arguments: &[&str]| {
        let output = roundup(folder.path()).args(arguments).assert().success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    let expected = "c++: I used «C++», but never React. [2J\nreact: I used C++, but never «React». [2J  (negated)\n";
    assert_eq!(run(&["keywords", "try", "set.txt", "--text", "answer.txt"]), expected);
    let json = run(&["keywords", "try", "set.txt", "--text", "answer.txt", "--format", "json"]);
    let second: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&second["start"], &second["end"], &second["negated"]), (&22.into(), &27.into(), &true.into()));

    run(&["import", "--lake", "lake", INTERVIEWS]);
    run(&["analyze", "--lake", "lake", "--keywords", "set.txt"]);
    let mentions: i64 = rows(&folder.path().join("lake"), "keyword_hits")
        .iter()
        .map(|row| row["mentions"].parse::<i64>().unwrap())
        .sum();
    let shown = run(&["keywords", "try", "set.txt", "--lake", "lake"]);
    assert!(mentions > 3);
    assert_eq!(shown.lines().count() as i64, mentions, "every mention is shown");
    roundup(folder.path()).args(["keywords", "try", "set.txt"]).assert().code(2);
}

#[test]
fn lint_names_lines_and_terms_that_stand_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("set.txt"), "react\nwork\nzyzzyva\n").unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let output = roundup(folder.path()).args(["keywords", "lint", "set.txt", "--lake", "lake"]).assert().success();
    let said = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(
        said,
        "set.txt:2: term `work` is a common English word\nset.txt:3: term `zyzzyva` stands in no answer of the lake\n"
    );
}

#[test]
fn negated_is_null_where_an_answer_is_not_in_english() {
    let folder = tempfile::tempdir().unwrap();
    let answers = [
        ("english", "I have never used React, and I would like to learn it with the team.", Some("1")),
        ("short", "No React.", Some("1")),
        ("german", "Nein, ich habe noch nie mit React gearbeitet, aber ich würde es gern lernen.", None),
        ("tibetan", "བོད་ཀྱི་སྐད་ཡིག་ནི་བོད་མི་རྣམས་ཀྱི་སྐད་ཡིག no React", None),
    ];
    let bodies: String = answers
        .iter()
        .map(|(id, transcript, _)| {
            let response = serde_json::json!({"question_id": "q", "question_text": "Q?", "question_type": "technical",
                "transcript": transcript, "duration_seconds": 60, "answered_at": "2026-05-04T10:00:00Z"});
            let body = serde_json::json!({"id": id, "status": "completed", "job": {"id": "j", "title": "J", "department": "D"},
                "candidate": {"id": format!("c-{id}"), "name": "N", "email": "n@example.org"},
                "created_at": "2026-05-01T09:00:00Z", "started_at": "2026-05-04T10:00:00Z",
                "completed_at": "2026-05-04T10:20:00Z", "responses": [response]});
            format!("{body}\n")
        })
        .collect();
    fs::write(folder.path().join("interviews.jsonl"), bodies).unwrap();
    fs::write(folder.path().join("set.txt"), "react\n").unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", "interviews.jsonl"]).assert().success();
    analyze(folder.path(), &["--keywords", "set.txt"]);
    let hits = rows(&folder.path().join("lake"), "keyword_hits");
    assert_eq!(hits.len(), answers.len());
    for (id, _, negated) in answers {
        let hit = hits.iter().find(|hit| hit["interview_id"] == id).unwrap();
        assert_eq!(hit.get("negated").map(String::as_str), negated, "{id}");
    }
    let language = |id: &str| {
        let metrics = rows(&folder.path().join("lake"), "response_metrics");
        metrics.iter().find(|row| row["interview_id"] == id).unwrap().get("language").cloned()
    };
    assert_eq!((language("german").as_deref(), language("tibetan")), (Some("de"), None));

    let output =
        roundup(folder.path()).args(["keywords", "try", "set.txt", "--lake", "lake", "--format", "json"]).assert();
    let shown = String::from_utf8(output.success().get_output().stdout.clone()).unwrap();
    for line in shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let (_, _, negated) = answers.iter().find(|(id, ..)| line["interview_id"] == *id).unwrap();
        assert_eq!(line["negated"].as_bool(), negated.map(|_| true), "{line}");
    }
}

#[test]
fn lint_sees_what_nobody_sees() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("set.txt"), "\u{FEFF}spring \n\u{200B}typescript\n").unwrap();
    let output = roundup(folder.path()).args(["keywords", "lint", "set.txt"]).assert().success();
    let said = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].contains("byte-order mark") && lines[1].contains("white space at its edge"), "{said}");
    assert!(
        lines[2].starts_with("set.txt:2: term `") && lines[2].ends_with("has an invisible character, U+200B"),
        "{said}"
    );
}

/// The version of the tables that each file of hits was written with, and its rows as the table has them now.
fn hits_by_version(lake: &Path) -> Vec<(String, usize)> {
    let file_of = |path: std::path::PathBuf| {
        let file = ParquetFile::open(&path).unwrap();
        let rows = schema::KEYWORD_HITS.conform(&file.all(&schema::KEYWORD_HITS.column_names()).unwrap()).unwrap();
        (file.metadata(schema::SCHEMA).unwrap().to_owned(), rows.num_rows())
    };
    parquet_files(&lake.join("keyword_hits")).unwrap().into_iter().map(file_of).collect()
}

#[test]
fn hits_of_an_older_version_are_read_beside_new_ones_until_they_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log")), &lake);
    analyze(folder.path(), &["--keywords", "builtin:vendor-sample"]);
    let all = hits_by_version(&lake);
    assert!(all.iter().any(|(version, _)| version == "1") && all.iter().any(|(version, _)| version == "2"), "{all:?}");
    let run = |arguments: &[&str]| {
        let output = roundup(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        output.stdout
    };
    let texts = |file: &str| -> Vec<u8> {
        let report = ["report", "--lake", "lake", "--out", file, "--period", "31d", "--until", "2024-02-01"];
        run(&report);
        fs::read(folder.path().join(file).join("latest/summary.json")).unwrap()
    };
    let check = String::from_utf8(run(&["status", "--check", "--lake", "lake"])).unwrap();
    assert!(check.starts_with("all well"), "{check}");
    // The sets that the lake has, as it has them: by its name, a set must be searched for as it is now.
    let export = || -> Vec<Value> {
        let rows = String::from_utf8(run(&["export", "--lake", "lake", "--what", "analysis", "--format", "jsonl"]));
        let mut rows: Vec<Value> = rows.unwrap().lines().map(|row| serde_json::from_str(row).unwrap()).collect();
        // Of a set that changed since, only the terms are known that were found.
        rows.iter_mut().for_each(|row| row["keywordMatches"].as_object_mut().unwrap().retain(|_, count| *count != 0));
        rows
    };
    let before = (export(), texts("before"));
    assert!(before.0.iter().any(|row| row["keywordMatches"]["um"].is_number()), "{:?}", before.0);
    // Fillers were analysed under the older version only; their hits are made again under this one.
    let made = analyze(folder.path(), &["--keywords", "builtin:fillers", "builtin:vendor-sample"]);
    assert_eq!(made, 3, "the three months of fillers");
    assert!(hits_by_version(&lake).iter().all(|(version, _)| version == "2"));
    let counts = |all: &[(String, usize)]| all.iter().map(|(_, rows)| *rows).sum::<usize>();
    assert_eq!(counts(&hits_by_version(&lake)), counts(&all));
    assert_eq!(export(), before.0);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { _ = fs::copy(entry.path(), to).unwrap() }
    }
}
