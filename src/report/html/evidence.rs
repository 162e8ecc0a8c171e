//! The quotes on the page of a job, and the links that lead to them.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::Value;

use super::rows::value;
use super::shown::{NumberedQuestion, ShownSet};
use crate::report::model::{JobEvidence, Keyword, KeywordQuotes, QuestionReport, Quote};

/// The quotes of a job by set and term, and the questions that they answer.
pub struct QuoteIndex<'a> {
    evidence: Option<&'a JobEvidence>,
    by_term: BTreeMap<(&'a str, &'a str), &'a KeywordQuotes>,
    questions: BTreeMap<&'a str, &'a NumberedQuestion<'a>>,
}

impl<'a> QuoteIndex<'a> {
    /// Indexes the quotes. Those of keywords without a row on the page are left out, since every quote belongs to a
    /// figure.
    pub fn new(
        evidence: Option<&'a JobEvidence>,
        sets: &[ShownSet<'a>],
        questions: &'a [NumberedQuestion<'a>],
    ) -> Self {
        let keywords = evidence.map_or(&[][..], |evidence| &evidence.keywords);
        let quotes: BTreeMap<(&str, &str), &KeywordQuotes> = keywords
            .iter()
            .filter(|keyword| !keyword.quotes.is_empty())
            .map(|keyword| ((keyword.set.as_str(), keyword.term.as_str()), keyword))
            .collect();
        let shown = sets.iter().flat_map(|set| &set.keywords);
        let quoted = |keyword: &&'a Keyword| {
            let term = (keyword.set.as_str(), keyword.term.as_str());
            quotes.get(&term).map(|quotes| (term, *quotes))
        };
        Self {
            evidence,
            by_term: shown.filter_map(quoted).collect(),
            questions: questions.iter().map(|one| (one.question.anchor.as_str(), one)).collect(),
        }
    }

    pub fn has(&self, set: &str, term: &str) -> bool {
        self.by_term.contains_key(&(set, term))
    }

    /// Anchor of the first quote of a term in an answer to this question.
    pub fn quote(&self, set: &str, term: &str, question: &QuestionReport) -> Option<&'a str> {
        let keyword = self.by_term.get(&(set, term))?;
        let answers = |quote: &&Quote| quote.question.as_deref() == Some(question.anchor.as_str());
        keyword.quotes.iter().find(answers).map(|quote| quote.anchor.as_str())
    }

    /// The quotes, in the order of the rows that link to them.
    pub fn sections(&self, sets: &[ShownSet]) -> Vec<Value> {
        let keyword = |keyword: &&Keyword| {
            let quoted = self.by_term.get(&(keyword.set.as_str(), keyword.term.as_str()))?;
            let quotes: Vec<Value> = quoted.quotes.iter().map(|quote| self.quote_value(quote)).collect();
            Some(
                context! { term => &keyword.term, anchor => &keyword.anchor, counts => value(&keyword.counts), quotes },
            )
        };
        sets.iter()
            .map(|set| context! { name => set.name, keywords => set.keywords.iter().filter_map(keyword).collect::<Vec<_>>() })
            .filter(|set| set.get_attr("keywords").is_ok_and(|keywords| keywords.is_true()))
            .collect()
    }

    /// Whole answers by question, if the report was asked for them.
    pub fn answers(&self) -> Value {
        value(&self.evidence.map_or(&[][..], |evidence| &evidence.questions))
    }

    fn quote_value(&self, quote: &Quote) -> Value {
        let question = quote.question.as_deref().and_then(|anchor| self.questions.get(anchor)).map(|one| {
            context! { number => one.number, anchor => &one.question.anchor }
        });
        context! { asked => question, ..value(quote) }
    }
}
