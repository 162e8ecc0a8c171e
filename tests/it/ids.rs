//! Lists of ids as editors, spreadsheets and scripts write them, and ids that lead nowhere: each is named.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Served, serve};
use crate::listen::{Listener, event};

const FIELD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field");

/// The first ids of the vendor's sample, which the lists of `data/field/` hold.
const IDS: [&str; 4] = [
    "660f9511-f30c-52e5-b827-557766551111",
    "73gb672c-536k-ijbe-7105-3ii5921780c8",
    "4ai3d4ak-37k6-8gg6-3508-75230d7591fd",
    "64de1924-6109-01g6-3753-jj6dg5dag81k",
];

/// What becomes of a list.
enum End {
    /// So many of [`IDS`] are read, with a warning that holds these words.
    Read(usize, &'static str),
    /// Refused with this message.
    Refused(&'static str),
}

/// Ingests a list into a lake of its own: the exit code, stderr, and the ids that were published or open.
fn ingest(served: &Served, list: &Path) -> (Option<i32>, String, Vec<String>) {
    let _none_yet = fs::remove_dir_all(served.lake());
    let api = served.sandbox.base_url();
    let fixed = ["--questions", "none", "--requests-per-minute", "600000", "--api", &api, "--lake", "lake"];
    let output = served.roundup().args(["--quiet", "ingest"]).args(fixed).arg(list).output().unwrap();
    let mut there = Vec::new();
    if served.lake().exists() {
        there = [served.ids_in("interviews"), served.ids_in("open_interviews")].concat();
        there.sort();
    }
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), there)
}

#[track_caller]
fn check(served: &Served, list: &Path, end: &End) {
    let name = list.display();
    let (code, stderr, there) = ingest(served, list);
    match end {
        End::Read(count, warning) => {
            assert_eq!(code, Some(0), "{name}: {stderr}");
            let mut expected = IDS[..*count].to_vec();
            expected.sort_unstable();
            assert_eq!(there, expected, "{name}");
            assert!(stderr.contains(warning), "{name}: {stderr}");
            assert_eq!(stderr.is_empty(), warning.is_empty(), "{name}: {stderr}");
        }
        End::Refused(message) => {
            assert_eq!(code, Some(2), "{name}: {stderr}");
            assert!(stderr.contains(message), "{name}: {stderr}");
            assert!(!served.lake().exists(), "{name}: nothing was written");
        }
    }
}

#[test]
fn every_list_from_the_field_is_read_or_refused_with_the_reason() {
    let served = serve(None);
    let ends = [
        ("ids-bom-crlf.txt", End::Read(3, "")),
        ("ids-cr-only.txt", End::Read(3, "")),
        ("ids-empty.txt", End::Read(0, "")),
        ("ids-mixed.txt", End::Read(3, "")),
        ("ids-quoted.txt", End::Refused("ids-quoted.txt:1: quotes around an interview id")),
        (
            "ids-two-boms.txt",
            End::Read(4, "ids-two-boms.txt:3: 1 id has invisible characters around it (U+FEFF), which are left out"),
        ),
        ("ids-utf16.txt", End::Read(3, "")),
        (
            "ids-zero-width.txt",
            End::Read(3, "ids-zero-width.txt:2: 2 ids have invisible characters around them (U+200B, U+200E)"),
        ),
    ];
    let mut names: Vec<String> =
        fs::read_dir(FIELD).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("ids-"));
    names.sort();
    assert_eq!(names, ends.each_ref().map(|(name, _)| (*name).to_owned()), "each has its end here");
    for (name, end) in &ends {
        check(&served, &Path::new(FIELD).join(name), end);
    }
}

#[test]
fn what_nobody_sees_inside_an_id_is_refused_with_its_line_and_code() {
    let served = serve(None);
    let (first, second) = IDS[0].split_at(8);
    for mark in ['\u{FEFF}', '\u{200B}', '\u{200D}', '\u{AD}', '\u{202E}', '\u{2066}', '\u{2060}', '\u{E0041}'] {
        let path = served.write("marked.txt", &format!("# list\n{first}{mark}{second}\n"));
        let message =
            format!("marked.txt:2: an interview id holds no invisible characters (U+{:04X})", u32::from(mark));
        let message: &'static str = message.leak();
        check(&served, &path, &End::Refused(message));
    }
    for (text, message) in [
        (format!("{}\n{},\n", IDS[0], IDS[1]), "marked.txt:2: a comma or semicolon after an interview id"),
        (format!("{};\n", IDS[0]), "marked.txt:1: a comma or semicolon after an interview id"),
        (format!("\u{201C}{}\u{201D}\n", IDS[0]), "marked.txt:1: quotes around an interview id"),
        (format!("'{}'\n", IDS[0]), "marked.txt:1: quotes around an interview id"),
    ] {
        let path = served.write("marked.txt", &text);
        check(&served, &path, &End::Refused(message));
    }
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let path = served.path("marked.txt");
    fs::write(&path, utf16(&format!("\u{FEFF}{}\r\n{}\r\n", IDS[0], IDS[1]))).unwrap();
    check(&served, &path, &End::Read(2, ""));
    fs::write(&path, utf16(&format!("{}\n", IDS[0]))).unwrap();
    check(&served, &path, &End::Refused("marked.txt:1: zero bytes, as in UTF-16 without a byte order mark"));
    fs::write(&path, [b"\xFF\xFE", &utf16(IDS[0])[..7]].concat()).unwrap();
    check(&served, &path, &End::Refused("marked.txt: not whole UTF-16 text"));
    // An id on the command line has no line.
    let output = served.roundup().args(["get", &format!("{first}\u{200B}{second}")]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("\\u{200b}") && stderr.contains("invisible characters (U+200B)"), "{stderr}");
}

