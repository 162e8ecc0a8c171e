//! Hosts of recordings that do not do what they should, or do what few others do.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use roundup::ledger::KeptLink;
use roundup::model::Link;
use roundup::sandbox::SandboxOptions;

use crate::audio::{archive, change_links, ledger, status};
use crate::common::{Served, rows, serve_with};

/// A response: headers after the status line, and the bytes that are sent of it.
type Response = (String, Vec<u8>);

/// Serves recordings for as long as the tests run, by their position: whether it is asked for the first time, and where
/// the requested part begins. Returns the address.
fn host(answer: impl Fn(u32, bool, Option<usize>) -> Response + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (answer, asked) = (Arc::new(answer), Arc::new(Mutex::new(HashSet::new())));
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
            thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let position = request[0].split(' ').nth(1).unwrap()[1..].parse().unwrap();
                let range = request
                    .iter()
                    .find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
                let begins_at = range.map(|range| range.trim_end_matches('-').parse().unwrap());
                let is_first = asked.lock().unwrap().insert(position);
                let (head, bytes) = answer(position, is_first, begins_at);
                let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
                let _is_gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes));
            });
        }
    });
    address
}

/// A lake with one interview, whose links lead to a host by position.
fn with_links_to(host: &str) -> Served {
    let served = serve_with(SandboxOptions { interviews: Some(1), limit: None, ..SandboxOptions::default() });
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    change_links(&served, |link| {
        let to_host = Link::new(format!("{host}/{}", link.recording.position));
        Some(KeptLink { link: to_host, ..link })
    });
    served
}

/// The archived recordings and their types, by position.
fn archived(served: &Served) -> BTreeMap<String, (Vec<u8>, String)> {
    let row = |row: crate::common::Row| {
        let bytes = fs::read(served.path("archive").join(&row["object"])).unwrap();
        (row["position"].clone(), (bytes, row.get("content_type").cloned().unwrap_or_default()))
    };
    rows(&served.lake(), "audio").into_iter().map(row).collect()
}

fn recording(filler: u8, length: usize) -> Vec<u8> {
    let mut bytes = b"ID3\x04".to_vec();
    bytes.resize(length, filler);
    bytes
}

/// What a host has once a download broke off, and what it says with a part of it.
#[derive(Clone, Copy)]
struct Resumed {
    /// The byte of the recording that it has now, and how often.
    now: (u8, usize),
    tag: &'static str,
    says_total: bool,
}

/// Archives recordings whose download breaks off after half of 4000 bytes, from a host that ignores `If-Range`. Each must
/// be what the host has now.
fn archive_resumed(resumed: &'static [Resumed]) {
    let of = move |position: usize| resumed[position % resumed.len()];
    let address = host(move |position, is_first, begins_at| {
        let Resumed { now, tag, says_total } = of(position as usize);
        let now = recording(now.0, now.1);
        match begins_at {
            Some(begins_at) => {
                let total = if says_total { now.len().to_string() } else { "*".to_owned() };
                let (rest, last) = (now[begins_at..].to_vec(), now.len() - 1);
                let head = format!("206 Partial Content\r\n{tag}Content-Range: bytes {begins_at}-{last}/{total}\r\n");
                (format!("{head}Content-Length: {}", rest.len()), rest)
            }
            None if is_first => {
                let head = "200 OK\r\nETag: \"old\"\r\nContent-Length: 4000".to_owned();
                (head, recording(1, 4000)[..2000].to_vec())
            }
            None => (format!("200 OK\r\n{tag}Content-Length: {}", now.len()), now),
        }
    });
    let served = with_links_to(&address);
    archive(&served, &[], 0);
    let archived = archived(&served);
    assert_eq!(archived.len(), 7);
    for (position, (bytes, _)) in archived {
        let (filler, length) = of(position.parse().unwrap()).now;
        assert!(bytes == recording(filler, length), "{position} is of two recordings");
    }
}

#[test]
fn a_part_is_not_put_behind_bytes_of_another_recording() {
    archive_resumed(&[
        Resumed { now: (2, 4000), tag: "ETag: \"new\"\r\n", says_total: true },
        Resumed { now: (3, 5000), tag: "", says_total: true },
    ]);
}

#[test]
fn a_part_of_a_whole_that_is_not_told_is_taken() {
    archive_resumed(&[
        Resumed { now: (1, 4000), tag: "ETag: \"old\"\r\n", says_total: false },
        Resumed { now: (4, 5000), tag: "ETag: \"new\"\r\n", says_total: false },
    ]);
}

#[test]
fn what_hosts_say_of_recordings_in_their_own_words_is_understood() {
    let said = [
        ("\r\nContent-Encoding: ", "video/webm"),
        ("\r\nContent-Encoding: AWS-Chunked", "application/ogg"),
        ("\r\nContent-Encoding: UTF-8, identity", "video/mp4"),
        ("", "application/mp4"),
    ];
    let address = host(move |position, _, _| match said.get(position as usize) {
        Some((encoding, kind)) => {
            let bytes = recording(4, 3000);
            (format!("200 OK\r\nContent-Type: {kind}{encoding}\r\nContent-Length: {}", bytes.len()), bytes)
        }
        None => ("400 Bad Request\r\nContent-Length: 0".to_owned(), Vec::new()),
    });
    let served = with_links_to(&address);
    let asked = served.sandbox.stats().requests;
    archive(&served, &[], 0);
    let archived = archived(&served);
    assert_eq!(archived.len(), 7);
    for (position, (_, kind)) in &archived {
        let said = said.get(position.parse::<usize>().unwrap()).map_or("audio/mpeg", |(_, kind)| kind);
        assert_eq!(kind, said, "{position}");
    }
    assert_eq!(served.sandbox.stats().requests, asked + 1, "one call for new links in place of those that answer 400");
}

#[test]
fn what_is_given_up_in_a_run_is_its_exit_code_and_stays_in_status() {
    let address =
        host(|_, _, _| ("200 OK\r\nContent-Type: text/html\r\nContent-Length: 6".to_owned(), b"<html>".to_vec()));
    let served = with_links_to(&address);
    archive(&served, &[], 3);
    let sql = "UPDATE recordings SET tries = 2, counted_at = counted_at - 86400000000";
    assert_eq!(ledger(&served).execute(sql, []).unwrap(), 7);
    let pipeline = served.pipeline("questions = \"none\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n");
    for code in [3, 0] {
        served.run(&pipeline, code);
        let troubled = status(&served)["recordings"].as_array().unwrap().clone();
        assert_eq!(troubled.len(), 7);
        assert!(troubled.iter().all(|one| one["given_up"] == true), "{troubled:?}");
        assert_eq!(served.last_run()["audio"]["given_up"], if code == 3 { 7 } else { 0 });
    }
}
