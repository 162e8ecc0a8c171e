//! The sandbox through its sockets, as a client of the vendor's API sees it.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::{Client, Method, Response, StatusCode};
use roundup::sandbox::{DEFAULT_KEY, Sandbox, SandboxOptions, Stats, WindowKind, start};
use serde_json::{Value, json};

fn unlimited(interviews: Option<usize>) -> SandboxOptions {
    SandboxOptions { interviews, limit: None, ..SandboxOptions::default() }
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

async fn get(client: &Client, url: &str) -> Response {
    client.get(url).header("authorization", format!("Bearer {DEFAULT_KEY}")).send().await.unwrap()
}

async fn body(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn sample(file: &str) -> Vec<Value> {
    let path = format!("{}/data/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn responses_mut(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("responses").and_then(Value::as_array_mut).into_iter().flatten()
}

fn responses(body: &Value) -> &[Value] {
    body["responses"].as_array().map_or(&[], Vec::as_slice)
}

/// The body as it was sent, with the parts of the links cut that differ from run to run.
fn without_signatures(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\"http://127.0.0.1:") {
        let link = &rest[start + 1..];
        let path = link.find("/audio/").unwrap();
        let (query, end) = (link.find('?').unwrap(), link.find('"').unwrap());
        kept += &rest[..=start];
        kept += &link[path..query];
        rest = &link[end..];
    }
    kept + rest
}

/// Every body of a sandbox, in its order, as text.
async fn all_bodies(sandbox: &Sandbox, suffix: &'static str) -> Vec<String> {
    let client = client();
    let ids: Vec<String> = sandbox.ids().collect();
    let mut tasks = Vec::new();
    for chunk in ids.chunks(ids.len().div_ceil(8)) {
        let urls: Vec<_> = chunk.iter().map(|id| format!("{}/interviews/{id}{suffix}", sandbox.base_url())).collect();
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let mut bodies = Vec::new();
            for url in urls {
                let response = get(&client, &url).await;
                assert_eq!(response.status(), 200);
                bodies.push(response.text().await.unwrap());
            }
            bodies
        }));
    }
    let mut bodies = Vec::new();
    for task in tasks {
        bodies.extend(task.await.unwrap());
    }
    bodies
}

fn parsed(bodies: &[String]) -> Vec<Value> {
    bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test]
