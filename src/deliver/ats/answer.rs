//! Judges an HTTP response. Its status is not enough, because some systems answer 200 with an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::connector::Step;
use super::file::IfNothing;
use crate::model::json::read_tree;

/// Longest value that is captured, in bytes.
const LONGEST_CAPTURE: usize = 512;
/// Most values of an answer. They are what it takes in memory.
pub(super) const MOST_VALUES: usize = 100_000;

/// What an HTTP status means, whatever the body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    Done,
    /// Worth another try.
    Retry,
    /// Over the limit.
    Limited,
    /// The credentials are refused, or do not allow the request.
    Refused,
    /// A redirect, which is not followed: nothing about a candidate is sent elsewhere.
    Redirect,
    /// The request will never be accepted as it is.
    Rejected,
}

#[must_use]
pub fn classify(status: u16) -> StatusClass {
    match status {
        200..=299 => StatusClass::Done,
        300..=399 => StatusClass::Redirect,
        401 | 403 => StatusClass::Refused,
        408 | 425 | 500.. => StatusClass::Retry,
        429 => StatusClass::Limited,
        _ => StatusClass::Rejected,
    }
}

/// The result of a step. Reasons name statuses and JSON pointers, and never the values there.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOutcome {
    /// It succeeded, and captured these values.
    Done(BTreeMap<String, Value>),
    /// The value to capture, or the candidate, is not there yet.
    NotYet(String),
    /// The response cannot be read, and the system may work later.
    Unreadable(String),
    Rejected(String),
}

/// Judges a response that neither ends nor repeats a request. `body` is `None` if it is too large.
#[must_use]
pub fn judge(step: &Step, status: u16, body: Option<&[u8]>, must_mention: Option<&str>) -> StepOutcome {
    if step.also_done.contains(&status) {
        return StepOutcome::Done(BTreeMap::new());
    }
    if step.wait_on.contains(&status) {
        return StepOutcome::NotYet(format!("answered {status}, and is waited for"));
    }
    if classify(status) != StatusClass::Done {
        return StepOutcome::Rejected(format!("answered {status}"));
    }
    if !step.checks_answer() {
        return StepOutcome::Done(BTreeMap::new());
    }
    let Some(body) = body else { return StepOutcome::Unreadable(format!("answered {status} with more than 1 MB")) };
    // A 204 has no body, so there is nothing at any pointer. That is fine for a step that checks nothing.
    let answer = if body.trim_ascii().is_empty() { Ok(Value::Null) } else { read_tree(body, MOST_VALUES) };
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return StepOutcome::Unreadable(format!("answered {status} with {why}")),
    };
    let rejected = |what: String| StepOutcome::Rejected(format!("answered {status} {what}"));
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
            None if step.if_nothing == IfNothing::Wait => {
                return StepOutcome::NotYet(format!("found nothing at {place}"));
            }
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
    StepOutcome::Done(captured)
}

impl Step {
    fn checks_answer(&self) -> bool {
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

/// Whether any value in it is this text, ignoring case.
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
            StepOutcome::Done(captured) => serde_json::to_string(&captured).unwrap(),
            StepOutcome::NotYet(reason) => format!("nothing: {reason}"),
            StepOutcome::Unreadable(reason) => format!("unreadable: {reason}"),
            StepOutcome::Rejected(reason) => format!("rejected: {reason}"),
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
        let wide = format!("[{}0]", r#"{"":0},"#.repeat(MOST_VALUES / 2));
        assert_eq!(judged(&wide), "unreadable: answered 200 with more than 100000 values");
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
        assert_eq!(judged(&asks_nothing()), StepOutcome::Done(BTreeMap::new()));
        let nothing = "found nothing at /id".to_owned();
        assert_eq!(judged(&Step { capture: capture(), ..asks_nothing() }), StepOutcome::NotYet(nothing));
        for (step, why) in [
            (Step { must_have: place(), ..asks_nothing() }, "with nothing at /id"),
            (Step { must_be: step().must_be, ..asks_nothing() }, "without what must be at /success"),
            (Step { capture: capture(), if_nothing: IfNothing::Fail, ..asks_nothing() }, "with nothing at /id"),
            (Step { must_mention: true, ..asks_nothing() }, "about somebody else: what it must mention is not in it"),
        ] {
            assert_eq!(judged(&step), StepOutcome::Rejected(format!("answered 204 {why}")));
        }
    }

    #[test]
    fn statuses_decide_first() {
        let conflict = Step { also_done: vec![409], ..step() };
        assert_eq!(judge(&conflict, 409, Some(b"words"), None), StepOutcome::Done(BTreeMap::new()));
        assert_eq!(judge(&step(), 409, None, None), StepOutcome::Rejected("answered 409".to_owned()));
        let meanings: Vec<StatusClass> = [204, 302, 401, 403, 404, 408, 422, 425, 429, 503].map(classify).to_vec();
        use StatusClass::{Done, Limited, Redirect, Refused, Rejected, Retry};
        let wanted = [Done, Redirect, Refused, Refused, Rejected, Retry, Rejected, Retry, Limited, Retry];
        assert_eq!(meanings, wanted);
    }
}
