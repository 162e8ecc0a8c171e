//! Publishing a report: whoever looks finds a whole one, also when several are written at once or one is killed, and what
//! others put beside the program's own files stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{INTERVIEWS, roundup};
use crate::report::{Report, SPRING, body, report_of};

const DAY: &str = "reports/2026-06-01";

/// Reports of the same day: two whose files have the same names and other figures and quotes, and one that quotes nobody.
const MONTH: [&str; 4] = ["--until", "2026-06-01", "--period", "4w"];
const FORTNIGHT: [&str; 4] = ["--until", "2026-06-01", "--period", "2w"];
const TABLES: [&str; 6] = ["--until", "2026-06-01", "--period", "4w", "--formats", "csv,json"];
/// One of another day.
const EARLIER: [&str; 4] = ["--until", "2026-05-20", "--period", "1w"];

/// Path in a folder to content.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for path in fs::read_dir(inner).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A lake of May, and a report of the month.
fn may() -> Report {
    let lines: String =
        (0..60).map(|number| body(number, "a", "We use React for all of it.").to_string() + "\n").collect();
    report_of(&lines, &MONTH)
}

/// A report in a process of its own, which dies at a place if one is named.
fn begin(report: &Report, flags: &[&str], dies_at: Option<&str>) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(report.folder.path()).args(["report", "--lake", "lake"]).args(flags);
    command.stdout(Stdio::null()).stderr(Stdio::null()).envs(dies_at.map(|place| ("ROUNDUP_CRASH_AT", place)));
    command.spawn().unwrap()
}

fn dies_at(report: &Report, flags: &[&str], place: &str) {
    assert_eq!(begin(report, flags, Some(place)).wait().unwrap().code(), None, "it did not die at {place}");
}

/// What a report is, and whom it quotes.
fn published(report: &Report, flags: &[&str]) -> (Files, BTreeSet<String>) {
    report.again(flags);
    (files(&report.folder.path().join(DAY)), recorded(report))
}