async fn the_sample_is_served_as_it_is_but_for_the_links() {
    let sandbox = start(unlimited(None)).await.unwrap();
    let mut served = parsed(&all_bodies(&sandbox, "").await);
    let mut expected = sample("interviews");
    for (served, expected) in served.iter_mut().zip(&mut expected) {
        for (served, expected) in responses_mut(served).zip(responses_mut(expected)) {
            if expected["audio_url"].is_string() {
                assert!(served["audio_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
                expected["audio_url"] = served["audio_url"].take();
                served["audio_url"] = expected["audio_url"].clone();
            }
        }
    }
    assert_eq!(served, expected);
    assert_eq!(parsed(&all_bodies(&sandbox, "/questions").await), sample("questions"));
    let statuses: HashSet<_> = served.iter().map(|body| body["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, HashSet::from(["completed", "invited", "in_progress", "expired"]));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_request_needs_the_key() {
    let sandbox = start(SandboxOptions::default()).await.unwrap();
    let url = format!("{}/interviews/{}", sandbox.base_url(), sandbox.ids().next().unwrap());
    let suspended = format!("Bearer {DEFAULT_KEY}-suspended");
    let (no_bearer, wrong) = (DEFAULT_KEY.to_owned(), "Bearer rz_live_0".to_owned());
    let basic = format!("Basic {DEFAULT_KEY}");
    let mistyped = format!("Bearer {DEFAULT_KEY}x");
    for (key, status, kind) in [
        (None, 401, "unauthorized"),
        (Some(no_bearer), 401, "unauthorized"),
        (Some(wrong), 401, "unauthorized"),
        (Some(basic), 401, "unauthorized"),
        (Some(mistyped), 401, "unauthorized"),
        (Some(suspended), 403, "forbidden"),
    ] {
        let request = client().get(&url);
        let request = if let Some(key) = &key { request.header("authorization", key) } else { request };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{key:?}");
        assert_eq!(header(&response, "x-ratelimit-limit"), None);
        let error = body(response).await;
        assert_eq!(error["error"]["type"], kind);
        assert!(error["error"]["message"].is_string());
    }
    let lower = client().get(&url).header("authorization", format!("bearer {DEFAULT_KEY}")).send().await.unwrap();
    assert_eq!(header(&lower, "x-ratelimit-remaining").unwrap(), "99", "refused requests do not count");
    assert_eq!(sandbox.stats().largest_window, 1);
    assert_eq!(sandbox.stats().by_status, BTreeMap::from([(200, 1), (401, 5), (403, 1)]));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let sandbox = start(SandboxOptions { interviews: Some(1000), ..SandboxOptions::default() }).await.unwrap();
    let base = sandbox.base_url();
    let id = sandbox.ids().last().unwrap();
    let urls = [
        format!("{base}/interviews/nobody"),
        format!("{base}/interviews/{}", id.replace('k', "K")),
        format!("{base}/interviews/%FF"),
        format!("{base}/interviews/nobody/questions"),
        format!("{base}/interviews/{id}/answers"),
        format!("{base}/interviews/"),
        format!("{base}/interviews"),
        format!("http://{}/", sandbox.addr()),
    ];
    for (url, used) in urls.iter().zip(1..) {
        let response = get(&client(), url).await;
        assert_eq!(response.status(), 404, "{url}");
        assert_eq!(header(&response, "x-ratelimit-remaining").unwrap(), (100 - used).to_string());
        let error = json!({"error": {"type": "resource_not_found", "message": "Interview not found"}});
        assert_eq!(body(response).await, error);
    }
    let key = format!("Bearer {DEFAULT_KEY}");
    let posted = client().request(Method::POST, format!("{base}/interviews/{id}")).header("authorization", key);
    assert_eq!(posted.send().await.unwrap().status(), 404);
    assert_eq!(get(&client(), &format!("{base}/interviews/{id}")).await.status(), 200);
}

#[tokio::test]
async fn over_the_limit_is_429() {
    for window in [WindowKind::Fixed, WindowKind::Sliding] {
        let sandbox = start(SandboxOptions { limit: Some(3), window, ..SandboxOptions::default() }).await.unwrap();
        let url = format!("{}/interviews/{}", sandbox.base_url(), sandbox.ids().next().unwrap());
        for (status, remaining) in [(200, "2"), (200, "1"), (200, "0"), (429, "0"), (429, "0")] {
            let response = get(&client(), &url).await;
            assert_eq!(response.status(), status);
            assert_eq!(header(&response, "x-ratelimit-limit").unwrap(), "3");
            assert_eq!(header(&response, "x-ratelimit-remaining").unwrap(), remaining);
            let reset: i64 = header(&response, "x-ratelimit-reset").unwrap().parse().unwrap();
            let date = header(&response, "date").unwrap();
            let date = jiff_date(&date).as_second();
            assert!((date + 30..=date + 62).contains(&reset), "reset {reset}, date {date}");
            if status == 429 {
                let error = body(response).await;
                assert_eq!(error["error"]["type"], "rate_limit_exceeded");
                let message = error["error"]["message"].as_str().unwrap();
                let seconds = message.strip_prefix("Rate limit exceeded. Please retry after ").unwrap();
                let seconds: i64 = seconds.strip_suffix(" seconds.").unwrap().parse().unwrap();
                assert!((30..=60).contains(&seconds), "{message}");
            }
        }
        assert_eq!(sandbox.stats().largest_window, 5);
        assert_eq!(sandbox.stats().largest_per_id, 3);
    }
}

/// Reads a `Date` header: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn jiff_date(date: &str) -> Timestamp {
    let date = jiff::fmt::rfc2822::parse(date).unwrap();
    date.timestamp()
}

#[tokio::test]
async fn without_a_limit_nothing_is_said_of_one() {
    let sandbox = start(unlimited(None)).await.unwrap();
    let response = get(&client(), &format!("{}/interviews/nobody", sandbox.base_url())).await;
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("x-ratelimit")));
    assert!(response.headers().contains_key("date"));
}

#[tokio::test]
async fn stats_are_what_was_asked() {
    let sandbox = start(SandboxOptions { limit: Some(4), ..SandboxOptions::default() }).await.unwrap();
    let ids: Vec<_> = sandbox.ids().take(2).collect();
    for path in [&ids[0], "nobody", &ids[1], &format!("{}/questions", ids[0]), &ids[0], &ids[1]] {
        get(&client(), &format!("{}/interviews/{path}", sandbox.base_url())).await;
    }
    client().get(sandbox.base_url()).send().await.unwrap();
    let expected = Stats {
        requests: 7,
        by_status: BTreeMap::from([(200, 3), (401, 1), (404, 1), (429, 2)]),
        by_key: vec![6],
        largest_window: 6,
        largest_per_id: 1,
        ..Stats::default()
    };
    for _ in 0..2 {
        let response = client().get(format!("http://{}/_sandbox/stats", sandbox.addr())).send().await.unwrap();
        assert_eq!(serde_json::from_slice::<Stats>(&response.bytes().await.unwrap()).unwrap(), expected);
    }
    assert_eq!(sandbox.stats(), expected);
}

#[tokio::test]
async fn latencies_pass_side_by_side() {
    let latency = Duration::from_millis(150);
    let sandbox = start(SandboxOptions { latency, ..unlimited(None) }).await.unwrap();
    let url = format!("{}/interviews/nobody", sandbox.base_url());
    let client = client();
    let begun = Instant::now();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move { get(&client, &url).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
        assert!(begun.elapsed() >= latency);
    }
    assert!(begun.elapsed() < latency * 25, "one after another they would take 50 latencies");
}

#[tokio::test]
async fn stopping_lets_answers_under_way_finish() {
    let sandbox = start(SandboxOptions { latency: Duration::from_millis(200), ..unlimited(None) }).await.unwrap();
    let url = format!("{}/interviews/{}", sandbox.base_url(), sandbox.ids().next().unwrap());
    let under_way = tokio::spawn({
        let url = url.clone();
        async move { get(&client(), &url).await.status() }
    });
    while sandbox.stats().requests == 0 {
        tokio::task::yield_now().await;
    }
    sandbox.stop().await;
    assert_eq!(under_way.await.unwrap(), 200);
    assert!(client().get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn recordings_open_by_their_link_alone() {
    let sandbox = start(unlimited(Some(200))).await.unwrap();
    let bodies = parsed(&all_bodies(&sandbox, "").await);
    let links: Vec<_> =
        bodies.iter().flat_map(responses).filter_map(|response| response["audio_url"].as_str()).collect();
    assert!(links.len() > 500);
    let mut lengths = HashSet::new();
    for link in links.iter().step_by(25) {
        let response = client().get(*link).send().await.unwrap();
        assert_eq!(response.status(), 200, "{link}");
        assert_eq!(header(&response, "content-type").unwrap(), "audio/mpeg");
        let length: usize = header(&response, "content-length").unwrap().parse().unwrap();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes.len(), length);
        assert!(bytes.starts_with(b"ID3"));
        assert_eq!(client().get(*link).send().await.unwrap().bytes().await.unwrap(), bytes);
        lengths.insert(length);
        let tag = header(&client().get(*link).send().await.unwrap(), "etag").unwrap().to_owned();
        for (known, status, rest) in [(tag.as_str(), 206, &bytes[100..]), ("\"other\"", 200, &bytes[..])] {
            let part = client().get(*link).header("range", "bytes=100-").header("if-range", known);
            let part = part.send().await.unwrap();
            assert_eq!(part.status(), status);
            assert_eq!(part.bytes().await.unwrap(), rest);
        }
    }
    assert!(lengths.len() > 5, "recordings differ");

    let link = links[0];
    let with_key = get(&client(), link).await;
    assert_eq!(with_key.status(), 400);
    assert_eq!(with_key.text().await.unwrap(), "the key must not be sent here");
    let (path, query) = link.split_once('?').unwrap();
    let other_path = links[1].split_once('?').unwrap().0;
    let flipped = if link.ends_with('0') { "1" } else { "0" };
    for broken in [
        path.to_owned(),
        format!("{path}?expires=99999999999"),
        format!("{other_path}?{query}"),
        format!("{}{flipped}", &link[..link.len() - 1]),
        link.replace("expires=1", "expires=2"),
        link.replace(".mp3", ".wav"),
    ] {
        assert_eq!(client().get(&broken).send().await.unwrap().status(), 403, "{broken}");
    }
    let expires: i64 = query.strip_prefix("expires=").unwrap().split_once('&').unwrap().0.parse().unwrap();
    let left = expires - Timestamp::now().as_second();
    assert!((86_300..=86_400).contains(&left), "{left} seconds left");
}

#[tokio::test]
async fn the_same_seed_makes_the_same_interviews() {
    let masked = async |seed| {
        let sandbox = start(SandboxOptions { seed, ..unlimited(Some(300)) }).await.unwrap();
        let mut bodies = all_bodies(&sandbox, "").await;
        bodies.extend(all_bodies(&sandbox, "/questions").await);
        bodies.iter().map(|body| without_signatures(body)).collect::<Vec<_>>()
    };
    let (first, again, other) = (masked(5).await, masked(5).await, masked(6).await);
    assert_eq!(first, again);
    let shipped = sample("interviews").len();
    assert_eq!(first[..shipped], other[..shipped]);
    assert!(first[shipped..300].iter().zip(&other[shipped..300]).all(|(one, other)| one != other));
}

#[tokio::test]
async fn five_thousand_interviews_are_plausible_and_all_different() {
    let sandbox = start(unlimited(Some(5000))).await.unwrap();
    let bodies = parsed(&all_bodies(&sandbox, "").await);
    let questions = parsed(&all_bodies(&sandbox, "/questions").await);
    let shipped = sample("interviews");
    let shipped_texts: HashSet<_> =
        shipped.iter().flat_map(responses).filter_map(|response| response["transcript"].as_str()).collect();
    let spread = "2025-12-01T00:00:00Z".parse::<Timestamp>().unwrap()..="2026-05-31T23:59:59Z".parse().unwrap();
    let (mut texts, mut people, mut addresses) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut months = HashSet::new();
    for ((body, questions), id) in bodies.iter().zip(&questions).zip(sandbox.ids()).skip(shipped.len()) {
        assert_eq!(body["id"], id);
        assert_eq!(questions["interview_id"], id);
        let asked: HashSet<_> =
            questions["questions"].as_array().unwrap().iter().map(|question| question["id"].as_str()).collect();
        let text: Vec<_> = responses(body).iter().map(|response| response["transcript"].as_str()).collect();
        if text.iter().flatten().any(|answer| !answer.trim().is_empty()) {
            assert!(texts.insert(text.clone()), "two interviews say {text:?}");
        }
        if let Some(person) = body["candidate"]["id"].as_str() {
            assert!(people.insert(person));
        }
        if let Some(address) = body["candidate"]["email"].as_str() {
            assert!(addresses.insert(address) && address.is_ascii() && address.ends_with("@example.com"), "{address}");
        }
        let time = |object: &Value, field: &str| object[field].as_str().map(|at| at.parse::<Timestamp>().unwrap());
        let mut last = time(body, "created_at").unwrap();
        if let Some(started) = time(body, "started_at") {
            assert!(started > last);
            last = started;
        }
        for response in responses(body) {
            assert!(asked.contains(&response["question_id"].as_str()));
            let seconds = response["duration_seconds"].as_f64().unwrap_or_default();
            if let Some(answered) = time(response, "answered_at") {
                assert!((answered - last).as_secs_f64() >= seconds, "{body}");
                last = answered;
            }
            let text = response["transcript"].as_str().unwrap_or_default();
            let words = text.split_whitespace().count();
            // What is taken over as it is keeps the pace that the sample gives it.
            if words > 20 && seconds > 0.0 && !shipped_texts.contains(text) {
                let rate = words as f64 / seconds * 60.0;
                assert!((120.0..190.0).contains(&rate), "{rate} words a minute: {response}");
            }
        }
        match body["status"].as_str().unwrap() {
            "completed" => {
                let completed = time(body, "completed_at").unwrap();
                assert!(completed >= last && spread.contains(&completed));
                months.insert(completed.to_string()[..7].to_owned());
            }
            "expired" => assert!(spread.contains(&time(body, "expires_at").unwrap())),
            _ => assert!(spread.contains(&last) && time(body, "expires_at").unwrap() > last),
        }
    }
    assert_eq!(months.len(), 6);
    assert!(texts.len() > 3500);

    // As often as in the sample, within a quarter for what is rare there.
    type Case = (&'static str, fn(&Value) -> bool);
    let cases: [Case; 8] = [
        ("completed", |body| body["status"] == "completed"),
        ("invited", |body| body["status"] == "invited"),
        ("expired", |body| body["status"] == "expired"),
        ("no e-mail", |body| body["candidate"]["email"].is_null()),
        ("no department", |body| body["job"]["department"].is_null()),
        ("no responses", |body| body["status"] == "completed" && responses(body).is_empty()),
        ("null transcript", |body| responses(body).iter().any(|response| response["transcript"].is_null())),
        ("no duration", |body| responses(body).iter().any(|response| response["duration_seconds"].is_null())),
    ];
    for (name, case) in cases {
        let share = |bodies: &[Value]| bodies.iter().filter(|body| case(body)).count() as f64 / bodies.len() as f64;
        let (in_sample, made) = (share(&shipped), share(&bodies));
        assert!(in_sample > 0.0 && (made / in_sample - 1.0).abs() < 0.25, "{name}: {in_sample} and {made}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let elsewhere = SandboxOptions { addr: SocketAddr::from(([0, 0, 0, 0], 0)), ..SandboxOptions::default() };
    let error = start(elsewhere).await.unwrap_err();
    assert_eq!(error.to_string(), "the sandbox listens on loopback only, and 0.0.0.0 is not");
    let error = start(SandboxOptions { window_length: Duration::ZERO, ..SandboxOptions::default() }).await.unwrap_err();
    assert_eq!(error.to_string(), "the window length of the rate limit is zero");
    let sandbox = start(unlimited(Some(0))).await.unwrap();
    assert_eq!(sandbox.ids().count(), 0);
    let taken = start(SandboxOptions { addr: sandbox.addr(), ..SandboxOptions::default() }).await.unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    let id = sample("interviews")[0]["id"].as_str().unwrap().to_owned();
    let answer = get(&client(), &format!("{}/interviews/{id}", sandbox.base_url())).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
