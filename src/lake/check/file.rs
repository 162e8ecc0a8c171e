//! Looks at one file: its bytes, what it says of itself, and its rows.

use arrow::datatypes::Field;

use super::finding::{Finding, FindingKind, way_out};
use super::keys::Key;
use super::walk::{Rules, Walked, dated_by, open, walk};
use crate::lake::conform::reads_as;
use crate::lake::durable::sha256_of;
use crate::lake::job_table;
use crate::lake::log::Version;
use crate::lake::places::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{Column, INTERVIEWS, JOBS, RESPONSES, SOURCE_SHA256, TABLE, Table};
use crate::lake::sources::{source_place, source_sha256};
use crate::ledger::LiveFile;
use crate::model::Result;

/// A file of the log, and what its rows may belong to.
pub struct Expected<'a> {
    pub lake: &'a Lake,
    pub version: &'a Version,
    pub file: &'a LiveFile,
    pub table: &'a Table,
    pub parents: Option<Parents<'a>>,
}

/// What rows belong to.
#[derive(Clone, Copy)]
pub struct Parents<'a> {
    /// What it is, for people.
    pub what: &'a str,
    /// The columns that name it.
    pub columns: &'a [&'a str],
    /// The keys that there are, sorted.
    pub keys: &'a [Key],
}

/// A file that was looked at.
#[derive(Debug, Default)]
pub struct Looked {
    pub findings: Vec<Finding>,
    /// Sorted. `None` when the file is not as it was written, so that its rows say nothing.
    pub keys: Option<Vec<Key>>,
    pub rows: u64,
    pub bytes: u64,
}

impl Expected<'_> {
    /// Reads all of the file.
    pub fn look(&self) -> Looked {
        let path = self.lake.root().join(&self.file.path);
        let mut looked = Looked::default();
        match sha256_of(&path) {
            Ok(sha256) if sha256 == self.file.sha256 => looked.bytes = self.file.bytes,
            Ok(_) => looked.findings.push(self.finding(FindingKind::Changed, "it has other bytes than the log says")),
            Err(error) => looked.findings.push(self.finding(FindingKind::Unreadable, error.to_string())),
        }
        // Of other bytes nobody knows what reading them does.
        if looked.findings.is_empty() {
            match self.rows(&mut looked.findings) {
                Ok(walked) => {
                    looked.rows = walked.as_ref().map_or(0, |walked| walked.rows);
                    looked.keys = walked.map(|walked| walked.keys);
                }
                Err(error) => looked.findings.push(self.finding(FindingKind::Unreadable, error.to_string())),
            }
        }
        looked
    }

    /// Its path below its table.
    pub fn place(&self) -> &str {
        place_of(self.file)
    }

    fn finding(&self, kind: FindingKind, what: impl Into<String>) -> Finding {
        Finding::new(kind, &self.file.path, what, way_out(self.lake, kind, self.table.name))
    }

    /// Looks at what the file says of itself, and at its rows. `None` if it does not have the columns for that.
    fn rows(&self, findings: &mut Vec<Finding>) -> Result<Option<Walked>> {
        let Self { lake, file, table, .. } = *self;
        let path = lake.root().join(&file.path);
        let said = ParquetFile::open(&path)?;
        let mut find = |kind, what: String| findings.push(self.finding(kind, what));
        if said.metadata(TABLE) != Some(table.name) {
            let other = said.metadata(TABLE).unwrap_or("none");
            find(FindingKind::Schema, format!("its metadata names the table {other}"));
        }
        if let Some(what) = self.staleness(&said) {
            find(FindingKind::Stale, what);
        }
        let unknown = |field: &&Field| table.columns.iter().all(|column| column.name != field.name());
        for field in said.schema().fields().iter().map(AsRef::as_ref).filter(unknown) {
            find(FindingKind::Schema, format!("it has a column {}, which the table has not", field.name()));
        }
        let wrong: Vec<String> = table.columns.iter().filter_map(|column| wrong_column(&said, table, column)).collect();
        if !wrong.is_empty() {
            wrong.into_iter().for_each(|what| find(FindingKind::Schema, what));
            return Ok(None);
        }
        let parents = self.parents.map(|Parents { columns, keys, .. }| (columns, keys));
        let walked = walk(&open(&path, table)?, &Rules { table, month: self.month(), parents })?;
        let Walked { rows, repeated, orphans, misplaced, .. } = walked;
        if rows != file.rows {
            find(FindingKind::Changed, format!("it has {rows} rows, and the log says {}", file.rows));
        }
        if repeated > 0 {
            let key = table.key.join(", ");
            find(FindingKind::Doubled, format!("{repeated} of its keys ({key}) are in it more than once"));
        }
        if let (Some(Parents { what, .. }), 1..) = (self.parents, orphans) {
            find(FindingKind::Orphans, format!("{orphans} of its rows are of no {what}"));
        }
        if let (Some(month), Some(dated), 1..) = (self.month(), dated_by(table), misplaced) {
            find(FindingKind::Misplaced, format!("{misplaced} of its rows are not of {month} by their {dated}"));
        }
        Ok(Some(walked))
    }

    fn month(&self) -> Option<&str> {
        self.place().split('/').find_map(|folder| folder.strip_prefix("month="))
    }

    /// Why a derived file has to be made again, if so.
    fn staleness(&self, said: &ParquetFile) -> Option<String> {
        if self.table.name == JOBS.name {
            return job_table::difference(self.lake, self.version, said).map(str::to_owned);
        }
        let made_from = said.metadata(SOURCE_SHA256)?;
        let place = source_place(self.place());
        let of = |table: &Table| self.version.file(&format!("{}/{place}", table.name)).map(|file| &*file.sha256);
        match source_sha256(self.table, of(&INTERVIEWS), of(&RESPONSES)) {
            None => Some("what it was made from is no part of the lake".to_owned()),
            Some(is) if is != made_from => Some("it was made from other bytes than the lake has now".to_owned()),
            Some(_) => None,
        }
    }
}

/// The path of a file below its table.
pub fn place_of(file: &LiveFile) -> &str {
    file.path.split_once('/').map_or(&*file.path, |(_, place)| place)
}

/// What is wrong with a column of a file. An older file may lack one that has come since, or a part of one, and is null
/// then.
fn wrong_column(file: &ParquetFile, table: &Table, column: &Column) -> Option<String> {
    let Column { name, column_type, nullable, .. } = column;
    let Ok(field) = file.schema().field_with_name(name) else {
        let may_lack = *nullable && !table.key.contains(name) && dated_by(table) != Some(name);
        return (!may_lack).then(|| format!("it lacks the column {name}"));
    };
    let (is, should_be) = (field.data_type(), column_type.arrow());
    if !reads_as(is, &should_be) {
        return Some(format!("its column {name} is {is}, not {should_be}"));
    }
    (field.is_nullable() && !nullable).then(|| format!("its column {name} may be null"))
}
