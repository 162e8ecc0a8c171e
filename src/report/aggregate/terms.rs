//! Keywords as they are shown, and the terms that are distinctive for a job.

use std::cmp::Reverse;

use super::builder::ModelBuilder;
use super::cells::{KeywordCells, TotalCells};
use super::counted::Totals;
use super::keywords::TermCounts;
use super::share::{as_float, share};
use crate::report::anchors;
use crate::report::frames::Hits;
use crate::report::model::{
    Count, Distinctive, Keyword, KeywordCounts, KeywordPart, PRIVACY_FLOOR, QuestionReport, WeekFigures,
};
use crate::report::privacy;
use crate::report::statistics::log_odds::{PRIOR, log_odds};

/// Number of distinctive terms per job, at most.
const DISTINCTIVE: usize = 10;
/// Least |z| of a distinctive term, the two-sided 5 % level.
const LEAST_Z: f64 = 1.96;

/// The questions, question types and weeks of a job, by which its keywords are split.
pub struct KeywordDimensions<'a> {
    pub questions: &'a [(u32, QuestionReport)],
    /// Number of each question type, and the interviews in which it was asked.
    pub question_types: &'a [(u32, i64)],
    pub weekly: &'a [WeekFigures],
}

/// Numbers of the terms, ordered by set and name.
pub fn order(hits: &Hits) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(hits.terms.len()).collect();
    order.sort_by_key(|term| &hits.terms[*term as usize]);
    order
}

