//! Several accounts in one run, and several keys of one account.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use roundup::sandbox::{DEFAULT_KEY, SandboxOptions};
use serde_json::Value;

use crate::common::{Served, ledger_of, rows, sample, serve, serve_with, until};
use crate::listen::{Listener, event};

const SECOND_KEY: &str = "rz_live_0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e0f1e";
const REST: &str = "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n";

/// A sandbox of one account with two keys.
fn two_keys(options: SandboxOptions) -> Served {
    serve_with(SandboxOptions { more_keys: vec![SECOND_KEY.to_owned()], ..options })
}

fn unlimited() -> SandboxOptions {
    SandboxOptions { limit: None, ..SandboxOptions::default() }
}

/// A source of a pipeline. `keys` is what stands after `key-env`.
fn source(name: &str, api: &str, keys: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\napi = \"{api}\"\nkey-env = {keys}\ninterviews = [\"{name}.txt\"]\n")
}

/// The list of a source.
fn list(served: &Served, name: &str, ids: &[String]) {
    served.write(&format!("{name}.txt"), &ids.join("\n"));
}

/// Runs a command with a pipeline, which must end with a code. Returns what it said on stdout and stderr.
fn run(served: &Served, command: &str, sources: &str, rest: &str, code: i32) -> (String, String) {
    let pipeline = served.write("accounts.toml", &(sources.to_owned() + rest));
    let mut roundup = served.roundup();
    roundup.env("KEY_ONE", DEFAULT_KEY).env("KEY_TWO", SECOND_KEY).env("KEY_WRONG", "rz_live_wrong");
    let output = roundup.arg(command).arg(&pipeline).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    (stdout, stderr)
}

