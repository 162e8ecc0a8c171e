//! What a run says while the API is away, and what it leaves as it is.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpListener;

use roundup::http::cancel::Cancellation;
use roundup::ingest::{Account, IngestRequest, Progress, ingest};
use roundup::lake::Lake;
use roundup::pipeline::{Exclude, IngestPlan, QuestionPolicy};
use roundup::round0::client::ApiClient;
use tokio_util::sync::CancellationToken;

use crate::common::serve;
use crate::listen::{Listener, event};

#[test]
fn progress_says_what_is_waited_for_while_nothing_comes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    // One answer, and then nobody is there any more.
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        let body = "{\"error\":{\"type\":\"resource_not_found\"}}";
        write!(stream, "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(&folder.path().join("lake")).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let token = CancellationToken::new();
    let said = RefCell::new(Vec::new());
    let progress = |progress: Progress| {
        if let Some(waiting) = progress.waiting.filter(|_| progress.done == 1) {
            said.borrow_mut().push((progress.done, progress.of, waiting));
            token.cancel();
        }
    };
    let plan = IngestPlan {
        requests_per_minute: 600_000,
        concurrency: 1,
        questions: QuestionPolicy::None,
        stop_at: None,
        limit_window: std::time::Duration::from_secs(60),
    };
    let account = Account {
        source: "default",
        ids: (0..5).map(|number| format!("id-{number}")).collect(),
        inbox: false,
        clients: vec![ApiClient::new(&base, "rz_live_x").unwrap()],
        exclude: &Exclude::default(),
    };
    let cancellation = Cancellation::new(token.clone());
    let request = IngestRequest { plan: &plan, refetch: false, cancellation, progress: &progress };
    let _interrupted = ingest(&lake, &mut ledger, &runtime, vec![account], &request);
    answering.join().unwrap();
    let said = said.borrow();
    let (done, of, waiting) = &said[0];
    assert_eq!((*done, *of), (1, 5));
    assert!(
        waiting.starts_with("the API cannot be reached any more (") && waiting.contains("tried again until"),
        "{waiting}"
    );
}

#[test]
fn what_was_asked_for_is_counted_also_when_no_list_names_it() {
    let served = serve(Some(6));
    let listener = Listener::start(served.folder.path());
    for (number, id) in (1..).zip(served.ids()) {
        listener.send(&event(number, "interview_ended", &id));
    }
    let text = std::fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let pipeline = served.write("inbox.toml", &text.replace("\"ids.txt\"", "\"inbox\""));
    let said = served.run(&pipeline, 0);
    assert!(said.starts_with("fetched    6 of 6 interviews in "), "{said}");
    let again = served.run(&pipeline, 0);
    assert!(again.starts_with("fetched    0 of 0 interviews in "), "{again}");
}

const STAGES: &str = "questions = \"none\"\n[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\n";

#[test]
fn a_failed_ingest_without_news_leaves_the_newest_report() {
    let served = serve(Some(12));
    let until = |day: &str| served.pipeline(&format!("{STAGES}until = {day}\n"));
    served.run(&until("2026-06-01"), 0);
    let latest = || std::fs::read_link(served.path("reports/latest")).unwrap();
    let before = latest();
    // The key is refused from now on.
    let pipeline = until("2026-06-02");
    served.write("ids.txt", &(served.ids().join("\n") + "\nnew"));
    let run = |key: &str| {
        let output = served.roundup().arg("run").arg(&pipeline).env("ROUNDZERO_API_KEY", key).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run("rz_live_wrong");
    assert_eq!(code, Some(5));
    let why = "no new report was written, as the ingest failed and nothing new has come; reports/latest is as it was";
    assert!(said.contains(&format!("warning    {why}")), "{said}");
    assert!(served.last_run()["warnings"].to_string().contains(why));
    assert_eq!((latest(), served.path("reports/2026-06-02").exists()), (before, false));
    // What a killed run has fetched is news.
    let (code, said) = run(roundup::sandbox::DEFAULT_KEY);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(latest().to_str(), Some("2026-06-02"));
}

#[test]
fn a_notification_that_fails_is_in_the_summary() {
    let served = serve(Some(6));
    let pipeline = served.pipeline("questions = \"none\"\n[notify]\ncommand = [\"false\"]\n");
    let said = served.run(&pipeline, 0);
    assert!(said.contains("notify     failed: false ended with exit status: 1\n"), "{said}");
    assert_eq!(served.last_run()["notify"], "false ended with exit status: 1");
    assert_eq!(served.last_run()["exit_code"], 0);
    let pipeline = served.pipeline("questions = \"none\"\n[notify]\ncommand = [\"true\"]\n");
    assert!(!served.run(&pipeline, 0).contains("notify"));
    assert!(served.last_run()["notify"].is_null());
}
