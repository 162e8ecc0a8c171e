//! Judges an HTTP response. Its status is not enough, because some systems answer 200 with an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::connector::{CandidateMatch, Step};
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
    /// What an earlier step found is not known: it may have been merged with another meanwhile.
    Lost(String),
    /// The response cannot be read, and the system may work later.
    Unreadable(String),
    Rejected(String),
}

/// Judges a response that neither ends nor repeats a request. `body` is `None` if it is too large.
#[must_use]
pub fn judge(step: &Step, status: u16, body: Option<&[u8]>, match_text: Option<&str>) -> StepOutcome {
    if step.also_done.contains(&status) {
        return StepOutcome::Done(BTreeMap::new());
    }
    if step.wait_on.contains(&status) {
        return StepOutcome::NotYet(format!("answered {status}, and is waited for"));
    }
    if step.uses_found && status == 404 {
        return StepOutcome::Lost(format!("answered {status}"));
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
    let answer = match (&step.candidate, match_text) {
        (Some(candidate), Some(text)) => match candidate.find(&answer, text) {
            Ok(found) => found,
            Err(NoMatch::Nobody(why)) => return StepOutcome::NotYet(why),
            Err(NoMatch::Several(why)) => return rejected(why),
        },
        _ => &answer,
    };
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
    StepOutcome::Done(captured)
}

impl Step {
    fn checks_answer(&self) -> bool {
        let places = self.must_have.len() + self.must_not_have.len() + self.must_be.len() + self.capture.len();
        places > 0 || self.at_most_one.is_some()
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

/// Why it is not known who is meant.
enum NoMatch {
    /// Nobody matches; the candidate may come.
    Nobody(String),
    Several(String),
}

impl CandidateMatch {
    /// The only candidate of an answer that has the text at one of the places. A search may find others as well, such as
    /// those whose referrer has the address, and an answer may repeat what was asked for.
    fn find<'a>(&self, answer: &'a Value, text: &str) -> Result<&'a Value, NoMatch> {
        let among = if self.among.is_empty() { "the top" } else { &self.among };
        let candidates = match answer.pointer(&self.among) {
            Some(Value::Array(candidates)) => candidates.as_slice(),
            Some(candidate) if !is_blank(candidate) => std::slice::from_ref(candidate),
            _ => &[],
        };
        let is_meant = |candidate: &&Value| {
            self.at.iter().any(|place| values_at(candidate, place).into_iter().any(|value| is_text(value, text)))
        };
        let meant: Vec<&Value> = candidates.iter().filter(is_meant).collect();
        match (meant.as_slice(), candidates.len()) {
            ([one], _) => Ok(one),
            ([], 0) => Err(NoMatch::Nobody(format!("found nothing at {among}"))),
            ([], others) => Err(NoMatch::Nobody(format!("found {others} at {among}, and nobody who matches"))),
            (several, _) => {
                let several = several.len();
                Err(NoMatch::Several(format!("with {several} at {among} who match, and which is meant is not known")))
            }
        }
    }
}

/// The values at a JSON pointer in which `*` is every item of a list.
fn values_at<'a>(value: &'a Value, place: &str) -> Vec<&'a Value> {
    let below = |value: &'a Value, part: &str| match value {
        Value::Array(items) if part == "*" => items.iter().collect(),
        _ => value.pointer(&format!("/{part}")).into_iter().collect::<Vec<_>>(),
    };
    place
        .split('/')
        .skip(1)
        .fold(vec![value], |values, part| values.into_iter().flat_map(|value| below(value, part)).collect())
}

