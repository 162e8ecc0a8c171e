//! Rows of `keyword_hits`: one for each answer and term with at least one mention.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, ListBuilder, RecordBatch, StringBuilder, StructBuilder, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::Field;

use super::PreparedSet;
use super::metrics::same;
use crate::keywords::{Hit, Scratch};
use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::rows;
use crate::lake::schema::{self, place_fields};
use crate::model::{Error, Result};

/// The hits of one row group of answers: rows in the order of the answers, then by the name of the term.
pub fn of_responses(source: &ParquetFile, group: usize, set: &PreparedSet) -> Result<RecordBatch> {
    let columns = ["interview_id", "position", "job_id", "settled_at", "question_type", "transcript"];
    let answers = source.row_group(group, &columns)?;
    let transcripts = strings(&answers, "transcript");
    let types = strings(&answers, "question_type");
    let terms = set.set.terms();

    let mut scratch = Scratch::default();
    let mut found: Vec<Hit> = Vec::new();
    let mut rows_of_hits = Vec::new();
    let (mut names, mut categories) = (StringBuilder::new(), StringBuilder::new());
    let (mut mentions, mut negated) = (Int64Builder::new(), Int64Builder::new());
    let mut places = places_builder();
    for row in 0..answers.num_rows() {
        let Some(text) = string_at(transcripts, row) else { continue };
        found.clear();
        set.matcher.find(text, string_at(types, row), &mut scratch, &mut found);
        found.sort_unstable_by(|a, b| {
            let name = |hit: &Hit| terms[hit.term as usize].name.as_str();
            (name(a), a.start, a.end).cmp(&(name(b), b.start, b.end))
        });
        for group in found.chunk_by(|a, b| a.term == b.term) {
            let term = &terms[group[0].term as usize];
            rows_of_hits.push(row as u64);
            names.append_value(&term.name);
            categories.append_option(term.category.as_deref());
            mentions.append_value(signed(group.len()));
            negated.append_value(signed(group.iter().filter(|hit| hit.negated).count()));
            append_places(&mut places, group);
        }
    }
    let rows_of_hits = UInt64Array::from(rows_of_hits);
    let mut columns = same(&answers, &["interview_id", "position", "job_id", "settled_at"])
        .iter()
        .map(|column| take(column, &rows_of_hits, None))
        .collect::<Result<Vec<ArrayRef>, _>>()
        .map_err(|error| Error::path("analyse", source.path(), error))?;
    columns.push(Arc::new(names.finish()));
    columns.push(Arc::new(categories.finish()));
    columns.push(Arc::new(mentions.finish()));
    columns.push(Arc::new(negated.finish()));
    columns.push(Arc::new(places.finish()));
    Ok(rows::batch(&schema::KEYWORD_HITS, columns))
}

fn places_builder() -> ListBuilder<StructBuilder> {
    let fields = place_fields();
    let builders = fields.iter().map(|_| Box::new(Int64Builder::new()) as Box<dyn arrow::array::ArrayBuilder>);
    let item = StructBuilder::new(fields.clone(), builders.collect());
    ListBuilder::new(item).with_field(Arc::new(Field::new("item", arrow::datatypes::DataType::Struct(fields), false)))
}

fn append_places(places: &mut ListBuilder<StructBuilder>, hits: &[Hit]) {
    for hit in hits {
        let item = places.values();
        for (index, value) in [hit.start, hit.end].into_iter().enumerate() {
            item.field_builder::<Int64Builder>(index).expect("both fields are integers").append_value(value.into());
        }
        item.append(true);
    }
    places.append(true);
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("no count reaches 2^63")
}
