//! The recordings: a few silent seconds of MP3 for each link.
//!
//! The vendor keeps recordings on a different host from its API, so they have a port of their own here.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::links::link_signature;
use super::random::mix;
use super::state::{SandboxApi, unix_now};

/// The routes of the audio host.
pub fn router(api: Arc<SandboxApi>) -> Router {
    Router::new().route("/audio/{interview}/{file}", get(recording)).with_state(api)
}

async fn recording(
    State(api): State<Arc<SandboxApi>>,
    Path((interview, file)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "the key must not be sent here").into_response();
    }
    let now = unix_now().as_secs();
    let question = match (file.strip_suffix(".mp3"), uri.query().and_then(link_signature)) {
        (Some(question), Some(link_signature)) if api.links.opens(&interview, question, &link_signature, now) => {
            question
        }
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

/// The offset from which a client continues a recording, if it has the beginning of the same bytes:
/// `Range: bytes=1000-`.
fn range_start(headers: &HeaderMap, tag: &str) -> Option<usize> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_the_same = value(header::IF_RANGE).is_none_or(|known| known == tag);
    value(header::RANGE).filter(|_| is_the_same)?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// A title in ID3v2.4, then one to three seconds of silence in MPEG-1 Layer III. The same ids give the same bytes.
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

/// A length as ID3 writes it: seven bits per byte, so that no tag looks like the start of a frame.
fn synchsafe(length: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

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
