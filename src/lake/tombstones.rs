//! Tombstones: who was erased, and how long what is how old is kept. They keep what was erased from coming back by a
//! list, an event, an import, a refetch, a ledger that is rebuilt, or a copy of the lake.
//!
//! `_roundup/tombstones` has a line of JSON for each: a name, and a cut-off time. The name is an HMAC under the lake's
//! key, so that the file tells nobody who was erased: of `tombstone/interview/<id>`, `tombstone/candidate/<key>` (the
//! person's key in this lake, since the vendor's id is not kept) and `tombstone/email/<address, trimmed and in lower
//! case>`. Interviews that were created after the cut-off are loaded: a person may apply again. Lines that have the name
//! of an [`Age`] say until when interviews had settled that this was erased of.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::candidate_keys::CandidateKeys;
use super::durable::write_whole;
use super::places::Lake;
use crate::model::{Error, Interview, Result};

/// What is erased by age is kept for a day at least.
const SHORTEST_AGE: SignedDuration = SignedDuration::from_hours(24);

/// What is erased by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Age {
    /// Recordings.
    Audio,
    Transcripts,
    /// Names and addresses.
    Candidates,
    /// Whole interviews.
    Interviews,
}

impl Age {
    pub const ALL: [Self; 4] = [Self::Audio, Self::Transcripts, Self::Candidates, Self::Interviews];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Transcripts => "transcripts",
            Self::Candidates => "candidates",
            Self::Interviews => "interviews",
        }
    }

    /// The tombstone that says until when interviews had settled that this is erased of.
    #[must_use]
    pub fn tombstone(self, until: Timestamp) -> Tombstone {
        Tombstone { of: self.as_str().to_owned(), until }
    }
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tombstone {
    /// An HMAC in hex, or the name of an [`Age`].
    pub of: String,
    /// The cut-off.
    pub until: Timestamp,
}

/// All tombstones of a lake.
#[derive(Default)]
pub struct Tombstones {
    /// The cut-off by name.
    until: BTreeMap<String, Timestamp>,
    /// `None` when there are no tombstones.
    keys: Option<CandidateKeys>,
}

/// A person, or an interview, as tombstones name them.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    Interview(&'a str),
    /// The key that stands for a candidate in the tables.
    CandidateKey(&'a str),
    Email(&'a str),
}

impl Named<'_> {
    fn name(self, keys: &CandidateKeys) -> String {
        keys.key_of(&match self {
            Self::Interview(id) => format!("tombstone/interview/{id}"),
            Self::CandidateKey(key) => format!("tombstone/candidate/{key}"),
            Self::Email(address) => format!("tombstone/email/{}", address_of(address)),
        })
    }

    /// The tombstone of it.
    #[must_use]
    pub fn tombstone(self, keys: &CandidateKeys, until: Timestamp) -> Tombstone {
        Tombstone { of: self.name(keys), until }
    }
}

