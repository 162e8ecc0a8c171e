//! Which answers are searched.

use std::collections::BTreeSet;

use crate::lake::Lake;
use crate::lake::job_list::{job_ids, list};

use crate::model::{Result, normalised};

/// Selects the answers to search. An empty list selects all.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Ids or titles of jobs.
    pub jobs: Vec<String>,
    /// Departments, whatever their case.
    pub departments: Vec<String>,
    /// Ids of questions, or parts of their texts.
    pub questions: Vec<String>,
    /// Types of questions, in the vendor's words.
    pub types: Vec<String>,
    /// Statuses of interviews, in the vendor's words.
    pub statuses: Vec<String>,
    /// The earliest `settled_at`, in microseconds since 1970.
    pub from: Option<i64>,
    /// The end of the range of `settled_at`, exclusive, in microseconds since 1970.
    pub until: Option<i64>,
}

/// Filters, with jobs by id alone and questions as they are compared.
#[derive(Debug)]
pub struct Selection {
    /// `None` for all.
    pub jobs: Option<BTreeSet<String>>,
    pub questions: Vec<Wanted>,
    pub types: Vec<String>,
    pub statuses: Vec<String>,
    pub from: Option<i64>,
    pub until: Option<i64>,
}

/// A question that is wanted: its id, or a part of its text.
#[derive(Debug)]
pub struct Wanted {
    id: String,
    part: String,
}

impl Filters {
    /// # Errors
    /// When the lake cannot be read.
    pub fn resolve(&self, lake: &Lake) -> Result<Selection> {
        let mut jobs: Option<BTreeSet<String>> = None;
        if !self.jobs.is_empty() {
            jobs = Some(job_ids(lake, &self.jobs)?.into_iter().collect());
        }
        if !self.departments.is_empty() {
            let wanted: BTreeSet<String> = self.departments.iter().map(|name| name.to_lowercase()).collect();
            let is_wanted = |name: &str| wanted.contains(&name.to_lowercase());
            let inside = list(lake)?.into_iter().filter(|job| job.department.as_deref().is_some_and(is_wanted));
            let inside: BTreeSet<String> = inside.filter_map(|job| job.id).collect();
            jobs = Some(jobs.map_or_else(|| inside.clone(), |jobs| &jobs & &inside));
        }
        let wanted = |text: &String| Wanted { id: text.clone(), part: normalised(text) };
        Ok(Selection {
            jobs,
            questions: self.questions.iter().map(wanted).collect(),
            types: self.types.clone(),
            statuses: self.statuses.clone(),
            from: self.from,
            until: self.until,
        })
    }
}

impl Selection {
    pub fn has_job(&self, id: Option<&str>) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| id.is_some_and(|id| jobs.contains(id)))
    }

    pub fn has_question(&self, id: Option<&str>, text: Option<&str>) -> bool {
        if self.questions.is_empty() {
            return true;
        }
        let text = text.map(normalised).unwrap_or_default();
        self.questions.iter().any(|wanted| id == Some(&wanted.id) || text.contains(&wanted.part))
    }

    pub fn has_type(&self, question_type: Option<&str>) -> bool {
        has(&self.types, question_type)
    }

    pub fn has_status(&self, status: Option<&str>) -> bool {
        has(&self.statuses, status)
    }

    pub fn has_time(&self, settled_at: Option<i64>) -> bool {
        self.from.is_none_or(|from| settled_at.is_some_and(|at| at >= from))
            && self.until.is_none_or(|until| settled_at.is_some_and(|at| at < until))
    }
}

fn has(wanted: &[String], word: Option<&str>) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| word == Some(wanted))
}
