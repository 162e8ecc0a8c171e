//! `check` says all that is wrong with a pipeline, each with file, line and key, and what would fail at night.

use std::fs;

use serde_json::json;

use crate::common::{Served, sample, serve};

/// Exit code, stdout and stderr of `check`.
fn check(served: &Served, text: &str) -> (Option<i32>, String, String) {
    served.write("p.toml", text);
    let output = served.roundup().args(["check", "p.toml"]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The errors of a pipeline, without their hints.
#[track_caller]
fn errors(served: &Served, text: &str) -> Vec<String> {
    let (code, stdout, stderr) = check(served, text);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    stderr.lines().filter_map(|line| line.strip_prefix("error: ")).map(str::to_owned).collect()
}

const LAKE: &str = "[source]\napi = \"sandbox\"\n[lake]\npath = \"lake\"\n";

#[test]
fn every_wrong_value_is_named_with_its_line_and_key() {
    let served = serve(Some(3));
    let text = "\
[source]
api = \"sandbox\"
key-env = \"KEY\"
exclude = [\"[\", \"fine\"]
[lake]
path = \"lake\"
[ingest]
concurrency = 0
stop-at = \"5:30 pm\"
limit-window = \"2h\"
[analyze]
keywords = [
  \"builtin:engineering\",
  \"builtin:nothing\",
  \"none.toml\",
]
[report]
period = \"1m\"
time-zone = \"Europe/Nowhere\"
until = 2026-11-01T12:00:00
[[export]]
output = \"a.csv\"
format = \"csv\"
period = \"soon\"
[[export]]
output = \"a.csv\"
format = \"jsonl\"
raw = true
[audio]
out = \"archive\"
max-bytes = \"many\"
[notify]
command = [\"no-such-program\"]
timeout = \"1d\"
[metrics]
prometheus = \"p.toml/metrics\"
";
    let expected = [
        "p.toml:3: `key-env` under [source]: the sandbox inside this process takes no key",
        "p.toml:4: `exclude` under [source]: `[` under exclude is no pattern",
        "p.toml:8: `concurrency` under [ingest]: it is at least 1",
        "p.toml:9: `stop-at` under [ingest]: `5:30 pm` is no time of day",
        "p.toml:10: `limit-window` under [ingest]: `2h` is no window of a rate limit",
        "p.toml:14: `keywords` under [analyze]: there is no keyword set builtin:nothing",
        "p.toml:15: `keywords` under [analyze]: cannot read the keyword set none.toml: No such file or directory (os error 2)",
        "p.toml:18: `period` under [report]: `1m` is no period",
        "p.toml:19: `time-zone` under [report]: `Europe/Nowhere` is no time zone",
        "p.toml:20: `until` under [report]: `2026-11-01T12:00:00` is no day",
        "p.toml:24: `period` under [export]: `soon` is no period",
        "p.toml:26: `output` under [export]: two exports are written to a.csv",
        "p.toml:28: `raw` under [export]: `raw` is for csv: the other formats say what is a text",
        "p.toml:31: `max-bytes` under [audio]: `many` is no size",
        "p.toml:33: `command` under [notify]: there is no program no-such-program",
        "p.toml:34: `timeout` under [notify]: `1d` is no timeout of a notification",
        "p.toml:36: `prometheus` under [metrics]: cannot make the metrics at p.toml: p.toml is not a folder",
    ];
    assert_eq!(errors(&served, text), expected);
    assert!(!served.lake().exists());
}

#[test]
fn values_of_another_kind_are_told_in_plain_words_and_all_at_once() {
    let served = serve(Some(3));
    let text = "\
[source]
api = \"http://127.0.0.1:9/api/v1\"
interviews = \"ids.txt\"
key-files = \"key\"
[ingest]
requests-per-minute = \"100\"
[analyze]
keywords = [\"builtin:engineering\", 7]
[report]
quotes = \"yes\"
formats = [\"html\", \"pdf\", \"doc\"]
out = \"p.toml/reports\"
[[export]]
what = \"responses\"
[audio]
concurrency = -1
";
    let key = "p.toml:1: `key-env` under [source]: the environment variable ROUNDZERO_API_KEY is not set";
    served.write("p.toml", text);
    let output = served.roundup().env_remove("ROUNDZERO_API_KEY").args(["check", "p.toml"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<&str> = stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    let hint = |line: &str| stderr.split(line).nth(1).unwrap().lines().nth(1).unwrap().to_owned();
    let list = "p.toml:3: `interviews` under [source] is a list";
    assert_eq!(hint(list), "hint: write [\"ids.txt\"]");
    for expected in [
        list,
        "p.toml:1: missing field `lake`",
        "p.toml:6: `requests-per-minute` under [ingest] is a whole number, not below 0",
        "p.toml:8: `keywords` under [analyze] is a text",
        "p.toml:10: `quotes` under [report] is true or false",
        "p.toml:11: `formats` under [report]: there is no `pdf`, only `html`, `xlsx`, `csv`, `json`, `parquet`",
        "p.toml:11: `formats` under [report]: there is no `doc`, only `html`, `xlsx`, `csv`, `json`, `parquet`",
        "p.toml:13: missing field `format` under [export]",
        "p.toml:13: missing field `output` under [export]",
        "p.toml:15: missing field `out` under [audio]",
        "p.toml:16: `concurrency` under [audio] is a whole number, not below 0",
    ] {
        assert!(errors.contains(&expected), "no {expected:?} in {stderr}");
    }
    assert!(errors.iter().any(|error| error.starts_with("p.toml:4: unknown field `key-files`")), "{stderr}");
    assert!(errors.contains(&key), "what it names is looked at all the same: {stderr}");
    assert_eq!(errors.len(), 14, "{stderr}");
    // What only follows from something that is wrong is not said.
    let text = text
        .replace("[[export]]\nwhat = \"responses\"\n", "")
        .replace("key-files", "exclude")
        .replace("[audio]\nconcurrency = -1\n", "");
    served.write("p.toml", &(text + "[lake]\npath = \"lake\"\n"));
    let output = served.roundup().env_remove("ROUNDZERO_API_KEY").args(["check", "p.toml"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    for expected in [key, list, "p.toml:12: `out` under [report]: cannot make the report at p.toml/reports"] {
        assert!(stderr.contains(expected), "no {expected:?} in {stderr}");
    }
    assert!(!stderr.contains("names no `interviews`"), "that follows from the list that is none: {stderr}");
}

#[test]
fn what_is_no_toml_is_named_with_its_lines() {
    let served = serve(Some(3));
    let all = errors(&served, "[source\napi = \"sandbox\"\n[lake]\npath = lake\n");
    assert!(all.first().unwrap().starts_with("p.toml:1: "), "{all:?}");
    assert!(all.last().unwrap().starts_with("p.toml:4: "), "{all:?}");
}

#[test]
fn days_and_times_need_no_quotes() {
    let served = serve(Some(3));
    let text = format!(
        "{LAKE}[ingest]\nstop-at = 05:30:00\n[analyze]\n[report]\nout = \"reports\"\nuntil = 2026-06-01\ncompare = 2026-03-01\n\
         [export]\noutput = \"out.csv\"\nformat = \"csv\"\nfrom = 2026-01-01\nuntil = 2026-06-01\n[audio]\nout = \"archive\"\n\
         from = 2026-01-01\n"
    );
    let (code, _, stderr) = check(&served, &text);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

#[test]
fn what_would_fail_at_night_is_wrong_by_day() {
    let served = serve(Some(3));
    let of_report = errors(&served, &format!("{LAKE}[report]\nout = \"reports\"\n"));
    assert_eq!(of_report, ["p.toml:5: [report]: it is of what was analysed, and there is no [analyze]"]);
    let export = "[export]\noutput = \"out.csv\"\nformat = \"csv\"\nwhat = \"analysis\"\n";
    let of_export = errors(&served, &format!("{LAKE}{export}"));
    assert_eq!(of_export, ["p.toml:8: `what` under [export]: it is of what was analysed, and there is no [analyze]"]);
    fs::create_dir(served.path("out.csv")).unwrap();
    let of_folder = errors(&served, &format!("{LAKE}[analyze]\nkeywords = [\"builtin:sales\"]\n{export}"));
    assert_eq!(of_folder, ["p.toml:8: `output` under [export]: the export is to be a file, and out.csv is a folder"]);
    // What is in the lake may have been analysed.
    let pipeline = served.pipeline("[analyze]\n[report]\nout = \"reports\"\n");
    served.run(&pipeline, 0);
    let pipeline = served.pipeline("[report]\nout = \"reports\"\n");
    served.roundup().args(["run", "--only", "report"]).arg(&pipeline).assert().success();
    // A command that is there is found, also by its path.
    for command in ["sh", "/bin/sh"] {
        let (code, stdout, stderr) = check(&served, &format!("{LAKE}[notify]\ncommand = [\"{command}\"]\n"));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains(&format!("notify     runs {command} ")), "{stdout}");
    }
}

#[test]
fn jobs_that_the_lake_does_not_have_are_warned_of_and_stop_nothing() {
    let served = serve(None);
    let title = sample()[0]["job"]["title"].as_str().unwrap().to_lowercase();
    served.write("jobs.toml", "[[job]]\nid = \"merged\"\nids = [\"no-such-id\"]\n");
    let jobs = &"[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = 2026-06-01\njobs-file = \"jobs.toml\"\n\
                only-jobs = [\n\"frontend developer\",\n\"Astronaut\\u001b\",\n]\nonly-departments = [\"Engineering\", \"Space\"]\n\
                [export]\noutput = \"out.csv\"\nformat = \"csv\"\njobs = [\"Pilot\"]\n"
        .replace("frontend developer", &title).replace("\"Engineering\"", &sample()[0]["job"]["department"].to_string());
    let pipeline = served.pipeline(jobs);
    // Before the first interview, nothing is known of any job.
    let before = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    assert_eq!(String::from_utf8(before.stderr).unwrap(), "");
    let said = served.run(&pipeline, 0);
    let checked = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    assert_eq!(checked.status.code(), Some(0));
    let checked = String::from_utf8(checked.stderr).unwrap();
    let warnings = served.last_run()["warnings"].clone();
    for warning in [
        "pipeline.toml:16: `only-jobs` under [report]: no interview of the lake has `Astronaut\\u{1b}`; it may not have opened yet",
        "pipeline.toml:18: `only-departments` under [report]: no interview of the lake has `Space`",
        "pipeline.toml:22: `jobs` under [export]: no interview of the lake has `Pilot`",
        "jobs.toml: no interview of the lake is of the job `no-such-id`",
    ] {
        assert!(said.contains(warning), "no {warning:?} in {said}");
        assert!(checked.contains(warning), "no {warning:?} in {checked}");
        assert!(warnings.to_string().contains(&json!(warning).to_string().trim_matches('"').to_owned()), "{warnings}");
    }
    assert_eq!(warnings.as_array().unwrap().len(), 4, "{warnings}");
    assert!(served.path("reports/latest/index.html").exists(), "the report is of those that are there");
    // A report of nothing is not written.
    let pipeline = served.pipeline(&jobs.replace(&format!("\"{title}\",\n"), "").replace("\"reports\"", "\"others\""));
    let said = served.run(&pipeline, 0);
    assert!(said.contains("no report was written: the lake has none of its jobs yet"), "{said}");
    assert!(!served.path("others").exists());
}
