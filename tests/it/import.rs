//! Import: the same rows as over HTTP, from every kind of file.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::common::{INTERVIEWS, Row, lasting, roundup, rows, sample, serve};

const TABLES: [&str; 4] = ["interviews", "open_interviews", "responses", "candidates"];

/// Rows without what differs by nature: how and when the lake first saw them, and its own key for candidates.
fn comparable(lake: &Path, table: &str) -> Vec<Row> {
    let mut rows = lasting(rows(lake, table));
    for row in &mut rows {
        row.retain(|name, _| !name.starts_with("first_seen_") && name != "candidate_key");
    }
    rows.sort();
    rows
}

fn import(folder: &Path, lake: &str, file: &str) -> assert_cmd::assert::Assert {
    roundup(folder).args(["import", "--lake", lake, file]).assert()
}

#[test]
fn an_import_gives_the_same_rows_as_an_ingest() {
    let served = serve(None);
    served.run(&served.pipeline(""), 0);
    import(served.folder.path(), "imported", INTERVIEWS).success();
    for table in TABLES {
        let fetched = comparable(&served.lake(), table);
        assert!(!fetched.is_empty());
        assert_eq!(comparable(&served.path("imported"), table), fetched, "{table}");
    }
    let via = |lake: &Path| rows(lake, "interviews")[0]["first_seen_via"].clone();
    assert_eq!((via(&served.lake()), via(&served.path("imported"))), ("list".into(), "import".into()));
}

#[test]
fn gzip_zstd_and_standard_input_give_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let bytes = std::fs::read(INTERVIEWS).unwrap();
    // Two members in one gzip file, as `cat a.gz b.gz` makes it.
    let half = bytes.len() / 2 + bytes[bytes.len() / 2..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let mut gzip = Vec::new();
    for part in [&bytes[..half], &bytes[half..]] {
        let mut encoder = GzEncoder::new(&mut gzip, Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap();
    }
    std::fs::write(at("bodies.jsonl.gz"), gzip).unwrap();
    std::fs::write(at("bodies.zst"), zstd::encode_all(&bytes[..], 1).unwrap()).unwrap();
    let with_bom = [b"\xEF\xBB\xBF", &bytes[..]].concat().replace_line_feeds();
    std::fs::write(at("windows.jsonl"), with_bom).unwrap();
    import(folder.path(), "plain", INTERVIEWS).success();
    import(folder.path(), "gz", "bodies.jsonl.gz").success();
    import(folder.path(), "zst", "bodies.zst").success();
    import(folder.path(), "crlf", "windows.jsonl").success();
    roundup(folder.path()).args(["import", "--lake", "stdin", "-"]).write_stdin(bytes).assert().success();
    for lake in ["gz", "zst", "crlf", "stdin"] {
        for table in TABLES {
            assert_eq!(comparable(&at(lake), table), comparable(&at("plain"), table), "{lake}: {table}");
        }
    }
}

trait LineFeeds {
    fn replace_line_feeds(self) -> Vec<u8>;
}

impl LineFeeds for Vec<u8> {
    fn replace_line_feeds(self) -> Vec<u8> {
        String::from_utf8(self).unwrap().replace('\n', "\r\n").into_bytes()
    }
}

#[test]
fn importing_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "lake", INTERVIEWS).success();
    let lake = folder.path().join("lake");
    let table = |table: &&str| {
        let mut rows = lasting(rows(&lake, table));
        // An import counts as having asked for an open interview.
        rows.iter_mut().for_each(|row| _ = row.remove("asks_after_expiry"));
        rows
    };
    let before: Vec<_> = TABLES.iter().map(table).collect();
    let settled = before[0].len();
    let again = import(folder.path(), "lake", INTERVIEWS).success();
    let stdout = String::from_utf8(again.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains(&format!("{settled} were there before")), "{stdout}");
    let after: Vec<_> = TABLES.iter().map(table).collect();
    assert_eq!(after, before);
}

#[test]
fn of_several_bodies_of_one_interview_the_settled_one_wins() {
    let completed = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    let mut invited = completed.clone();
    invited["status"] = "invited".into();
    let mut later = completed.clone();
    later["job"]["title"] = "Another Title".into();
    let title = completed["job"]["title"].as_str().unwrap();
    for order in [[&invited, &completed, &later], [&completed, &invited, &later], [&completed, &later, &invited]] {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = order.iter().map(|body| body.to_string() + "\n").collect();
        std::fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
        import(folder.path(), "lake", "bodies.jsonl").success();
        let lake = folder.path().join("lake");
        let interviews = rows(&lake, "interviews");
        assert_eq!(interviews.len(), 1);
        assert_eq!(interviews[0]["job_title"], title, "the first settled one stays");
        assert!(rows(&lake, "open_interviews").is_empty());
    }
}

