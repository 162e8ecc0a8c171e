//! Which bodies that wait or are set aside are of somebody who is erased.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::record::Erasing;
use crate::lake::candidate_keys::CandidateKeys;
use crate::lake::places::Lake;
use crate::lake::scan::Needles;
use crate::lake::tombstones::address_of;
use crate::model::Result;
use crate::model::body::time_of;

/// Tells bodies and events of who is erased from those of others.
pub struct Theirs<'a> {
    erasing: &'a Erasing,
    /// The lake's secret, by which a candidate's id is known by its key. `None` when nobody is erased by a key.
    secret: Option<CandidateKeys>,
}

impl<'a> Theirs<'a> {
    /// # Errors
    /// When the lake's candidate key is needed and cannot be read.
    pub fn of(lake: &Lake, erasing: &'a Erasing) -> Result<Self> {
        let secret = (!erasing.keys.is_empty()).then(|| lake.candidate_keys()).transpose()?;
        Ok(Self { erasing, secret })
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
        if rows.interviews.is_empty() && candidates.is_empty() && emails.is_empty() && self.secret.is_none() {
            return false;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Needles::new(self.erasing.texts(), []).look(body).texts > 0;
        };
        any(&body, &mut |value| value.as_str().is_some_and(|text| rows.interviews.contains(text)))
            || created_at(&body).is_none_or(|created| created <= *at) && any(&body, &mut |value| self.is_person(value))
    }

    /// The vendor's ids of erased candidates in a body. Who was named by an address or a key is known by them from here on.
    #[must_use]
    pub fn candidates_in(&self, body: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Ok(body) = serde_json::from_slice::<Value>(body) {
            any(&body, &mut |value| {
                found.extend(self.erased_candidate(value).map(str::to_owned));
                false
            });
        }
        found
    }

    /// Whether a value is an id or an address of an erased person, or a candidate with their key.
    fn is_person(&self, value: &Value) -> bool {
        let Erasing { candidates, emails, shared, .. } = self.erasing;
        let Some(text) = value.as_str() else { return self.erased_candidate(value).is_some() };
        let address = address_of(text);
        candidates.contains(text) || emails.contains(&address) && !shared.contains(&address)
    }

    /// The id of the candidate of a body or an event, if its key is an erased one.
    fn erased_candidate<'v>(&self, value: &'v Value) -> Option<&'v str> {
        let id = value.get("candidate")?.get("id")?.as_str()?;
        let secret = self.secret.as_ref()?;
        self.erasing.keys.contains(&secret.key_of(id)).then_some(id)
    }
}

/// When the interview of a body or an event was created.
fn created_at(body: &Value) -> Option<Timestamp> {
    let interview = body.pointer("/data/interview").unwrap_or(body);
    time_of(interview.get("created_at")?.as_str()?)
}

/// Whether a value, or one in it, is wanted.
fn any<'v>(value: &'v Value, is_wanted: &mut dyn FnMut(&'v Value) -> bool) -> bool {
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
    use crate::lake::candidate_keys::lake_with_key;

    #[test]
    fn a_candidate_is_known_by_their_key() {
        let (_folder, lake) = lake_with_key();
        let mut erasing = Erasing { at: "2026-06-01T00:00:00Z".parse().unwrap(), ..Erasing::default() };
        erasing.keys.insert(lake.candidate_keys().unwrap().key_of("c-1"));
        let theirs = Theirs::of(&lake, &erasing).unwrap();
        for (id, created, is_theirs) in
            [("c-1", "2026-05-01T00:00:00Z", true), ("c-1", "2026-07-01T00:00:00Z", false), ("c-2", "", false)]
        {
            let candidate = json!({"id": id, "email": "other@example.com"});
            let body = json!({"id": "b", "status": 7, "created_at": created, "candidate": candidate}).to_string();
            let event = json!({"data": {"interview": {"created_at": created}, "candidate": candidate}}).to_string();
            for bytes in [&body, &event] {
                assert_eq!(theirs.has("b", bytes.as_bytes()), is_theirs, "{bytes}");
                let known = theirs.candidates_in(bytes.as_bytes());
                assert_eq!(known.into_iter().collect::<Vec<_>>(), if id == "c-1" { vec!["c-1"] } else { vec![] });
            }
        }
        let elsewhere = json!({"job": {"id": "c-1"}, "candidate": {"id": 7}}).to_string();
        assert!(!theirs.has("b", elsewhere.as_bytes()));
    }

    #[test]
    fn who_applies_again_is_not_erased() {
        let mut erasing = Erasing { at: "2026-06-01T00:00:00Z".parse().unwrap(), ..Erasing::default() };
        erasing.rows.interviews.insert("a".to_owned());
        erasing.candidates.insert("c-1".to_owned());
        erasing.emails.insert("jane@example.com".to_owned());
        let (_folder, lake) = lake_with_key();
        let theirs = Theirs::of(&lake, &erasing).unwrap();
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
