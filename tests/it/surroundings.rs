//! What surrounds the program: disks, certificates, the time zone. What is wrong with them is said before the first
//! request, with the way out.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::common::{INTERVIEWS, Served, roundup, rows, serve};

/// A folder on another disk than a path.
fn on_another_disk(than: &Path) -> TempDir {
    let disk = |path: &Path| path.metadata().map(|metadata| metadata.dev());
    let here = disk(than).unwrap();
    let target = Path::new(env!("CARGO_MANIFEST_DIR"));
    let other = [Path::new("/dev/shm"), Path::new("/var/tmp"), Path::new("/tmp"), target]
        .into_iter()
        .filter(|folder| disk(folder).is_ok_and(|disk| disk != here))
        .find_map(|folder| tempfile::tempdir_in(folder).ok());
    other.expect("this test needs a second file system, such as /dev/shm")
}

/// A command's code and stderr.
#[track_caller]
fn refused(served: &Served, arguments: &[&str]) -> String {
    let output = served.roundup().args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    stderr
}

fn ingest(served: &Served) -> [String; 7] {
    ["ingest", "--lake", "lake", "--api", &served.sandbox.base_url(), "--requests-per-minute=600000", "ids.txt"]
        .map(str::to_owned)
}

#[test]
fn a_table_on_another_disk_is_refused_before_the_first_request() {
    for (link, of) in [("responses", "lake/responses"), ("keyword_hits", "lake/keyword_hits"), ("_roundup", "_roundup")]
    {
        let served = serve(Some(3));
        let other = on_another_disk(served.folder.path());
        fs::create_dir(served.lake()).unwrap();
        symlink(other.path(), served.lake().join(link)).unwrap();
        served.pipeline("");
        let ingest = ingest(&served);
        for arguments in [
            &["check", "pipeline.toml"][..],
            &["run", "pipeline.toml"],
            &["run", "--dry-run", "pipeline.toml"],
            &["import", "--lake", "lake", INTERVIEWS],
            &ingest.each_ref().map(String::as_str),
            // The folders of the lake are there now.
            &["check", "pipeline.toml"],
            &["analyze", "--lake", "lake"],
        ] {
            let said = refused(&served, arguments);
            assert!(said.contains(of) && said.contains("are on different disks"), "{arguments:?}: {said}");
            assert!(said.contains("hint: ") && said.contains("the whole lake"), "{said}");
        }
        assert_eq!(served.sandbox.stats().requests, 0);
        assert!(rows(&served.lake(), "interviews").is_empty());
    }
}

#[test]
fn a_month_on_another_disk_is_refused() {
    let served = serve(Some(3));
    served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let other = on_another_disk(served.folder.path());
    symlink(other.path(), served.lake().join("responses/month=2019-01")).unwrap();
    let said = refused(&served, &["analyze", "--lake", "lake"]);
    assert!(said.contains("lake/responses/month=2019-01"), "{said}");
}

#[test]
fn a_table_whose_disk_is_not_there_is_refused_before_the_first_request() {
    let served = serve(Some(3));
    fs::create_dir(served.lake()).unwrap();
    symlink(served.path("not-mounted"), served.lake().join("responses")).unwrap();
    served.pipeline("");
    for command in ["check", "run"] {
        let said = refused(&served, &[command, "pipeline.toml"]);
        assert!(said.contains("lake/responses is a link to") && said.contains("not-mounted"), "{said}");
    }
    assert_eq!(served.sandbox.stats().requests, 0);
}

#[test]
fn a_whole_lake_may_be_on_another_disk_and_its_tables_links_on_one() {
    let served = serve(Some(3));
    let other = on_another_disk(served.folder.path());
    symlink(other.path(), served.lake()).unwrap();
    fs::create_dir(other.path().join("big")).unwrap();
    symlink("big", other.path().join("responses")).unwrap();
    served.run(&served.pipeline(""), 0);
    served.roundup().args(["analyze", "--lake", "lake"]).assert().success();
    assert!(!rows(&served.lake(), "responses").is_empty());
}

