//! What an answer says: a status alone is not enough, as some systems answer 200 with an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::connector::Step;
use super::file::IfNothing;

/// Of a value that is captured.
const LONGEST_CAPTURE: usize = 512;

/// What a status means, whatever the body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Done,
    /// Worth another try.
    Again,
    /// Over the limit.
    Limited,
    /// The credentials are refused, or what they are used for.
    Refused,
    /// It leads elsewhere, where nothing of a candidate is sent.
    Elsewhere,
    /// This request, as it is, will never be taken.
    Rejected,
}

#[must_use]
pub fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Done,
        300..=399 => Meaning::Elsewhere,
        401 | 403 => Meaning::Refused,
        408 | 425 | 500.. => Meaning::Again,
        429 => Meaning::Limited,
        _ => Meaning::Rejected,
    }
}

/// What became of a step. Reasons name statuses and places, and nothing that stands there.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// What it captured.
    Done(BTreeMap<String, Value>),
    /// What is to be captured, or whom it is about, is not there and may come.
    Nothing(String),
    /// Not what a working system answers: perhaps later.
    Unreadable(String),
    Rejected(String),
}

/// Judges an answer that is none of those that end or repeat a request; `None` for a body that is too large.
#[must_use]
pub fn judge(step: &Step, status: u16, body: Option<&[u8]>, must_mention: Option<&str>) -> Verdict {
    if step.also_done.contains(&status) {
        return Verdict::Done(BTreeMap::new());
    }
    if step.wait_on.contains(&status) {
        return Verdict::Nothing(format!("answered {status}, and is waited for"));
    }
    if meaning(status) != Meaning::Done {
        return Verdict::Rejected(format!("answered {status}"));
    }
    if !step.looks_at_the_answer() {
        return Verdict::Done(BTreeMap::new());
    }
    let Some(body) = body else { return Verdict::Unreadable(format!("answered {status} with more than 1 MB")) };
    // A 204 has no body: there is nothing at any place, which is right where nothing is asked for.
    let answer = if body.trim_ascii().is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    let Ok(answer) = answer else {
        return Verdict::Unreadable(format!("answered {status} with something that is no JSON"));
    };
    let rejected = |what: String| Verdict::Rejected(format!("answered {status} {what}"));
    for place in &step.must_not_have {
        if answer.pointer(place).is_some_and(|value| !is_blank(value)) {
            return rejected(format!("with an error at {place}"));
        }
    }
    for (place, wanted) in &step.must_be {
        if answer.pointer(place) != Some(wanted) {
            return rejected(format!("without what must be at {place}"));
        }
    }
    if let Some(place) = step.must_have.iter().find(|place| answer.pointer(place).is_none_or(is_blank)) {
        return rejected(format!("with nothing at {place}"));
    }
    if let Some(place) = &step.at_most_one {
        let several = answer.pointer(place).and_then(Value::as_array).map_or(0, Vec::len);
        if several > 1 {
            return rejected(format!("with {several} at {place}, and which is meant is not known"));
        }
    }
    let mut captured = BTreeMap::new();
    for (name, place) in &step.capture {
        match answer.pointer(place).filter(|value| !is_blank(value)) {
            None if step.if_nothing == IfNothing::Wait => return Verdict::Nothing(format!("found nothing at {place}")),
            None => return rejected(format!("with nothing at {place}")),
            Some(value @ (Value::String(_) | Value::Number(_))) if value.to_string().len() <= LONGEST_CAPTURE => {
                captured.insert(name.clone(), value.clone());
            }
            Some(_) => return rejected(format!("with no text or number at {place}")),
        }
    }
    if must_mention.is_some_and(|text| !mentions(&answer, text)) {
        return rejected("about somebody else: what it must mention is not in it".to_owned());
    }
    Verdict::Done(captured)
}