fn status(served: &Served, format: &str) -> String {
    let output = served.roundup().args(["status", "--lake", "lake", "--format", format]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ids_that_the_api_does_not_know_are_named() {
    let served = serve(Some(2));
    let unknown: Vec<String> = (0..12).map(|number| format!("nobody-{number:02}")).collect();
    served.write("ids.txt", &(served.ids().join("\n") + "\n" + &unknown.join("\n")));
    let pipeline = served.pipeline("questions = \"none\"\n");
    let output = served.roundup().args(["--quiet", "run"]).arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let named = stderr.lines().filter(|line| line.contains("the API does not know interview nobody-")).count();
    assert_eq!(named, 10, "{stderr}");
    assert!(
        stderr.contains("2 more interviews that the API does not know; `roundup status --format json`"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 11, "{stderr}");

    let json: Value = serde_json::from_str(&status(&served, "json")).unwrap();
    for gone in [&served.last_run()["ids"]["gone"], &json["ids"]["gone"]] {
        let ids: Vec<&str> = gone.as_array().unwrap().iter().map(|one| one["interview_id"].as_str().unwrap()).collect();
        assert_eq!(ids, unknown);
        assert_eq!(gone[0]["source"], "default");
    }
    let text = status(&served, "text");
    assert!(text.contains("gone       12 interviews that the API does not know\n           nobody-00\n"), "{text}");
    assert!(text.contains("           and 2 more, which --format json lists\n"), "{text}");

    // The next run has nothing new to tell.
    let output = served.roundup().args(["--quiet", "run"]).arg(&pipeline).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(served.last_run()["ids"]["gone"], json!([]));
}

#[test]
fn an_event_whose_id_cannot_be_one_is_named() {
    let served = serve(Some(2));
    let listener = Listener::start(served.folder.path());
    for number in 1..=12 {
        listener.send(&event(number, "interview_ended", &format!("no id\u{1B}[31m {number:02}")));
    }
    listener.send(&event(13, "interview_ended", &format!("{}\u{200B}", "y".repeat(500))));
    let text = fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let pipeline = served.write("inbox.toml", &text.replace("\"ids.txt\"", "\"inbox\""));
    let output = served.roundup().args(["--quiet", "run"]).arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("`no id\\u{1b}[31m 01`: an interview id holds no white space"), "{stderr}");
    assert!(stderr.contains("3 more events"), "{stderr}");
    assert!(!stderr.contains('\u{1B}') && stderr.lines().count() == 11, "{stderr}");
    let json: Value = serde_json::from_str(&status(&served, "json")).unwrap();
    for refused in [&served.last_run()["ids"]["refused_events"], &json["ids"]["refused_events"]] {
        assert_eq!(refused.as_array().unwrap().len(), 13);
        assert_eq!(refused[0]["event_id"], format!("evt_{:032x}", 1));
        assert_eq!(refused[0]["interview_id"], "no id\u{1B}[31m 01");
        assert!(refused[12]["interview_id"].as_str().unwrap().len() < 100, "what is too long is cut");
    }
    let text = status(&served, "text");
    assert!(text.contains("refused    13 events, as the id cannot be that of an interview\n"), "{text}");
    assert!(!text.contains('\u{1B}'), "{text}");
}

#[test]
fn one_is_not_spoken_of_as_many_and_times_are_to_the_second() {
    let served = serve(Some(2));
    served.write("ids.txt", &served.ids()[0]);
    let pipeline = served.pipeline("[analyze]\nkeywords = []\n");
    let check = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(text.contains("1 interview is due, of 1 listed and of those still open; 1 min at"), "{text}");
    served.write("ids.txt", &served.ids().join("\n"));
    let check = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(text.contains("2 interviews are due, of 2 listed and"), "{text}");
    served.write("ids.txt", &(served.ids()[0].clone() + "\nnobody"));
    let said = served.run(&pipeline, 0);
    assert!(said.contains(" interviews in ") && !said.contains("1 settled interviews"), "{said}");
    let text = status(&served, "text");
    assert!(text.contains("gone       1 interview that the API does not know\n"), "{text}");
    let line = text.lines().find(|line| line.starts_with("last run")).unwrap();
    let time = line.split(' ').find(|word| word.contains(':')).unwrap();
    assert_eq!(time.len(), "12:00:00".len(), "{line}");
}
