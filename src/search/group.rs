//! The search of one row group: which rows are searched, what they count for, and what is found in them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, ArrayAccessor, RecordBatch, StringViewArray};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::context::{Answer, Neighbour, Speaker, show};
use super::finder::{Buffers, Finder};
use super::hit::Hit;
use super::keep::{self, Words, keep, word_at};
use super::selection::Selection;
use super::source::{Facts, Source};
use super::tally::{By, PartKey, Tally};
use crate::keywords::Text;
use crate::keywords::text::unspaced::is_unspaced;
use crate::keywords::text::words::{self, WordFinder};
use crate::lake::read::{dictionary, integers, time_at, times, view_at, views};
use crate::model::{Result, normalised};

/// Number of answers decoded at a time, and of those searched at a time: as an analysis does.
const DECODED_ROWS: usize = 1024;
const BLOCK_ROWS: usize = 64;

/// The columns of which a mention is shown with its row.
const BESIDE_MENTIONS: [&str; 4] = ["position", "job_id", "settled_at", "question_text"];

/// What is asked of every row group.
pub struct GroupRequest<'a> {
    pub finder: &'a Finder,
    pub selection: &'a Selection,
    pub by: Option<By>,
    /// Time zone in which months begin.
    pub time_zone: &'a TimeZone,
    pub hits: Option<HitRequest>,
}

/// How mentions are shown.
pub struct HitRequest {
    /// Words on each side.
    pub context: usize,
    pub is_masked: bool,
    pub neighbours: Vec<Neighbour>,
    /// The most that are shown of one row group.
    pub most: usize,
    /// Whether enough are shown, and the others are only counted.
    pub enough: AtomicBool,
}

/// What was found in a row group.
#[derive(Default)]
pub struct GroupFound {
    pub all: Tally,
    /// The counts by what was asked for, each with how it is shown.
    pub parts: Vec<(PartKey, Option<String>, Tally)>,
    pub hits: Vec<Hit>,
    /// Mentions that are not shown, since it is not known whose words they are.
    pub withheld: u64,
}

/// The numbers of a job and of a question or a type in their dictionaries, and a time: rows that have them in common are of
/// one part.
type SameRow = (Option<i32>, Option<i32>, Option<i64>);

/// Searches a row group.
///
/// # Errors
/// When a file of the lake cannot be read.
pub fn search(source: &Source, group: usize, request: &GroupRequest) -> Result<GroupFound> {
    let rows = source.answers.row_group(group, &columns(request))?;
    let facts = source.facts(request.selection)?;
    let mut search = GroupSearch {
        request,
        ids: dictionary(&rows, "interview_id"),
        part_of: Vec::new(),
        states: Vec::new(),
        all: Tally::default(),
        parts: Vec::new(),
        found: Vec::new(),
        shown: 0,
    };
    let keep = keep(&rows, request.selection, facts);
    if !keep.contains(&true) {
        return Ok(GroupFound::default());
    }
    search.part(&rows);
    search.states = vec![State::NotSearched; keep.len()];
    let mut first = 0;
    let mut buffers = Buffers::default();
    for batch in source.answers.batches(group, &["transcript"], DECODED_ROWS)? {
        let batch = batch?;
        search.read(views(&batch, "transcript"), first, &keep, &mut buffers);
        first += batch.num_rows();
    }
    search.count_interviews(facts);
    let (hits, withheld) = search.show(source, group)?;
    let parts = search.parts.into_iter().filter(|(.., tally)| tally.of.answers > 0).collect();
    Ok(GroupFound { all: search.all, parts, hits, withheld })
}

/// The columns that are needed beside the transcripts.
fn columns(request: &GroupRequest) -> Vec<&'static str> {
    let mut columns = keep::columns(request.selection);
    columns.extend(match request.by {
        Some(By::Job) => &["job_id"][..],
        Some(By::Question) => &["job_id", "question_text"],
        Some(By::Type) => &["question_type"],
        Some(By::Month) => &["settled_at"],
        None => &[],
    });
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    NotSearched,
    WithoutMentions,
    WithMentions,
}