/// Whether a value is this text, without regard to case and outer spaces.
fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(one) => one.trim().to_lowercase() == text.trim().to_lowercase(),
        Value::Number(one) => one.to_string() == text.trim(),
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
            at_most_one: None,
            candidate: Some(CandidateMatch {
                among: "/results".to_owned(),
                at: vec!["/mail/value".to_owned(), "/others/*".to_owned()],
            }),
            capture: BTreeMap::from([("candidate".to_owned(), "/id".to_owned())]),
            if_nothing: IfNothing::Fail,
            uses_found: false,
        }
    }

    fn judged(body: &str) -> String {
        match judge(&step(), 200, Some(body.as_bytes()), Some("Jane@example.com")) {
            StepOutcome::Done(captured) => serde_json::to_string(&captured).unwrap(),
            StepOutcome::NotYet(reason) => format!("nothing: {reason}"),
            StepOutcome::Lost(reason) => format!("lost: {reason}"),
            StepOutcome::Unreadable(reason) => format!("unreadable: {reason}"),
            StepOutcome::Rejected(reason) => format!("rejected: {reason}"),
        }
    }

    #[test]
    fn an_answer_is_believed_when_everything_agrees() {
        let right = r#"{"success":true,"errors":[],"results":[{"id":7,"mail":{"value":"jane@EXAMPLE.com "}}]}"#;
        assert_eq!(judged(right), r#"{"candidate":7}"#);
        assert_eq!(judged(&right.replace("[]", "[\"words\"]")), "rejected: answered 200 with an error at /errors");
        assert_eq!(judged(&right.replace("true", "false")), "rejected: answered 200 without what must be at /success");
        assert_eq!(judged(&right.replace("7", "[7]")), "rejected: answered 200 with no text or number at /id");
        assert_eq!(judged(&right.replace("7", "null")), "rejected: answered 200 with nothing at /id");
        assert_eq!(judged(r#"{"success":true,"results":[]}"#), "nothing: found nothing at /results");
        let wide = format!("[{}0]", r#"{"":0},"#.repeat(MOST_VALUES / 2));
        assert_eq!(judged(&wide), "unreadable: answered 200 with more than 100000 values");
        assert_eq!(judged("<html>"), "unreadable: answered 200 with something that is no JSON");
    }

    #[test]
    fn the_candidate_is_the_only_one_who_has_the_text_at_a_named_place() {
        let with =
            |results: &str| judged(&format!(r#"{{"success":true,"query":"jane@example.com","results":{results}}}"#));
        let referred =
            r#"{"id":1,"referrer":{"mail":{"value":"jane@example.com"}},"mail":{"value":"joan@example.com"}}"#;
        let jane = r#"{"id":2,"mail":{"value":"JANE@example.com"}}"#;
        let by_another = r#"{"id":3,"others":["j@example.com","\tjane@example.com"]}"#;
        let longer = r#"{"id":4,"mail":{"value":"mary-jane@example.com"}}"#;
        for (results, judged) in [
            (format!("[{referred}]"), "nothing: found 1 at /results, and nobody who matches"),
            (format!("[{longer},{referred}]"), "nothing: found 2 at /results, and nobody who matches"),
            (format!("[{referred},{longer},{jane}]"), r#"{"candidate":2}"#),
            (format!("[{by_another},{referred}]"), r#"{"candidate":3}"#),
            (jane.to_owned(), r#"{"candidate":2}"#),
            (
                format!("[{jane},{referred},{by_another}]"),
                "rejected: answered 200 with 2 at /results who match, and which is meant is not known",
            ),
        ] {
            assert_eq!(with(&results), judged, "{results}");
        }
    }

    #[test]
    fn several_where_one_is_wanted_are_said() {
        let step = Step { at_most_one: Some("/results".to_owned()), candidate: None, ..step() };
        let several = br#"{"success":true,"results":[{"id":1},{"id":2}]}"#;
        let why = "answered 200 with 2 at /results, and which is meant is not known".to_owned();
        assert_eq!(judge(&step, 200, Some(several), None), StepOutcome::Rejected(why));
    }

    #[test]
    fn an_empty_answer_has_nothing_at_any_place() {
        let asks_nothing = || Step {
            must_be: Vec::new(),
            candidate: None,
            capture: BTreeMap::new(),
            at_most_one: Some(String::new()),
            ..step()
        };
        let place = || vec!["/id".to_owned()];
        let capture = || BTreeMap::from([("candidate".to_owned(), "/id".to_owned())]);
        let judged = |step: &Step| judge(step, 204, Some(b" \n"), Some("jane@example.com"));
        assert_eq!(judged(&asks_nothing()), StepOutcome::Done(BTreeMap::new()));
        let nothing = "found nothing at /id".to_owned();
        let waits = Step { capture: capture(), if_nothing: IfNothing::Wait, ..asks_nothing() };
        assert_eq!(judged(&waits), StepOutcome::NotYet(nothing));
        let nobody = "found nothing at /results".to_owned();
        assert_eq!(judged(&Step { must_be: Vec::new(), ..step() }), StepOutcome::NotYet(nobody));
        for (step, why) in [
            (Step { must_have: place(), ..asks_nothing() }, "with nothing at /id"),
            (Step { must_be: step().must_be, ..asks_nothing() }, "without what must be at /success"),
            (Step { capture: capture(), ..asks_nothing() }, "with nothing at /id"),
        ] {
            assert_eq!(judged(&step), StepOutcome::Rejected(format!("answered 204 {why}")));
        }
    }

    #[test]
    fn statuses_decide_first() {
        let conflict = Step { also_done: vec![409], ..step() };
        assert_eq!(judge(&conflict, 409, Some(b"words"), None), StepOutcome::Done(BTreeMap::new()));
        let about_one = Step { uses_found: true, ..step() };
        assert_eq!(judge(&about_one, 404, None, None), StepOutcome::Lost("answered 404".to_owned()));
        assert_eq!(judge(&step(), 409, None, None), StepOutcome::Rejected("answered 409".to_owned()));
        let meanings: Vec<StatusClass> = [204, 302, 401, 403, 404, 408, 422, 425, 429, 503].map(classify).to_vec();
        use StatusClass::{Done, Limited, Redirect, Refused, Rejected, Retry};
        let wanted = [Done, Redirect, Refused, Refused, Rejected, Retry, Rejected, Retry, Limited, Retry];
        assert_eq!(meanings, wanted);
    }
}