/// The ids of all interviews in the lake that came from a source, sorted.
fn ids_of(served: &Served, source: &str) -> Vec<String> {
    let all = ["interviews", "open_interviews"].into_iter().flat_map(|table| rows(&served.lake(), table));
    let mut ids: Vec<String> =
        all.filter(|row| row["source"] == source).map(|row| row["interview_id"].clone()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

/// An API that is asked for one interview, and gives it once the other API was asked, too. Returns its address.
fn meets(body: &Value, asked: Sender<()>, other: Receiver<()>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let body = body.to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        asked.send(()).unwrap();
        other.recv_timeout(Duration::from_mins(1)).expect("the other account is not asked meanwhile");
        write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    (address, answering)
}

#[test]
fn accounts_are_asked_at_the_same_time() {
    let served = serve_with(unlimited());
    let completed: Vec<Value> = sample().into_iter().filter(|body| body["status"] == "completed").take(2).collect();
    let ids: Vec<String> = completed.iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
    let ((a_asked, a_was_asked), (b_asked, b_was_asked)) = (channel(), channel());
    let (a, a_answering) = meets(&completed[0], a_asked, b_was_asked);
    let (b, b_answering) = meets(&completed[1], b_asked, a_was_asked);
    list(&served, "a", &ids[..1]);
    list(&served, "b", &ids[1..]);
    run(&served, "run", &(source("a", &a, "\"KEY_ONE\"") + &source("b", &b, "\"KEY_TWO\"")), REST, 0);
    a_answering.join().unwrap();
    b_answering.join().unwrap();
    assert_eq!((ids_of(&served, "a"), ids_of(&served, "b")), (ids[..1].to_vec(), ids[1..].to_vec()));
}

/// The limit of each key, and settings of a pipeline for it.
const LIMIT: u32 = 40;
const LIMITED: &str = "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n\
                       limit-window = \"1s\"\n";

fn limited(interviews: usize) -> SandboxOptions {
    let window_length = Duration::from_secs(1);
    SandboxOptions { interviews: Some(interviews), limit: Some(LIMIT), window_length, ..SandboxOptions::default() }
}

/// That no window of a key was over its limit, and nothing was fetched twice.
fn assert_kept(served: &Served) {
    let stats = served.sandbox.stats();
    assert!(stats.largest_window <= LIMIT.into(), "{stats:?}");
    assert_eq!((stats.by_status.get(&429), stats.largest_per_id), (None, 1), "{stats:?}");
}

#[test]
fn keys_of_one_account_share_its_list_and_each_keeps_its_limit() {
    let served = two_keys(limited(150));
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    list(&served, "all", &ids);
    run(&served, "run", &source("all", &api, "[\"KEY_ONE\", \"KEY_TWO\"]"), LIMITED, 0);
    assert_kept(&served);
    assert_eq!(ids_of(&served, "all"), sorted(&ids));
    let by_key = served.sandbox.stats().by_key;
    // A key gets work whenever it has room, so that neither waits for the other.
    assert!(by_key.iter().sum::<u64>() == 150 && by_key.iter().all(|count| *count >= LIMIT.into()), "{by_key:?}");
    // Also for the questions.
    let questions = LIMITED.replace("\"none\"", "\"all\"");
    list(&served, "all", &ids[..0]);
    run(&served, "run", &source("all", &api, "[\"KEY_ONE\", \"KEY_TWO\"]"), &questions, 0);
    assert_kept(&served);
}

#[test]
fn two_accounts_with_one_key_share_its_limit() {
    let served = serve_with(limited(100));
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    list(&served, "a", &ids[..50]);
    list(&served, "b", &ids[50..]);
    let sources = source("a", &api, "\"KEY_ONE\"") + &source("b", &api, "\"ROUNDZERO_API_KEY\"");
    let (plan, _) = run(&served, "check", &sources, LIMITED, 0);
    assert_eq!(plan.matches("the key is that of source a, and has one limit for both").count(), 1, "{plan}");
    run(&served, "run", &sources, LIMITED, 0);
    assert_kept(&served);
    assert_eq!((ids_of(&served, "a"), ids_of(&served, "b")), (sorted(&ids[..50]), sorted(&ids[50..])));
}

#[test]
fn an_account_may_have_a_pace_of_its_own() {
    let options = || SandboxOptions { window_length: Duration::from_secs(1), ..unlimited() };
    let (served, other) = (serve_with(options()), serve_with(options()));
    let ids = served.ids();
    list(&served, "a", &ids[..25]);
    list(&served, "b", &ids[25..]);
    let own = "requests-per-minute = 600\n";
    let sources = source("a", &served.sandbox.base_url(), "\"KEY_ONE\"")
        + own
        + &source("b", &other.sandbox.base_url(), "\"KEY_ONE\"");
    let (plan, _) = run(&served, "check", &sources, LIMITED, 0);
    assert_eq!(plan.matches("at 600 requests a minute").count(), 1, "{plan}");
    run(&served, "run", &sources, LIMITED, 0);
    assert!(served.sandbox.stats().largest_window <= 10, "{:?}", served.sandbox.stats());
    assert_eq!((ids_of(&served, "a").len(), ids_of(&served, "b").len()), (25, ids.len() - 25));
}

#[test]
fn one_key_that_a_source_names_twice_is_refused_by_name() {
    let served = serve_with(unlimited());
    let api = served.sandbox.base_url();
    list(&served, "a", &served.ids());
    let sources = source("a", &api, "[\"KEY_TWO\", \"KEY_ONE\", \"ROUNDZERO_API_KEY\"]");
    let (_, stderr) = run(&served, "run", &sources, REST, 2);
    let says = "accounts.toml:4: `key-env` under [source]: ROUNDZERO_API_KEY is the same key as KEY_ONE";
    assert!(stderr.contains(says) && !stderr.contains(DEFAULT_KEY), "{stderr}");
    let (_, stderr) = run(&served, "run", &source("a", &api, "[]"), REST, 2);
    assert!(stderr.contains("accounts.toml:4: `key-env` under [source]: source a names no key"), "{stderr}");
    let (_, stderr) = run(&served, "run", &source("a", &api, "7"), REST, 2);
    assert!(stderr.contains("`key-env` under [source] is a text"), "{stderr}");
    assert_eq!(served.sandbox.stats().requests, 0);
}

#[test]
fn an_interview_in_several_lists_is_fetched_from_the_first_source_that_lists_it() {
    let served = two_keys(unlimited());
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    let (ids, late) = (&ids[..40], &ids[40]);
    list(&served, "a", &ids[..30]);
    list(&served, "b", &ids[20..]);
    let sources = source("a", &api, "\"KEY_ONE\"") + &source("b", &api, "\"KEY_TWO\"");
    let (plan, _) = run(&served, "check", &sources, REST, 0);
    assert!(plan.contains("a: 30 interviews are due") && plan.contains("b: 10 interviews are due"), "{plan}");
    run(&served, "run", &sources, REST, 0);
    assert_eq!(served.sandbox.stats().by_key, [30, 10]);
    assert_eq!((ids_of(&served, "a"), ids_of(&served, "b")), (sorted(&ids[..30]), sorted(&ids[30..])));
    assert_eq!(served.last_run()["ingest"]["listed"], 40);
    // One that failed under the name of one account, and that the list of another names now.
    let sql = "INSERT INTO interviews (id, source, state, reason, changed_at) VALUES (?1, 'b', 'failed', 'x', 1)";
    ledger_of(&served.lake()).execute(sql, [late]).unwrap();
    list(&served, "a", std::slice::from_ref(late));
    run(&served, "run", &sources, REST, 0);
    let stats = served.sandbox.stats();
    assert_eq!((stats.by_key, stats.largest_per_id), (vec![31, 10], 1));
}

#[test]
fn an_interview_that_the_first_source_does_not_know_is_asked_of_the_next_that_lists_it() {
    let (one, other) = (serve_with(unlimited()), serve(Some(serve_with(unlimited()).ids().len() + 12)));
    let (known, all) = (one.ids(), other.ids());
    let mut both = [&all[known.len()..], &known[..5]].concat();
    both.push("0f1e0f1e-0000-4000-8000-000000000000".to_owned());
    let (unknown, excluded) = (both.last().unwrap().clone(), both[11].clone());
    list(&one, "a", &both);
    list(&one, "b", &both);
    let b = source("b", &other.sandbox.base_url(), "\"KEY_ONE\"") + &format!("exclude = [\"{excluded}\"]\n");
    // The second account is done at once, and is asked again; and it is under way.
    for more in [&[][..], &all[10..20]] {
        list(&one, "b", &[&both, more].concat());
        let sources = source("a", &one.sandbox.base_url(), "\"KEY_ONE\"") + &b;
        let (_, stderr) = run(&one, "run", &sources, REST, 0);
        let gone = format!("the API does not know interview {unknown}");
        assert_eq!(stderr.contains(&gone), more.is_empty(), "{stderr}");
    }
    assert_eq!(ids_of(&one, "a"), sorted(&known[..5]));
    assert_eq!(ids_of(&one, "b"), sorted(&[&both[..11], &all[10..20]].concat()));
    assert_eq!(other.sandbox.stats().largest_per_id, 1);
    let by_status = |served: &Served| served.sandbox.stats().by_status[&404];
    assert_eq!((by_status(&one), by_status(&other)), (13, 1), "what nobody knows is asked for once a source");
}

#[test]
fn an_interview_of_an_event_or_of_the_lake_is_asked_of_its_account_though_another_lists_it() {
    let served = serve_with(unlimited());
    let stranger = serve(Some(0));
    let all = sample();
    let of_status = |status: &str| {
        let body = all.iter().find(|body| body["status"] == status).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    let (done, open) = (of_status("completed"), of_status("in_progress"));
    let a = source("a", &stranger.sandbox.base_url(), "\"KEY_ONE\"");
    let b = source("b", &served.sandbox.base_url(), "\"KEY_ONE\"");
    // An event calls on the second account for what the first one lists.
    let listener = Listener::start_with(served.folder.path(), |command| command.args(["--source", "b"]));
    assert_eq!(listener.send(&event(1, "interview_ended", &done)).0, 200);
    list(&served, "a", std::slice::from_ref(&done));
    run(&served, "run", &(a.clone() + &b.replace("\"b.txt\"", "\"inbox\"")), REST, 0);
    assert_eq!(ids_of(&served, "b"), [done.as_str()]);
    assert_eq!(served.last_run()["ingest"]["gone"], 0);
    // An open interview of the second account that the first one lists, and that is asked for again.
    list(&served, "b", std::slice::from_ref(&open));
    list(&served, "a", &[]);
    run(&served, "run", &(a.clone() + &b), REST, 0);
    assert_eq!(ids_of(&served, "b"), sorted(&[done, open.clone()]));
    list(&served, "a", std::slice::from_ref(&open));
    list(&served, "b", &[]);
    let pipeline = served.write("again.toml", &(a + &b + REST));
    let mut again = served.roundup();
    again.env("KEY_ONE", DEFAULT_KEY).args(["run", "--refetch"]).arg(&pipeline).assert().success();
    let state = "SELECT state FROM interviews WHERE id = ?1";
    let state: String = ledger_of(&served.lake()).query_row(state, [&open], |row| row.get(0)).unwrap();
    assert_ne!(state, "gone");
    assert_eq!((stranger.sandbox.stats().by_status[&404], served.sandbox.stats().by_status[&200]), (2, 3));
}

#[test]
fn an_interview_that_the_first_source_excludes_is_fetched_from_the_next_that_lists_it() {
    let served = two_keys(unlimited());
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    let ids = &ids[..10];
    list(&served, "a", ids);
    list(&served, "b", &ids[..8]);
    // The first two are of the second source alone, the third is of neither, and the ninth is in one list.
    let exclude = |ids: &[&String]| format!("exclude = {ids:?}\n");
    let a = source("a", &api, "\"KEY_ONE\"") + &exclude(&[&ids[0], &ids[1], &ids[2], &ids[8]]);
    let b = source("b", &api, "\"KEY_TWO\"") + &exclude(&[&ids[2]]);
    run(&served, "run", &(a + &b), REST, 0);
    assert_eq!(ids_of(&served, "b"), sorted(&ids[..2]));
    assert_eq!(ids_of(&served, "a"), sorted(&[&ids[3..8], &ids[9..]].concat()));
    let ingest = &served.last_run()["ingest"];
    assert_eq!((&ingest["excluded"], &ingest["listed"]), (&2.into(), &10.into()));
    assert_eq!(served.sandbox.stats().by_key, [6, 2]);
}

#[test]
fn what_is_passed_on_to_an_account_that_is_away_is_left_for_the_next_run() {
    let served = serve_with(unlimited());
    let ids: Vec<String> = served.ids().into_iter().take(3).chain(["one", "two"].map(str::to_owned)).collect();
    list(&served, "a", &ids);
    list(&served, "b", &[&ids[..], &["three".to_owned()]].concat());
    let away = format!("http://{}/api/v1", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let a = source("a", &served.sandbox.base_url(), "\"KEY_ONE\"");
    run(&served, "run", &(a.clone() + &source("b", &away, "\"KEY_ONE\"")), REST, 1);
    assert_eq!(served.last_run()["ingest"]["left"], 3);
    assert_eq!(ids_of(&served, "a"), sorted(&ids[..3]));
    // Nothing was recorded of them.
    run(&served, "run", &(a + &source("b", &served.sandbox.base_url(), "\"KEY_ONE\"")), REST, 0);
    assert_eq!(served.last_run()["ingest"]["gone"], 3);
}

#[test]
fn an_account_that_is_refused_or_away_stops_no_other() {
    let served = serve_with(unlimited());
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    let away = format!("http://{}/api/v1", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    list(&served, "a", &ids[..10]);
    list(&served, "b", &ids[10..25]);
    list(&served, "c", &ids[25..]);
    let [b, c] = [source("b", &away, "\"KEY_TWO\""), source("c", &api, "\"KEY_ONE\"")];
    let (_, stderr) = run(&served, "run", &(source("a", &api, "\"KEY_WRONG\"") + &b + &c), REST, 5);
    assert!(stderr.contains("source a: the API does not accept the key (401)"), "{stderr}");
    assert!(stderr.contains("cannot reach the API of source b"), "{stderr}");
    assert_eq!(ids_of(&served, "c"), sorted(&ids[25..]));
    let recorded = served.last_run();
    assert_eq!((&recorded["complete"], &recorded["ingest"]["left"]), (&false.into(), &25.into()));
    assert_eq!(served.sandbox.stats().by_status[&401], 1, "one request tells");
    let right = source("a", &api, "\"KEY_ONE\"");
    let (_, stderr) = run(&served, "run", &(right.clone() + &b + &c), REST, 1);
    assert!(stderr.contains("cannot reach the API of source b"), "{stderr}");
    run(&served, "run", &(right + &source("b", &api, "\"KEY_ONE\"") + &c), REST, 0);
    let all = ["a", "b", "c"].map(|source| ids_of(&served, source)).concat();
    assert_eq!(sorted(&all), sorted(&ids));
    assert_eq!(served.sandbox.stats().largest_per_id, 1);
}

#[test]
fn an_account_that_is_doubted_keeps_no_other_from_the_lake() {
    let served = serve_with(unlimited());
    let completed: Vec<Value> = sample().into_iter().filter(|body| body["status"] == "completed").take(2).collect();
    let ids: Vec<String> = completed.iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
    list(&served, "a", &ids[..1]);
    run(&served, "run", &source("a", &served.sandbox.base_url(), "\"KEY_ONE\""), REST, 0);
    // From now on the first account has pages for everything. The one for the interview that it gave before, which is to
    // tell whether the API is there, comes once the other account's interview is in the lake.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let a = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let ((b_asked, _b_was_asked), (doubted, is_doubted)) = (channel(), channel());
    let (b, b_answering) = meets(&completed[1], b_asked, is_doubted);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in ["new", &ids[0]] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap();
                assert!(String::from_utf8_lossy(&request[..length]).contains(id), "{id}");
                if id == ids[0] {
                    doubted.send(()).unwrap();
                    until("the other account is in the lake", || ids_of(&served, "b") == ids[1..]);
                }
                write!(stream, "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 4\r\n\r\npage").unwrap();
            }
        });
        list(&served, "a", &["new".to_owned()]);
        list(&served, "b", &ids[1..]);
        let sources = source("a", &a, "\"KEY_ONE\"") + &source("b", &b, "\"KEY_TWO\"");
        let (_, stderr) = run(&served, "run", &sources, REST, 1);
        let says = format!("the API of source a answers no call, not even for interview {}", ids[0]);
        assert!(stderr.contains(&says), "{stderr}");
    });
    b_answering.join().unwrap();
    assert_eq!(served.last_run()["ingest"]["failed"], 1);
}

