//! Contrasts that are planted in the interviews of a sandbox, so that it is seen what a report says of them: a file of any
//! number of `[[contrast]]`. `docs/faults.md` describes each.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::material::text;
use super::random::{Random, mix};
use crate::model::document::from_toml;
use crate::model::{Error, Result};
use crate::pipeline::midnight;

/// Days before a contrast in which the interviews are that it moves: the weeks that a report compares with.
const DAYS_BEFORE: i64 = 84;
const WEEK_DAYS: i64 = 7;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Words of a thin answer.
const THIN_WORDS: usize = 5;

/// A contrasts file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrasts {
    #[serde(default)]
    contrast: Vec<Contrast>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Contrast {
    kind: ContrastKind,
    /// Id or title of the job.
    job: String,
    /// First day of the contrast, in UTC; without it, it always holds.
    from: Option<Date>,
    /// Part of the question's text.
    question: Option<String>,
    /// Share of the interviews that have it, from 0 to 1.
    #[serde(default = "all")]
    share: f64,
    /// What volumes or numbers of words are multiplied with.
    #[serde(default = "all")]
    factor: f64,
    /// The new text of a question, or a keyword.
    to: Option<String>,
}

/// What is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ContrastKind {
    /// No interview is completed from a day on.
    Silent,
    /// As many times as many are completed in the week from a day.
    Volume,
    /// Answers to a question end at its time limit.
    AtLimit,
    /// Answers to a question are blank.
    Skipped,
    /// Answers to a question have a few words.
    Thin,
    /// A question has another text, and answers of another length.
    Reworded,
    /// A keyword is said.
    Keyword,
}

fn all() -> f64 {
    1.0
}

impl Contrasts {
    /// Parses a contrasts file; `origin` is its name in errors.
    ///
    /// # Errors
    /// A usage error for text that is no contrasts file, and for a contrast that lacks something.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let contrasts: Self = from_toml(text, origin)?;
        for (number, one) in (1..).zip(&contrasts.contrast) {
            let lacks = one.lacks().map(|what| Error::usage(format!("{origin}: contrast {number} {what}")));
            lacks.map_or(Ok(()), Err)?;
        }
        Ok(contrasts)
    }

    /// Changes the interview with this index. `questions` is the body of its questions before any contrast.
    pub fn change(&self, body: &mut Value, questions: &Value, index: usize) {
        for (number, one) in (0..).zip(&self.contrast) {
            if one.is_of(body) {
                one.change(body, questions, &mut Random::new(mix(number), index as u64));
            }
        }
    }

    /// Changes the questions of an interview, whose body comes without any contrast.
    pub fn change_questions(&self, questions: &mut Value, body: &Value, index: usize) {
        let mut changed = body.clone();
        self.change(&mut changed, questions, index);
        for one in self.contrast.iter().filter(|one| one.kind == ContrastKind::Reworded && one.is_of(body)) {
            if one.has_begun(&changed) {
                each(questions, "questions", |question| one.reword(question));
            }
        }
    }
}

