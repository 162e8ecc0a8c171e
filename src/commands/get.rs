//! `get`: prints interviews by id, from the lake if they are settled there, otherwise from the API.

use std::collections::HashMap;

use super::session::{InterviewApi, ids, unknown};
use super::terminal::{self, DONE, DataFormat, GetFlags, NOT_READY, exit_code, interview_text, standing};
use crate::deliver::notes;
use crate::lake::{Lake, find};
use crate::model::{Error, Interview, Question, Result, Status};
use crate::round0::call::{Call, ParsedBody};
use crate::round0::fetch::FetchOutcome;

/// What was found, and what went wrong.
struct Results {
    interviews: HashMap<String, Interview>,
    questions: HashMap<String, Vec<Question>>,
    errors: Vec<Error>,
}

pub fn run(flags: &GetFlags) -> Result<u8> {
    let ids = ids(&flags.ids)?;
    let lake = flags.lake.as_deref().map(Lake::open).transpose()?;
    let mut results = Results { interviews: HashMap::new(), questions: HashMap::new(), errors: Vec::new() };
    if let Some(lake) = lake.filter(|_| !flags.fresh) {
        if flags.questions {
            results.questions = find::questions(&lake, &ids)?;
        } else {
            results.interviews = find::interviews(&lake, &ids)?;
        }
    }
    let is_there = |id: &&String| results.interviews.contains_key(*id) || results.questions.contains_key(*id);
    let missing: Vec<String> = ids.iter().filter(|id| !is_there(id)).cloned().collect();
    if !missing.is_empty()
        && let Err(error) = results.ask(flags, &missing)
    {
        results.errors.push(error);
    }
    let several = ids.len() > 1;
    let mut ready = true;
    for id in &ids {
        if let Some(questions) = results.questions.get_mut(id) {
            questions.sort_by_key(|question| question.order.unwrap_or(i64::MAX));
            terminal::data(&questions_text(id, questions, flags.format, several))?;
        } else if let Some(interview) = results.interviews.get(id) {
            if interview.status == Status::Completed || flags.format == DataFormat::Json {
                terminal::data(&interview_text(interview, flags.format, several))?;
            }
            ready &= print_standing(interview);
        }
    }
    results.errors.iter().for_each(terminal::error);
    Ok(match exit_code(&results.errors, false) {
        DONE if !ready => NOT_READY,
        code => code,
    })
}

/// Prints a warning unless an interview is completed and has answers. Returns whether it is completed.
fn print_standing(interview: &Interview) -> bool {
    let (id, standing) = (&interview.id, standing(interview));
    match interview.status {
        Status::Completed if interview.responses.is_empty() => {
            tracing::warn!("interview {id} has no answers: {standing}")
        }
        Status::Completed => {}
        Status::Expired => tracing::warn!("interview {id} will not be ready: {standing}"),
        _ => tracing::warn!("interview {id} is not ready: {standing}"),
    }
    interview.status == Status::Completed
}

fn questions_text(id: &str, questions: &[Question], format: DataFormat, several: bool) -> String {
    match format {
        DataFormat::Json => notes::questions_json(id, questions).to_string() + "\n",
        DataFormat::Text if several => format!("{id}\n\n{}\n", notes::questions_text(questions)),
        DataFormat::Text => notes::questions_text(questions),
    }
}

impl Results {
    fn ask(&mut self, flags: &GetFlags, ids: &[String]) -> Result<()> {
        let call = if flags.questions { Call::Questions } else { Call::Interview };
        InterviewApi::new(&flags.api)?.ask(call, ids, None, &mut |fetched| {
            let id = fetched.task.id.into_string();
            match fetched.outcome {
                FetchOutcome::Body(_, ParsedBody::Interview(interview)) => _ = self.interviews.insert(id, *interview),
                FetchOutcome::Body(_, ParsedBody::Questions(questions)) => _ = self.questions.insert(id, questions),
                FetchOutcome::Gone => self.errors.push(unknown(&id)),
                FetchOutcome::Unreadable(_, violation) => {
                    self.errors.push(Error::failed(format!("interview {id} breaks the contract: {violation}")));
                }
                FetchOutcome::Unusable(why) | FetchOutcome::Failed(why) => {
                    self.errors.push(Error::failed(format!("interview {id}: {why}")));
                }
            }
            Ok(())
        })?;
        Ok(())
    }
}