impl Step {
    fn looks_at_the_answer(&self) -> bool {
        let places = self.must_have.len() + self.must_not_have.len() + self.must_be.len() + self.capture.len();
        places > 0 || self.at_most_one.is_some() || self.must_mention
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Whether a value anywhere in it is this text, whatever its case.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(one) => one.to_lowercase() == text.to_lowercase(),
        Value::Array(values) => values.iter().any(|value| mentions(value, text)),
        Value::Object(fields) => fields.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Method;
    use super::*;

    fn step() -> Step {
        Step {
            name: "find".to_owned(),
            method: Method::Get,
            has_json: false,
            form: Vec::new(),
            file: None,
            for_each: None,
            also_done: Vec::new(),
            wait_on: Vec::new(),
            must_have: Vec::new(),
            must_not_have: vec!["/errors".to_owned()],
            must_be: vec![("/success".to_owned(), Value::Bool(true))],
            at_most_one: Some("/results".to_owned()),
            must_mention: true,
            capture: BTreeMap::from([("candidate".to_owned(), "/results/0/id".to_owned())]),
            if_nothing: IfNothing::Wait,
        }
    }

    fn judged(body: &str) -> String {
        match judge(&step(), 200, Some(body.as_bytes()), Some("Jane@example.com")) {
            Verdict::Done(captured) => serde_json::to_string(&captured).unwrap(),
            Verdict::Nothing(reason) => format!("nothing: {reason}"),
            Verdict::Unreadable(reason) => format!("unreadable: {reason}"),
            Verdict::Rejected(reason) => format!("rejected: {reason}"),
        }
    }

    #[test]
    fn an_answer_is_believed_when_everything_agrees() {
        let right = r#"{"success":true,"errors":[],"results":[{"id":7,"mail":{"value":"jane@EXAMPLE.com"}}]}"#;
        assert_eq!(judged(right), r#"{"candidate":7}"#);
        assert_eq!(
            judged(&right.replace("jane@", "joan@")),
            "rejected: answered 200 about somebody else: what it must mention is not in it"
        );
        assert_eq!(judged(&right.replace("[]", "[\"words\"]")), "rejected: answered 200 with an error at /errors");
        assert_eq!(judged(&right.replace("true", "false")), "rejected: answered 200 without what must be at /success");
        assert_eq!(
            judged(&right.replace("7", "[7]")),
            "rejected: answered 200 with no text or number at /results/0/id"
        );
        assert_eq!(judged(r#"{"success":true,"results":[]}"#), "nothing: found nothing at /results/0/id");
        let several = judged(r#"{"success":true,"results":[{"id":1},{"id":2}]}"#);
        assert_eq!(several, "rejected: answered 200 with 2 at /results, and which is meant is not known");
        assert_eq!(judged("<html>"), "unreadable: answered 200 with something that is no JSON");
    }

    #[test]
    fn an_empty_answer_has_nothing_at_any_place() {
        let asks_nothing = || Step {
            must_be: Vec::new(),
            must_mention: false,
            capture: BTreeMap::new(),
            at_most_one: Some(String::new()),
            ..step()
        };
        let place = || vec!["/id".to_owned()];
        let capture = || BTreeMap::from([("candidate".to_owned(), "/id".to_owned())]);
        let judged = |step: &Step| judge(step, 204, Some(b" \n"), step.must_mention.then_some("jane@example.com"));
        assert_eq!(judged(&asks_nothing()), Verdict::Done(BTreeMap::new()));
        let nothing = "found nothing at /id".to_owned();
        assert_eq!(judged(&Step { capture: capture(), ..asks_nothing() }), Verdict::Nothing(nothing));
        for (step, why) in [
            (Step { must_have: place(), ..asks_nothing() }, "with nothing at /id"),
            (Step { must_be: step().must_be, ..asks_nothing() }, "without what must be at /success"),
            (Step { capture: capture(), if_nothing: IfNothing::Fail, ..asks_nothing() }, "with nothing at /id"),
            (Step { must_mention: true, ..asks_nothing() }, "about somebody else: what it must mention is not in it"),
        ] {
            assert_eq!(judged(&step), Verdict::Rejected(format!("answered 204 {why}")));
        }
    }

    #[test]
    fn statuses_decide_first() {
        let conflict = Step { also_done: vec![409], ..step() };
        assert_eq!(judge(&conflict, 409, Some(b"words"), None), Verdict::Done(BTreeMap::new()));
        assert_eq!(judge(&step(), 409, None, None), Verdict::Rejected("answered 409".to_owned()));
        let meanings: Vec<Meaning> = [204, 302, 401, 403, 404, 408, 422, 425, 429, 503].map(meaning).to_vec();
        use Meaning::{Again, Done, Elsewhere, Limited, Refused, Rejected};
        let wanted = [Done, Elsewhere, Refused, Refused, Rejected, Again, Rejected, Again, Limited, Again];
        assert_eq!(meanings, wanted);
    }
}