/// An e-mail address as it is compared with others.
#[must_use]
pub fn address_of(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Lake {
    /// Reads the tombstones.
    ///
    /// # Errors
    /// When the file, or the candidate key that they were made with, cannot be read.
    pub fn tombstones(&self) -> Result<Tombstones> {
        let until = self.read_tombstones()?;
        let keys = if until.is_empty() { None } else { Some(self.candidate_keys()?) };
        Ok(Tombstones { until, keys })
    }

    fn read_tombstones(&self) -> Result<BTreeMap<String, Timestamp>> {
        let path = self.tombstones_file();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            read => read.map_err(|error| Error::path("read the tombstones", &path, error))?,
        };
        let lines = serde_json::Deserializer::from_slice(&bytes).into_iter::<Tombstone>();
        lines
            .map(|line| line.map(|line| (line.of, line.until)))
            .collect::<Result<_, _>>()
            .map_err(|_| Error::path("read the tombstones", &path, "it is damaged").hint("put it back from a backup"))
    }

    /// Adds tombstones. Of two with one name the later cut-off counts. When this returns, they are on the disk.
    ///
    /// # Errors
    /// When the file cannot be read or written. It is as it was then.
    pub fn add_tombstones(&self, new: impl IntoIterator<Item = Tombstone>) -> Result<()> {
        let mut all = self.read_tombstones()?;
        let before = all.clone();
        for Tombstone { of, until } in new {
            let known = all.entry(of).or_insert(until);
            *known = until.max(*known);
        }
        if all == before { Ok(()) } else { self.write_tombstones(all) }
    }

    /// Forgets cut-offs by age that cannot be true: what is kept is kept for a day at least. A clock that was ahead in one
    /// night would otherwise keep out all that comes until then.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn forget_ages_ahead(&self, now: Timestamp) -> Result<()> {
        let mut all = self.read_tombstones()?;
        let latest = now - SHORTEST_AGE;
        let mut is_changed = false;
        for age in Age::ALL.map(Age::as_str) {
            let Some(until) = all.get(age).copied().filter(|until| *until > latest) else { continue };
            all.remove(age);
            is_changed = true;
            tracing::warn!(
                "that the {age} were erased of all interviews settled before {until} cannot be true, so it is forgotten; was \
                 the clock of this machine wrong, or is it now?"
            );
        }
        if is_changed { self.write_tombstones(all) } else { Ok(()) }
    }

    fn write_tombstones(&self, all: BTreeMap<String, Timestamp>) -> Result<()> {
        let mut bytes = Vec::new();
        for (of, until) in all {
            serde_json::to_writer(&mut bytes, &Tombstone { of, until }).expect("plain data");
            bytes.push(b'\n');
        }
        let path = self.tombstones_file();
        write_whole(&path, &bytes, 0o600).map_err(|error| Error::path("write the tombstones", &path, error))
    }
}

impl Tombstones {
    /// Whether an interview was erased, as far as its id tells. Such a one is not asked for.
    #[must_use]
    pub fn has_interview(&self, id: &str) -> bool {
        self.until_of(Named::Interview(id)).is_some()
    }

    /// Whether a body is of an erased interview, or of a person who was erased after it was created. A body that does not
    /// say when it was created is.
    #[must_use]
    pub fn cover(&self, interview: &Interview) -> bool {
        let candidate = &interview.candidate;
        self.cover_all(&interview.id, candidate.id.as_deref(), candidate.email.as_deref(), interview.created_at)
    }

