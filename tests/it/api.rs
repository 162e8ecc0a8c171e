//! The API at its worst, as far as a plain run meets it: refusals, limits, nobody there.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use roundup::sandbox::{SandboxOptions, WindowKind};

use crate::common::{Served, rows, serve, serve_with};

fn run_with_key(served: &Served, key: &str) -> (Option<i32>, String) {
    let mut command = served.roundup();
    let output = command.env("ROUNDZERO_API_KEY", key).arg("run").arg(served.pipeline("")).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_refused_key_or_account_stops_the_run_at_once() {
    let served = serve(None);
    let suspended = format!("{}-suspended", SandboxOptions::default().key);
    for (key, status) in [("rz_live_wrong", "401"), (suspended.as_str(), "403")] {
        let before = served.sandbox.stats().requests;
        let (code, stderr) = run_with_key(&served, key);
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains(status) && !stderr.contains(key), "{stderr}");
        assert_eq!(served.sandbox.stats().requests - before, 1, "one request tells");
        assert_eq!(served.last_run()["complete"], false);
    }
    assert!(rows(&served.lake(), "interviews").is_empty());
    assert_eq!(rows(&served.lake(), "runs").len(), 2, "a run that ended badly is recorded too");
}

#[test]
fn an_api_that_is_not_there_is_said_and_the_other_stages_still_work() {
    let served = serve(Some(10));
    let stages = "[analyze]\n[report]\nout = \"reports\"\nuntil = \"2026-06-01\"\n";
    served.run(&served.pipeline(stages), 0);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(served.pipeline(stages)).unwrap();
    let gone = served.write("gone.toml", &text.replace(&served.sandbox.addr().to_string(), &free.to_string()));
    served.write("ids.txt", "another-id\n");
    std::fs::remove_dir_all(served.path("reports")).unwrap();
    let output = served.roundup().arg("run").arg(gone).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot reach the API") && stderr.contains("refused"), "{stderr}");
    assert!(served.path("reports/latest/index.html").exists());
}

#[test]
fn a_limit_is_waited_for_and_nothing_is_lost() {
    let limited = |window| {
        let window_length = Duration::from_secs(2);
        serve_with(SandboxOptions {
            interviews: Some(30),
            limit: Some(20),
            window,
            window_length,
            ..SandboxOptions::default()
        })
    };
    for window in [WindowKind::Fixed, WindowKind::Sliding] {
        let served = limited(window);
        served.run(&served.pipeline("questions = \"none\"\nlimit-window = \"2s\"\n"), 0);
        assert_eq!(served.sandbox.stats().by_status.get(&429), None, "the limit was never met");
        let all = rows(&served.lake(), "interviews").len() + rows(&served.lake(), "open_interviews").len();
        assert_eq!(all, 30);
    }
}

#[test]
fn a_second_run_on_the_same_lake_is_refused_and_the_first_is_not_harmed() {
    let served =
        serve_with(SandboxOptions { latency: Duration::from_millis(300), limit: None, ..SandboxOptions::default() });
    let pipeline = served.pipeline("");
    let mut first = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
        .current_dir(served.folder.path())
        .env("ROUNDZERO_API_KEY", SandboxOptions::default().key)
        .arg("run")
        .arg(&pipeline)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Once it asks the API, it holds the lake.
    while served.sandbox.stats().requests == 0 {
        assert!(first.try_wait().unwrap().is_none(), "the first run has ended before it asked for anything");
        std::thread::yield_now();
    }
    let output = served.roundup().arg("run").arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(stderr.contains(&format!("another run (process {}) holds the lake", first.id())), "{stderr}");
    assert!(first.wait().unwrap().success());
    let all = rows(&served.lake(), "interviews").len() + rows(&served.lake(), "open_interviews").len();
    assert_eq!(all, served.ids().len());
}

#[test]
fn the_key_does_not_follow_a_redirect() {
    let (sender, requests) = mpsc::channel();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = other.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let mut bytes = [0; 4096];
            let count = stream.unwrap().read(&mut bytes).unwrap_or(0);
            let _test_over = sender.send(String::from_utf8_lossy(&bytes[..count]).into_owned());
        }
    });
    let redirector = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = redirector.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in redirector.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 4096];
            let _request = stream.read(&mut bytes).unwrap();
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let served = serve(Some(1));
    let text = std::fs::read_to_string(served.pipeline("")).unwrap();
    let path = served.write("r.toml", &text.replace(&served.sandbox.addr().to_string(), &api.to_string()));
    let output = served.roundup().arg("run").arg(path).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "given up, and said: {stderr}");
    assert!(stderr.contains("302"), "{stderr}");
    assert!(requests.try_recv().is_err(), "nothing was asked of the other host");
}

#[test]
fn an_open_interview_that_the_api_forgets_is_open_no_longer() {
    let served = serve(None);
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    let open = served.ids_in("open_interviews");
    assert!(open.len() > 1, "{open:?}");
    // Another API under the same name, which knows none of them.
    let other = serve_with(SandboxOptions { interviews: Some(3), seed: 7, ..SandboxOptions::default() });
    served.make_due(&open[..1]);
    let text = std::fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let addr = |served: &Served| served.sandbox.addr().to_string();
    served.run(&served.write("other.toml", &text.replace(&addr(&served), &addr(&other))), 0);
    assert_eq!(served.ids_in("open_interviews"), open[1..], "only the one that was asked for has ended");
}

#[test]
fn two_programs_with_one_key_share_its_window() {
    let limits = SandboxOptions {
        interviews: Some(120),
        limit: Some(40),
        window_length: Duration::from_secs(2),
        ..SandboxOptions::default()
    };
    let served = serve_with(limits);
    let ids = served.ids();
    let (one, other) = ids.split_at(60);
    served.write("one.txt", &one.join("\n"));
    served.write("other.txt", &other.join("\n"));
    let api = served.sandbox.base_url();
    std::thread::scope(|scope| {
        for name in ["one", "other"] {
            let (served, api) = (&served, &api);
            scope.spawn(move || {
                let (lake, list) = (format!("lake-{name}"), format!("{name}.txt"));
                let fixed = ["--questions", "none", "--limit-window", "2s", "--requests-per-minute", "600000"];
                let mut command = served.roundup();
                command.args(["ingest", "--lake", &lake, "--api", api]).args(fixed).arg(list).assert().success();
            });
        }
    });
    let stats = served.sandbox.stats();
    assert_eq!((stats.requests, stats.by_status.get(&429)), (120, None));
    assert!(stats.largest_window <= 40, "{}", stats.largest_window);
}
