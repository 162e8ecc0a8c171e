//! Further interviews, made of the sample's: the job, the questions, the status and the gaps of one of them, a new
//! person, new dates, and answers put together from sentences that were said to the same question.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::ids::{Entity, id};
use super::material::{AnswerTemplate, Material, text};
use super::random::Random;
use super::sample::Sample;
use super::text::{email_name, word_count};

/// Settled interviews end in the 182 days before 2026-06-01T00:00:00Z.
const END: i64 = 1_780_272_000;
const SPREAD_SECONDS: usize = 182 * 24 * 60 * 60;
/// Open ones are of the last week before it: older ones would be over.
const OPEN_SPREAD_SECONDS: usize = 7 * 24 * 60 * 60;

/// An interview with at least this many sentences has so many possible texts that no two are the same.
const FEWEST_SENTENCES: usize = 6;

/// The interview at `index`, which lies behind the sample.
pub fn interview(sample: &Sample, seed: u64, index: usize) -> Value {
    let mut random = Random::new(seed, index as u64);
    let place = random.below(sample.interviews.len());
    let mut body = sample.interviews[place].clone();
    body["id"] = json!(id(seed, Entity::Interview, index));
    if let Some(candidate) = body.get_mut("candidate").and_then(Value::as_object_mut) {
        rename(candidate, &sample.material, seed, index, &mut random);
    }
    let mut seconds = Vec::new();
    if let Some(responses) = body.get_mut("responses").and_then(Value::as_array_mut) {
        let templates = &sample.material.templates[place];
        let lengths = lengths(templates, &mut random);
        let mut used = HashSet::new();
        for ((response, template), length) in responses.iter_mut().zip(templates).zip(lengths) {
            if let Some(template) = template {
                let answer = answer(&sample.material, template, length, &mut used, &mut random);
                set_duration(response, word_count(&answer), &mut random);
                response["transcript"] = json!(answer);
            }
            seconds.push(response["duration_seconds"].as_f64().unwrap_or_default().clamp(5.0, 3600.0) as i64);
        }
    }
    redate(&mut body, &seconds, &mut random);
    body
}

/// The questions of the interview at `index`, which lies behind the sample.
pub fn questions(sample: &Sample, seed: u64, index: usize) -> Value {
    let place = Random::new(seed, index as u64).below(sample.interviews.len());
    let mut body = sample.questions[place].clone();
    body["interview_id"] = json!(id(seed, Entity::Interview, index));
    body
}

/// Makes another person of a candidate. What is null or missing stays so.
fn rename(candidate: &mut Map<String, Value>, material: &Material, seed: u64, index: usize, random: &mut Random) {
    let mut pick = |names: &[String]| names[random.below(names.len())].clone();
    let name = format!("{} {}", pick(&material.first_names), pick(&material.last_names));
    // The index makes the address one of a kind where two candidates share a name.
    let email = format!("{}.{index}@example.com", email_name(&name));
    for (field, value) in [("id", id(seed, Entity::Candidate, index)), ("name", name), ("email", email)] {
        if let Some(Value::String(old)) = candidate.get_mut(field) {
            *old = value;
        }
    }
}

/// How many sentences each answer gets: about as many as its mould, and enough in all.
fn lengths(templates: &[Option<AnswerTemplate>], random: &mut Random) -> Vec<usize> {
    let mut length = |template: &AnswerTemplate| (template.sentences * random.between(75, 130)).div_ceil(100);
    let mut lengths: Vec<usize> = templates.iter().map(|template| template.as_ref().map_or(0, &mut length)).collect();
    let missing = FEWEST_SENTENCES.saturating_sub(lengths.iter().sum());
    if let Some(last) = lengths.iter_mut().rfind(|length| **length > 0) {
        *last += missing;
    }
    lengths
}

/// An answer of `length` sentences, none of them said before in the interview. Each is taken from about the same place
/// of some answer, so that what opens an answer opens this one and what closes an answer closes it.
fn answer<'a>(
    material: &'a Material,
    template: &AnswerTemplate,
    length: usize,
    used: &mut HashSet<&'a str>,
    random: &mut Random,
) -> String {
    /// A sentence that was said before is drawn again so often; then the answer goes without.
    const DRAWS: usize = 8;
    const STEP: usize = 1000;
    let mut taken: Vec<&str> = Vec::with_capacity(length);
    for place in 0..length {
        let draw = |_| {
            let from = &material.answers[template.pool[random.below(template.pool.len())]];
            from[(place * STEP + random.below(STEP)) * from.len() / (length * STEP)].as_str()
        };
        taken.extend((0..DRAWS).map(draw).find(|sentence| used.insert(sentence)));
    }
    taken.join(" ")
}

/// Gives an answer the time that its words take, at about 150 a minute. What is null, missing or zero stays so, and
/// a fraction stays one.
fn set_duration(response: &mut Value, words: usize, random: &mut Random) {
    let tenths = words * 4 * random.between(85, 115) / 100;
    match response.get_mut("duration_seconds") {
        Some(Value::Number(number)) if number.as_f64().is_some_and(|seconds| seconds <= 0.0) => {}
        Some(seconds @ Value::Number(_)) if seconds.is_f64() => *seconds = json!(tenths.max(1) as f64 / 10.0),
        Some(seconds @ Value::Number(_)) => *seconds = json!(((tenths + 5) / 10).max(1)),
        _ => {}
    }
}

/// Moves an interview to another time; a completed one's answers also apart, as their lengths in `seconds` need. A
/// time that is null, missing or no time stays so.
fn redate(body: &mut Value, seconds: &[i64], random: &mut Random) {
    let completed = text(body, "status") == "completed";
    let (anchor, spread) = match text(body, "status") {
        "completed" => ("completed_at", SPREAD_SECONDS),
        "expired" => ("expires_at", SPREAD_SECONDS),
        _ if time(body, "started_at").is_some() => ("started_at", OPEN_SPREAD_SECONDS),
        _ => ("created_at", OPEN_SPREAD_SECONDS),
    };
    let Some(old) = time(body, anchor) else { return };
    let target = END - 1 - random.below(spread) as i64;
    let end_moves = target - old.as_second();
    let mut start_moves = end_moves;
    if completed && !seconds.is_empty() {
        // From the last answer back to the start, so that the end stays where it was put.
        let mut at = target - random.between(2, 15) as i64;
        for (place, seconds) in seconds.iter().enumerate().rev() {
            let response = &mut body["responses"][place];
            if let Some(answered) = time(response, "answered_at") {
                move_time(response, "answered_at", at - answered.as_second());
            }
            at -= seconds + random.between(10, 45) as i64;
        }
        start_moves = time(body, "started_at").map_or(end_moves, |started| at - started.as_second());
    } else {
        (0..seconds.len()).for_each(|place| move_time(&mut body["responses"][place], "answered_at", end_moves));
    }
    for field in ["created_at", "started_at", "completed_at", "expires_at"] {
        move_time(body, field, if field == anchor { end_moves } else { start_moves });
    }
}

fn move_time(object: &mut Value, field: &str, seconds: i64) {
    if let Some(moved) = time(object, field).and_then(|time| time.checked_add(SignedDuration::from_secs(seconds)).ok())
    {
        object[field] = json!(moved.to_string());
    }
}

fn time(object: &Value, field: &str) -> Option<Timestamp> {
    text(object, field).parse().ok()
}