impl Contrast {
    /// What it lacks, or what is wrong with it.
    fn lacks(&self) -> Option<&'static str> {
        use ContrastKind::{AtLimit, Keyword, Reworded, Silent, Skipped, Thin, Volume};
        let in_bounds = (0.0..=1.0).contains(&self.share) && (0.0..=12.0).contains(&self.factor);
        match self.kind {
            _ if !in_bounds => Some("has a share outside of 0 to 1, or a factor outside of 0 to 12"),
            Silent | Volume if self.from.is_none() => Some("lacks `from`, the day from which it holds"),
            AtLimit | Skipped | Thin | Reworded if self.question.is_none() => {
                Some("lacks `question`, a part of the question's text")
            }
            Reworded | Keyword if self.to.is_none() => Some("lacks `to`, the new text of the question or the keyword"),
            _ => None,
        }
    }

    fn is_of(&self, body: &Value) -> bool {
        let job = &body["job"];
        text(body, "status") == "completed" && (text(job, "id") == self.job || text(job, "title") == self.job)
    }

    fn from(&self) -> Option<Timestamp> {
        midnight(self.from?, &TimeZone::UTC).ok()
    }

    fn has_begun(&self, body: &Value) -> bool {
        self.from().is_none_or(|from| time(body, "completed_at").is_some_and(|at| at >= from))
    }

    fn change(&self, body: &mut Value, questions: &Value, random: &mut Random) {
        let is_in_share = (random.below(1_000_000) as f64) < self.share * 1e6;
        match self.kind {
            ContrastKind::Silent => self.silence(body, random),
            ContrastKind::Volume => self.volume(body, random),
            _ if !is_in_share || !self.has_begun(body) => {}
            ContrastKind::Keyword => {
                let said = format!(" I have worked with {} a lot.", self.to.as_deref().unwrap_or_default());
                if let Some(Value::String(transcript)) =
                    body["responses"].get_mut(0).and_then(|one| one.get_mut("transcript"))
                {
                    transcript.push_str(&said);
                }
            }
            kind => each(body, "responses", |response| self.answer(kind, response, questions)),
        }
    }

    /// Changes an answer if it is to the question.
    fn answer(&self, kind: ContrastKind, response: &mut Value, questions: &Value) {
        let asked = text(response, "question_text").to_lowercase();
        if !self.question.as_ref().is_some_and(|question| asked.contains(&question.to_lowercase())) {
            return;
        }
        let words =
            |count: usize| text(response, "transcript").split_whitespace().take(count).collect::<Vec<_>>().join(" ");
        match kind {
            ContrastKind::Skipped => response["transcript"] = json!(""),
            ContrastKind::Thin => response["transcript"] = json!(words(THIN_WORDS)),
            ContrastKind::Reworded => {
                let count = text(response, "transcript").split_whitespace().count();
                response["transcript"] = json!(words((count as f64 * self.factor).round() as usize));
                self.reword(response);
            }
            _ => {
                let of_id = |question: &&Value| question["id"] == response["question_id"];
                let limits = questions["questions"].as_array().and_then(|all| all.iter().find(of_id));
                if let Some(limit) = limits.and_then(|question| question["time_limit_seconds"].as_f64()) {
                    response["duration_seconds"] = json!(limit);
                }
            }
        }
    }

    fn reword(&self, question: &mut Value) {
        let asked = text(question, "question_text").to_lowercase();
        if self.question.as_ref().is_some_and(|part| asked.contains(&part.to_lowercase())) {
            question["question_text"] = json!(self.to);
        }
    }

    /// Moves what would be completed in the silence to the weeks before it.
    fn silence(&self, body: &mut Value, random: &mut Random) {
        let (Some(from), Some(at)) = (self.from(), time(body, "completed_at")) else { return };
        if at >= from {
            let before = 1 + random.below((DAYS_BEFORE * DAY_SECONDS).unsigned_abs() as usize) as i64;
            shift(body, from.as_second() - before - at.as_second());
        }
    }

    /// Moves interviews of the weeks before into the week, or out of it.
    fn volume(&self, body: &mut Value, random: &mut Random) {
        let (Some(from), Some(at)) = (self.from(), time(body, "completed_at")) else { return };
        let days = (at.as_second() - from.as_second()).div_euclid(DAY_SECONDS);
        let one_in = random.below(1_000_000) as f64 / 1e6;
        let weeks_before = (DAYS_BEFORE / WEEK_DAYS) as f64;
        let (first, length) = match days {
            0..WEEK_DAYS if one_in < 1.0 - self.factor => (-DAYS_BEFORE, DAYS_BEFORE),
            _ if (-DAYS_BEFORE..0).contains(&days) && one_in < (self.factor - 1.0) / weeks_before => (0, WEEK_DAYS),
            _ => return,
        };
        let into = random.below((length * DAY_SECONDS).unsigned_abs() as usize) as i64;
        shift(body, from.as_second() + first * DAY_SECONDS + into - at.as_second());
    }
}

fn each(body: &mut Value, list: &str, mut change: impl FnMut(&mut Value)) {
    body.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(&mut change);
}

/// Moves an interview with all its times.
fn shift(body: &mut Value, seconds: i64) {
    for field in ["created_at", "started_at", "completed_at", "expires_at"] {
        move_time(body, field, seconds);
    }
    each(body, "responses", |response| move_time(response, "answered_at", seconds));
}