/// The names in the folder of reports.
fn names(report: &Report) -> BTreeSet<String> {
    let entries = fs::read_dir(report.folder.path().join("reports")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The private folders of reports that were killed.
fn left(report: &Report) -> Vec<PathBuf> {
    let names = names(report).into_iter().filter(|name| name.starts_with('.'));
    names.map(|name| report.folder.path().join("reports").join(name)).collect()
}

/// Ids of the interviews that the lake says are quoted.
fn recorded(report: &Report) -> BTreeSet<String> {
    let entries = fs::read_dir(report.folder.path().join("lake/_roundup/quotes")).unwrap();
    let records: Vec<Value> =
        entries.map(|entry| serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap()).collect();
    let ids = records.iter().flat_map(|record| record["interviews"].as_array().unwrap());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// How often something random is tried: more in the long version.
fn times(usual: usize) -> usize {
    std::env::var("ROUNDUP_KILLS").map_or(usual, |count| count.parse().unwrap())
}

#[test]
fn of_several_at_once_one_is_published_whole() {
    let report = may();
    let kinds: [&[&str]; 3] = [&MONTH, &FORTNIGHT, &TABLES];
    let wholes = kinds.map(|flags| published(&report, flags));
    let [(_, month), (_, fortnight), (_, nobody)] = &wholes;
    assert!(!month.is_subset(fortnight) && !fortnight.is_subset(month) && nobody.is_empty());
    let summaries = wholes.each_ref().map(|(files, _)| files[Path::new("summary.json")].clone());
    let folder = report.folder.path().join(DAY);
    let (running, over) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let _until_the_end = running;
        let (folder, summaries) = (&folder, &summaries);
        scope.spawn(move || {
            // At no instant is there none, or half of one.
            while over.try_recv() == Err(TryRecvError::Empty) {
                // Twice, as the folder may be exchanged between finding it and finding the file in it.
                let read = || fs::read(folder.join("summary.json"));
                let summary = read().or_else(|_| read()).unwrap();
                assert!(summaries.contains(&summary));
            }
        });
        for round in 0..times(8) {
            let begun: Vec<Child> = kinds.iter().chain([&kinds[round % 3]]).map(|f| begin(&report, f, None)).collect();
            for mut process in begun {
                assert_eq!(process.wait().unwrap().code(), Some(0));
            }
            let found = files(folder);
            let whole = wholes.iter().find(|(files, _)| *files == found);
            let (_, quoted) = whole.unwrap_or_else(|| panic!("round {round}: {:?}", found.keys()));
            assert_eq!(names(&report), ["2026-06-01", "latest"].map(str::to_owned).into());
            assert_eq!(fs::read_link(report.folder.path().join("reports/latest")).unwrap(), Path::new("2026-06-01"));
            assert!(quoted.is_subset(&recorded(&report)), "round {round}: somebody quoted is not in the record");
        }
    });
}

#[test]
fn killed_at_any_instant_a_report_leaves_a_whole_one() {
    let report = may();
    let kinds: [&[&str]; 2] = [&MONTH, &FORTNIGHT];
    let wholes = kinds.map(|flags| published(&report, flags));
    let folder = report.folder.path().join(DAY);
    let began = Instant::now();
    report.again(&MONTH);
    let takes = began.elapsed();
    for round in 0..times(15) {
        let mut running = [begin(&report, kinds[round % 2], None), begin(&report, kinds[(round + 1) % 2], None)];
        // The second half, in which it is published.
        let life = takes.mul_f64(0.5 + 0.05 * (round % 13) as f64);
        let began = Instant::now();
        while began.elapsed() < life && running[0].try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        running[0].kill().unwrap();
        running[0].wait().unwrap();
        // The other may be exchanging it.
        assert!(folder.join("index.html").exists(), "round {round}");
        assert_eq!(running[1].wait().unwrap().code(), Some(0));
        let found = files(&folder);
        let (_, quoted) = wholes.iter().find(|(files, _)| *files == found).expect("a whole one is published");
        assert!(quoted.is_subset(&recorded(&report)), "round {round}: somebody quoted is not in the record");
    }
    assert!(published(&report, &MONTH) == wholes[0]);
    assert_eq!(left(&report), [""; 0].map(PathBuf::from));
}

#[test]
fn what_a_killed_report_leaves_is_its_owners_alone_and_cleared_by_the_next() {
    let report = may();
    let [(new, _), (old, _)] = [FORTNIGHT, MONTH].map(|flags| published(&report, &flags));
    let folder = report.folder.path().join(DAY);
    fs::create_dir(report.folder.path().join("reports/.2026-06-01.newer notes")).unwrap();
    for (place, then) in [("report-staged", &old), ("report-placed", &new)] {
        report.again(&MONTH);
        dies_at(&report, &FORTNIGHT, place);
        assert!(files(&folder) == *then, "{place}");
        let [killed, _] = &left(&report)[..] else { panic!("{place}: {:?}", names(&report)) };
        assert_eq!(killed.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{place}");
        assert_ne!(killed.join("new").metadata().unwrap().permissions().mode() & 0o777, 0o700, "once published");
        // The next one of another day clears it as well.
        report.again(&EARLIER);
        assert!(files(&folder) == *then, "{place}");
    }
    // Only folders of reports are cleared: this one is somebody's, whatever its name.
    assert_eq!(left(&report).len(), 1);
}

/// Files that somebody else has put into a report.
const OTHERS: [&str; 5] = ["note.txt", "slides/first.pdf", "jobs/notes.html", "jobs/cook-1234567.html", ".DS_Store"];

#[test]
fn what_others_put_into_a_report_stays() {
    let report = may();
    let (tables, _) = published(&report, &TABLES);
    let folder = report.folder.path().join(DAY);
    for name in OTHERS {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), name).unwrap();
    }
    symlink("../elsewhere", folder.join("link")).unwrap();
    let is_there = || {
        for name in OTHERS {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), name);
        }
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), Path::new("../elsewhere"));
    };
    report.again(&MONTH);
    is_there();
    // Of a report with fewer files nothing older is left.
    report.again(&TABLES);
    is_there();
    fs::remove_file(folder.join("link")).unwrap();
    let own: Files =
        files(&folder).into_iter().filter(|(name, _)| !OTHERS.iter().any(|o| name == Path::new(o))).collect();
    assert!(own == tables, "{:?}", own.keys());
    symlink("../elsewhere", folder.join("link")).unwrap();
    // Killed before it could move them, as any next report does.
    dies_at(&report, &MONTH, "report-placed");
    assert!(!folder.join("note.txt").exists());
    report.again(&EARLIER);
    is_there();
    assert_eq!(left(&report), [""; 0].map(PathBuf::from));
}

#[test]
fn a_name_that_is_taken_by_a_report_does_not_cost_others_their_files() {
    let report = may();
    let folder = report.folder.path().join(DAY);
    report.again(&[&MONTH[..], &["--formats", "json"]].concat());
    fs::create_dir(folder.join("jobs.csv")).unwrap();
    fs::write(folder.join("jobs.csv/mine"), "mine").unwrap();
    report.again(&MONTH);
    assert_eq!(fs::read_to_string(folder.join("jobs.csv-kept/mine")).unwrap(), "mine");
    assert!(folder.join("jobs.csv").is_file());
}