#[test]
fn a_key_that_is_refused_leaves_its_work_to_the_others() {
    let served = two_keys(unlimited());
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    list(&served, "all", &ids);
    let keys = |keys: &str| source("all", &api, keys);
    let (_, stderr) = run(&served, "run", &keys("[\"KEY_ONE\", \"KEY_WRONG\", \"KEY_TWO\"]"), REST, 5);
    assert!(stderr.contains("source all, key 2 of 3: the API does not accept the key (401)"), "{stderr}");
    assert_eq!(ids_of(&served, "all"), sorted(&ids));
    let stats = served.sandbox.stats();
    assert_eq!((stats.by_status[&401], stats.largest_per_id), (1, 1));
    assert_eq!(served.last_run()["ingest"]["left"], 0);
    // If none is accepted, nothing is done, and each is named.
    std::fs::remove_dir_all(served.lake()).unwrap();
    let two = keys("[\"KEY_WRONG\", \"KEY_SUSPENDED\"]");
    let pipeline = served.write("refused.toml", &(two + REST));
    let mut command = served.roundup();
    command.env("KEY_WRONG", "rz_live_wrong").env("KEY_SUSPENDED", format!("{DEFAULT_KEY}-suspended"));
    let output = command.arg("run").arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("key 1 of 2: the API does not accept the key (401)"), "{stderr}");
    assert!(stderr.contains("key 2 of 2: the account has no access to the API"), "{stderr}");
    assert_eq!(served.last_run()["ingest"]["left"], ids.len());
}