impl ModelBuilder<'_> {
    pub fn keywords_of_job(&self, job: u32, dimensions: &KeywordDimensions<'_>, order: &[u32]) -> Vec<Keyword> {
        let completed = self.raw.jobs[&job].completed;
        let before = self.raw.previous.jobs.contains(&job).then(|| self.raw.jobs_previous[&job].completed);
        let found = order.iter().filter_map(|term| {
            let (raw, cells) = (self.raw.keywords.get(&(job, *term))?, self.entered.keywords.get(&(job, *term))?);
            let mut keyword = self.keyword(*term, raw, cells, completed);
            keyword.previous_share = before.and_then(|completed| {
                self.previous_share(self.entered.keywords_previous.get(&(job, *term)), completed)
            });
            if keyword.counts.is_some() {
                let question = |(number, question): &(u32, QuestionReport)| {
                    self.cell(cells.by_question.get(number), question.asked)
                };
                keyword.by_question = dimensions.questions.iter().map(question).collect();
                let question_type = |(question_type, asked): &(u32, i64)| {
                    self.cell(cells.by_kind.get(question_type), Count(Some(*asked)))
                };
                keyword.by_question_type = dimensions.question_types.iter().map(question_type).collect();
                keyword.by_week = self.by_week(cells, dimensions.weekly);
            }
            Some(keyword)
        });
        sorted(found.collect())
    }

    pub fn keywords_of_all(
        &self,
        order: &[u32],
        totals: &Totals,
        entered: &TotalCells,
        weekly: &[WeekFigures],
    ) -> Vec<Keyword> {
        let question_types =
            totals.asked_by_question_type.iter().map(|((_, question_type), asked)| (*question_type, *asked)).collect();
        let question_types = self.common_question_types(question_types);
        let [_, is_shown_before] = totals.is_shown;
        let found = order.iter().filter_map(|term| {
            let (raw, cells) = (totals.keywords.get(&(0, *term))?, entered.keywords.get(term)?);
            let mut keyword = self.keyword(*term, raw, cells, totals.all.completed);
            let before = || self.previous_share(entered.keywords_previous.get(term), totals.all_previous.completed);
            keyword.previous_share = is_shown_before.then(before).flatten();
            if keyword.counts.is_some() {
                let question_type = |(question_type, asked): &(u32, i64)| KeywordPart {
                    of: Some(self.question_type(*question_type)),
                    ..self.cell(cells.by_kind.get(question_type), Count(Some(*asked)))
                };
                keyword.by_question_type = question_types.iter().map(question_type).collect();
                keyword.by_week = self.by_week(cells, weekly);
            }
            Some(keyword)
        });
        sorted(found.collect())
    }

    fn keyword(&self, term: u32, raw: &TermCounts, cells: &KeywordCells, completed: i64) -> Keyword {
        let term = &self.frames.hits.terms[term as usize];
        let set = &self.frames.hits.sets[term.set as usize].0;
        let counts = self.cells.shown(cells.interviews).map(|interviews| KeywordCounts {
            interviews,
            share: share(interviews, completed).unwrap_or(0.0),
            responses: raw.responses,
            mentions: raw.mentions,
            negated: self.cells.count(cells.negated),
        });
        Keyword {
            anchor: anchors::term(set, &term.name),
            set: set.clone(),
            term: term.name.clone(),
            category: term.category.clone(),
            counts,
            ..Keyword::default()
        }
    }

    fn previous_share(&self, cell: Option<&privacy::Cell>, completed: i64) -> Option<f64> {
        share(self.count_or_zero(cell).0?, completed)
    }

    /// A part of a keyword: `part` is its interviews, `of` is all interviews in which it could occur there.
    fn cell(&self, part: Option<&privacy::Cell>, of: Count) -> KeywordPart {
        let Some(of) = of.0 else { return KeywordPart { of: None, interviews: Count(None), share: None } };
        let interviews = self.count_or_zero(part);
        KeywordPart { of: None, interviews, share: interviews.0.and_then(|interviews| share(interviews, of)) }
    }

    fn by_week(&self, cells: &KeywordCells, weekly: &[WeekFigures]) -> Vec<KeywordPart> {
        let weeks = (0u32..).zip(weekly);
        weeks.map(|(week, figures)| self.cell(cells.by_week.get(&week), figures.completed)).collect()
    }

    /// The terms that set a job apart most from all other jobs. Log-odds are computed within each keyword set.
    pub fn distinctive(&self, job: u32, keywords: &[Keyword]) -> Vec<Distinctive> {
        let (totals, entered) = (&self.raw.totals, &self.entered.totals);
        let others = totals.all.completed - self.raw.jobs[&job].completed;
        if others < PRIVACY_FLOOR || !self.raw.current.all {
            return Vec::new();
        }
        let hits = &self.frames.hits;
        let mut found = Vec::new();
        for set in (0u32..).take(hits.sets.len()) {
            let of_set = |term: &u32| hits.terms[*term as usize].set == set;
            let terms: Vec<u32> = entered.keywords.keys().copied().filter(of_set).collect();
            let count =
                |term: &u32| self.raw.keywords.get(&(job, *term)).map_or(0, |keyword| keyword.holding.interviews);
            let own: Vec<f64> = terms.iter().map(|term| as_float(count(term))).collect();
            let all = |term: &u32| totals.keywords[&(0, *term)].holding.interviews;
            let rest: Vec<f64> = terms.iter().map(|term| as_float(all(term) - count(term))).collect();
            for ((term, own), (log_odds_ratio, z)) in terms.iter().zip(&own).zip(log_odds(&own, &rest, PRIOR)) {
                let is_shown = self.cells.shown(entered.keywords[term].interviews).is_some();
                let (name, set) = (&hits.terms[*term as usize].name, &hits.sets[set as usize].0);
                let keyword = keywords.iter().find(|keyword| keyword.set == *set && keyword.term == *name);
                let Some(counts) = keyword.and_then(|keyword| keyword.counts.as_ref()) else { continue };
                if is_shown && z.abs() >= LEAST_Z && *own > 0.0 {
                    found.push(Distinctive {
                        set: set.clone(),
                        term: name.clone(),
                        anchor: anchors::term(set, name),
                        n: counts.interviews,
                        share: counts.share,
                        others_share: share(all(term) - counts.interviews, others).unwrap_or(0.0),
                        log_odds_ratio,
                        z,
                    });
                }
            }
        }
        found.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()).then_with(|| (&a.set, &a.term).cmp(&(&b.set, &b.term))));
        found.truncate(DISTINCTIVE);
        found
    }
}

/// Sorts by set, then by number of interviews, largest first and held-back counts last, then by name.
fn sorted(mut keywords: Vec<Keyword>) -> Vec<Keyword> {
    // The sort is stable: equal keywords stay in the order of their names.
    keywords.sort_by(|a, b| {
        let count = |keyword: &Keyword| Reverse(keyword.counts.as_ref().map_or(0, |counts| counts.interviews));
        a.set.cmp(&b.set).then_with(|| count(a).cmp(&count(b)))
    });
    keywords
}
