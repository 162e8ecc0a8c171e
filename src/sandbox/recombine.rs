//! Makes further interviews from those of the sample. Each takes the job, the questions, the status and the gaps of one
//! of them. The candidate and the dates are new. The answers are put together from sentences that candidates said, as
//! far as possible in answer to the same question.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::contrast::{move_time, time};
use super::ids::{Entity, id};
use super::material::{AnswerTemplate, Material, text};
use super::random::Random;
use super::sample::Sample;
use super::text::{email_name, word_count};

/// 2026-06-01T00:00:00Z, in seconds since 1970. Settled interviews end before it.
const END: i64 = 1_780_272_000;
/// Settled interviews end within this time before [`END`]: 182 days.
const SPREAD_SECONDS: usize = 182 * 24 * 60 * 60;
/// Open interviews are dated within this time before [`END`]: a week, since older ones would have expired.
const OPEN_SPREAD_SECONDS: usize = 7 * 24 * 60 * 60;

/// Least number of sentences in an interview. With so many, two interviews hardly ever have the same text.
const FEWEST_SENTENCES: usize = 6;

/// The interview at `index`, which is beyond the sample.
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

/// The questions of the interview at `index`, which is beyond the sample.
pub fn questions(sample: &Sample, seed: u64, index: usize) -> Value {
    let place = Random::new(seed, index as u64).below(sample.interviews.len());
    let mut body = sample.questions[place].clone();
    body["interview_id"] = json!(id(seed, Entity::Interview, index));
    body
}

/// Gives a candidate another identity. Values that are null or missing stay so.
fn rename(candidate: &mut Map<String, Value>, material: &Material, seed: u64, index: usize, random: &mut Random) {
    let mut pick = |names: &[String]| names[random.below(names.len())].clone();
    let name = format!("{} {}", pick(&material.first_names), pick(&material.last_names));
    // The index makes the address unique even if two candidates share a name.
    let email = format!("{}.{index}@example.com", email_name(&name));
    for (field, value) in [("id", id(seed, Entity::Candidate, index)), ("name", name), ("email", email)] {
        if let Some(Value::String(old)) = candidate.get_mut(field) {
            *old = value;
        }
    }
}

/// Number of sentences of each answer: about as many as its template has, and enough in all.
fn lengths(templates: &[Option<AnswerTemplate>], random: &mut Random) -> Vec<usize> {
    let mut length = |template: &AnswerTemplate| (template.sentences * random.between(75, 130)).div_ceil(100);
    let mut lengths: Vec<usize> = templates.iter().map(|template| template.as_ref().map_or(0, &mut length)).collect();
    let missing = FEWEST_SENTENCES.saturating_sub(lengths.iter().sum());
    if let Some(last) = lengths.iter_mut().rfind(|length| **length > 0) {
        *last += missing;
    }
    lengths
}

/// An answer of `length` sentences that are new to the interview. Each is taken from about the same relative position
/// of another answer, so that beginnings stay beginnings and endings stay endings.
fn answer<'a>(
    material: &'a Material,
    template: &AnswerTemplate,
    length: usize,
    used: &mut HashSet<&'a str>,
    random: &mut Random,
) -> String {
    /// Number of draws for a sentence that is not used yet. After that, the answer has one sentence less.
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

/// Sets the duration of an answer to the time its words take, at about 150 a minute. A value that is null, missing or
/// zero stays, and a fractional one stays fractional.
fn set_duration(response: &mut Value, words: usize, random: &mut Random) {
    let tenths = words * 4 * random.between(85, 115) / 100;
    match response.get_mut("duration_seconds") {
        Some(Value::Number(number)) if number.as_f64().is_some_and(|seconds| seconds <= 0.0) => {}
        Some(seconds @ Value::Number(_)) if seconds.is_f64() => *seconds = json!(tenths.max(1) as f64 / 10.0),
        Some(seconds @ Value::Number(_)) => *seconds = json!(((tenths + 5) / 10).max(1)),
        _ => {}
    }
}

/// Moves an interview to another time. The answers of a completed one are also moved apart to fit their durations, in
/// `seconds`. A value that is null, missing or not a time stays.
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