/// Mentions in an answer, and its text.
struct FoundIn {
    /// Its row in the row group.
    row: usize,
    transcripts: StringViewArray,
    /// Its row among the transcripts.
    at: usize,
    places: Vec<Range<u32>>,
}

struct GroupSearch<'a> {
    request: &'a GroupRequest<'a>,
    ids: Words<'a>,
    /// The part that each row belongs to, by its place in `parts`; empty if there are none.
    part_of: Vec<usize>,
    states: Vec<State>,
    all: Tally,
    parts: Vec<(PartKey, Option<String>, Tally)>,
    found: Vec<FoundIn>,
    /// Mentions in these.
    shown: usize,
}

impl GroupSearch<'_> {
    /// Counts an answer for all and for its part.
    fn count(&mut self, row: usize, count: impl Fn(&mut Tally)) {
        count(&mut self.all);
        if let Some(part) = self.part_of.get(row) {
            count(&mut self.parts[*part].2);
        }
    }

    /// Finds the part that each row belongs to.
    fn part(&mut self, rows: &RecordBatch) {
        let Some(by) = self.request.by else { return };
        let column = |name: &str| rows.column_by_name(name).map(|_| dictionary(rows, name));
        let jobs = column("job_id").filter(|_| matches!(by, By::Job | By::Question));
        let values = match by {
            By::Question => column("question_text"),
            By::Type => column("question_type"),
            By::Job | By::Month => None,
        };
        let settled = (by == By::Month).then(|| times(rows, "settled_at"));
        let mut numbers: BTreeMap<PartKey, usize> = BTreeMap::new();
        // By the numbers of words in their dictionaries, since most rows repeat what others have.
        let mut known: HashMap<SameRow, usize> = HashMap::new();
        for row in 0..rows.num_rows() {
            let number = |column: &Option<Words>| {
                column.filter(|column| column.is_valid(row)).map(|column| column.keys().value(row))
            };
            let time = settled.and_then(|settled| time_at(settled, row));
            let same = (number(&jobs), number(&values), time);
            let part = *known.entry(same).or_insert_with(|| {
                let word = |column: Option<Words>| column.and_then(|column| word_at(column, row)).map(str::to_owned);
                let (job_id, shown) = (word(jobs), word(values));
                let value = match by {
                    By::Question => shown.as_deref().map(normalised),
                    By::Month => time.and_then(|time| month(time, self.request.time_zone)),
                    By::Job | By::Type => shown.clone(),
                };
                let shown = if by == By::Month { value.clone() } else { shown };
                let key = PartKey { job_id, value };
                *numbers.entry(key.clone()).or_insert_with(|| {
                    self.parts.push((key, shown, Tally::default()));
                    self.parts.len() - 1
                })
            });
            self.part_of.push(part);
        }
    }

    /// Searches the transcripts of rows from `first` on.
    fn read(&mut self, transcripts: &StringViewArray, first: usize, keep: &[bool], buffers: &mut Buffers) {
        for begin in (0..transcripts.len()).step_by(BLOCK_ROWS) {
            let block = begin..transcripts.len().min(begin + BLOCK_ROWS);
            let text = |at: usize| {
                let text = view_at(transcripts, at).filter(|_| keep[first + at])?;
                (!text.trim_start().is_empty()).then(|| Text::from(text))
            };
            let texts: Vec<Option<Text>> = block.map(text).collect();
            let mut has_words = [false; BLOCK_ROWS];
            for (number, text) in texts.iter().enumerate().filter_map(|(number, text)| Some((number, (*text)?))) {
                let row = first + begin + number;
                self.states[row] = State::WithoutMentions;
                has_words[number] = !is_unspaced(text);
                let words = if has_words[number] { words::count(text) } else { 0 };
                self.count(row, |tally| {
                    tally.of.answers += 1;
                    tally.words += words;
                });
            }
            let hits = self.request.hits.as_ref().filter(|hits| !hits.enough.load(Ordering::Relaxed));
            let shows = hits.map_or(0, |hits| hits.most);
            self.request.finder.find(&texts, buffers, |number, places| {
                let row = first + begin + number;
                let mentions = places.len() as u64;
                self.states[row] = State::WithMentions;
                self.count(row, |tally| {
                    tally.with.answers += 1;
                    tally.mentions += mentions;
                    tally.mentions_among_words += if has_words[number] { mentions } else { 0 };
                });
                let left = shows.saturating_sub(self.shown);
                if left > 0 {
                    let places = places[..places.len().min(left)].to_vec();
                    self.shown += places.len();
                    let transcripts = transcripts.clone();
                    self.found.push(FoundIn { row, transcripts, at: begin + number, places });
                }
            });
        }
    }

    /// Counts the interviews of each part, and whose they are. The rows of an interview are consecutive.
    fn count_interviews(&mut self, facts: &HashMap<String, Facts>) {
        let rows = self.states.len();
        let mut begin = 0;
        let mut parts: BTreeMap<usize, State> = BTreeMap::new();
        while begin < rows {
            let id = self.ids.value(begin);
            let end = (begin..rows).find(|row| self.ids.value(*row) != id).unwrap_or(rows);
            parts.clear();
            let mut in_all = State::NotSearched;
            for row in begin..end {
                in_all = self.states[row].max(in_all);
                if let Some(part) = self.part_of.get(row) {
                    let in_part = parts.entry(*part).or_insert(State::NotSearched);
                    *in_part = self.states[row].max(*in_part);
                }
            }
            let person = facts.get(id).and_then(|facts| facts.person);
            add_interview(&mut self.all, in_all, person);
            parts.iter().for_each(|(part, state)| add_interview(&mut self.parts[*part].2, *state, person));
            begin = end;
        }
    }

    /// The mentions as they are shown, and how many of them must not be.
    fn show(&mut self, source: &Source, group: usize) -> Result<(Vec<Hit>, u64)> {
        let (Some(request), false) = (&self.request.hits, self.found.is_empty()) else { return Ok((Vec::new(), 0)) };
        // Most row groups have no mention of a rare term, so what stands beside one is read only here.
        let rows = &source.answers.row_group(group, &BESIDE_MENTIONS)?;
        let wanted: HashSet<&str> = self.found.iter().map(|found| self.ids.value(found.row)).collect();
        let people = if request.is_masked { source.people(|id| wanted.contains(id))? } else { HashMap::new() };
        let (jobs, questions) = (dictionary(rows, "job_id"), dictionary(rows, "question_text"));
        let (positions, settled) = (integers(rows, "position"), times(rows, "settled_at"));
        let (mut hits, mut withheld) = (Vec::new(), 0);
        let mut finder = WordFinder::default();
        for FoundIn { row, transcripts, at, places } in std::mem::take(&mut self.found) {
            let id = self.ids.value(row);
            let speaker = match people.get(id) {
                _ if !request.is_masked => Speaker::Unmasked,
                Some(person) => Speaker::Known(person),
                None => Speaker::Unknown,
            };
            let answer = Answer::of(transcripts.value(at), speaker, &mut finder);
            withheld += if answer.is_shown() { 0 } else { places.len() as u64 };
            hits.extend(places.into_iter().map(|place| Hit {
                interview_id: id.to_owned(),
                position: positions.value(row),
                job_id: word_at(jobs, row).map(str::to_owned),
                question: word_at(questions, row).map(str::to_owned),
                settled_at: time_at(settled, row),
                shown: show(&answer, &place, request.context, &request.neighbours),
                start: place.start,
                end: place.end,
            }));
        }
        Ok((hits, withheld))
    }
}

fn add_interview(tally: &mut Tally, state: State, person: Option<u128>) {
    if state >= State::WithoutMentions {
        tally.of.add_interview(person);
    }
    if state == State::WithMentions {
        tally.with.add_interview(person);
    }
}

/// The month of a time, as 2026-05.
fn month(at: i64, zone: &TimeZone) -> Option<String> {
    let day = zone.to_datetime(Timestamp::from_microsecond(at).ok()?).date();
    Some(format!("{:04}-{:02}", day.year(), day.month()))
}