#[test]
fn an_open_interview_leaves_the_open_table_when_it_settles_and_keeps_when_it_was_first_seen() {
    let completed = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    let mut invited = completed.clone();
    invited["status"] = "invited".into();
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    std::fs::write(folder.path().join("one.jsonl"), invited.to_string()).unwrap();
    std::fs::write(folder.path().join("two.jsonl"), completed.to_string()).unwrap();
    import(folder.path(), "lake", "one.jsonl").success();
    let open = rows(&lake, "open_interviews").remove(0);
    assert_eq!(open["first_seen_status"], "invited");
    import(folder.path(), "lake", "two.jsonl").success();
    assert!(rows(&lake, "open_interviews").is_empty());
    let settled = rows(&lake, "interviews").remove(0);
    assert_eq!(settled["first_seen_status"], "invited");
    assert_eq!(settled["first_seen_at"], open["first_seen_at"]);
}

#[test]
fn a_line_that_breaks_the_contract_is_set_aside_and_the_rest_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "the words of a person";
    let text = std::fs::read_to_string(INTERVIEWS).unwrap();
    let good: Vec<&str> = text.lines().take(5).collect();
    let bad =
        format!("{{\"id\": \"x\", \"status\": \"completed\", \"responses\": [{{\"transcript\": [\"{secret}\"]}}]}}");
    let lines = [good[0], "{\"half\": ", good[1], &bad, good[2], "[]", good[3], good[4]].join("\n");
    std::fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
    let result = import(folder.path(), "lake", "bodies.jsonl").code(3);
    let stderr = String::from_utf8(result.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("bodies.jsonl:2") && stderr.contains("not valid JSON"), "{stderr}");
    assert!(stderr.contains("bodies.jsonl:4") && stderr.contains("responses[0].transcript is a list"), "{stderr}");
    assert!(stderr.contains("bodies.jsonl:6") && stderr.contains("the body is a list"), "{stderr}");
    assert!(!stderr.contains(secret), "a message never quotes an answer: {stderr}");
    let lake = folder.path().join("lake");
    assert_eq!(rows(&lake, "interviews").len() + rows(&lake, "open_interviews").len(), 5);
    let kept: Vec<Vec<u8>> = std::fs::read_dir(lake.join("_roundup/quarantine"))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(kept.len(), 3);
    assert!(kept.contains(&bad.into_bytes()), "set aside as it came");
}

