//! Answers of completed interviews, and the questions that they answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::Range;
use std::path::Path;

use arrow::array::Array;
use arrow::datatypes::DataType;
use foldhash::HashMap;
use foldhash::fast::FixedState;

use super::file_rows::FileRows;
use super::input_files::InputFiles;
use super::interner::Interner;
use super::interviews::Interviews;
use super::packed::{Few, Paces, Packed, packed_count};
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, float_at, floats, integer_at, integers, string_at, strings, view_at, views};
use crate::lake::schema;
use crate::model::{Result, normalised};

/// A question of a job. Texts whose [`normalised`] form is equal are one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobQuestion {
    pub job: u32,
    /// Text in its most frequent spelling.
    pub text: Option<String>,
    pub normalised: Option<String>,
}

/// Answers of completed interviews, and questions that were asked and not answered. The vectors are columns of equal
/// length, with one entry per answer or question.
#[derive(Default)]
pub struct Responses {
    pub interview: Vec<u32>,
    pub question: Vec<u32>,
    pub(super) question_type: Packed<u32>,
    pub(super) position: Packed<u32>,
    pub has_transcript: Vec<bool>,
    /// Whether the transcript is not blank.
    pub answered: Vec<bool>,
    pub(super) word_count: Packed<u32>,
    pub(super) paces: Paces,
    pub(super) duration_seconds: Packed<f64>,
    pub(super) time_limits: Few,
    /// Where the answers are in the lake.
    pub file_rows: FileRows,
    /// The first answer of each interview, and how many there are.
    of_interview: Vec<(u32, u32)>,
    pub questions: Vec<JobQuestion>,
    numbers: HashMap<(u32, Option<String>), u32>,
    /// Numbers of questions by job and exact text, and how often it came. Most texts come again and again, and need not be
    /// normalised again.
    known: hashbrown::HashMap<(u32, Option<String>), (u32, u64), FixedState>,
    pub question_types: Interner,
    /// Pairs of questions of a job that came under one id of the vendor's: texts of one question.
    pub same_id: BTreeSet<[u32; 2]>,
    /// The first question of each job and id, by a hash of both: ids may be as many as there are answers.
    ids: HashMap<u64, u32>,
    /// Fetched questions by the row of their interview. Each is marked when its answer is met.
    fetched: HashMap<u32, Vec<FetchedQuestion>>,
    fetched_texts: Interner,
    /// Number of questions asked, by the row of the interview. Interviews whose questions were not fetched are absent.
    pub question_count: HashMap<u32, i64>,
}

struct FetchedQuestion {
    id: Option<IdHash>,
    /// Number of the text in `fetched_texts`.
    text: Option<u32>,
    question_type: Option<u32>,
    time_limit_seconds: Option<f64>,
    is_answered: bool,
}

/// Stands for the vendor's id of a question, which may be another one for each answer.
type IdHash = u64;

/// A text of a job, as it is looked up.
#[derive(Hash)]
struct Asked<'a>(u32, Option<&'a str>);

impl hashbrown::Equivalent<(u32, Option<String>)> for Asked<'_> {
    fn equivalent(&self, (job, text): &(u32, Option<String>)) -> bool {
        self.0 == *job && self.1 == text.as_deref()
    }
}

/// One row of [`Responses`], with names in the place of numbers. The default is a question without an answer.
#[derive(Default)]
struct AnswerRow<'a> {
    question_id: Option<IdHash>,
    question: Option<&'a str>,
    question_type: Option<u32>,
    position: Option<i64>,
    has_transcript: bool,
    answered: bool,
    word_count: Option<i64>,
    words_per_minute: Option<f64>,
    duration_seconds: Option<f64>,
    time_limit_seconds: Option<f64>,
}

