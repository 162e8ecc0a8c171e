//! Exports say what the lake says, in every format, and are safe where they are opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use roundup::lake::read::ParquetFile;
use serde_json::{Value, json};

use crate::common::{Row, roundup, rows, sample};

/// An empty folder with a lake of bodies that were analysed for the vendor sample's keywords.
struct Lake(tempfile::TempDir);

impl Lake {
    fn of(bodies: &[Value]) -> Self {
        let lake = Self(tempfile::tempdir().unwrap());
        let text: String = bodies.iter().map(|body| format!("{body}\n")).collect();
        fs::write(lake.path("bodies.jsonl"), text).unwrap();
        lake.runs(&["import", "--lake", "lake", "bodies.jsonl"]);
        lake.runs(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
        lake
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn table(&self, name: &str) -> Vec<Row> {
        rows(&self.path("lake"), name)
    }

    fn runs(&self, arguments: &[&str]) -> Vec<u8> {
        let output = roundup(self.0.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What `export` writes to standard output.
    fn exports(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.runs(&[&["export", "--lake", "lake"], arguments].concat())).unwrap()
    }

    fn jsonl(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.exports(&[&["--format", "jsonl"], arguments].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn csv(&self, arguments: &[&str]) -> Vec<BTreeMap<String, String>> {
        let text = self.exports(&[&["--format", "csv"], arguments].concat());
        csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes())
            .deserialize()
            .map(Result::unwrap)
            .collect()
    }

    /// Exit code and standard error of an `export` that is refused.
    fn refuses(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = roundup(self.0.path()).args(["export", "--lake", "lake"]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["interview_id"].as_str().unwrap()).collect()
}

#[test]
fn every_format_has_the_rows_of_the_lake() {
    let lake = Lake::of(&sample());
    let known = [lake.table("interviews"), lake.table("open_interviews")].concat();
    assert_eq!(lake.csv(&[]).len(), known.len());
    let answers = lake.table("responses");
    let (text, objects) = (lake.csv(&["--what", "responses"]), lake.jsonl(&["--what", "responses"]));
    assert_eq!((text.len(), objects.len()), (answers.len(), answers.len()));
    for (row, object) in text.iter().zip(&objects) {
        let is_it =
            |answer: &&Row| answer["interview_id"] == row["interview_id"] && answer["position"] == row["position"];
        let answer = answers.iter().find(is_it).unwrap();
        let same = |column: &str| answer.get(column).map(String::as_str).unwrap_or_default();
        assert_eq!(row["transcript"].trim_start_matches('\''), same("transcript").trim_start_matches('\''));
        assert_eq!(row["question_id"], same("question_id"));
        assert_eq!(object["transcript"].as_str(), answer.get("transcript").map(String::as_str));
        assert_eq!(
            object["duration_seconds"].as_f64(),
            answer.get("duration_seconds").map(|text| text.parse().unwrap())
        );
        assert_eq!(object["has_audio"].to_string(), answer["has_audio"]);
    }
    lake.runs(&["export", "--lake", "lake", "--format", "parquet", "--what", "responses", "-o", "out.parquet"]);
    let file = ParquetFile::open(&lake.path("out.parquet")).unwrap();
    assert_eq!(file.rows(), answers.len() as u64);
    let batch = file.all(&["interview_id", "transcript", "answered_at"]).unwrap();
    let transcripts: Vec<_> = roundup::lake::read::strings(&batch, "transcript").iter().collect();
    assert_eq!(transcripts, objects.iter().map(|object| object["transcript"].as_str()).collect::<Vec<_>>());
    lake.runs(&["export", "--lake", "lake", "--format", "xlsx", "--what", "responses", "-o", "out.xlsx"]);
    let sheet = sheet_of(&lake.path("out.xlsx"));
    assert_eq!(sheet.matches("<row ").count(), answers.len() + 1);
}

fn sheet_of(path: &Path) -> String {
    let mut workbook = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut sheet = String::new();
    workbook.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    sheet
}

/// The sample's own code, in Rust.
fn vendor_analysis(body: &Value) -> Value {
    let responses = body["responses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = responses.iter().filter_map(|response| response["transcript"].as_str()).collect();
    let durations: Vec<f64> = responses.iter().filter_map(|response| response["duration_seconds"].as_f64()).collect();
    let length: usize = texts.iter().map(|text| text.encode_utf16().count()).sum();
    let matches = |term: &str| texts.iter().filter(|text| text.to_lowercase().contains(term)).count();
    let total = (!durations.is_empty()).then(|| durations.iter().sum::<f64>());
    #[expect(clippy::cast_precision_loss, reason = "lengths of a small sample")]
    let average = (!texts.is_empty()).then(|| length as f64 / texts.len() as f64);
    json!({
        "candidate": body["candidate"]["name"],
        "completedAt": body["completed_at"],
        "totalDuration": total,
        "averageResponseLength": average,
        "keywordMatches": {
            "react": matches("react"), "typescript": matches("typescript"), "testing": matches("testing"),
            "agile": matches("agile"), "ci/cd": matches("ci/cd"),
        },
    })
}

#[test]
fn the_analysis_is_that_of_the_vendors_sample() {
    let bodies = sample();
    let lake = Lake::of(&bodies);
    let analyses = lake.jsonl(&["--what", "analysis"]);
    let completed: Vec<&Value> = bodies.iter().filter(|body| body["status"] == "completed").collect();
    assert_eq!(analyses.len(), completed.len());
    for body in completed {
        let analysis = analyses.iter().find(|analysis| analysis["interview_id"] == body["id"]).unwrap();
        for (field, expected) in vendor_analysis(body).as_object().unwrap() {
            assert_eq!(&analysis[field], expected, "{field} of {}", body["id"]);
        }
    }
    let row = &lake.csv(&["--what", "analysis"])[0];
    assert_eq!(row["keywordMatches.ci/cd"], analyses[0]["keywordMatches"]["ci/cd"].to_string());
}

#[test]
fn filters_are_by_job_status_and_period() {
    let lake = Lake::of(&sample());
    let interviews = lake.table("interviews");
    let job = interviews[0]["job_id"].clone();
    let of_job = lake.jsonl(&["--job", &job]);
    assert!(!of_job.is_empty() && of_job.iter().all(|row| row["job_id"] == job.as_str()));
    let title = interviews[0]["job_title"].to_uppercase();
    let all = lake.jsonl(&[]);
    let has_title = |row: &&Value| row["job_title"].as_str().is_some_and(|named| named.to_uppercase() == title);
    let named: BTreeSet<&str> = all.iter().filter(has_title).filter_map(|row| row["job_id"].as_str()).collect();
    let expected: Vec<&Value> =
        all.iter().filter(|row| row["job_id"].as_str().is_some_and(|id| named.contains(id))).collect();
    assert_eq!(lake.jsonl(&["--job", &title]).iter().collect::<Vec<_>>(), expected);
    let both = lake.jsonl(&["--status", "expired", "invited"]);
    let statuses: Vec<&str> = both.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert!(statuses.contains(&"expired") && statuses.contains(&"invited"));
    assert!(statuses.iter().all(|status| ["expired", "invited"].contains(status)));
    let march = lake.jsonl(&["--from", "2026-03-01", "--until", "2026-04-01"]);
    assert!(!march.is_empty() && march.len() < interviews.len());
    assert!(march.iter().all(|row| row["settled_at"].as_str().unwrap().starts_with("2026-03")));
    let (before, after) = (lake.jsonl(&["--until", "2026-03-01"]), lake.jsonl(&["--from", "2026-04-01"]));
    assert_eq!(before.len() + march.len() + after.len(), interviews.len(), "each settled interview is in one of them");
    let answers =
        lake.jsonl(&["--what", "responses", "--status", "completed", "--from", "2026-03-01", "--until", "2026-04-01"]);
    assert!(
        !answers.is_empty() && answers.iter().all(|row| ids(&march).contains(&row["interview_id"].as_str().unwrap()))
    );
    assert_eq!(lake.jsonl(&["--what", "responses", "--status", "invited"]), Vec::<Value>::new());
}

#[test]
fn csv_is_safe_in_a_spreadsheet_and_raw_on_demand() {
    let mut body = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    let words = "=HYPERLINK(\"http://x\"), é\r\nand \u{1} more";
    body["responses"][0]["transcript"] = json!(words);
    let lake = Lake::of(&[body]);
    let flags = ["--format", "csv", "--what", "responses"];
    let safe = lake.exports(&flags);
    assert!(safe.starts_with("\u{feff}interview_id,"), "spreadsheets know it for UTF-8");
    assert!(safe.contains(",\"'=HYPERLINK(\"\"http://x\"\"), é\r\nand \u{fffd} more\","), "{safe}");
    assert!(safe.ends_with("\r\n"));
    let raw = lake.exports(&[&flags[..], &["--raw"]].concat());
    assert!(raw.starts_with("interview_id,"));
    assert!(raw.contains(",\"=HYPERLINK(\"\"http://x\"\"), é\r\nand \u{1} more\","), "{raw}");
    // A workbook says what is a text: nothing is put before it, and it is no formula.
    lake.runs(&["export", "--lake", "lake", "--format", "xlsx", "--what", "responses", "-o", "out.xlsx"]);
    let sheet = sheet_of(&lake.path("out.xlsx"));
    assert!(sheet.contains("<t>=HYPERLINK(") && !sheet.contains("<f>"), "{sheet}");
}

#[test]
fn a_text_longer_than_a_cell_is_cut_and_said() {
    let mut body = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    body["responses"][0]["transcript"] = json!("a".repeat(40_000));
    let lake = Lake::of(&[body]);
    let (code, stderr) = lake.refuses(&["--format", "xlsx", "--what", "responses", "-o", "out.xlsx"]);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("1 texts are longer than a cell holds and were cut"), "{stderr}");
}

#[test]
fn what_cannot_be_exported_is_said_and_writes_nothing() {
    let lake = Lake::of(&sample()[..10]);
    let refused = |arguments: &[&str], code: i32, what: &str| {
        let (found, stderr) = lake.refuses(arguments);
        assert_eq!(found, Some(code), "{stderr}");
        assert!(stderr.contains(what), "{stderr}");
    };
    refused(&["--format", "xlsx"], 2, "--output FILE");
    refused(&["--format", "jsonl", "--raw"], 2, "`raw` is for csv");
    refused(&["--format", "csv", "--keywords", "builtin:data"], 2, "`keywords` is for");
    refused(&["--format", "csv", "--from", "2026-02-30"], 2, "is no day");
    refused(&["--format", "csv", "--from", "2026-02-02", "--until", "2026-02-02"], 2, "no day from `from` on");
    refused(&["--format", "csv", "-o", "/dev"], 2, "/dev is not a file");
    refused(&["--format", "csv", "-o", "nowhere/out.csv"], 2, "there is no folder nowhere");
    refused(&["--format", "csv", "--job", "nobody's"], 0, "nothing in the lake is selected");
    fs::write(lake.path("out.csv"), "what was there").unwrap();
    let engineering = ["--format", "csv", "--what", "analysis", "--keywords", "builtin:engineering", "-o", "out.csv"];
    refused(&engineering, 1, "was not searched for the keyword set engineering as it is now");
    refused(&engineering, 1, "hint: roundup analyze --lake lake --keywords builtin:engineering");
    assert_eq!(fs::read_to_string(lake.path("out.csv")).unwrap(), "what was there");
    let left: Vec<_> = fs::read_dir(lake.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".roundup")), "{left:?}");
}

#[test]
fn figures_of_rows_that_have_changed_are_not_exported() {
    let mut bodies = sample();
    let lake = Lake::of(&bodies);
    let path = parquet_of(&lake, "interview_metrics");
    let stale = fs::read(&path).unwrap();
    // Another lake's figures under the same name: as after a body was replaced and not analysed again.
    bodies.iter_mut().for_each(|body| body["job"]["id"] = json!("another"));
    let other = Lake::of(&bodies);
    let at = parquet_of(&other, "interview_metrics");
    fs::write(&at, stale).unwrap();
    let (code, stderr) = other.refuses(&["--format", "csv", "--what", "analysis"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("has changed since it was analysed"), "{stderr}");
}

fn parquet_of(lake: &Lake, table: &str) -> PathBuf {
    roundup::lake::read::parquet_files(&lake.path("lake").join(table)).unwrap().remove(0)
}

#[test]
fn the_same_lake_gives_the_same_bytes() {
    let lake = Lake::of(&sample());
    for format in ["csv", "jsonl", "parquet", "xlsx"] {
        let write = |name: &str| {
            lake.runs(&["export", "--lake", "lake", "--format", format, "--what", "analysis", "-o", name]);
            fs::read(lake.path(name)).unwrap()
        };
        assert!(write("one") == write("other"), "{format}");
    }
}

#[test]
fn an_analysis_counts_the_terms_of_the_sets_that_the_lake_was_analysed_with() {
    let lake = Lake::of(&sample());
    fs::write(lake.path("mine.txt"), "the\nnowhere to be found\nreact\n").unwrap();
    lake.runs(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample", "mine.txt", "--mode", "substring"]);
    let terms = |rows: &[Value]| -> BTreeSet<String> {
        rows[0]["keywordMatches"].as_object().unwrap().keys().cloned().collect()
    };
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let both = lake.jsonl(&["--what", "analysis"]);
    // Of a set that ships all terms are known, of another those that were found; one that both have is told apart.
    assert_eq!(
        terms(&both),
        of(&["the", "react (mine)", "react (vendor-sample)", "typescript", "testing", "agile", "ci/cd"])
    );
    let sum =
        |rows: &[Value], term: &str| rows.iter().map(|row| row["keywordMatches"][term].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum(&both, "react (mine)"), sum(&both, "react (vendor-sample)"));
    assert!(sum(&both, "the") > 0);
    let one = lake.jsonl(&["--what", "analysis", "--keywords", "builtin:vendor-sample"]);
    assert_eq!(terms(&one), of(&["react", "typescript", "testing", "agile", "ci/cd"]));
    let named = ["--what", "analysis", "--mode", "substring", "--keywords", "mine.txt", "builtin:vendor-sample"];
    assert!(terms(&lake.jsonl(&named)).contains("nowhere to be found"));
    // Interviews come for which one of the sets is not looked: it is left out, and said.
    let mut body = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    body["id"] = json!("a-new-one");
    fs::write(lake.path("more.jsonl"), body.to_string()).unwrap();
    lake.runs(&["import", "--lake", "lake", "more.jsonl"]);
    lake.runs(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    let (code, stderr) = lake.refuses(&["--format", "csv", "--what", "analysis", "-o", "out.csv"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("the keyword set mine is left out: not all answers were searched for it"), "{stderr}");
    assert_eq!(terms(&lake.jsonl(&["--what", "analysis"])), terms(&one));
}

#[test]
fn an_analysis_that_lacks_something_writes_not_one_byte() {
    let lake = Lake::of(&sample());
    // A second batch, which no analysis has seen, is the last to be read.
    let mut body = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    (body["id"], body["completed_at"]) = (json!("a-late-one"), json!("2031-01-01T00:00:00Z"));
    fs::write(lake.path("more.jsonl"), body.to_string()).unwrap();
    lake.runs(&["import", "--lake", "lake", "more.jsonl"]);
    for format in ["csv", "jsonl"] {
        let arguments = ["export", "--lake", "lake", "--format", format, "--what", "analysis"];
        let output = roundup(lake.0.path()).args(arguments).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{format}");
    }
    // A lake that was searched for nothing says how to search it.
    lake.runs(&["import", "--lake", "bare", "more.jsonl"]);
    lake.runs(&["analyze", "--lake", "bare"]);
    let arguments = ["export", "--lake", "bare", "--format", "csv", "--what", "analysis"];
    let output = roundup(lake.0.path()).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    assert!(stderr.contains("was searched for no keyword set"), "{stderr}");
    assert!(stderr.contains("hint: roundup analyze --lake bare --keywords builtin:vendor-sample"), "{stderr}");
}

#[test]
fn a_period_and_a_time_zone_mean_the_same_as_in_a_report() {
    let bodies: Vec<Value> = [
        ("last", "2026-05-31T21:59:59Z"),
        ("after", "2026-05-31T22:00:00Z"),
        ("before", "2026-05-24T21:59:59Z"),
    ]
    .iter()
    .map(|(id, at)| json!({"id": id, "status": "completed", "completed_at": at, "job": {"id": "j"}, "responses": []}))
    .collect();
    let lake = Lake::of(&bodies);
    let ids_of = |arguments: &[&str]| -> BTreeSet<String> {
        lake.jsonl(arguments).iter().map(|row| row["interview_id"].as_str().unwrap().to_owned()).collect()
    };
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let week = ["--period", "7d", "--until", "2026-06-01"];
    assert_eq!(ids_of(&week), of(&["last", "after"]));
    assert_eq!(ids_of(&[&week[..], &["--time-zone", "Europe/Berlin"]].concat()), of(&["last"]));
    assert_eq!(ids_of(&["--from", "2026-06-01", "--time-zone", "Europe/Berlin"]), of(&["after"]));
    assert_eq!(ids_of(&["--period", "1w"]), of(&[]), "before today");
    let (code, stderr) = lake.refuses(&["--format", "csv", "--period", "7d", "--from", "2026-06-01"]);
    assert_eq!(code, Some(2), "{stderr}");
    let (code, stderr) = lake.refuses(&["--format", "csv", "--time-zone", "Europe/Nowhere"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`Europe/Nowhere` is no time zone"), "{stderr}");
    // So in a pipeline: the same settings, and days without quotes.
    let pipeline = "[source]\napi = \"sandbox\"\n[lake]\npath = \"lake\"\n[export]\noutput = \"week.jsonl\"\nformat = \"jsonl\"\n\
                    period = \"7d\"\nuntil = 2026-06-01\ntime-zone = \"Europe/Berlin\"\n";
    fs::write(lake.path("p.toml"), pipeline).unwrap();
    lake.runs(&["run", "--only", "export", "p.toml"]);
    let rows = fs::read_to_string(lake.path("week.jsonl")).unwrap();
    assert!(rows.lines().count() == 1 && rows.contains("\"last\""), "{rows}");
}