#[test]
fn where_latest_cannot_be_a_link_the_report_is_made() {
    let report = may();
    let latest = report.folder.path().join("reports/latest");
    for make in [|path: &Path| fs::create_dir(path).unwrap(), |path: &Path| fs::write(path, "mine").unwrap()] {
        fs::remove_file(&latest).unwrap();
        make(&latest);
        let output = roundup(report.folder.path()).args(["report", "--lake", "lake"]).args(FORTNIGHT).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("reports/latest does not lead to it"), "{stderr}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{DAY}\n"));
        assert!(!latest.is_symlink());
        assert_eq!(left(&report), [""; 0].map(PathBuf::from));
        let _a_folder = fs::remove_dir(&latest);
        fs::write(&latest, "").unwrap();
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_any_work() {
    let report = may();
    let folder = report.folder.path();
    fs::write(folder.join("file"), "").unwrap();
    symlink("not/there", folder.join("nowhere")).unwrap();
    // Nothing was analysed here, which would be an error of its own.
    roundup(folder).args(["import", "--lake", "raw", INTERVIEWS]).assert().success();
    for (out, why) in [
        ("file", "file is not a folder"),
        ("file/reports", "file is not a folder"),
        ("nowhere", "nowhere is a link to what is not there"),
        ("nowhere/reports", "nowhere is a link to what is not there"),
    ] {
        let output = roundup(folder).args(["report", "--lake", "raw", "--out", out]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(&format!("cannot make the report at {out}: {why}")), "{stderr}");
        assert!(stderr.contains("--out"), "{stderr}");
    }
    assert!(!folder.join("not").exists());
    // A link to a folder is as good as the folder.
    fs::create_dir(folder.join("elsewhere")).unwrap();
    symlink("elsewhere", folder.join("linked")).unwrap();
    report.again(&[&MONTH[..], &["--out", "linked"]].concat());
    assert!(folder.join("elsewhere/latest/index.html").exists() && folder.join("linked").is_symlink());
    // What has the name of a report and is none is nobody else's to replace.
    fs::remove_dir_all(folder.join("elsewhere/2026-06-01")).unwrap();
    symlink("../file", folder.join("elsewhere/2026-06-01")).unwrap();
    let output = roundup(folder).args(["report", "--lake", "lake", "--out", "linked"]).args(MONTH).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("linked/2026-06-01: something that is not a folder has its name"), "{stderr}");
    assert!(folder.join("elsewhere/2026-06-01").is_symlink());
}

/// The lake of the sample with a report of its spring, which has larger files.
fn spring() -> Report {
    report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING)
}

/// The program with files of at most so many blocks of 512 bytes, as on a disk that is almost full.
fn almost_full(report: &Report, blocks: u32, arguments: &[&str]) -> (Option<i32>, String) {
    let program = assert_cmd::cargo::cargo_bin!("roundup");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(program).args(arguments).current_dir(report.folder.path());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_full_disk_fails_a_report_and_keeps_the_one_before() {
    let report = spring();
    let before = files(&report.folder.path().join(DAY));
    // Enough for what SQLite keeps beside the ledger.
    let arguments = ["report", "--lake", "lake", "--until", "2026-06-01", "--period", "12w"];
    let (code, stderr) = almost_full(&report, 70, &arguments);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("cannot write the report {DAY}: File too large")), "{stderr}");
    assert!(files(&report.folder.path().join(DAY)) == before);
    assert_eq!(left(&report), [""; 0].map(PathBuf::from));
}

#[test]
fn a_full_disk_fails_a_sheet() {
    let report = spring();
    fs::create_dir(report.folder.path().join("exports")).unwrap();
    for target in ["x.xlsx", "exports/x.xlsx"] {
        let export = ["export", "--lake", "lake", "--format", "xlsx", "--what", "responses", "-o", target];
        let (code, stderr) = almost_full(&report, 70, &export);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(target) && stderr.contains("File too large"), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(!report.folder.path().join(target).exists());
    }
    assert_eq!(fs::read_dir(report.folder.path().join("exports")).unwrap().count(), 0);
    // Its rows are kept beside it, and not where the system keeps temporary files, which may be another disk.
    let mut export = roundup(report.folder.path());
    export.env("TMPDIR", "/not/there").args(["export", "--lake", "lake", "--format", "xlsx", "-o", "x.xlsx"]);
    export.assert().success();
}