#[test]
fn an_archive_on_two_disks_is_refused_before_the_first_request() {
    for link in ["interviews", ".roundup"] {
        let served = serve(None);
        let other = on_another_disk(served.folder.path());
        fs::create_dir(served.path("archive")).unwrap();
        symlink(other.path(), served.path("archive").join(link)).unwrap();
        served.pipeline("[audio]\nout = \"archive\"\nallow-loopback = true\n");
        served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
        for arguments in [
            &["check", "pipeline.toml"][..],
            &["run", "pipeline.toml"],
            &["audio", "--lake", "lake", "--out", "archive", "--api", &served.sandbox.base_url()],
        ] {
            let said = refused(&served, arguments);
            assert!(said.contains("archive/interviews") && said.contains("are on different disks"), "{said}");
            assert!(said.contains("hint: ") && said.contains("the whole archive"), "{said}");
        }
        assert_eq!(served.sandbox.stats().requests, 0);
    }
}

/// No certificates of authorities, as in a slim container.
const NO_CERTIFICATES: (&str, &str) = ("SSL_CERT_DIR", "/nowhere/certificates");

#[test]
fn without_certificates_it_is_said_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ids.txt"), "a-1\n").unwrap();
    let api = "https://127.0.0.1:1/api/v1";
    let text = format!("[source]\napi = \"{api}\"\ninterviews = [\"ids.txt\"]\n[lake]\npath = \"lake\"\n");
    fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    for arguments in [
        &["ingest", "--lake", "lake", "--api", api, "ids.txt"][..],
        &["get", "--api", api, "a-1"],
        &["run", "pipeline.toml"],
        &["check", "pipeline.toml"],
    ] {
        let output = roundup(folder.path())
            .args(arguments)
            .env("ROUNDZERO_API_KEY", "k")
            .env_remove("SSL_CERT_FILE")
            .env(NO_CERTIFICATES.0, NO_CERTIFICATES.1)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("certificate") && !said.contains("builder error"), "{said}");
        assert!(said.contains("SSL_CERT_DIR") && said.contains("ca-certificates"), "{said}");
    }
    assert!(!folder.path().join("lake").exists(), "it is said before anything is written");
}

#[test]
fn the_sandbox_is_reached_without_certificates() {
    let served = serve(None);
    let audio = "[audio]\nout = \"archive\"\nallow-loopback = true\n";
    let pipeline = served.pipeline(&format!("questions = \"none\"\n{audio}"));
    let mut run = served.roundup();
    run.arg("run").arg(pipeline).env_remove("SSL_CERT_FILE").env(NO_CERTIFICATES.0, NO_CERTIFICATES.1);
    run.assert().success();
    assert!(!rows(&served.lake(), "audio").is_empty());
}

#[test]
fn a_time_zone_that_is_none_is_said_where_it_counts() {
    let served = serve(Some(3));
    let with_zone = |zone: &str, arguments: &[&str]| {
        let output = served.roundup().args(arguments).env("TZ", zone).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    };
    served.pipeline("stop-at = \"05:30\"\n");
    for command in ["check", "run"] {
        let said = with_zone("Europe/Berlim", &[command, "pipeline.toml"]);
        assert_eq!(said.matches("Europe/Berlim").count(), 1, "{command}: {said}");
        assert!(said.contains("UTC"), "{said}");
        for zone in ["Europe/Berlin", "UTC", "", "CET-1CEST,M3.5.0,M10.5.0/3"] {
            let said = with_zone(zone, &[command, "pipeline.toml"]);
            assert!(!said.contains("TZ"), "{zone}: {said}");
        }
    }
    served.pipeline("");
    assert!(!with_zone("Europe/Berlim", &["run", "pipeline.toml"]).contains("Berlim"), "no local time is used");
}
