//! The masked quotes of each job, as pages show them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::choose::{ChosenAnswer, QUOTES, choose_answers, choose_quotes};
use super::context::{quote, whole_answer};
use super::read::{AnswerText, texts};
use super::record::QuotedEvidence;
use crate::lake::people::add_people;
use crate::lake::{CandidateKeys, Lake, schema};
use crate::model::Result;
use crate::model::mask::Person;
use crate::pipeline::ReportPlan;
use crate::report::aggregate::Aggregates;
use crate::report::anchors;
use crate::report::frames::Frames;
use crate::report::model::{Evidence, JobEvidence, JobReport, KeywordQuotes, QuestionAnswers, Quote, WholeAnswer};

/// Makes the evidence that a plan asks for.
///
/// # Errors
/// When answers or hits cannot be read again.
pub fn evidence(
    lake: &Lake,
    plan: &ReportPlan,
    (frames, current): (&Frames, &Range<usize>),
    aggregates: &Aggregates,
) -> Result<QuotedEvidence> {
    if !plan.quotes && !plan.whole_answers {
        return Ok(nothing("quotes are turned off"));
    }
    if !lake.is_writable() {
        let lake = lake.root().display();
        tracing::warn!("the report quotes nobody: the lake {lake}, which records who is quoted, cannot be written");
        return Ok(nothing("whom a report quotes is recorded in the lake, which only its owner can write to"));
    }
    let quotes = if plan.quotes { choose_quotes(frames, aggregates, current) } else { Vec::new() };
    let answers = if plan.whole_answers { choose_answers(frames, aggregates, current) } else { Vec::new() };
    if quotes.is_empty() && answers.is_empty() {
        return Ok(nothing("no figure of this report is of enough interviews to be quoted from"));
    }
    let interviews: BTreeSet<u32> =
        quotes.iter().chain(&answers).map(|chosen| frames.responses.interview[chosen.response as usize]).collect();
    let Some(people) = people(lake, frames, &interviews) else {
        return Ok(nothing("the table of candidates cannot be read, so that names could not be masked"));
    };
    let texts = texts(lake, frames, &quotes, &answers)?;
    let mut writer =
        EvidenceWriter { frames, people, texts, keys: lake.candidate_keys()?, interviews: BTreeSet::new() };
    let jobs = aggregates.jobs.iter().zip(&aggregates.numbers);
    let jobs: BTreeMap<String, JobEvidence> = jobs
        .map(|(job, number)| (job.job_id.clone(), writer.job(*number, job, &quotes, &answers)))
        .filter(|(_, evidence)| !evidence.keywords.is_empty() || !evidence.questions.is_empty())
        .collect();
    if jobs.is_empty() {
        return Ok(nothing("no answer is left that shows no more than it should: whose it is must be known"));
    }
    Ok(QuotedEvidence { evidence: Evidence { jobs, missing: None }, interviews: writer.interviews })
}

/// The candidates of these interviews, by the row of the interview. Those with neither a name nor an address are
/// absent. `None` if the candidates cannot be read.
fn people(lake: &Lake, frames: &Frames, interviews: &BTreeSet<u32>) -> Option<HashMap<u32, Person>> {
    let files = lake.files(&schema::CANDIDATES).ok().filter(|files| !files.is_empty())?;
    let row = |id: &str| frames.interviews.ids.find(id).filter(|interview| interviews.contains(interview));
    let mut people = HashMap::new();
    for path in files {
        add_people(&mut people, &path, row).ok()?;
    }
    Some(people)
}

fn nothing(why: &str) -> QuotedEvidence {
    let evidence = Evidence { jobs: BTreeMap::new(), missing: Some(why.to_owned()) };
    QuotedEvidence { evidence, interviews: BTreeSet::new() }
}

struct EvidenceWriter<'a> {
    frames: &'a Frames,
    people: HashMap<u32, Person>,
    texts: HashMap<u32, AnswerText>,
    keys: CandidateKeys,
    interviews: BTreeSet<String>,
}

