//! Bad input: a message that names the thing, the documented exit code, and nothing half-written.

use std::fs;

use crate::common::{Served, roundup, rows, serve};

/// Runs a pipeline with some text replaced, and checks code and message.
#[track_caller]
fn check(served: &Served, from: &str, to: &str, code: i32, words: &[&str]) {
    let text = fs::read_to_string(served.pipeline("[analyze]\nkeywords = [\"builtin:fillers\"]\n")).unwrap();
    assert!(text.contains(from), "{from}");
    let path = served.write("pipeline.toml", &text.replace(from, to));
    for command in ["check", "run"] {
        let output = served.roundup().arg(command).arg(&path).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{command}: no {word:?} in {stderr}");
        }
        assert!(output.stdout.is_empty(), "{command}: nothing was done");
    }
    assert!(!served.lake().exists(), "nothing is half-written");
    assert_eq!(served.sandbox.stats().requests, 0);
}

#[test]
fn a_pipeline_that_is_wrong_is_refused_before_anything_is_written() {
    let served = serve(Some(3));
    let key = "interviews = [\"ids.txt\"]";
    check(
        &served,
        key,
        "interview = [\"ids.txt\"]",
        2,
        &["pipeline.toml:3", "unknown field `interview`", "interviews"],
    );
    check(&served, "[lake]", "[lakes]", 2, &["pipeline.toml:4", "unknown field `lakes`"]);
    check(
        &served,
        "600000",
        "\"many\"",
        2,
        &["pipeline.toml:7: `requests-per-minute` under [ingest] is a whole number"],
    );
    check(&served, "[analyze]", "[analyze", 2, &["pipeline.toml:8"]);
    check(&served, key, "interviews = [\"none.txt\"]", 2, &["none.txt", "No such file"]);
    check(&served, key, "interviews = []", 2, &["names no `interviews`"]);
    check(&served, "builtin:fillers", "builtin:filler", 2, &["builtin:filler", "vendor-sample"]);
    check(&served, "builtin:fillers", "mine.toml", 2, &["mine.toml", "No such file"]);
    served.write("mine.toml", "name = \"mine\"\nversion = \"1\"\n[[terms]]\nname = \"rust\"\nalias = [\"x\"]\n");
    check(&served, "builtin:fillers", "mine.toml", 2, &["mine.toml:5", "unknown field `alias`"]);
    check(&served, "path = \"lake\"", "path = \"s3://bucket/lake\"", 2, &["s3://bucket/lake", "folders only"]);
    served.write("file", "");
    check(&served, "path = \"lake\"", "path = \"file/lake\"", 2, &["file/lake", "is not a folder"]);
    let api = served.sandbox.base_url();
    check(&served, &api, "http://example.com/api/v1", 2, &["would not keep the key secret", "https://"]);
    check(&served, &api, "nonsense", 2, &["`nonsense`"]);
}

#[test]
fn check_says_all_that_is_wrong_at_once() {
    let served = serve(Some(3));
    let text = "[source]\napi = \"https://example.com/api/v1\"\nkey-env = \"NO_SUCH_KEY\"\ninterviews = [\"none.txt\"]\n\
                [lake]\npath = \"lake\"\n[analyze]\nkeywords = [\"gone.toml\"]\n";
    let path = served.write("p.toml", text);
    let output = served.roundup().arg("check").arg(path).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for word in ["NO_SUCH_KEY", "none.txt", "gone.toml"] {
        assert!(stderr.contains(word), "{stderr}");
    }
}

#[test]
fn a_key_that_is_unset_or_unusable_is_named_and_never_shown() {
    let served = serve(Some(3));
    let pipeline = served.pipeline("");
    let run = |key: Option<&str>| {
        let mut command = roundup(served.folder.path());
        if let Some(key) = key {
            command.env("ROUNDZERO_API_KEY", key);
        }
        let output = command.arg("run").arg(&pipeline).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = run(None);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("ROUNDZERO_API_KEY is not set"), "{stderr}");
    let (code, stderr) = run(Some("rz_live_two words"));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("ROUNDZERO_API_KEY holds no API key") && !stderr.contains("two words"), "{stderr}");
    assert!(!served.lake().exists());
}

#[test]
fn a_key_in_the_place_of_its_name_is_not_repeated() {
    let served = serve(Some(3));
    let key = "rz_live_deadbeef";
    let list = "interviews = [\"ids.txt\"]";
    let text = fs::read_to_string(served.pipeline("")).unwrap().replace(list, &format!("{list}\nkey-env = \"{key}\""));
    let output = served.roundup().arg("run").arg(served.write("p.toml", &text)).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("key-env names an environment variable") && !stderr.contains(key), "{stderr}");
}

#[test]
fn a_list_of_ids_is_read_as_editors_save_it() {
    let served = serve(Some(4));
    let ids = served.ids();
    let text = format!(
        "\u{FEFF}# the night's list\r\n\r\n{}\r\n{} # twice\r\n  {}  \n{}\n\n# end\n{}",
        ids[0], ids[1], ids[0], ids[2], ids[3]
    );
    served.write("ids.txt", &text);
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    assert_eq!(served.last_run()["ingest"]["listed"], 4);
    assert_eq!(served.sandbox.stats().largest_per_id, 1);
}

#[test]
fn a_list_with_what_can_be_no_id_is_refused_with_its_line() {
    let served = serve(Some(4));
    let long = "x".repeat(81);
    for (line, words) in [
        ("two words", "white space"),
        ("tab\there", "white space"),
        ("bell\u{7}", "control characters"),
        ("..", "no interview ids"),
        (long.as_str(), "longer than"),
    ] {
        served.write("ids.txt", &format!("{}\n\n{line}\n", served.ids()[0]));
        let output = served.roundup().arg("run").arg(served.pipeline("")).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("ids.txt:3") && stderr.contains(words), "{stderr}");
    }
    fs::write(served.path("ids.txt"), b"ok\n\xFF\xFE\n").unwrap();
    let output = served.roundup().arg("run").arg(served.pipeline("")).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("ids.txt:2: not UTF-8"));
    assert!(!served.lake().exists());
}

#[test]
fn ids_of_strange_characters_are_asked_for_as_they_are_and_stay_in_the_lake() {
    let served = serve(Some(2));
    let strange = ["a/../b", "..%2f..%2fetc", "id?x=1#y", "ünï-コード", "%00", "-rf", "~"];
    served.write("ids.txt", &(served.ids().join("\n") + "\n" + &strange.join("\n")));
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    let summary = served.last_run();
    assert_eq!(summary["ingest"]["gone"], strange.len(), "unknown to the API, and nothing worse");
    assert_eq!(served.sandbox.stats().by_status.get(&404), Some(&(strange.len() as u64)));
    assert_eq!(rows(&served.lake(), "interviews").len() + rows(&served.lake(), "open_interviews").len(), 2);
}

#[test]
fn commands_say_when_there_is_no_lake_or_no_such_table() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["status", "--lake", "none"][..], &["analyze", "--lake", "none"], &["report", "--lake", "none"]]
    {
        let output = roundup(folder.path()).args(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("there is no lake at none"), "{stderr}");
    }
    let output = roundup(folder.path()).args(["schema", "answers"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no table answers"));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was made");
}