#[test]
fn the_same_bodies_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |lake: &str, threads: &str| -> Vec<(String, Vec<u8>)> {
        import(folder.path(), lake, INTERVIEWS).success();
        let sets = ["builtin:engineering", "builtin:vendor-sample"];
        let mut analyze = roundup(folder.path());
        analyze.env("RAYON_NUM_THREADS", threads).args(["analyze", "--lake", lake, "--keywords"]).args(sets);
        analyze.assert().success();
        let mut files = Vec::new();
        // What holds a candidate's key or the time of the import differs from lake to lake by nature.
        for table in ["responses", "response_metrics", "keyword_hits"] {
            let root = folder.path().join(lake).join(table);
            for path in roundup::lake::read::parquet_files(&root).unwrap() {
                let place = path.parent().unwrap().strip_prefix(folder.path().join(lake)).unwrap();
                files.push((place.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
        files
    };
    let (one, two) = (bytes("one", "1"), bytes("two", "4"));
    assert!(one.len() > 10);
    for ((place, a), (other, b)) in one.iter().zip(&two) {
        assert_eq!(place, other);
        // A derived file names its source, whose name is the batch; all else is the same.
        if place.starts_with("responses/") {
            assert!(a == b, "{place} differs");
        } else {
            assert_eq!(a.len(), b.len(), "{place}");
        }
    }
}

/// Imports a file of `data/field/` into an empty lake. Returns the exit code and what was said.
fn import_field(file: &str, folder: &Path) -> (i32, String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/field").join(file);
    std::fs::copy(path, folder.join(file)).unwrap();
    let output = roundup(folder).args(["import", "--lake", "lake", file]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn bodies_over_several_lines_and_lists_of_bodies_are_read() {
    let lines = tempfile::tempdir().unwrap();
    for file in ["f_pretty.json", "f_array.json"] {
        let folder = tempfile::tempdir().unwrap();
        let (code, stdout, stderr) = import_field(file, folder.path());
        assert_eq!((code, stderr.as_str()), (0, ""), "{file}");
        assert!(stdout.contains("3 settled interviews with 3 answers") && stdout.contains("from 3 bodies"), "{stdout}");
        assert!(std::fs::read_dir(folder.path().join("lake/_roundup/quarantine")).unwrap().next().is_none());
        // As when each is on a line.
        let bodies = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let bodies: Vec<serde_json::Value> = match file {
            "f_array.json" => serde_json::from_str(&bodies).unwrap(),
            _ => serde_json::Deserializer::from_str(&bodies).into_iter().collect::<Result<_, _>>().unwrap(),
        };
        let text: String = bodies.iter().map(|body| body.to_string() + "\n").collect();
        std::fs::write(lines.path().join(file), text).unwrap();
        import(lines.path(), file.trim_end_matches(".json"), file).success();
        let in_lines = lines.path().join(file.trim_end_matches(".json"));
        for table in TABLES {
            assert_eq!(comparable(&folder.path().join("lake"), table), comparable(&in_lines, table), "{file}: {table}");
        }
    }
}

#[test]
fn a_list_that_is_cut_short_is_imported_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/f_array.json")).unwrap();
    std::fs::write(folder.path().join("cut.json"), &whole[..whole.len() - 100]).unwrap();
    let result = import(folder.path(), "lake", "cut.json").code(3);
    let stderr = String::from_utf8(result.get_output().stderr.clone()).unwrap();
    assert_eq!(rows(&folder.path().join("lake"), "interviews").len(), 2);
    assert!(stderr.contains("cut.json:1 is set aside") && stderr.contains("ends before its list does"), "{stderr}");
}

#[test]
fn a_body_that_another_one_of_its_interview_keeps_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = import_field("dup.jsonl", folder.path());
    assert_eq!(code, 0);
    assert!(stderr.contains("dup.jsonl:2 is left out: another body of interview d-1 came before it"), "{stderr}");
    assert!(stdout.contains("1 left out") && !stdout.contains("there before"), "{stdout}");
    assert_eq!(rows(&folder.path().join("lake"), "responses")[0]["transcript"], "first I use Python");
    // In another file of the same import, and in a later one.
    let dup = std::fs::read_to_string(folder.path().join("dup.jsonl")).unwrap();
    for (file, line) in ["one.jsonl", "two.jsonl"].iter().zip(dup.lines()) {
        std::fs::write(folder.path().join(file), line).unwrap();
    }
    let two = roundup(folder.path()).args(["import", "--lake", "two", "one.jsonl", "two.jsonl"]).assert().success();
    assert!(String::from_utf8_lossy(&two.get_output().stderr).contains("two.jsonl:1 is left out"));
    let later = import(folder.path(), "two", "two.jsonl").success();
    let said = String::from_utf8(later.get_output().stdout.clone()).unwrap();
    assert!(said.contains("1 was there before") && later.get_output().stderr.is_empty(), "{said}");
}

#[test]
fn bodies_that_come_twice_are_counted_and_of_many_that_differ_ten_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let body = |id: usize, words: &str| {
        format!(
            r#"{{"id":"d-{id}","status":"completed","completed_at":"2026-05-04T10:20:00Z","responses":[{{"transcript":"{words}"}}]}}"#
        )
    };
    let mut lines: Vec<String> = (0..13).map(|id| body(id, "first")).collect();
    // The same, and the same with other white space and another link.
    lines.push(body(0, "first"));
    let link = |link: &str| body(20, &format!(r#"x","audio_url":"https://a.example/{link}"#));
    lines.extend([link("1"), link("2").replace("\":", "\": ")]);
    lines.extend((0..13).map(|id| body(id, "second")));
    std::fs::write(folder.path().join("bodies.jsonl"), lines.join("\n")).unwrap();
    let arguments = ["import", "--lake", "lake", "--format", "json", "bodies.jsonl"];
    let output = roundup(folder.path()).args(arguments).output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((count("bodies"), count("newly_settled"), count("there_before")), (29, 14, 0));
    assert_eq!((count("repeated"), count("contradicted")), (2, 13));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("is left out").count(), 10, "{stderr}");
    assert!(stderr.contains("3 more bodies left out"), "{stderr}");
}
