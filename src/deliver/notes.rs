//! An interview as text, in the format of the vendor's sample, and as JSON, under the vendor's names.

use serde_json::{Value, json};

use crate::model::{Interview, Question, Response};

/// Each answer as `Q1: …` and `A: …`, with a rule between answers.
#[must_use]
pub fn text(responses: &[Response]) -> String {
    let one = |(at, response): (usize, &Response)| {
        let question = response.question_text.as_deref().unwrap_or("(no text of the question)");
        let answer = response.transcript.as_deref().unwrap_or("(no transcript)");
        format!("Q{}: {question}\nA: {answer}\n", at + 1)
    };
    responses.iter().enumerate().map(one).collect::<Vec<_>>().join("\n---\n\n")
}

/// The interview as the API returns it, except for links to recordings. They are secrets, so it only says whether there
/// is one.
#[must_use]
pub fn json(interview: &Interview) -> Value {
    let Interview {
        id,
        status,
        job,
        candidate,
        created_at,
        started_at,
        completed_at,
        expires_at,
        responses,
        mended: _,
    } = interview;
    let response = |response: &Response| {
        json!({
            "question_id": response.question_id,
            "question_text": response.question_text,
            "question_type": response.question_type,
            "transcript": response.transcript,
            "duration_seconds": response.duration_seconds,
            "answered_at": response.answered_at,
            "has_audio": response.has_audio,
        })
    };
    json!({
        "id": id,
        "status": status.as_str(),
        "job": { "id": job.id, "title": job.title, "department": job.department },
        "candidate": { "id": candidate.id, "name": candidate.name, "email": candidate.email },
        "created_at": created_at,
        "started_at": started_at,
        "completed_at": completed_at,
        "expires_at": expires_at,
        "responses": responses.iter().map(response).collect::<Vec<_>>(),
    })
}

/// The questions, one a line: order, type, time limit in seconds, and text. Custom ones are marked.
#[must_use]
pub fn questions_text(questions: &[Question]) -> String {
    let one = |question: &Question| {
        let order = question.order.map_or_else(String::new, |order| order.to_string());
        let limit = question.time_limit_seconds.map_or_else(String::new, |seconds| format!("{seconds} s"));
        let question_type = question.question_type.as_deref().unwrap_or_default();
        let text = question.text.as_deref().unwrap_or("(no text of the question)");
        let custom = if question.is_custom { " (custom)" } else { "" };
        format!("{order:>3}  {question_type:<13} {limit:>6}  {text}{custom}\n")
    };
    questions.iter().map(one).collect()
}

/// The questions as the API returns them.
#[must_use]
pub fn questions_json(id: &str, questions: &[Question]) -> Value {
    let one = |question: &Question| {
        json!({
            "id": question.id,
            "question_text": question.text,
            "question_type": question.question_type,
            "time_limit_seconds": question.time_limit_seconds,
            "order": question.order,
            "is_custom": question.is_custom,
        })
    };
    json!({ "interview_id": id, "questions": questions.iter().map(one).collect::<Vec<_>>() })
}