    /// Whether a body that breaks the contract is of an erased interview or person, as far as it can be read.
    #[must_use]
    pub fn cover_body(&self, body: &[u8]) -> bool {
        if self.keys.is_none() {
            return false;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let candidate = &body["candidate"];
        let created_at = body["created_at"].as_str().and_then(|time| time.parse().ok());
        let (id, email) = (text(&candidate["id"]), text(&candidate["email"]));
        self.cover_all(body["id"].as_str().unwrap_or_default(), id.as_deref(), email.as_deref(), created_at)
    }

    fn cover_all(&self, id: &str, candidate: Option<&str>, email: Option<&str>, created_at: Option<Timestamp>) -> bool {
        let Some(keys) = &self.keys else { return false };
        let key = candidate.map(|id| keys.key_of(id));
        let names = [Some(Named::Interview(id)), key.as_deref().map(Named::CandidateKey), email.map(Named::Email)];
        let until = names.into_iter().flatten().filter_map(|named| self.until_of(named)).max();
        until.is_some_and(|until| created_at.is_none_or(|at| at <= until))
    }

    /// The time before which interviews had settled of which something is erased by age, if it is.
    #[must_use]
    pub fn erased_before(&self, what: Age) -> Option<Timestamp> {
        self.until.get(what.as_str()).copied()
    }

    /// Whether something was erased by age of interviews that settled at a time.
    #[must_use]
    pub fn is_too_old(&self, what: Age, settled_at: Option<Timestamp>) -> bool {
        self.erased_before(what).zip(settled_at).is_some_and(|(before, at)| at < before)
    }

    fn until_of(&self, named: Named<'_>) -> Option<Timestamp> {
        self.until.get(&named.name(self.keys.as_ref()?)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::candidate_keys::lake_with_key;
    use crate::model::interview::{Candidate, Job, Status};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn interview(id: &str, candidate: Option<&str>, email: Option<&str>, created: Option<&str>) -> Interview {
        let candidate = Candidate { id: candidate.map(str::to_owned), name: None, email: email.map(str::to_owned) };
        Interview {
            id: id.to_owned(),
            status: Status::Completed,
            job: Job::default(),
            candidate,
            created_at: created.map(at),
            started_at: None,
            completed_at: None,
            expires_at: None,
            responses: Vec::new(),
            mended: false,
        }
    }

    #[test]
    fn who_was_erased_is_known_again_and_may_apply_again() {
        let (folder, lake) = lake_with_key();
        assert!(!lake.tombstones().unwrap().cover(&interview("a", None, None, None)));
        let keys = lake.candidate_keys().unwrap();
        let (early, late) = (at("2026-05-01T00:00:00Z"), at("2026-06-01T00:00:00Z"));
        let key = keys.key_of("c-1");
        let named = [Named::Interview("a"), Named::CandidateKey(&key), Named::Email(" Jane@Example.com ")];
        lake.add_tombstones(named.map(|named| named.tombstone(&keys, late))).unwrap();
        // An earlier cut-off changes nothing.
        lake.add_tombstones(named.map(|named| named.tombstone(&keys, early))).unwrap();
        let tombstones = lake.tombstones().unwrap();
        let (before, after) = (Some("2026-05-31T00:00:00Z"), Some("2026-06-02T00:00:00Z"));
        for (id, candidate, email, created, is_erased) in [
            ("a", None, None, before, true),
            ("b", Some("c-1"), None, before, true),
            ("b", Some("c-1"), None, None, true),
            ("b", Some("c-1"), None, after, false),
            ("b", None, Some("JANE@example.com"), before, true),
            ("b", None, Some("jane@example.com"), after, false),
            ("b", Some("c-2"), Some("joe@example.com"), before, false),
        ] {
            let one = interview(id, candidate, email, created);
            assert_eq!(tombstones.cover(&one), is_erased, "{one:?}");
        }
        assert!(tombstones.has_interview("a") && !tombstones.has_interview("b"));
        let broken = br#"{"id": 7, "candidate": {"email": "jane@example.com"}, "status": []}"#;
        assert!(tombstones.cover_body(broken) && !tombstones.cover_body(b"{"));
        let text = fs::read_to_string(folder.path().join("_roundup/tombstones")).unwrap();
        assert!(!text.contains("jane") && !text.contains("c-1") && !text.contains(&key), "{text}");
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nothing_out() {
        let (_folder, lake) = lake_with_key();
        let now = at("2026-06-01T12:00:00Z");
        let (true_one, ahead) = (now - SHORTEST_AGE, at("2035-06-01T00:00:00Z"));
        let person = Named::Interview("a").tombstone(&lake.candidate_keys().unwrap(), now);
        lake.add_tombstones([Age::Audio.tombstone(true_one), Age::Transcripts.tombstone(ahead), person]).unwrap();
        lake.forget_ages_ahead(now).unwrap();
        let tombstones = lake.tombstones().unwrap();
        assert_eq!(tombstones.erased_before(Age::Audio), Some(true_one));
        assert_eq!(tombstones.erased_before(Age::Transcripts), None);
        assert!(tombstones.has_interview("a"));
        // Nor does it outlive the next true one.
        lake.add_tombstones([Age::Transcripts.tombstone(true_one)]).unwrap();
        assert_eq!(lake.tombstones().unwrap().erased_before(Age::Transcripts), Some(true_one));
    }

    #[test]
    fn what_is_too_old_is_known_by_when_it_settled() {
        let (_folder, lake) = lake_with_key();
        let until = at("2026-05-01T00:00:00Z");
        lake.add_tombstones([Age::Audio.tombstone(until)]).unwrap();
        let tombstones = lake.tombstones().unwrap();
        assert!(tombstones.is_too_old(Age::Audio, Some(at("2026-04-30T23:59:59Z"))));
        assert!(!tombstones.is_too_old(Age::Audio, Some(until)) && !tombstones.is_too_old(Age::Audio, None));
        assert!(!tombstones.is_too_old(Age::Transcripts, Some(at("2020-01-01T00:00:00Z"))));
    }
}
