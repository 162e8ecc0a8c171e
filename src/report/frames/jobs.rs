//! The jobs of a lake with their latest names. A file of jobs can merge and rename them, and a report can be narrowed
//! to some.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::interner::Interner;
use crate::model::{Error, Result, similar};
use crate::pipeline::{JobsFile, Narrow};

/// A job as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    /// The title from the file of jobs, or else the latest of the vendor's that is not null.
    pub title: Option<String>,
    pub department: Option<String>,
    /// Name of the job in file names: safe as one, unique among the jobs of the lake, and stable as long as the title
    /// is.
    pub slug: String,
    /// Whether the report covers the job.
    pub is_wanted: bool,
}

impl Job {
    /// Whether this is the job's id, its name in file names, or its title.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.slug == name || is_same(name, self.title.as_deref())
    }
}

/// Jobs as they are met while the lake is read. Each name comes with its time, so that the latest can be kept.
pub struct Jobs<'a> {
    merged: &'a JobsFile,
    ids: Interner,
    seen: Vec<(LatestName, LatestName)>,
}

type LatestName = Option<(i64, String)>;

impl<'a> Jobs<'a> {
    pub fn new(merged: &'a JobsFile) -> Self {
        Self { merged, ids: Interner::default(), seen: Vec::new() }
    }

    /// The number of the job with this vendor's id. Merged jobs share a number.
    pub fn number(&mut self, id: &str) -> u32 {
        let number = self.ids.number(self.merged.merged_id(id));
        self.seen.resize_with(self.ids.len(), Default::default);
        number
    }

    pub fn record_names(&mut self, job: u32, at: i64, title: Option<&str>, department: Option<&str>) {
        let (latest_title, latest_department) = &mut self.seen[job as usize];
        keep_latest(latest_title, at, title);
        keep_latest(latest_department, at, department);
    }

    /// All jobs in the order in which they are shown, and the position of each job there by its number.
    ///
    /// # Errors
    /// A usage error for a job or department that is not in the lake, unless it may be missing.
    pub fn finish(self, narrow: &Narrow) -> Result<(Vec<Job>, Vec<u32>)> {
        let ids: Vec<String> = self.ids.iter().map(str::to_owned).collect();
        let slugs = slugs(&ids);
        let named = ids.into_iter().zip(self.seen).zip(slugs);
        let mut jobs: Vec<(usize, Job)> = named
            .map(|((id, (title, department)), hash)| {
                let given = self.merged.named(&id);
                let text = |latest: LatestName| latest.map(|(_, text)| text);
                let title = given.and_then(|job| job.title.clone()).or(text(title));
                let department = given.and_then(|job| job.department.clone()).or(text(department));
                let slug = slug(title.as_deref().unwrap_or_default(), &hash);
                Job { id, title, department, slug, is_wanted: true }
            })
            .enumerate()
            .collect();
        jobs.sort_by(|(_, a), (_, b)| (&a.department, &a.title, &a.id).cmp(&(&b.department, &b.title, &b.id)));
        let mut order = vec![0; jobs.len()];
        for (place, (number, _)) in jobs.iter().enumerate() {
            order[*number] = u32::try_from(place).expect("a lake has fewer than 2^32 jobs");
        }
        let mut jobs: Vec<Job> = jobs.into_iter().map(|(_, job)| job).collect();
        choose(&mut jobs, narrow)?;
        Ok((jobs, order))
    }
}

/// Keeps the later of two texts. At equal times it keeps the greater one, so that the order of files does not matter.
fn keep_latest(latest: &mut LatestName, at: i64, text: Option<&str>) {
    let Some(text) = text else { return };
    if latest.as_ref().is_none_or(|(then, known)| (*then, known.as_str()) < (at, text)) {
        *latest = Some((at, text.to_owned()));
    }
}

