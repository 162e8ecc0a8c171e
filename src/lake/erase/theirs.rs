//! Which bodies that wait or are set aside are of somebody who is erased.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::record::Erasing;
use crate::lake::scan::Needles;
use crate::lake::tombstones::address_of;

/// Tells bodies and events of who is erased from those of others.
pub struct Theirs<'a> {
    erasing: &'a Erasing,
}

impl<'a> Theirs<'a> {
    #[must_use]
    pub fn of(erasing: &'a Erasing) -> Self {
        Self { erasing }
    }

    /// Whether a body is of an erased interview, by the id that it was asked for or by what is in it, or of an erased
    /// person and not created after the erasure was asked for: who applies again is not erased. A body that does not say
    /// when it was created is. One that is no JSON is searched as it is.
    #[must_use]
    pub fn has(&self, id: &str, body: &[u8]) -> bool {
        let Erasing { at, rows, candidates, emails, .. } = self.erasing;
        if rows.interviews.contains(id) {
            return true;
        }
        if rows.interviews.is_empty() && candidates.is_empty() && emails.is_empty() {
            return false;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Needles::new(self.erasing.texts(), []).look(body).texts > 0;
        };
        let is_interview = |value: &Value| value.as_str().is_some_and(|text| rows.interviews.contains(text));
        any(&body, &is_interview)
            || created_at(&body).is_none_or(|created| created <= *at) && any(&body, &|value| self.is_person(value))
    }

    /// Whether a value is an id or an address of an erased person.
    fn is_person(&self, value: &Value) -> bool {
        let Erasing { candidates, emails, shared, .. } = self.erasing;
        let Some(text) = value.as_str() else { return false };
        let address = address_of(text);
        candidates.contains(text) || emails.contains(&address) && !shared.contains(&address)
    }
}

/// When the interview of a body or an event was created. A time without an offset is in UTC, as in the contract.
fn created_at(body: &Value) -> Option<Timestamp> {
    let interview = body.pointer("/data/interview").unwrap_or(body);
    let text = interview.get("created_at")?.as_str()?;
    let local = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(local)
}

/// Whether a value, or one in it, is wanted.
fn any(value: &Value, is_wanted: &dyn Fn(&Value) -> bool) -> bool {
    is_wanted(value)
        || match value {
            Value::Array(list) => list.iter().any(|entry| any(entry, is_wanted)),
            Value::Object(fields) => fields.values().any(|field| any(field, is_wanted)),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_applies_again_is_not_erased() {
        let mut erasing = Erasing { at: "2026-06-01T00:00:00Z".parse().unwrap(), ..Erasing::default() };
        erasing.rows.interviews.insert("a".to_owned());
        erasing.candidates.insert("c-1".to_owned());
        erasing.emails.insert("jane@example.com".to_owned());
        let theirs = Theirs::of(&erasing);
        let (address, id) = (json!({"email": " Jane@Example.com "}), json!({"id": "c-1"}));
        for (created, is_theirs) in [
            (json!("2026-06-01T00:00:00Z"), true),
            (json!("2026-06-01T00:00:01Z"), false),
            (json!("2026-06-01T01:00:00+02:00"), true),
            (json!("2026-06-02T00:00:00"), false),
            (json!("some day"), true),
            (json!(7), true),
            (Value::Null, true),
        ] {
            for candidate in [&address, &id] {
                let body = json!({"id": "b", "created_at": created, "candidate": candidate});
                assert_eq!(theirs.has("b", body.to_string().as_bytes()), is_theirs, "{body}");
                let event = json!({"created_at": "2026-05-01T00:00:00Z",
                    "data": {"interview": {"id": "b", "created_at": created}, "candidate": candidate}});
                assert_eq!(theirs.has("b", event.to_string().as_bytes()), is_theirs, "{event}");
            }
            let body = json!({"id": "a", "created_at": created});
            assert!(theirs.has("", body.to_string().as_bytes()), "an interview goes whenever it was created: {body}");
        }
        assert!(theirs.has("a", b"{}") && !theirs.has("b", b"{}"));
        let torn = br#"{"created_at": "2999-01-01T00:00:00Z", "candidate": {"email": "jane@example.com""#;
        assert!(theirs.has("b", torn), "what is no JSON does not say when it was created");
        let other = json!({"id": "b", "candidate": {"id": "c-2", "email": "joe@example.com"}});
        assert!(!theirs.has("b", other.to_string().as_bytes()));
    }
}