impl Responses {
    /// Reads the questions that were asked, where they were fetched.
    pub fn new(lake: &Lake, interviews: &Interviews, inputs: &mut InputFiles) -> Result<Self> {
        let mut responses = Self { of_interview: vec![(0, 0); interviews.ids.len()], ..Self::default() };
        responses.reserve(interviews.answers());
        for path in lake.files(&schema::QUESTIONS)? {
            inputs.add_bytes(lake, &path)?;
            let columns = ["interview_id", "question_id", "question_text", "question_type", "time_limit_seconds"];
            let rows = ParquetFile::open(&path)?.all(&columns)?;
            let text = |name: &str, row: usize| string_at(strings(&rows, name), row);
            for row in 0..rows.num_rows() {
                let id = text("interview_id", row).unwrap_or_default();
                let Some(interview) = interviews.ids.find(id) else { continue };
                *responses.question_count.entry(interview).or_default() += 1;
                let question = FetchedQuestion {
                    id: text("question_id", row).map(id_hash),
                    text: text("question_text", row).map(|text| responses.fetched_texts.number(text)),
                    question_type: text("question_type", row).map(|name| responses.question_types.number(name)),
                    time_limit_seconds: float_at(floats(&rows, "time_limit_seconds"), row),
                    is_answered: false,
                };
                responses.fetched.entry(interview).or_default().push(question);
            }
        }
        Ok(responses)
    }

    /// Makes room for so many answers.
    fn reserve(&mut self, answers: usize) {
        self.interview.reserve(answers);
        self.question.reserve(answers);
        self.question_type.reserve(answers);
        self.position.reserve(answers);
        self.has_transcript.reserve(answers);
        self.answered.reserve(answers);
        self.word_count.reserve(answers);
        self.paces.reserve(answers);
        self.duration_seconds.reserve(answers);
        self.time_limits.reserve(answers);
    }

    /// Adds the answers of a file.
    pub fn read(&mut self, lake: &Lake, path: &Path, interviews: &Interviews, inputs: &mut InputFiles) -> Result<()> {
        let metrics = lake.derived(&schema::RESPONSES, &schema::RESPONSE_METRICS, path)?;
        inputs.add(lake, path, &metrics);
        let name = path.strip_prefix(lake.root()).expect("a table's file is in the lake");
        self.file_rows.begin(name.to_owned());
        let source = ParquetFile::open(path)?;
        let figures = metrics.all(&["length_utf16", "word_count", "words_per_minute"])?;
        let columns = ["interview_id", "position", "question_id", "question_text", "question_type", "duration_seconds"];
        let (lengths, counts) = (integers(&figures, "length_utf16"), integers(&figures, "word_count"));
        let paces = floats(&figures, "words_per_minute");
        // Without any lengths, a missing length does not mean that there is no transcript.
        let has_lengths = lengths.null_count() < lengths.len();
        let mut at = 0;
        for group in 0..source.row_groups() {
            let rows = source.row_group(group, &columns)?;
            let text = |name: &str| strings(&rows, name);
            let (ids, question_ids) = (text("interview_id"), text("question_id"));
            let (texts, question_types) = (text("question_text"), text("question_type"));
            let (positions, durations) = (integers(&rows, "position"), floats(&rows, "duration_seconds"));
            let blank = BlankAnswers::of(&source, group, at..at + rows.num_rows(), lengths, counts, has_lengths)?;
            // The rows of an interview are consecutive.
            let mut interview = ("", None);
            for row in 0..rows.num_rows() {
                if interview.0 != ids.value(row) || row == 0 {
                    interview = (ids.value(row), interviews.ids.find(ids.value(row)));
                }
                let Some(number) = interview.1 else { continue };
                let (first, count) = &mut self.of_interview[number as usize];
                if *count == 0 {
                    *first = u32::try_from(self.interview.len()).expect("a report is of fewer than 2^32 answers");
                }
                *count += 1;
                self.file_rows.push(at + row);
                let question_id = string_at(question_ids, row).map(id_hash);
                let row = AnswerRow {
                    question_id,
                    question: string_at(texts, row),
                    question_type: string_at(question_types, row).map(|name| self.question_types.number(name)),
                    position: Some(positions.value(row)),
                    has_transcript: !blank.missing[row],
                    answered: !blank.blank[row],
                    word_count: integer_at(counts, at + row),
                    words_per_minute: float_at(paces, at + row),
                    duration_seconds: float_at(durations, row),
                    time_limit_seconds: self.take_fetched(number, question_id),
                };
                self.push(interviews, number, row);
            }
            at += rows.num_rows();
        }
        Ok(())
    }

