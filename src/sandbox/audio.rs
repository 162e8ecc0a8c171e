//! The recordings: links that expire, and a few silent seconds of MP3 behind each.
//!
//! The vendor keeps recordings on another host than its API, so this one has a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::random::mix;
use super::serve::{Api, unix_now};

/// How long a link opens its recording, from when the body with it is served: the vendor's 24 hours.
pub const LINK_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// Signs links to recordings, and opens those that it signed.
pub struct Links {
    addr: SocketAddr,
    /// Keyed once: a large interview has a dozen links to sign at each answer.
    mac: Hmac<Sha256>,
}

impl Links {
    /// Links to the host at `addr`, signed with `key`.
    pub fn new(addr: SocketAddr, key: &str) -> Self {
        let mac = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
        Self { addr, mac }
    }

    /// A link to one recording that ends at `expires` (Unix seconds).
    pub fn link(&self, interview: &str, question: &str, expires: u64) -> String {
        let path = format!("/audio/{}/{}.mp3", encode(interview), encode(question));
        let signature = hex::encode(self.sign(interview, question, expires).finalize().into_bytes());
        format!("http://{}{path}?expires={expires}&signature={signature}", self.addr)
    }

    fn opens(&self, interview: &str, question: &str, ticket: &Ticket, now: u64) -> bool {
        let signature = hex::decode(&ticket.signature).unwrap_or_default();
        now <= ticket.expires && self.sign(interview, question, ticket.expires).verify_slice(&signature).is_ok()
    }

    fn sign(&self, interview: &str, question: &str, expires: u64) -> Hmac<Sha256> {
        // A line end between the parts, which no id of the sample holds: no two recordings sign the same bytes.
        self.mac.clone().chain_update(format!("{interview}\n{question}\n{expires}"))
    }
}

struct Ticket {
    expires: u64,
    signature: String,
}

/// Reads `expires=…&signature=…`, in either order.
fn ticket(query: &str) -> Option<Ticket> {
    let value = |name| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    Some(Ticket { expires: value("expires")?.parse().ok()?, signature: value("signature")?.to_owned() })
}

/// The audio host's routes.
pub fn router(api: Arc<Api>) -> Router {
    Router::new().route("/audio/{interview}/{file}", get(recording)).with_state(api)
}

async fn recording(
    State(api): State<Arc<Api>>,
    Path((interview, file)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "the key must not be sent here").into_response();
    }
    let now = unix_now().as_secs();
    let question = match (file.strip_suffix(".mp3"), uri.query().and_then(ticket)) {
        (Some(question), Some(ticket)) if api.links.opens(&interview, question, &ticket, now) => question,
        _ => return (StatusCode::FORBIDDEN, "the link is not valid or has expired").into_response(),
    };
    let mut bytes = mp3(&interview, question);
    let name = format!("{interview}\n{question}").bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let tag = format!("\"{name:016x}\"");
    let mut about = HeaderMap::new();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/mpeg"));
    about.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    about.insert(header::ETAG, HeaderValue::try_from(&tag).expect("it is ASCII"));
    let start = range_start(&headers, &tag);
    if start.is_some_and(|start| start >= bytes.len()) {
        let range = [(header::CONTENT_RANGE, format!("bytes */{}", bytes.len()))];
        return (StatusCode::RANGE_NOT_SATISFIABLE, range, "there is no more of it").into_response();
    }
    if let Some(start) = start {
        let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
        about.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).expect("it is ASCII"));
        bytes.drain(..start);
    }
    if let Some(fault) = api.recording_asked(name, start.is_some()) {
        return fault.spoil_recording(about, bytes).await;
    }
    let status = if start.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    (status, about, bytes).into_response()
}

/// Where a client goes on that has the beginning of these bytes: `Range: bytes=1000-`.
fn range_start(headers: &HeaderMap, tag: &str) -> Option<usize> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_the_same = value(header::IF_RANGE).is_none_or(|known| known == tag);
    value(header::RANGE).filter(|_| is_the_same)?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// A title in ID3v2.4, then one to three seconds of silence in MPEG-1 Layer III: the same bytes for the same ids.
fn mp3(interview: &str, question: &str) -> Vec<u8> {
    // MPEG-1 Layer III, no checksum, 32 kbit/s, 44.1 kHz, mono: 104 bytes and 26 ms a frame. All zero after the
    // header means no coefficients, which is silence.
    let mut frame = [0_u8; 104];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x10, 0xc0]);

    let mut title = vec![3_u8]; // the text is UTF-8
    title.extend_from_slice(format!("{interview} {question}").as_bytes());
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"ID3\x04\x00\x00");
    bytes.extend_from_slice(&synchsafe(title.len() + 10));
    bytes.extend_from_slice(b"TIT2");
    bytes.extend_from_slice(&synchsafe(title.len()));
    bytes.extend_from_slice(&[0, 0]);
    let hash = title.iter().fold(0, |hash, &byte| mix(hash ^ u64::from(byte)));
    bytes.extend_from_slice(&title);
    for _ in 0..40 + hash % 80 {
        bytes.extend_from_slice(&frame);
    }
    bytes
}

/// ID3's way to write a length: seven bits a byte, so that no tag looks like the start of a frame.
fn synchsafe(length: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8)
}

/// Percent-encodes all but what may stand in a path segment anywhere: ids are opaque strings.
fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_its_own_recording_until_it_ends() {
        let links = Links::new(SocketAddr::from(([127, 0, 0, 1], 9)), "key");
        let link = links.link("a/b", "q 1", 1000);
        let (start, signature) = link.rsplit_once('=').unwrap();
        assert_eq!(start, "http://127.0.0.1:9/audio/a%2Fb/q%201.mp3?expires=1000&signature");
        let ticket = |expires, signature: &str| Ticket { expires, signature: signature.to_owned() };
        assert!(links.opens("a/b", "q 1", &ticket(1000, signature), 1000));
        assert!(!links.opens("a/b", "q 1", &ticket(1000, signature), 1001));
        assert!(!links.opens("a/b", "q 1", &ticket(1001, signature), 1000));
        assert!(!links.opens("a/b", "q 2", &ticket(1000, signature), 1000));
        assert!(!links.opens("a/b", "q 1", &ticket(1000, "not hex"), 1000));
        assert!(!links.opens("a/b", "q 1", &ticket(1000, ""), 1000));
        assert!(!Links::new(links.addr, "other").opens("a/b", "q 1", &ticket(1000, signature), 1000));
    }

    #[test]
    fn a_recording_is_a_tag_and_whole_frames() {
        let bytes = mp3("an interview", &"q".repeat(300));
        let tag = 10 + bytes[6..10].iter().fold(0, |length, &byte| length << 7 | usize::from(byte));
        let frames = &bytes[tag..];
        assert_eq!(frames.len() % 104, 0);
        assert!(frames.chunks(104).all(|frame| frame.starts_with(&[0xff, 0xfb, 0x10, 0xc0])));
        assert_ne!(bytes, mp3("another interview", &"q".repeat(300)));
    }
}
