//! Lists of ids that are CSV, the jobs of a lake, the sets that ship, and views of the tables that are there.

use std::fs;

use serde_json::Value;

use crate::common::{INTERVIEWS, Served, roundup, sample, serve};

/// Exit code and stderr of an ingest of a list.
fn ingest(served: &Served, flags: &[&str]) -> (Option<i32>, String) {
    let api = served.sandbox.base_url();
    let fixed = [
        "--quiet",
        "ingest",
        "--lake",
        "lake",
        "--questions",
        "none",
        "--requests-per-minute",
        "600000",
        "--api",
        &api,
    ];
    let output = served.roundup().args(fixed).args(flags).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_list_of_csv_is_read_by_the_column_that_is_named() {
    let served = serve(Some(4));
    let ids = served.ids();
    let csv = format!(
        "\u{FEFF}candidate,\"interview, id\",mail\r\n\"Doe, Jane\",{},a@example.org\r\n\"two\r\nlines\",\"{}\",\r\nNobody, ,\r\nJim,{},x\r\n",
        ids[0], ids[1], ids[0]
    );
    served.write("ids.csv", &csv);
    let (code, stderr) = ingest(&served, &["ids.csv"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("ids.csv:1: ") && stderr.contains("--column NAME"), "{stderr}");
    let (code, stderr) = ingest(&served, &["ids.csv", "--column", "id"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("ids.csv:1: there is no column `id`"), "{stderr}");
    assert!(stderr.contains("its columns: candidate, interview, id, mail"), "{stderr}");
    assert!(!served.lake().exists());
    assert_eq!(ingest(&served, &["ids.csv", "--column", "interview, id"]), (Some(0), String::new()));
    let there = || [served.ids_in("interviews"), served.ids_in("open_interviews")].concat().len();
    assert_eq!(there(), 2);
    for (separator, name) in [(";", "semicolons.csv"), ("\t", "tabs.csv")] {
        served.write(name, &format!("name{separator}id\nA{separator}{}\nB{separator}{}\n", ids[2], ids[3]));
    }
    let text = fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let text = text.replace("[\"ids.txt\"]", "[\"semicolons.csv\", \"tabs.csv\"]\ncolumn = \"id\"");
    served.run(&served.write("csv.toml", &text), 0);
    assert_eq!((there(), &served.last_run()["ingest"]["listed"]), (4, &2.into()));
    // A line that cannot be an id, or has other fields, is named.
    served.write("bad.csv", "name,id\nA,fine\nB,two words\n");
    assert!(
        ingest(&served, &["bad.csv", "--column", "id"]).1.contains("bad.csv:3: an interview id holds no white space")
    );
    served.write("bad.csv", "name,id\nA,fine\nB\n");
    assert!(ingest(&served, &["bad.csv", "--column", "id"]).1.contains("bad.csv:3: the fields of this line"));
}

#[test]
fn a_list_with_the_head_of_a_column_or_commas_is_refused() {
    let served = serve(Some(2));
    for (text, message) in [
        ("interview_id\nabc\n", "ids.txt:1: `interview_id` is the head of a column"),
        ("ID\nabc\n", "ids.txt:1: `ID` is the head of a column"),
        ("abc\ndef,Jane\n", "ids.txt:2: a comma or semicolon in an interview id"),
        ("abc;Jane\n", "ids.txt:1: a comma or semicolon in an interview id"),
    ] {
        served.write("ids.txt", text);
        let (code, stderr) = ingest(&served, &["ids.txt"]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(message) && stderr.contains("--column"), "{stderr}");
    }
}

#[test]
fn the_jobs_of_a_lake_are_listed_and_control_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let esc = r#"{"id":"esc-1","status":"completed","completed_at":"2026-05-10T00:00:00Z","job":{"id":"j","title":"T\u001b]0;x\u0007\u202e"},"responses":[]}"#;
    fs::write(folder.path().join("esc.jsonl"), esc).unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS, "esc.jsonl"]).assert().success();
    let jobs = |format: &str| {
        let output = roundup(folder.path()).args(["jobs", "--lake", "lake", "--format", format]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let json: Value = serde_json::from_str(&jobs("json")).unwrap();
    let json = json.as_array().unwrap();
    let total: u64 =
        json.iter().flat_map(|job| job["statuses"].as_object().unwrap().values()).map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(total, fs::read_to_string(INTERVIEWS).unwrap().lines().count() as u64 + 1);
    let known = sample()[0]["job"].clone();
    assert!(json.iter().any(|job| ["id", "title", "department"].iter().all(|name| job[name] == known[name])));
    let text = jobs("text");
    assert!(
        text.starts_with("id ") && text.contains(known["title"].as_str().unwrap()) && text.contains(" completed"),
        "{text}"
    );
    assert!(text.contains("T\\u{1b}]0;x\\u{7}\\u{202e} "), "{text}");
    assert!(!text.contains(['\u{1B}', '\u{7}', '\u{202E}']), "{text}");
}

#[test]
fn the_sets_that_ship_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let list = |format: &str| {
        let output = roundup(folder.path()).args(["keywords", "list", "--format", format]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let json: Value = serde_json::from_str(&list("json")).unwrap();
    assert_eq!(json.as_array().unwrap().len(), roundup::keywords::SHIPPED.len());
    let sample = json.as_array().unwrap().iter().find(|set| set["set"] == "builtin:vendor-sample").unwrap();
    assert_eq!(
        (&sample["kind"], &sample["terms"], &sample["languages"][0]),
        (&"substrings".into(), &5.into(), &"en".into())
    );
    for set in json.as_array().unwrap() {
        assert!(set["description"].as_str().is_some_and(|text| !text.is_empty()) && set["terms"].as_u64() > Some(0));
        assert!(list("text").lines().any(|line| line.starts_with(set["set"].as_str().unwrap())));
    }
}

#[test]
fn views_are_of_all_tables_whatever_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let months = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/months.jsonl");
    let name = "it's a [lake] \"?*";
    roundup(folder.path()).args(["import", "--lake", name, months]).assert().success();
    let views =
        |lake: &str| roundup(folder.path()).args(["schema", "--format", "sql", "--lake", lake]).output().unwrap();
    let sql = String::from_utf8(views(name).stdout).unwrap();
    assert!(sql.contains("CREATE OR REPLACE VIEW interviews AS SELECT * FROM read_parquet('it''s a [[]lake] \"[?][*]/interviews/**/*.parquet'"), "{sql}");
    for table in roundup::lake::schema::TABLES {
        let has_files = folder.path().join(name).join(table.name).exists();
        // A view of several tables must work before all of them are there.
        let view =
            format!("VIEW {} AS SELECT {} ", table.name, if has_files { "* FROM read_parquet(" } else { "NULL::" });
        assert!(sql.contains(view.trim_end()), "{}: {sql}", table.name);
        assert_eq!(sql.contains(&format!("-- There is nothing in {} yet.", table.name)), !has_files, "{}", table.name);
        let columns = table.columns.iter().map(|column| (column.name, column.column_type.sql()));
        for (name, kind) in columns.chain(table.partitions.iter().map(|name| (*name, "VARCHAR"))) {
            let line = sql.lines().find(|line| line.contains(&format!("VIEW {} AS", table.name))).unwrap();
            assert!(line.contains(&format!("NULL::{kind} AS \"{name}\"")), "{name}: {line}");
        }
    }
    for view in ["all_interviews", "mentions", "completion"] {
        assert!(sql.contains(&format!("CREATE OR REPLACE VIEW {view} AS\n")), "{view}");
    }
    let one = roundup(folder.path()).args(["schema", "jobs", "--format", "sql", "--lake", name]).output().unwrap();
    assert_eq!(String::from_utf8(one.stdout).unwrap().matches("CREATE").count(), 1, "what is asked for, and no more");
    let output = views("nowhere");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no lake at nowhere"));
}
