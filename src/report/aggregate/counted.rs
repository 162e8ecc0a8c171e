//! The rows of a report by job and segment, and the atoms that its figures are made of.

use std::ops::{AddAssign, Range};
use std::sync::Arc;

use super::asked;
use super::people::People;
use super::terms::Terms;
use super::values::{Column, Figure};
use super::wordings::Rewordings;
use crate::report::atoms::{Atom, Atoms, Grid};
use crate::report::frames::Frames;
use crate::report::period::Calendar;

/// A faster answer has a wrong duration or transcript: 400 words a minute is more than anybody speaks.
const FASTEST: f64 = 400.0;

/// The figures of a group, by their index in [`Counted::figures`].
pub const DURATION: usize = 0;
pub const LENGTH: usize = 1;
pub const ELAPSED: usize = 2;
pub const DAYS: usize = 3;
pub const QUESTIONS: usize = 4;
pub const ANSWERED: usize = 5;
/// Pace of an interview: all its words over all their minutes.
pub const INTERVIEW_PACE: usize = 6;
/// Words of an answer.
pub const WORDS: usize = 7;
/// Pace of an answer.
pub const PACE: usize = 8;
const FIGURES: usize = 9;

/// Everything that is counted, of all jobs of the lake.
pub struct Counted<'a> {
    pub frames: &'a Frames,
    pub calendar: &'a Calendar,
    /// The atoms of all figures that every completed interview has.
    pub atoms: Atoms,
    pub figures: [Figure<'a>; FIGURES],
    counts: Vec<CellCounts>,
    /// Rows of answers and of unanswered questions, by question, and in which [period](asked).
    pub asked: Grid<u32>,
    pub rewordings: Rewordings,
    pub people: People,
    pub terms: Terms,
}

/// Counts of the interviews of a job and segment.
#[derive(Debug, Clone, Copy, Default)]
pub struct CellCounts {
    pub completed: i64,
    pub expired: i64,
    pub responses: i64,
    pub answered: i64,
    pub without_answers: i64,
    pub without_duration: i64,
    pub without_transcript: i64,
    pub with_empty_transcript: i64,
    pub fast: i64,
}

impl AddAssign for CellCounts {
    fn add_assign(&mut self, other: Self) {
        self.completed += other.completed;
        self.expired += other.expired;
        self.responses += other.responses;
        self.answered += other.answered;
        self.without_answers += other.without_answers;
        self.without_duration += other.without_duration;
        self.without_transcript += other.without_transcript;
        self.with_empty_transcript += other.with_empty_transcript;
        self.fast += other.fast;
    }
}

impl<'a> Counted<'a> {
    /// Counts all jobs. `group` are the numbers of those that the report is of, sorted.
    pub fn new(frames: &'a Frames, calendar: &'a Calendar, group: &[u32]) -> Self {
        let size = (frames.jobs.len(), calendar.segments());
        let regions = calendar.regions();
        let rows = &frames.interviews;
        let place = |row: u32| (rows.job[row as usize], rows.segment[row as usize]);
        let completed = (0u32..).take(rows.ids.len()).filter(|row| rows.completed[*row as usize]);
        let placed = completed.map(|row| (place(row).0, place(row).1, row));
        let interviews = Arc::new(Grid::new(size.0, size.1, placed));
        let atoms = Atoms::new(&interviews, &regions, |row| Some(rows.candidate[*row as usize]));
        let responses = &frames.responses;
        let numbered = (0u32..).zip(&responses.interview);
        let placed = numbered.map(|(row, interview)| (place(*interview).0, place(*interview).1, row));
        let answers = Arc::new(Grid::new(size.0, size.1, placed));
        let asked = (0u32..).zip(responses.question.iter().zip(&responses.interview));
        let asked =
            asked.map(|(row, (question, interview))| (*question, asked::of(calendar, place(*interview).1), row));
        let asked = Grid::new(responses.questions.len(), asked::PERIODS, asked);
        let people = People::new(frames, calendar, group);
        Self {
            figures: figures(frames, [&interviews, &answers], &regions),
            counts: counts(frames, size),
            rewordings: Rewordings::new(frames, &asked),
            asked,
            terms: Terms::new(frames, calendar, &people),
            frames,
            calendar,
            atoms,
            people,
        }
    }

