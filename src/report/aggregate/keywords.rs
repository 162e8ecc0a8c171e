//! Keywords as they are shown.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::counted::Counted;
use super::questions::{AskedType, NumberedQuestion};
use super::share::share;
use crate::report::anchors;
use crate::report::model::{Keyword, KeywordCounts, KeywordPart, SpanFigures};

/// What the keywords of a job are shown by.
pub struct KeywordDimensions<'a> {
    pub questions: &'a [NumberedQuestion],
    pub question_types: &'a [AskedType],
    pub spans: &'a [SpanFigures],
}

impl Counted<'_> {
    pub fn keywords_of_job(&self, job: u32, dimensions: &KeywordDimensions<'_>, order: &[u32]) -> Vec<Keyword> {
        let mut keywords = self.keywords(&[job], dimensions.spans, order);
        for (term, keyword) in &mut keywords {
            let question = |question: &NumberedQuestion| {
                let with = question.number.map(|number| self.terms.in_question(number, *term));
                part(None, with.zip(question.report.asked))
            };
            keyword.by_question = dimensions.questions.iter().map(question).collect();
            let question_type =
                |one: &AskedType| part(None, Some((self.terms.in_type(job, one.question_type, *term), one.asked)));
            keyword.by_question_type = dimensions.question_types.iter().map(question_type).collect();
        }
        sorted(keywords)
    }

    /// Keywords over all jobs that the report is of; `types` are the types of each.
    pub fn keywords_of_all(
        &self,
        jobs: &[u32],
        types: &BTreeMap<u32, Vec<AskedType>>,
        spans: &[SpanFigures],
        order: &[u32],
    ) -> Vec<Keyword> {
        let described = self.jobs_within(jobs, &self.calendar.current_segments);
        let mut asked: BTreeMap<(&str, u32), i64> = BTreeMap::new();
        for one in described.iter().filter_map(|job| types.get(job)).flatten() {
            *asked.entry((self.question_type(one.question_type), one.question_type)).or_default() += one.asked;
        }
        let has_type =
            |job: u32, of: u32| types.get(&job).is_some_and(|types| types.iter().any(|one| one.question_type == of));
        let mut keywords = self.keywords(jobs, spans, order);
        for (term, keyword) in &mut keywords {
            let question_type = |((name, of), asked): (&(&str, u32), &i64)| {
                let jobs = described.iter().filter(|job| has_type(**job, *of));
                let with = jobs.map(|job| self.terms.in_type(*job, *of, *term)).sum();
                part(Some((*name).to_owned()), Some((with, *asked)))
            };
            keyword.by_question_type = asked.iter().map(question_type).collect();
        }
        sorted(keywords)
    }

    /// The jobs whose content is shown in a period, in the figures over some jobs.
    pub fn jobs_within(&self, jobs: &[u32], segments: &std::ops::Range<usize>) -> Vec<u32> {
        let union = self.atoms.within(jobs, segments);
        let mut within: Vec<u32> = union.atoms.iter().flat_map(|atom| atom.jobs.iter().copied()).collect();
        within.sort_unstable();
        within.dedup();
        if union.is_shown(jobs) { within } else { Vec::new() }
    }

    fn keywords(&self, jobs: &[u32], spans: &[SpanFigures], order: &[u32]) -> Vec<(u32, Keyword)> {
        let described = self.jobs_within(jobs, &self.calendar.current_segments);
        let completed = self.counts(&described, &self.calendar.current_segments).completed;
        let before = self.calendar.previous_segments.as_ref().map(|segments| {
            let jobs = self.jobs_within(jobs, segments);
            let completed = self.counts(&jobs, segments).completed;
            (segments, jobs, completed)
        });
        let unions: Vec<_> = spans
            .iter()
            .map(|span| {
                let segments = self.segments_of(&(span.week..span.week + span.weeks));
                (self.atoms.within(jobs, &segments).atoms, span.described)
            })
            .collect();
        let found = order.iter().filter_map(|term| {
            let mut counts = self.terms.of(&described, *term)?;
            counts.share = share(counts.interviews, completed).unwrap_or(0.0);
            let mut keyword = self.named(*term, counts);
            keyword.previous_share = before.as_ref().and_then(|(segments, jobs, completed)| {
                let with = jobs.iter().map(|job| self.terms.interviews(*job, *term, segments)).sum();
                share(with, *completed)
            });
            let by_span = unions.iter().map(|(atoms, described)| {
                let with = if *described > 0 { self.terms.in_atoms(atoms, *term) } else { 0 };
                KeywordPart { of: None, interviews: Some(with), share: share(with, *described) }
            });
            keyword.by_span = by_span.collect();
            Some((*term, keyword))
        });
        found.collect()
    }

    fn named(&self, term: u32, counts: KeywordCounts) -> Keyword {
        let term = &self.frames.hits.terms[term as usize];
        let set = &self.frames.hits.sets[term.set as usize].0;
        Keyword {
            anchor: anchors::term(set, &term.name),
            set: set.clone(),
            term: term.name.clone(),
            category: term.category.clone(),
            counts,
            ..Keyword::default()
        }
    }
}

/// A share of those that were asked.
fn part(of: Option<String>, counts: Option<(i64, i64)>) -> KeywordPart {
    KeywordPart { of, interviews: None, share: counts.and_then(|(with, asked)| share(with, asked)) }
}

/// Sorts by set, then by number of interviews, largest first, then by name.
fn sorted(mut keywords: Vec<(u32, Keyword)>) -> Vec<Keyword> {
    // The sort is stable: equal keywords stay in the order of their names.
    keywords.sort_by(|(_, a), (_, b)| {
        a.set.cmp(&b.set).then_with(|| Reverse(a.counts.interviews).cmp(&Reverse(b.counts.interviews)))
    });
    keywords.into_iter().map(|(_, keyword)| keyword).collect()
}
