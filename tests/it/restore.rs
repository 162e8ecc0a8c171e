//! A lake that is restored from a mirror is the lake, also after kills, and nobody uses it before it is whole.

use std::fs;

use roundup::lake::Lake;
use roundup::lake::log::read_log;
use roundup::lake::read::parquet_files;
use roundup::lake::schema::{TABLES, Table};
use serde_json::json;

use crate::common::{INTERVIEWS, rows};
use crate::mirror::{Mirrored, files, said};
use crate::replace::bodies;

#[test]
fn a_restored_lake_is_the_lake_but_for_what_was_withheld() {
    let mirrored = Mirrored::new();
    mirrored.replace("what came late");
    let first = mirrored.summary(&["--exclude-table", "candidates"]);
    assert_eq!(first["withheld"], json!(["candidates"]));
    let again = mirrored.summary(&["--exclude-table", "candidates"]);
    assert_eq!((again["files"].as_u64(), again["there"].as_u64()), (Some(0), first["files"].as_u64()));
    mirrored.mirror(&["--verify"], 0);
    let output = said(&mirrored.restore("restored", 0));
    assert!(output.contains("candidates: ") && output.contains("were never in the mirror"), "{output}");
    let mut lake = files(&mirrored.path("lake"));
    lake.retain(|path, _| !path.starts_with("candidates/"));
    let restored = files(&mirrored.path("restored"));
    assert!(lake == restored);
    let check = ["status", "--check", "--lake", "restored", "--candidate-key-file", "lake/_roundup/candidate.key"];
    let output = mirrored.command(&check).output().unwrap();
    assert!(!said(&output).contains("missing") && !said(&output).contains("changed"), "{}", said(&output));
    // It goes on as the lake would: nothing comes twice, and the mirror takes it.
    let key = ["--candidate-key-file", "lake/_roundup/candidate.key"];
    let import = said(&mirrored.done(&[&["import", "--lake", "restored", INTERVIEWS], &key[..]].concat(), 0));
    assert!(import.contains(" 0 "), "{import}");
    let to = mirrored.address();
    mirrored.done(&["mirror", "--lake", "restored", "--to", &to, "--exclude-table", "candidates"], 0);
    // And the lake that was left behind is refused from then on.
    let output = said(&mirrored.mirror(&["--exclude-table", "candidates"], 1));
    assert!(output.contains("has commits that the lake at lake does not have"), "{output}");
}

#[test]
fn a_restore_that_was_killed_goes_on() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&["--exclude-table", "candidates"], 0);
    let restore = mirrored.restore_into("restored");
    for point in ["restore-copied-one", "restore-copied", "restore-staged", "restore-logged"] {
        let mut killed = mirrored.command(&[]);
        let output = killed.args(&restore).env("ROUNDUP_CRASH_AT", point).output().unwrap();
        assert!(!output.status.success(), "{point}");
        let lake = Lake::open(&mirrored.path("restored")).unwrap();
        assert_eq!(read_log(&lake.log_folder()).unwrap().is_some(), point == "restore-logged", "{point}");
        // Nobody takes what is there for a lake: it lacks answers, and does not know who was erased.
        let key = ["--candidate-key-file", "lake/_roundup/candidate.key"];
        for command in [
            &["import", "--lake", "restored", INTERVIEWS][..],
            &["repair", "--lake", "restored"],
            &["analyze", "--lake", "restored"],
            &["report", "--lake", "restored", "--out", "reports"],
            &["mirror", "--lake", "restored", "--to", &mirrored.address()],
        ] {
            let has_key = ["import", "repair"].contains(&command[0]);
            let key = if has_key { &key[..] } else { &[] };
            let said = said(&mirrored.done(&[command, key].concat(), 1));
            assert!(said.contains("is not restored to its end") && said.contains("roundup restore"), "{point}: {said}");
        }
    }
    mirrored.restore("restored", 0);
    let mut lake = files(&mirrored.path("lake"));
    lake.retain(|path, _| !path.starts_with("candidates/"));
    assert!(lake == files(&mirrored.path("restored")));
    assert!(said(&mirrored.restore("restored", 2)).contains("is not empty"));
}

#[test]
fn a_restore_goes_on_though_the_mirror_has_gone_on() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let mut killed = mirrored.command(&[]);
    let killed = killed.args(mirrored.restore_into("restored")).env("ROUNDUP_CRASH_AT", "restore-copied").output();
    assert!(!killed.unwrap().status.success());
    mirrored.done(&["compact", "--lake", "lake"], 0);
    mirrored.replace("what came late");
    mirrored.mirror(&[], 0);
    mirrored.restore("restored", 0);
    assert!(files(&mirrored.path("lake")) == files(&mirrored.path("restored")));
    let of_tables = |lake: &str| {
        let files = |table: &'static Table| parquet_files(&mirrored.path(lake).join(table.name));
        TABLES.iter().map(|table| files(table).unwrap().len()).sum::<usize>()
    };
    assert_eq!(of_tables("restored"), of_tables("lake"), "nothing of the older version is left");
}

#[test]
fn a_restored_lake_knows_its_mirror_and_of_an_erasure_on_its_way() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let first = bodies().remove(0);
    let id = first["id"].as_str().unwrap();
    let forget = |lake: &str| {
        let key = ["--candidate-key-file", "lake/_roundup/candidate.key"];
        mirrored.command(&[&["forget", "--lake", lake, "--interview", id, "--yes"], &key[..]].concat())
    };
    assert!(!forget("lake").env("ROUNDUP_CRASH_AT", "mirror-uploaded").output().unwrap().status.success());
    let text = said(&mirrored.restore("restored", 0));
    assert!(text.contains("an erasure was on its way into the mirror"), "{text}");
    let output = forget("restored").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&mirrored.restore("again", 0));
    assert!(!text.contains("an erasure"), "{text}");
    assert!(!rows(&mirrored.path("again"), "interviews").iter().any(|row| row["interview_id"] == id));
}

#[test]
fn the_candidate_key_is_not_there_and_restoring_wants_it() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let key = fs::read_to_string(mirrored.path("lake/_roundup/candidate.key")).unwrap();
    for object in mirrored.objects().list("").unwrap() {
        let bytes = mirrored.objects().read(&object.name).unwrap().unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "{}", object.name);
    }
    let to = mirrored.address();
    let output = said(&mirrored.done(&["restore", "--from", &to, "--lake", "other"], 2));
    assert!(output.contains("--candidate-key-file"), "{output}");
    fs::write(mirrored.path("wrong.key"), "5a".repeat(32)).unwrap();
    let wrong = ["restore", "--from", &to, "--lake", "wrong", "--candidate-key-file", "wrong.key"];
    assert!(said(&mirrored.done(&wrong, 2)).contains("is not the one of this lake"));
    // The folder of a restore that did not end can be used again, and another one that is not empty cannot.
    mirrored.restore("other", 0);
    assert!(said(&mirrored.restore("other", 2)).contains("is not empty"));
}
