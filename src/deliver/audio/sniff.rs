//! Whether what a host serves is a recording.

/// How many of the first bytes are needed.
pub const ENOUGH: usize = 16;

/// Checks the content type that the host declares. Returns it in lower case and without parameters, if there is one.
///
/// # Errors
/// Says what it is instead.
pub fn check_type(content_type: Option<&str>) -> Result<Option<String>, String> {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Anything else could be a person's words.
    let is_plain = kind.len() <= 40 && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-.".contains(&byte));
    match kind.as_str() {
        "" => Ok(None),
        // The default type in object stores.
        "application/octet-stream" | "binary/octet-stream" => Ok(Some(kind)),
        // Containers of audio and of video have one form, and hosts name it by its extension. The bytes decide.
        "application/ogg" | "application/x-ogg" | "application/mp4" | "application/webm" | "application/x-matroska" => {
            Ok(Some(kind))
        }
        media if media.starts_with("audio/") || media.starts_with("video/") => Ok(is_plain.then_some(kind)),
        "text/html" | "application/xhtml+xml" => Err("it is a web page".to_owned()),
        kind if is_plain => Err(format!("it is no audio but {kind}")),
        _ => Err("it is no audio".to_owned()),
    }
}

/// Checks the first [`ENOUGH`] bytes, or all bytes of a shorter file.
///
/// # Errors
/// Says what it is instead.
pub fn check_start(start: &[u8]) -> Result<(), String> {
    if is_audio(start) {
        return Ok(());
    }
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    Err(match text.first() {
        None if start.is_empty() => "it is empty",
        Some(b'<') => "it is a web page or XML",
        Some(b'{' | b'[') => "it is JSON",
        _ => "it does not begin as audio does",
    }
    .to_owned())
}

/// MP3 with a tag or without, WAV, Ogg, FLAC, MP4, WebM or AAC.
fn is_audio(start: &[u8]) -> bool {
    let at = |place: usize, magic: &[u8]| start.get(place..).is_some_and(|rest| rest.starts_with(magic));
    // The first eleven bits of a frame's header are set, and some values of the other bits are not in use.
    let is_frame = match start {
        [0xFF, second, third, ..] if second & 0xE0 == 0xE0 => {
            let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
            // Layer 0 is AAC's, which has no bit rate there.
            version != 1 && (layer == 0 || (third >> 4 != 15 && third >> 2 & 3 != 3))
        }
        _ => false,
    };
    is_frame
        || at(0, b"ID3")
        || (at(0, b"RIFF") && at(8, b"WAVE"))
        || at(0, b"OggS")
        || at(0, b"fLaC")
        || at(4, b"ftyp")
        || at(0, b"\x1A\x45\xDF\xA3")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_told_from_what_comes_in_its_place() {
        let audio: &[&[u8]] = &[
            b"ID3\x04\0\0\0\0\0\0",
            b"\xFF\xFB\x90\x00",
            b"\xFF\xF3\x40\xC0",
            b"\xFF\xF1\x50\x80",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"OggS\0\x02",
            b"fLaC\0\0\0\x22",
            b"\0\0\0\x20ftypM4A ",
            b"\x1A\x45\xDF\xA3\x9F",
        ];
        assert!(audio.iter().all(|start| check_start(start).is_ok()));
        for (start, what) in [
            (&b""[..], "empty"),
            (b"<!doctype html>", "web page"),
            (b"\xEF\xBB\xBF\n <html>", "web page"),
            (b"{\"error\":1}", "JSON"),
            (b"\xFF\xFF\xFF\xFF", "does not begin"),
            (b"\xFF\xFE<\0h\0t\0m\0", "does not begin"),
            (b"RIFF\x24\0\0\0AVI LIST", "does not begin"),
            (b"\0\0\0\0\0\0\0\0", "does not begin"),
            (b"Access denied", "does not begin"),
        ] {
            assert!(check_start(start).unwrap_err().contains(what), "{start:?}");
        }
    }

    #[test]
    fn types_are_judged_without_being_repeated_at_length() {
        for kind in [
            None,
            Some("audio/mpeg"),
            Some("Audio/MP4; codecs=x"),
            Some("binary/octet-stream"),
            Some("video/webm;codecs=opus"),
            Some("Video/MP4"),
            Some("application/ogg"),
            Some("application/mp4"),
        ] {
            assert!(check_type(kind).is_ok(), "{kind:?}");
        }
        assert_eq!(check_type(Some("text/html; charset=utf-8")).unwrap_err(), "it is a web page");
        assert_eq!(check_type(Some("application/json")).unwrap_err(), "it is no audio but application/json");
        assert_eq!(check_type(Some("Jane Smith said")).unwrap_err(), "it is no audio");
    }
}
