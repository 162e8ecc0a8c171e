//! Half characters: escapes of JSON such as `\ud83d` that stand for one half of a character, without the other.
//!
//! A program that cuts texts by UTF-16 units leaves them behind, often in the middle of an emoji. No text in UTF-8 can
//! hold one, so parsers refuse it, and would cost an interview for half a smile. Like other readers, this one takes it
//! as U+FFFD. Only a text that was refused is searched, so the others pay nothing.

/// Length of an escape such as `\ud83d`.
const ESCAPE: usize = 6;

/// Returns JSON with every half character replaced by `\ufffd`, which takes the same room, or `None` if there is none.
pub fn mend(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let mut mended: Option<Vec<u8>> = None;
    let mut place = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[place..]) {
        place += found;
        place += match unit_at(bytes, place) {
            // Another escape, such as `\\`, has two characters.
            None => 2,
            Some(0xD800..=0xDBFF) if matches!(unit_at(bytes, place + ESCAPE), Some(0xDC00..=0xDFFF)) => 2 * ESCAPE,
            Some(0xD800..=0xDFFF) => {
                mended.get_or_insert_with(|| bytes.to_vec())[place..place + ESCAPE].copy_from_slice(br"\ufffd");
                ESCAPE
            }
            Some(_) => ESCAPE,
        };
        if place >= bytes.len() {
            break;
        }
    }
    mended.map(|bytes| String::from_utf8(bytes).expect("ASCII took the place of ASCII"))
}

/// The UTF-16 unit that an escape stands for, if there is one at a place.
fn unit_at(bytes: &[u8], place: usize) -> Option<u16> {
    let digits = bytes.get(place..place + ESCAPE)?.strip_prefix(br"\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn half_characters_are_mended_as_other_readers_do(
            units in prop::collection::vec(prop_oneof![Just(0xD83D_u16), Just(0xDE00), Just(0x41), any::<u16>()], 0..12),
            is_upper in any::<bool>(),
        ) {
            let escape = |unit: &u16| if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            let json = format!("\"{}\"", units.iter().map(escape).collect::<String>());
            let text = String::from_utf16_lossy(&units);
            let mended = mend(&json);
            prop_assert_eq!(mended.is_some(), String::from_utf16(&units).is_err());
            let mended = mended.unwrap_or_else(|| json.clone());
            prop_assert_eq!(mended.len(), json.len());
            prop_assert_eq!(serde_json::from_str::<String>(&mended).unwrap(), text);
        }
    }

    #[test]
    fn escapes_that_are_no_half_characters_stay() {
        for json in [r#""\\ud83d""#, r#""\ud83d\ude00""#, r#""\n\ud8""#, r#""\"#, r#""\u""#, "", r#""\u+d83""#] {
            assert_eq!(mend(json), None, "{json}");
        }
        assert_eq!(mend(r#""\\\ud83d""#).unwrap(), r#""\\\ufffd""#);
        assert_eq!(mend(r#""\ud83d\ud83d\ude00 \ude00""#).unwrap(), r#""\ufffd\ud83d\ude00 \ufffd""#);
    }
}