#[test]
fn a_key_that_is_revoked_in_the_middle_of_a_run_leaves_the_rest_to_the_others() {
    const BEFORE: usize = 10;
    let served = serve_with(unlimited());
    let bodies: HashMap<String, String> =
        sample().iter().map(|body| (body["id"].as_str().unwrap().to_owned(), body.to_string())).collect();
    let ids = served.ids();
    list(&served, "all", &ids);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let (mut by_first, mut refused, mut given) = (0, 0, HashSet::new());
    std::thread::scope(|scope| {
        let answering = scope.spawn(|| {
            while given.len() < ids.len() {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..length]);
                let id = request.split([' ', '/']).nth(5).unwrap().to_owned();
                let is_first = request.contains(DEFAULT_KEY);
                let (status, body) = if is_first && by_first == BEFORE {
                    refused += 1;
                    ("401 Unauthorized", r#"{"error":{"code":"unauthorized","message":"Missing or invalid API key"}}"#)
                } else {
                    by_first += usize::from(is_first);
                    let body = bodies[&id].as_str();
                    assert!(given.insert(id), "asked for twice");
                    ("200 OK", body)
                };
                let length = body.len();
                write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                    .unwrap();
            }
        });
        let (_, stderr) = run(&served, "run", &source("all", &api, "[\"KEY_ONE\", \"KEY_TWO\"]"), REST, 5);
        assert!(stderr.contains("source all, key 1 of 2: the API does not accept the key (401)"), "{stderr}");
        answering.join().unwrap();
    });
    assert_eq!(ids_of(&served, "all"), sorted(&ids));
    assert_eq!(served.last_run()["ingest"]["left"], 0);
    assert_eq!(by_first, BEFORE);
    // Requests that were under way when the first was refused.
    assert!((1..=16).contains(&refused), "{refused}");
}

