use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::contract::{LARGEST_BODY, MOST_ENTRIES, Violation, read_interview, read_interview_of, read_questions_of};
use super::reference;
use crate::model::json::mend;

/// Texts of JSON that are no list or object. Some are wrong.
const LEAVES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "7",
    "1.5",
    "-1",
    "1e3",
    "1e999",
    "-1e999",
    "1e-999",
    "9007199254740993",
    "9223372036854775808",
    "123456789012345678901234567890",
    "01",
    "1.",
    "NaN",
    "Infinity",
    "tru",
    "",
    r#""""#,
    r#""a""#,
    r#""completed""#,
    r#""2026-05-04T10:00:00Z""#,
    r#""2026-05-04T10:00:00+02:00""#,
    r#""2026-05-04T10:00:00""#,
    r#""2026-05-04""#,
    r#""9999-12-31T23:59:59Z""#,
    r#""é 東京 😀""#,
    r#""a\n\"b\"\\\/""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ude00 and \\ud83d""#,
    r#""\ud83d\n""#,
    r#""\ud8""#,
    r#""\x""#,
    "\"\u{1}\"",
    "\"cut",
];
/// Names of fields, known and unknown.
const NAMES: &[&str] = &[
    "id",
    "status",
    "job",
    "candidate",
    "responses",
    "title",
    "department",
    "name",
    "email",
    "created_at",
    "completed_at",
    "transcript",
    "question_id",
    "question_text",
    "duration_seconds",
    "answered_at",
    "audio_url",
    "interview_id",
    "questions",
    "order",
    "is_custom",
    "time_limit_seconds",
    "other",
    "",
    r"\u0069d",
    r"x\ud83d",
    "ID",
];

fn object_of(fields: Vec<(String, String)>) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        8 => select(&LEAVES[..7]),
        8 => select(LEAVES),
    ];
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        let fields = prop::collection::vec((select(NAMES).prop_map(str::to_owned), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(", "))),
            fields.prop_map(object_of),
            (inner, 120..130_usize).prop_map(|(inner, deep)| "[".repeat(deep) + &inner + &"]".repeat(deep)),
        ]
    })
}