    /// Counts of some jobs, whatever their size.
    pub fn counts(&self, jobs: &[u32], segments: &Range<usize>) -> CellCounts {
        let mut sum = CellCounts::default();
        for job in jobs {
            let first = *job as usize * self.calendar.segments();
            self.counts[first + segments.start..first + segments.end].iter().for_each(|counts| sum += *counts);
        }
        sum
    }

    /// Counts of some atoms.
    pub fn counts_of(&self, atoms: &[&Atom]) -> CellCounts {
        let mut sum = CellCounts::default();
        atoms.iter().for_each(|atom| sum += self.counts(&atom.jobs, &atom.segments));
        sum
    }

    /// Whether figures of what was said in a job are shown on their own.
    pub fn is_shown(&self, job: u32, segments: &Range<usize>) -> bool {
        let union = self.atoms.within(&[job], segments);
        union.is_shown(&[job]) && !union.atoms.is_empty()
    }
}

/// The figures over completed interviews and their answers.
fn figures<'a>(frames: &'a Frames, all: [&Arc<Grid<u32>>; 2], regions: &[Range<usize>]) -> [Figure<'a>; FIGURES] {
    let (rows, responses) = (&frames.interviews, &frames.responses);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let float = |count: i64| count as f64;
    let asked = move |row: usize| {
        let row = u32::try_from(row).expect("a lake has fewer than 2^31 interviews");
        responses.question_count.get(&row).map(|count| float(*count))
    };
    let answered_share =
        move |row: usize| asked(row).filter(|asked| *asked > 0.0).map(|asked| float(rows.answered_count[row]) / asked);
    let paces = paces(frames);
    let columns = [
        Column::of_interviews(frames, |row| rows.total_duration_seconds.at(row)),
        Column::of_interviews(frames, |row| rows.average_response_length.at(row)),
        Column::of_interviews(frames, |row| rows.elapsed_seconds.at(row)),
        Column::of_interviews(frames, |row| rows.days_to_complete.at(row)),
        Column::of_interviews(frames, asked),
        Column::of_interviews(frames, answered_share),
        Column::of_interviews(frames, move |row| paces[row]),
        Column::of_answers(frames, move |row| responses.word_count(row).map(float)),
        Column::of_answers(frames, |row| responses.words_per_minute(row)),
    ];
    columns.map(|column| Figure::new(column, all, regions))
}

/// Pace of each interview in words per minute, over the answers whose words and pace are known.
fn paces(frames: &Frames) -> Vec<Option<f64>> {
    let responses = &frames.responses;
    let mut sums = vec![(0.0, 0.0); frames.interviews.ids.len()];
    for (row, interview) in responses.interview.iter().enumerate() {
        if let (Some(words), Some(seconds)) = (responses.word_count(row), responses.paced_seconds(row)) {
            let (all, minutes) = &mut sums[*interview as usize];
            #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
            let words = words as f64;
            *all += words;
            *minutes += seconds / 60.0;
        }
    }
    sums.into_iter().map(|(words, minutes)| (minutes > 0.0).then(|| words / minutes)).collect()
}

fn counts(frames: &Frames, (jobs, segments): (usize, usize)) -> Vec<CellCounts> {
    let (rows, responses) = (&frames.interviews, &frames.responses);
    let mut counts = vec![CellCounts::default(); jobs * segments];
    let cell = |row: usize| rows.job[row] as usize * segments + rows.segment[row] as usize;
    for row in 0..rows.ids.len() {
        let is_completed = rows.completed[row];
        let answers = |count: i64| if is_completed { count } else { 0 };
        counts[cell(row)] += CellCounts {
            completed: is_completed.into(),
            expired: (!is_completed).into(),
            responses: answers(rows.response_count[row]),
            answered: answers(rows.answered_count[row]),
            without_answers: (is_completed && rows.response_count[row] == 0).into(),
            ..CellCounts::default()
        };
    }
    for (row, interview) in responses.interview.iter().enumerate() {
        if responses.position(row).is_none() {
            continue;
        }
        counts[cell(*interview as usize)] += CellCounts {
            without_duration: responses.duration_seconds(row).is_none().into(),
            without_transcript: (!responses.has_transcript[row]).into(),
            with_empty_transcript: (responses.has_transcript[row] && !responses.answered[row]).into(),
            fast: responses.words_per_minute(row).is_some_and(|pace| pace > FASTEST).into(),
            ..CellCounts::default()
        };
    }
    counts
}
