//! Questions of a job, and what is said in answer to them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::asked;
use super::counted::Counted;
use super::share::share;
use super::values::{Value, has_persons, quantile, summary};
use crate::report::anchors;
use crate::report::atoms::{SMALLEST_GROUP, distinct};
use crate::report::model::{Distribution, QuestionReport};

/// A question of a job, with its number. The row of those that few were asked has none.
pub struct NumberedQuestion {
    pub number: Option<u32>,
    pub report: QuestionReport,
}

/// A type of question, with the interviews of a job in which it was asked.
pub struct AskedType {
    pub question_type: u32,
    pub asked: i64,
}

impl Counted<'_> {
    /// Numbers of the questions by job.
    pub fn question_numbers(&self) -> BTreeMap<u32, Vec<u32>> {
        let mut by_job: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (number, question) in (0u32..).zip(&self.frames.responses.questions) {
            by_job.entry(question.job).or_default().push(number);
        }
        by_job
    }

    /// These questions of a job in the order in which they are asked; then those that few were asked, as one.
    pub fn questions(&self, numbers: &[u32]) -> Vec<NumberedQuestion> {
        let asked: Vec<u32> = numbers.iter().copied().filter(|number| !self.rows(*number).is_empty()).collect();
        let is_common = |number: &u32| self.is_enough(self.rows(*number));
        let (common, others): (Vec<u32>, Vec<u32>) = asked.into_iter().partition(is_common);
        let text = |number: u32| self.frames.responses.questions[number as usize].text.as_ref();
        let mut placed: Vec<(f64, u32)> = common.into_iter().map(|number| (self.place(number), number)).collect();
        placed.sort_by(|(left, a), (right, b)| left.total_cmp(right).then_with(|| text(*a).cmp(&text(*b))));
        let shown = |(_, number): (f64, u32)| {
            let question = &self.frames.responses.questions[number as usize];
            let report = QuestionReport {
                question_text: question.text.clone(),
                anchor: anchors::question(question.normalised.as_deref()),
                wordings: self.wordings(number),
                ..self.question(self.rows(number))
            };
            NumberedQuestion { number: Some(number), report }
        };
        let mut questions: Vec<NumberedQuestion> = placed.into_iter().map(shown).collect();
        if !others.is_empty() {
            let rows: Vec<u32> = others.iter().flat_map(|number| self.rows(*number)).copied().collect();
            let is_enough = self.is_enough(&rows);
            let figures = if is_enough { self.question(&rows) } else { QuestionReport::default() };
            let report = QuestionReport {
                question_type: None,
                anchor: "question-others".to_owned(),
                other_texts: i64::try_from(others.len()).ok(),
                time_limit_seconds: None,
                at_limit_share: None,
                thin_share: None,
                by_place: Vec::new(),
                ..figures
            };
            questions.push(NumberedQuestion { number: None, report });
        }
        questions
    }

    /// Types of the questions of a job that enough persons were asked, sorted by name.
    pub fn asked_types(&self, questions: &[u32]) -> Vec<AskedType> {
        let responses = &self.frames.responses;
        let mut by_type: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in questions.iter().flat_map(|number| self.rows(*number)) {
            if let Some(question_type) = responses.question_type(*row as usize) {
                by_type.entry(question_type).or_default().push(*row);
            }
        }
        let enough = by_type.into_iter().filter(|(_, rows)| self.is_enough(rows));
        let mut types: Vec<AskedType> = enough
            .map(|(question_type, rows)| AskedType { question_type, asked: self.interviews_asked(&rows) })
            .collect();
        types.sort_by_key(|one| self.question_type(one.question_type));
        types
    }

    pub fn question_type(&self, question_type: u32) -> &str {
        &self.frames.responses.question_types[question_type as usize]
    }

    fn question(&self, rows: &[u32]) -> QuestionReport {
        let responses = &self.frames.responses;
        let asked = self.interviews_asked(rows);
        let answered: Vec<u32> = rows.iter().copied().filter(|row| responses.answered[*row as usize]).collect();
        let mut types: BTreeMap<u32, usize> = BTreeMap::new();
        rows.iter()
            .filter_map(|row| responses.question_type(*row as usize))
            .for_each(|of| *types.entry(of).or_default() += 1);
        let most = types.into_iter().max_by_key(|(of, count)| (*count, Reverse(self.question_type(*of))));
        let mut limits: Vec<f64> = rows.iter().filter_map(|row| responses.time_limit_seconds(*row as usize)).collect();
        limits.sort_unstable_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        let words = |row: usize| responses.word_count(row).map(|words| words as f64);
        QuestionReport {
            question_type: most.map(|(of, _)| self.question_type(of).to_owned()),
            asked: Some(asked),
            coverage: share(self.interviews_asked(&answered), asked),
            word_count: self.summary(rows, words),
            duration_seconds: self.summary(rows, |row| responses.duration_seconds(row)),
            words_per_minute: self.summary(rows, |row| responses.words_per_minute(row)),
            time_limit_seconds: quantile(&limits, 0.5),
            time_limit_share: self.summary(rows, |row| responses.time_limit_share(row)),
            by_place: self.by_place(rows),
            ..self.health(rows, asked)
        }
    }

    /// The median of a figure, and of many persons its quartiles: what adds up to nothing.
    fn summary(&self, rows: &[u32], value: impl Fn(usize) -> Option<f64>) -> Distribution {
        let known = rows.iter().filter_map(|row| {
            let value = value(*row as usize).filter(|value| value.is_finite())?;
            Some(Value { value, person: self.person(*row), row: *row })
        });
        let known: Vec<Value> = known.collect();
        if !has_persons(&known, SMALLEST_GROUP) {
            return Distribution::default();
        }
        Distribution { n: None, mean: None, standard_deviation: None, ..summary(&known) }
    }

    fn rows(&self, question: u32) -> &[u32] {
        self.asked.of(question, &asked::CURRENT)
    }

    fn person(&self, response: u32) -> u32 {
        self.frames.interviews.candidate[self.frames.responses.interview[response as usize] as usize]
    }

    /// Whether enough persons were asked.
    fn is_enough(&self, rows: &[u32]) -> bool {
        distinct(rows.iter().map(|row| self.person(*row)), SMALLEST_GROUP) >= SMALLEST_GROUP
    }

    fn interviews_asked(&self, rows: &[u32]) -> i64 {
        let interviews = rows.iter().map(|row| self.frames.responses.interview[*row as usize]);
        i64::try_from(distinct(interviews, usize::MAX)).expect("a count of interviews")
    }

    /// Mean place in the interview; unanswered questions come last.
    fn place(&self, question: u32) -> f64 {
        let positions = self.rows(question).iter().filter_map(|row| self.frames.responses.position(*row as usize));
        let (sum, count) = positions.fold((0, 0), |(sum, count), position| (sum + position, count + 1));
        share(sum, count).unwrap_or(f64::INFINITY)
    }
}