    /// Marks the fetched question of an answer as answered, and returns its time limit.
    fn take_fetched(&mut self, interview: u32, question_id: Option<IdHash>) -> Option<f64> {
        let questions = self.fetched.get_mut(&interview)?;
        let question = questions.iter_mut().find(|question| question.id == question_id)?;
        question.is_answered = true;
        question.time_limit_seconds
    }

    /// Adds the fetched questions that have no answer, and spells all questions.
    pub fn finish(&mut self, interviews: &Interviews) {
        let mut fetched: Vec<(u32, Vec<FetchedQuestion>)> = std::mem::take(&mut self.fetched).into_iter().collect();
        fetched.sort_by_key(|(interview, _)| *interview);
        let texts = std::mem::take(&mut self.fetched_texts);
        for (interview, questions) in fetched {
            for question in questions.into_iter().filter(|question| !question.is_answered) {
                let row = AnswerRow {
                    question_id: question.id,
                    question: question.text.map(|text| &texts[text as usize]),
                    question_type: question.question_type,
                    time_limit_seconds: question.time_limit_seconds,
                    ..AnswerRow::default()
                };
                self.push(interviews, interview, row);
            }
        }
        self.ids = HashMap::default();
        self.spell();
    }

    fn push(&mut self, interviews: &Interviews, interview: u32, row: AnswerRow<'_>) {
        let job = interviews.job[interview as usize];
        let question = self.question(job, row.question);
        if let Some(id) = row.question_id {
            let first = *self.ids.entry(FixedState::default().hash_one((job, id))).or_insert(question);
            if first != question {
                self.same_id.insert([first, question]);
            }
        }
        self.interview.push(interview);
        self.question.push(question);
        self.question_type.push(row.question_type);
        self.position.push(row.position.map(packed_count));
        self.has_transcript.push(row.has_transcript);
        self.answered.push(row.answered);
        let words = row.word_count.map(packed_count);
        self.word_count.push(words);
        self.paces.push(row.words_per_minute, words.map(i64::from), row.duration_seconds);
        self.duration_seconds.push(row.duration_seconds);
        self.time_limits.push(row.time_limit_seconds);
    }

    /// Indices of the answers of an interview.
    pub fn answers_of(&self, interview: u32) -> Range<usize> {
        let (first, count) = self.of_interview[interview as usize];
        first as usize..(first + count) as usize
    }

    pub fn job(&self, row: usize) -> u32 {
        self.questions[self.question[row] as usize].job
    }

    /// Number of the question's type in `question_types`; `None` if it has none.
    pub fn question_type(&self, row: usize) -> Option<u32> {
        self.question_type.at(row)
    }

    /// 0-based position in the interview; `None` for a question without an answer.
    pub fn position(&self, row: usize) -> Option<i64> {
        self.position.at(row).map(i64::from)
    }

    pub fn word_count(&self, row: usize) -> Option<i64> {
        self.word_count.at(row).map(i64::from)
    }

    pub fn words_per_minute(&self, row: usize) -> Option<f64> {
        self.paces.at(row, self.word_count(row), self.duration_seconds(row))
    }

    pub fn duration_seconds(&self, row: usize) -> Option<f64> {
        self.duration_seconds.at(row)
    }

    pub fn time_limit_seconds(&self, row: usize) -> Option<f64> {
        self.time_limits.at(row)
    }

    /// Duration in seconds of an answer whose pace is known.
    pub fn paced_seconds(&self, row: usize) -> Option<f64> {
        self.duration_seconds(row).filter(|_| self.words_per_minute(row).is_some())
    }

