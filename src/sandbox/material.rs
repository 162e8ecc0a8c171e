//! The material of further interviews: the sample's answers, split into sentences, and the names of its candidates.

use std::collections::HashMap;

use serde_json::Value;

use super::text::{is_english, sentences};

/// Least number of sentences in a pool. A smaller one would soon repeat itself.
const SMALLEST_POOL: usize = 24;

/// Least number of sentences in an answer. A shorter one is a "no", a "sorry" or a date, which fits nowhere else and in
/// which nothing else fits.
const SHORTEST_ANSWER: usize = 3;

/// The material that answers and candidates are made from.
pub struct Material {
    /// The sample's answers, split into sentences, as far as these fit elsewhere.
    pub answers: Vec<Vec<String>>,
    /// The template of each answer, by interview of the sample and by response. `None` for an answer that stays as it
    /// is, because it is null, empty, short or in another language.
    pub templates: Vec<Vec<Option<AnswerTemplate>>>,
    pub first_names: Vec<String>,
    pub last_names: Vec<String>,
}

/// The template of an answer: its length, and the answers that it takes sentences from.
pub struct AnswerTemplate {
    pub sentences: usize,
    /// Positions in [`Material::answers`] of the answers whose sentences fit.
    pub pool: Vec<usize>,
}

impl Material {
    pub fn of(interviews: &[Value]) -> Self {
        let mut answers = Vec::new();
        let mut to_question: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let mut to_job: HashMap<&str, Vec<usize>> = HashMap::new();
        for body in interviews {
            for response in responses(body) {
                if let Some(answer) = divided(text(response, "transcript")) {
                    let job = text(&body["job"], "id");
                    to_question.entry((job, text(response, "question_text"))).or_default().push(answers.len());
                    to_job.entry(job).or_default().push(answers.len());
                    answers.push(answer);
                }
            }
        }
        let everything: Vec<usize> = (0..answers.len()).collect();
        let size = |pool: &[usize]| pool.iter().map(|&answer| answers[answer].len()).sum::<usize>();
        let template = |job, response| {
            let pools = [to_question.get(&(job, text(response, "question_text"))), to_job.get(job)];
            let pool = pools.into_iter().flatten().find(|pool| size(pool) >= SMALLEST_POOL).unwrap_or(&everything);
            divided(text(response, "transcript"))
                .map(|answer| AnswerTemplate { sentences: answer.len(), pool: pool.clone() })
        };
        let templates = interviews
            .iter()
            .map(|body| responses(body).iter().map(|response| template(text(&body["job"], "id"), response)).collect())
            .collect();
        // The first space does not split a name that is written in two scripts, the second in brackets.
        let names = interviews.iter().map(|body| text(&body["candidate"], "name")).filter(|name| !name.contains('('));
        let names = names.filter_map(|name| name.split_once(' '));
        let (first_names, last_names) = names.map(|(first, last)| (first.to_owned(), last.to_owned())).unzip();
        Self { answers, templates, first_names, last_names }
    }
}

/// The sentences of an answer, if they fit elsewhere.
fn divided(transcript: &str) -> Option<Vec<String>> {
    let answer: Vec<String> = sentences(transcript).map(str::to_owned).collect();
    (answer.len() >= SHORTEST_ANSWER && is_english(transcript)).then_some(answer)
}

/// The text of a field; empty if it is not a string.
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

fn responses(body: &Value) -> &[Value] {
    body["responses"].as_array().map_or(&[], Vec::as_slice)
}
