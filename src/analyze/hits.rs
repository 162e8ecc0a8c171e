//! Rows of `keyword_hits`: one for each answer and term with at least one mention.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;

use super::request::PreparedSet;
use crate::keywords::{Hit, Text};
use crate::lake::rows;
use crate::lake::schema::{self, place_field, place_fields};

/// Collects the hits of a row group, answer by answer. The rows are in the order of the answers, and within an answer
/// in the order of the terms' names.
pub struct HitRows<'a> {
    prepared: &'a PreparedSet,
    hits: Vec<Place>,
    /// For each row, the index of its answer in the row group.
    answers: Vec<u32>,
    /// For each row, the index of its term in the set.
    terms: Vec<u32>,
    mentions: Vec<i64>,
    negated: Vec<Option<i64>>,
    /// Where each mention is: all mentions of all rows.
    places: Places,
}

/// Where a mention is, in bytes and in Unicode scalar values.
#[derive(Debug, Clone, Copy)]
struct Place {
    hit: Hit,
    start_char: u32,
    end_char: u32,
}

/// Places, by column.
#[derive(Default)]
struct Places {
    starts: Vec<i64>,
    ends: Vec<i64>,
    start_chars: Vec<i64>,
    end_chars: Vec<i64>,
    negated: Vec<Option<bool>>,
}

impl<'a> HitRows<'a> {
    pub fn new(prepared: &'a PreparedSet) -> Self {
        Self {
            prepared,
            hits: Vec::new(),
            answers: Vec::new(),
            terms: Vec::new(),
            mentions: Vec::new(),
            negated: Vec::new(),
            places: Places::default(),
        }
    }

    /// Adds the hits of an answer, sorted by start, and its text. Whether they are negated is known only where it may be
    /// in English.
    pub fn push(&mut self, answer: u32, text: Text, hits: &[Hit], may_be_english: bool) {
        self.hits.clear();
        self.hits.extend(places(text, hits));
        self.hits.sort_unstable_by_key(|Place { hit, .. }| (self.prepared.rank[hit.term as usize], hit.start, hit.end));
        for same_term in self.hits.chunk_by(|a, b| a.hit.term == b.hit.term) {
            self.answers.push(answer);
            self.terms.push(same_term[0].hit.term);
            self.mentions.push(signed(same_term.len()));
            let negated = || signed(same_term.iter().filter(|place| place.hit.negated).count());
            self.negated.push(may_be_english.then(negated));
            self.places.extend(same_term, may_be_english);
        }
    }

    /// Returns the rows. `shared` holds the columns of `responses` that they repeat, with a value for each answer; some
    /// of them may be dictionaries.
    pub fn finish(self, shared: &[ArrayRef]) -> RecordBatch {
        let terms = self.prepared.set.terms();
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(terms.iter().map(|term| term.name.as_str())));
        let categories = rows::strings(terms.iter().map(|term| term.category.as_deref()));
        let lengths = self.mentions.iter().map(|mentions| usize::try_from(*mentions).expect("counts of hits"));
        let places =
            ListArray::new(place_field(), OffsetBuffer::from_lengths(lengths), Arc::new(self.places.finish()), None);
        let (answers, terms) = (UInt32Array::from(self.answers), UInt32Array::from(self.terms));
        let of = |column: &ArrayRef, rows: &UInt32Array| take(column, rows, None).expect("indices are of rows there");
        let mut columns: Vec<ArrayRef> = shared.iter().map(|column| plain(&of(column, &answers))).collect();
        columns.extend([of(&names, &terms), of(&categories, &terms)]);
        columns.extend([integers(self.mentions), Arc::new(Int64Array::from(self.negated)), Arc::new(places)]);
        rows::batch(&schema::KEYWORD_HITS, columns)
    }
}

impl Places {
    fn extend(&mut self, places: &[Place], may_be_english: bool) {
        self.starts.extend(places.iter().map(|place| i64::from(place.hit.start)));
        self.ends.extend(places.iter().map(|place| i64::from(place.hit.end)));
        self.start_chars.extend(places.iter().map(|place| i64::from(place.start_char)));
        self.end_chars.extend(places.iter().map(|place| i64::from(place.end_char)));
        self.negated.extend(places.iter().map(|place| may_be_english.then_some(place.hit.negated)));
    }

    fn finish(self) -> StructArray {
        let Self { starts, ends, start_chars, end_chars, negated } = self;
        let mut columns: Vec<ArrayRef> = [starts, ends, start_chars, end_chars].map(integers).into();
        columns.push(Arc::new(BooleanArray::from(negated)));
        StructArray::new(place_fields(), columns, None)
    }
}

/// Adds to hits, sorted by start, where they are in Unicode scalar values. The text is read once, as far as the last hit,
/// and if it is ASCII, not at all.
fn places<'h>(text: Text<'h>, hits: &'h [Hit]) -> impl Iterator<Item = Place> + 'h {
    let (mut byte, mut char) = (0, 0);
    hits.iter().map(move |&hit| {
        let Hit { start, end, .. } = hit;
        if text.is_ascii() {
            return Place { hit, start_char: start, end_char: end };
        }
        // Between two hits there are often hundreds of bytes, which the standard library counts many at a time.
        char += chars_between(text, byte, start);
        byte = start;
        Place { hit, start_char: char, end_char: char + chars_between(text, start, end) }
    })
}

fn chars_between(text: Text, start: u32, end: u32) -> u32 {
    let count = text.as_str()[start as usize..end as usize].chars().count();
    u32::try_from(count).expect("texts are below 4 GiB")
}

/// Unpacks a dictionary column into its values. Other columns are returned as they are.
fn plain(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values).expect("a dictionary has its values"),
        _ => Arc::clone(column),
    }
}

fn integers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("no count reaches 2^63")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn characters_are_counted_as_from_the_beginning(
            text in "([a-c ]|é|ß|京|😀|\u{301}){0,80}",
            ends in proptest::collection::vec((0..200_usize, 0..200_usize), 0..30),
        ) {
            let at: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let mut hits: Vec<Hit> = ends
                .into_iter()
                .map(|(a, b)| (at[a % at.len()], at[b % at.len()]))
                .map(|(a, b)| Hit { term: 0, start: a.min(b) as u32, end: a.max(b) as u32, negated: false })
                .collect();
            hits.sort_by_key(|hit| (hit.start, u32::MAX - hit.end));
            let chars = |bytes: u32| text[..bytes as usize].chars().count() as u32;
            let found: Vec<(Hit, u32, u32)> =
                places(Text::from(&text), &hits).map(|place| (place.hit, place.start_char, place.end_char)).collect();
            let expected: Vec<_> = hits.iter().map(|hit| (*hit, chars(hit.start), chars(hit.end))).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
