//! Rows of `keyword_hits`: one for each answer and term with at least one mention.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field};

use super::request::PreparedSet;
use crate::keywords::Hit;
use crate::lake::rows;
use crate::lake::schema::{self, place_fields};

/// Collects the hits of a row group, answer by answer. The rows are in the order of the answers, and within an answer
/// in the order of the terms' names.
pub struct HitRows<'a> {
    prepared: &'a PreparedSet,
    hits: Vec<Hit>,
    /// For each row, the index of its answer in the row group.
    answers: Vec<u32>,
    /// For each row, the index of its term in the set.
    terms: Vec<u32>,
    mentions: Vec<i64>,
    negated: Vec<Option<i64>>,
    /// Where each mention starts: all mentions of all rows.
    starts: Vec<i64>,
    /// Where each mention ends: all mentions of all rows.
    ends: Vec<i64>,
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
            starts: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds the hits of an answer. Whether they are negated is known only where it may be in English.
    pub fn push(&mut self, answer: u32, hits: &[Hit], may_be_english: bool) {
        self.hits.clear();
        self.hits.extend_from_slice(hits);
        self.hits.sort_unstable_by_key(|hit| (self.prepared.rank[hit.term as usize], hit.start, hit.end));
        for same_term in self.hits.chunk_by(|a, b| a.term == b.term) {
            self.answers.push(answer);
            self.terms.push(same_term[0].term);
            self.mentions.push(signed(same_term.len()));
            let negated = || signed(same_term.iter().filter(|hit| hit.negated).count());
            self.negated.push(may_be_english.then(negated));
            self.starts.extend(same_term.iter().map(|hit| i64::from(hit.start)));
            self.ends.extend(same_term.iter().map(|hit| i64::from(hit.end)));
        }
    }

    /// Returns the rows. `shared` holds the columns of `responses` that they repeat, with a value for each answer; some
    /// of them may be dictionaries.
    pub fn finish(self, shared: &[ArrayRef]) -> RecordBatch {
        let terms = self.prepared.set.terms();
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(terms.iter().map(|term| term.name.as_str())));
        let categories = rows::strings(terms.iter().map(|term| term.category.as_deref()));
        let lengths = self.mentions.iter().map(|mentions| usize::try_from(*mentions).expect("counts of hits"));
        let places = ListArray::new(
            Arc::new(Field::new("item", DataType::Struct(place_fields()), false)),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(StructArray::new(place_fields(), vec![integers(self.starts), integers(self.ends)], None)),
            None,
        );
        let (answers, terms) = (UInt32Array::from(self.answers), UInt32Array::from(self.terms));
        let of = |column: &ArrayRef, rows: &UInt32Array| take(column, rows, None).expect("indices are of rows there");
        let mut columns: Vec<ArrayRef> = shared.iter().map(|column| plain(&of(column, &answers))).collect();
        columns.extend([of(&names, &terms), of(&categories, &terms)]);
        columns.extend([integers(self.mentions), Arc::new(Int64Array::from(self.negated)), Arc::new(places)]);
        rows::batch(&schema::KEYWORD_HITS, columns)
    }
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
