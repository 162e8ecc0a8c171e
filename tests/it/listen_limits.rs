//! Who opens connections to `listen` and says nothing is let go, and holds nobody up meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::listen::{Listener, event, event_ids};

#[test]
fn a_connection_that_does_not_finish_its_request_is_closed_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let open = |said: &str| {
        let mut stream = TcpStream::connect(listener.addr).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    };
    let half: Vec<TcpStream> = (0..200).map(|_| open("POST /webhooks/rou")).collect();
    let silent = open("");
    let mut idle = open("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 200, "others are answered meanwhile");
    for mut stream in half.into_iter().chain([silent, idle]) {
        let mut rest = Vec::new();
        // Ended by the receiver: a read that had to be given up would be an error.
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty() || rest.ends_with(b"ok\n"), "{rest:?}");
    }
    assert_eq!(listener.send(&event(2, "interview_ended", "a-1")).0, 200);
    assert_eq!(event_ids(folder.path()).len(), 2);
    assert_eq!(listener.stop(), Some(0));
}

#[test]
fn more_connections_than_there_is_room_for_wait_until_others_are_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let crowd: Vec<TcpStream> = (0..520).map(|_| TcpStream::connect(listener.addr).unwrap()).collect();
    assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 200);
    assert_eq!(event_ids(folder.path()).len(), 1);
    drop(crowd);
}