    /// Duration of an answer / its time limit.
    pub fn time_limit_share(&self, row: usize) -> Option<f64> {
        let limit = self.time_limit_seconds(row).filter(|limit| *limit > 0.0);
        let share = self.duration_seconds(row).zip(limit).map(|(duration, limit)| duration / limit);
        share.filter(|share| share.is_finite())
    }

    fn question(&mut self, job: u32, text: Option<&str>) -> u32 {
        if let Some((number, times)) = self.known.get_mut(&Asked(job, text)) {
            *times += 1;
            return *number;
        }
        let normalised = text.map(normalised);
        let number = *self.numbers.entry((job, normalised.clone())).or_insert_with(|| {
            self.questions.push(JobQuestion { job, text: None, normalised });
            u32::try_from(self.questions.len() - 1).expect("a lake has fewer than 2^32 questions")
        });
        self.known.insert((job, text.map(str::to_owned)), (number, 1));
        number
    }

    /// Gives each question its most frequent spelling; of several, the first in alphabetical order.
    fn spell(&mut self) {
        let mut spellings: Vec<(u32, Reverse<u64>, Option<String>)> =
            self.known.drain().map(|((_, text), (number, times))| (number, Reverse(times), text)).collect();
        spellings.sort_unstable();
        spellings.dedup_by_key(|(number, ..)| *number);
        for (number, _, text) in spellings {
            self.questions[number as usize].text = text;
        }
    }
}

fn id_hash(id: &str) -> IdHash {
    FixedState::default().hash_one(id)
}

/// The answers of a row group that have no transcript, or a blank one. Lengths and word counts tell for nearly all
/// answers; transcripts are only read where they do not.
struct BlankAnswers {
    missing: Vec<bool>,
    blank: Vec<bool>,
}

impl BlankAnswers {
    fn of(
        source: &ParquetFile,
        group: usize,
        rows: Range<usize>,
        lengths: &arrow::array::Int64Array,
        words: &arrow::array::Int64Array,
        has_lengths: bool,
    ) -> Result<Self> {
        let known = |row: usize| match (integer_at(lengths, row), integer_at(words, row)) {
            (_, Some(1..)) => Some((false, false)),
            (Some(0), _) => Some((false, true)),
            (None, _) if has_lengths => Some((true, true)),
            _ => None,
        };
        let all: Option<Vec<(bool, bool)>> = rows.map(known).collect();
        if let Some(all) = all {
            let (missing, blank) = all.into_iter().unzip();
            return Ok(Self { missing, blank });
        }
        let source = ParquetFile::open_as(source.path(), &[("transcript", DataType::Utf8View)])?;
        let rows = source.row_group(group, &["transcript"])?;
        let transcripts = views(&rows, "transcript");
        let texts = || (0..rows.num_rows()).map(|row| view_at(transcripts, row));
        Ok(Self {
            missing: texts().map(|text| text.is_none()).collect(),
            blank: texts().map(|text| text.is_none_or(|text| text.trim().is_empty())).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_is_one_however_it_is_typed() {
        let mut responses = Responses::default();
        let first = responses.question(0, Some("Why  don't you use React?"));
        for same in [
            "why don\u{2019}t you use React? ",
            "Why don\u{2019}t you use\u{a0}React ?",
            "\u{feff}Why don't\u{200b} you use React\u{202f}?",
        ] {
            assert_eq!(responses.question(0, Some(same)), first, "{same:?}");
        }
        responses.question(0, Some("why don\u{2019}t you use React? "));
        for other in ["Why don't you use React", "Why dont you use React?"] {
            assert_ne!(responses.question(0, Some(other)), first, "{other}");
        }
        assert_ne!(responses.question(1, Some("Why don't you use React?")), first, "another job's");
        assert_ne!(responses.question(0, None), first);
        responses.spell();
        let shown = responses.questions[first as usize].text.as_deref();
        assert_eq!(shown, Some("why don\u{2019}t you use React? "), "the most frequent");
    }
}