impl EvidenceWriter<'_> {
    fn job(&mut self, number: u32, job: &JobReport, quotes: &[ChosenAnswer], answers: &[ChosenAnswer]) -> JobEvidence {
        let own = |chosen: &[ChosenAnswer]| {
            let from = chosen.partition_point(|chosen| chosen.job < number);
            from..chosen.partition_point(|chosen| chosen.job <= number)
        };
        let quotes = &quotes[own(quotes)];
        let answers = &answers[own(answers)];
        let mut by_anchor: HashMap<String, Vec<ChosenAnswer>> = HashMap::new();
        for chosen in quotes {
            let term = &self.frames.hits.terms[chosen.subject as usize];
            let set = &self.frames.hits.sets[term.set as usize].0;
            by_anchor.entry(anchors::term(set, &term.name)).or_default().push(*chosen);
        }
        let mut evidence = JobEvidence::default();
        for keyword in &job.keywords {
            let Some(chosen) = by_anchor.remove(&keyword.anchor) else { continue };
            let found: Vec<_> = chosen.iter().filter_map(|chosen| self.quote(chosen, job)).take(QUOTES).collect();
            for (interview, _) in &found {
                self.interviews.insert(interview.clone());
            }
            if !found.is_empty() {
                evidence.keywords.push(KeywordQuotes {
                    set: keyword.set.clone(),
                    term: keyword.term.clone(),
                    anchor: keyword.anchor.clone(),
                    quotes: found.into_iter().map(|(_, quote)| quote).collect(),
                });
            }
        }
        for question in &job.questions {
            let is_own = |chosen: &&ChosenAnswer| {
                let question_text = &self.frames.responses.questions[chosen.subject as usize].normalised;
                anchors::question(question_text.as_deref()) == question.anchor
            };
            let chosen: Vec<ChosenAnswer> = answers.iter().filter(is_own).copied().collect();
            let found: Vec<_> = chosen.iter().filter_map(|chosen| self.answer(chosen)).collect();
            if !found.is_empty() {
                evidence.questions.push(QuestionAnswers {
                    anchor: question.anchor.clone(),
                    question_text: question.question_text.clone(),
                    answers: found,
                });
            }
        }
        evidence
    }

    fn quote(&self, chosen: &ChosenAnswer, job: &JobReport) -> Option<(String, Quote)> {
        let responses = &self.frames.responses;
        let interview = responses.interview[chosen.response as usize];
        let (id, reference) = self.reference(chosen.response);
        let text = self.texts.get(&chosen.response)?;
        let transcript = text.transcript.as_deref()?;
        let person = self.people.get(&interview)?;
        let term = &self.frames.hits.terms[chosen.subject as usize];
        let found = text
            .places
            .get(&chosen.subject)?
            .iter()
            .find_map(|place| Some((place, quote(transcript, *place, person)?)));
        let ((start, _), mut quote) = found?;
        let anchor = self.keys.key_of(&format!("{id}\0{reference}\0{}\0{}\0{start}", term.set, term.name));
        quote.anchor = format!("quote-{}", &anchor[..12]);
        quote.reference = reference;
        // A question that few were asked may address one of them by name. Only a text that the page shows anyway is
        // repeated.
        let asked = &responses.questions[responses.question[chosen.response as usize] as usize].normalised;
        let asked = anchors::question(asked.as_deref());
        if let Some(question) = job.questions.iter().find(|question| question.anchor == asked) {
            quote.question = Some(question.anchor.clone());
            quote.question_text = question.question_text.clone();
        }
        quote.negated = text.negated.contains(&chosen.subject);
        Some((id.to_owned(), quote))
    }

    fn answer(&mut self, chosen: &ChosenAnswer) -> Option<WholeAnswer> {
        let interview = self.frames.responses.interview[chosen.response as usize];
        let transcript = self.texts.get(&chosen.response)?.transcript.as_deref()?;
        let text = whole_answer(transcript, self.people.get(&interview)?);
        let (id, reference) = self.reference(chosen.response);
        let id = id.to_owned();
        self.interviews.insert(id);
        Some(WholeAnswer { reference, text })
    }

    /// The id of an answer's interview, and the reference that stands for the answer on a page.
    fn reference(&self, response: u32) -> (&str, String) {
        let responses = &self.frames.responses;
        let id = &self.frames.interviews.ids[responses.interview[response as usize] as usize];
        let position = responses.position(response as usize).unwrap_or_default();
        let reference = self.keys.key_of(&format!("quote\0{id}\0{position}"))[..12].to_owned();
        (id, reference)
    }
}