/// Moves a time. A value that is null, missing or no time stays.
pub fn move_time(object: &mut Value, field: &str, seconds: i64) {
    if let Some(moved) = time(object, field).and_then(|time| time.checked_add(SignedDuration::from_secs(seconds)).ok())
    {
        object[field] = json!(moved.to_string());
    }
}

/// The time in a field, if there is one.
pub fn time(object: &Value, field: &str) -> Option<Timestamp> {
    text(object, field).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interview(at: &str) -> Value {
        json!({
            "status": "completed",
            "job": {"id": "j1", "title": "Engineer"},
            "completed_at": at,
            "responses": [{"question_id": "q1", "question_text": "Why Rust?", "transcript": "one two three four five six",
                "duration_seconds": 10, "answered_at": at}],
        })
    }

    fn changed(toml: &str, at: &str) -> Value {
        let contrasts =
            Contrasts::parse(&format!("[[contrast]]\njob = \"Engineer\"\n{toml}"), "contrast.toml").unwrap();
        let mut body = interview(at);
        let questions = json!({"questions": [{"id": "q1", "time_limit_seconds": 90}]});
        contrasts.change(&mut body, &questions, 3);
        body
    }

    #[test]
    fn what_is_planted_is_there() {
        let silent = "kind = \"silent\"\nfrom = \"2026-05-17\"";
        let at = |body: &Value| time(body, "completed_at").unwrap();
        let from: Timestamp = "2026-05-17T00:00:00Z".parse().unwrap();
        assert!(at(&changed(silent, "2026-05-20T10:00:00Z")) < from);
        assert_eq!(changed(silent, "2026-05-10T10:00:00Z"), interview("2026-05-10T10:00:00Z"));
        let more = changed("kind = \"volume\"\nfrom = \"2026-05-17\"\nfactor = 12", "2026-05-10T10:00:00Z");
        assert!(at(&more) >= from || more == interview("2026-05-10T10:00:00Z"));
        let answer = |toml: &str| changed(toml, "2026-05-20T10:00:00Z")["responses"][0].clone();
        assert_eq!(answer("kind = \"at-limit\"\nquestion = \"rust\"")["duration_seconds"], 90.0);
        assert_eq!(answer("kind = \"skipped\"\nquestion = \"rust\"")["transcript"], "");
        assert_eq!(answer("kind = \"thin\"\nquestion = \"rust\"")["transcript"], "one two three four five");
        let reworded = answer("kind = \"reworded\"\nquestion = \"rust\"\nto = \"Why?\"\nfactor = 0.5");
        assert_eq!((&reworded["question_text"], &reworded["transcript"]), (&"Why?".into(), &"one two three".into()));
        let said = answer("kind = \"keyword\"\nto = \"Rust\"")["transcript"].to_string();
        assert!(said.contains("worked with Rust"));
        assert_eq!(answer("kind = \"skipped\"\nquestion = \"go\"")["transcript"], "one two three four five six");
        assert_eq!(
            answer("kind = \"skipped\"\nquestion = \"rust\"\nshare = 0.0")["transcript"],
            "one two three four five six"
        );
    }

    #[test]
    fn what_is_wrong_with_a_contrast_is_said() {
        for (toml, said) in [
            ("kind = \"silent\"", "contrast.toml: contrast 1 lacks `from`, the day from which it holds"),
            ("kind = \"thin\"", "contrast.toml: contrast 1 lacks `question`, a part of the question's text"),
            ("kind = \"keyword\"", "contrast.toml: contrast 1 lacks `to`, the new text of the question or the keyword"),
            (
                "kind = \"keyword\"\nto = \"x\"\nshare = 2.0",
                "contrast.toml: contrast 1 has a share outside of 0 to 1, or a factor outside of 0 to 12",
            ),
        ] {
            let error = Contrasts::parse(&format!("[[contrast]]\njob = \"a\"\n{toml}"), "contrast.toml").unwrap_err();
            assert_eq!(error.to_string(), said);
        }
        assert!(Contrasts::parse("[[contrast]]\nkind = \"loud\"\njob = \"a\"", "contrast.toml").is_err());
    }
}