fn choose(jobs: &mut [Job], narrow: &Narrow) -> Result<()> {
    let is_job = |name: &str, job: &Job| job.is_called(name);
    let is_department = |name: &str, job: &Job| is_same(name, job.department.as_deref());
    let missing = |what: &str, name: &str, known: BTreeSet<&str>| {
        let meant = similar(name, known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "));
        let known: Vec<&str> = known.into_iter().take(20).collect();
        let hint = format!("{meant}there are: {}", known.join(", "));
        Error::usage(format!("no {what} of the lake is called {name}")).hint(hint)
    };
    let is_refused = |is_known: bool| !is_known && !narrow.may_be_missing;
    if let Some(name) = narrow.jobs.iter().find(|name| is_refused(jobs.iter().any(|job| is_job(name, job)))) {
        return Err(missing("job", name, jobs.iter().filter_map(|job| job.title.as_deref()).collect()));
    }
    if let Some(name) =
        narrow.departments.iter().find(|name| is_refused(jobs.iter().any(|job| is_department(name, job))))
    {
        return Err(missing("department", name, jobs.iter().filter_map(|job| job.department.as_deref()).collect()));
    }
    for job in jobs {
        let in_jobs = narrow.jobs.is_empty() || narrow.jobs.iter().any(|name| is_job(name, job));
        let departments = &narrow.departments;
        let in_departments = departments.is_empty() || departments.iter().any(|name| is_department(name, job));
        job.is_wanted = in_jobs && in_departments;
    }
    Ok(())
}

fn is_same(name: &str, other: Option<&str>) -> bool {
    other.is_some_and(|other| name.to_lowercase() == other.to_lowercase())
}

const LONGEST_TITLE: usize = 48;
const HASH_DIGITS: usize = 8;

/// The hash of each id, cut to the shortest length at which all differ, but at least to [`HASH_DIGITS`].
fn slugs(ids: &[String]) -> Vec<String> {
    let hashes: Vec<String> = ids.iter().map(|id| hex::encode(Sha256::digest(id.as_bytes()))).collect();
    let mut sorted: Vec<&str> = hashes.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let longest = sorted.windows(2).map(|pair| shared(pair[0], pair[1]) + 1).max().unwrap_or(0).max(HASH_DIGITS);
    hashes.iter().map(|hash| hash[..longest.min(hash.len())].to_owned()).collect()
}

/// `frontend-developer-1a2b3c4d`: the ASCII letters and digits of a title, and a hash that makes it unique.
fn slug(title: &str, hash: &str) -> String {
    let mut words = String::new();
    for character in title.chars() {
        if words.len() >= LONGEST_TITLE {
            break;
        }
        if character.is_ascii_alphanumeric() {
            words.push(character.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
    }
    let words = words.trim_end_matches('-');
    if words.is_empty() { format!("job-{hash}") } else { format!("{words}-{hash}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_as_file_names_and_tell_jobs_apart() {
        assert_eq!(slug("Senior C++ / Rust Developer (m/w/d)", "1a2b3c4d"), "senior-c-rust-developer-m-w-d-1a2b3c4d");
        assert_eq!(slug("../../etc/passwd\0", "1a2b3c4d"), "etc-passwd-1a2b3c4d");
        assert_eq!(slug("東京", "1a2b3c4d"), "job-1a2b3c4d");
        assert!(slug(&"<b>x".repeat(300), "1a2b3c4d").len() < 64);
        let ids = [String::new(), "a".to_owned(), "b".to_owned()];
        let hashes = slugs(&ids);
        assert!(hashes.iter().all(|hash| hash.len() == HASH_DIGITS));
        assert_eq!(hashes, slugs(&ids));
    }

    #[test]
    fn the_latest_name_wins_and_the_file_of_jobs_over_it() {
        let file =
            JobsFile::parse("[[job]]\nid = \"frontend\"\nids = [\"a\", \"b\"]\ntitle = \"Frontend\"\n", "jobs.toml")
                .unwrap();
        let mut jobs = Jobs::new(&file);
        let (a, b, c) = (jobs.number("a"), jobs.number("b"), jobs.number("c"));
        assert_eq!(a, b);
        jobs.record_names(a, 2, Some("New"), Some("Engineering"));
        jobs.record_names(b, 1, Some("Old"), None);
        jobs.record_names(c, 1, Some("Early"), None);
        jobs.record_names(c, 1, Some("Equally early"), None);
        let (jobs, order) = jobs.finish(&Narrow::default()).unwrap();
        let named: Vec<_> = order.iter().map(|place| &jobs[*place as usize]).collect();
        assert_eq!((named[0].id.as_str(), named[0].title.as_deref()), ("frontend", Some("Frontend")));
        assert_eq!(named[0].department.as_deref(), Some("Engineering"));
        assert_eq!(named[1].title.as_deref(), Some("Equally early"));
    }
}