#[test]
fn a_key_that_is_refused_is_asked_with_once_also_if_two_accounts_have_it() {
    let served = serve_with(unlimited());
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    list(&served, "a", &ids[..20]);
    list(&served, "b", &ids[20..]);
    let sources = source("a", &api, "\"KEY_WRONG\"") + &source("b", &api, "\"KEY_WRONG\"");
    let (_, stderr) = run(&served, "run", &sources, REST, 5);
    assert!(stderr.contains("source a: the API does not") && stderr.contains("source b: the API does not"), "{stderr}");
    assert_eq!(served.sandbox.stats().by_status[&401], 1);
    assert_eq!(served.last_run()["ingest"]["left"], ids.len());
}

#[test]
fn an_interrupt_ends_all_accounts_and_is_said_once() {
    let slow = SandboxOptions { interviews: Some(200), latency: Duration::from_millis(10), ..unlimited() };
    let served = two_keys(slow);
    let (api, ids) = (served.sandbox.base_url(), served.ids());
    list(&served, "a", &ids[..100]);
    list(&served, "b", &ids[100..]);
    let sources = source("a", &api, "\"KEY_ONE\"") + &source("b", &api, "\"KEY_TWO\"");
    let pipeline = served.write("accounts.toml", &(sources + REST + "concurrency = 1\n"));
    let mut run = served.process();
    run.arg("run").arg(&pipeline).env("KEY_ONE", DEFAULT_KEY).env("KEY_TWO", SECOND_KEY).stderr(Stdio::piped());
    let run = run.spawn().unwrap();
    until("both accounts are asked", || served.sandbox.stats().by_key.iter().all(|count| *count > 5));
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(stderr.matches("interrupted").count(), 1, "{stderr}");
    assert!(["a", "b"].iter().all(|source| ids_of(&served, source).len() >= 4));
    assert!(served.last_run()["ingest"]["left"].as_u64().unwrap() > 0);
}