/// Bodies that are right for the most part.
fn body() -> impl Strategy<Value = String> {
    let entry = prop::collection::vec((select(NAMES).prop_map(str::to_owned), value()), 0..6).prop_map(object_of);
    let entries = prop::collection::vec(prop_oneof![9 => entry, 1 => value()], 0..4);
    let list = entries.prop_map(|entries| format!("[{}]", entries.join(",")));
    let listed = (select(&["responses", "questions"][..]).prop_map(str::to_owned), list);
    let field = prop_oneof![
        2 => (select(NAMES).prop_map(str::to_owned), value()),
        1 => listed,
    ];
    (prop::collection::vec(field, 0..8), any::<bool>()).prop_map(|(mut fields, is_named)| {
        if is_named {
            fields.insert(0, ("id".to_owned(), r#""a""#.to_owned()));
            fields.insert(1, ("status".to_owned(), r#""completed""#.to_owned()));
        }
        object_of(fields)
    })
}

/// A body that may be cut short, or have another byte somewhere.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let change = prop::option::weighted(0.2, (any::<Index>(), prop::option::of(any::<u8>())));
    (prop_oneof![9 => body(), 1 => value()], change).prop_map(|(text, change)| {
        let mut bytes = text.into_bytes();
        match change {
            Some((place, byte)) if !bytes.is_empty() => {
                let place = place.index(bytes.len());
                bytes.truncate(byte.map_or(place, |_| bytes.len()));
                byte.into_iter().for_each(|byte| bytes[place] = byte);
            }
            _ => {}
        }
        bytes
    })
}

/// What the plain twin makes of a body, whose half characters are mended first where it is refused with them.
fn plainly<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<T, Violation>) -> (Result<T, Violation>, bool) {
    match read(bytes) {
        Err(violation) if is_of_json(&violation) => {
            let mended = std::str::from_utf8(bytes).ok().and_then(mend);
            mended.map_or((Err(violation), false), |mended| (read(mended.as_bytes()), true))
        }
        read => (read, false),
    }
}

fn is_of_json(violation: &Violation) -> bool {
    matches!(violation, Violation::NotJson { .. } | Violation::TooDeep)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn bodies_are_read_as_the_plain_twin_reads_them(bytes in bytes()) {
        let (plain, mended) = plainly(&bytes, reference::read_interview);
        let plain = plain.map(|interview| crate::model::Interview { mended, ..interview });
        prop_assert_eq!(read_interview(&bytes), plain);
        let (plain, _) = plainly(&bytes, |bytes| reference::read_questions_of("a", bytes));
        prop_assert_eq!(read_questions_of("a", &bytes), plain);
    }
}

fn with(fields: &str) -> Vec<u8> {
    format!(r#"{{"id":"a","status":"completed",{fields}}}"#).into_bytes()
}

#[test]
fn half_a_character_costs_no_interview_wherever_it_is() {
    let read = read_interview(&with(r#""responses":[{"transcript":"Great \ud83d"}]"#)).unwrap();
    assert_eq!((read.responses[0].transcript.as_deref(), read.mended), (Some("Great \u{FFFD}"), true));
    for fields in [r#""other":"\udc00""#, r#""\ud83d":1"#, r#""other":{"list":["\ud83d\ud83d"]}"#] {
        assert!(read_interview(&with(fields)).unwrap().mended, "{fields}");
    }
    assert!(!read_interview(&with(r#""other":"\ud83d\ude00""#)).unwrap().mended);
    // What else is wrong is still found, at its own place.
    let place = with(r#""other":"\udc00","#).len();
    let found = read_interview(&with(r#""other":"\udc00","#));
    assert_eq!(found, Err(Violation::NotJson { line: 1, column: place }));
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_body() {
    let body = [b"\xEF\xBB\xBF", &with(r#""responses":[]"#)[..]].concat();
    assert_eq!(read_interview(&body).unwrap().id, "a");
    assert_eq!(read_questions_of("a", b"\xEF\xBB\xBF{\"questions\":[{}]}").unwrap().len(), 1);
}

#[test]
fn each_bound_is_named() {
    let text = |bytes: &[u8]| read_interview(bytes).unwrap_err().to_string();
    let entries = |count: usize| with(&format!(r#""responses":[{}]"#, vec!["{}"; count].join(",")));
    assert_eq!(read_interview(&entries(MOST_ENTRIES)).unwrap().responses.len(), MOST_ENTRIES);
    assert_eq!(text(&entries(MOST_ENTRIES + 1)), "responses has more than 10000 entries");
    let deep = |deep: usize| with(&format!(r#""other":{}1{}"#, "[".repeat(deep), "]".repeat(deep)));
    assert!(read_interview(&deep(126)).is_ok());
    assert_eq!(text(&deep(127)), "the body is nested more than 127 deep");
    let large = |size: usize| {
        let body = with(r#""other":"x""#);
        [&body[..], &vec![b' '; size - body.len()]].concat()
    };
    assert!(read_interview(&large(LARGEST_BODY)).is_ok());
    assert_eq!(text(&large(LARGEST_BODY + 1)), "the body is larger than 16 MB");
    let words = |length: usize| with(&format!(r#""status":"x","job":{{"id":"{}"}}"#, "j".repeat(length)));
    assert!(read_interview(&words(1000)).is_ok());
    assert_eq!(text(&words(1001)), "job.id is longer than 1000 bytes");
    assert_eq!(text(&with(&format!(r#""status":"{}""#, "s".repeat(1001)))), "status is longer than 1000 bytes");
    let question = with(&format!(r#""responses":[{{}},{{"question_id":"{}"}}]"#, "q".repeat(1001)));
    assert_eq!(text(&question), "responses[1].question_id is longer than 1000 bytes");
    let questions = format!(r#"{{"questions":[{}]}}"#, vec!["{}"; MOST_ENTRIES + 1].join(","));
    let found = read_questions_of("a", questions.as_bytes()).unwrap_err();
    assert_eq!(found.to_string(), "questions has more than 10000 entries");
}

#[test]
fn the_first_that_is_wrong_is_named_and_the_last_of_a_name_counts() {
    let found =
        |fields: &str| read_interview(&with(fields)).map(|read| read.responses.len()).map_err(|why| why.to_string());
    let wrong = "responses[1].transcript is a number, expected a string or null";
    assert_eq!(found(r#""responses":[{},{"transcript":7},{"transcript":[]}]"#), Err(wrong.to_owned()));
    assert_eq!(
        found(r#""responses":[{},{"transcript":7}],"status":"""#),
        Err("status is empty, expected a string".to_owned())
    );
    assert_eq!(found(r#""responses":"none","responses":[{}]"#), Ok(1));
    assert_eq!(found(r#""responses":[{"transcript":7,"transcript":null}],"responses":[{},{}],"other":1"#), Ok(2));
    assert_eq!(found(r#""responses":[7"#), Err("not valid JSON at line 1, column 46".to_owned()));
    assert_eq!(read_interview_of("b", &with(r#""other":1"#)), Err(Violation::OtherId));
}
