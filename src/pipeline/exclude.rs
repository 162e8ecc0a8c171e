//! Patterns of what stays out of the lake: test candidates, internal interviews.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{Error, Interview, Result};

/// The patterns of one source. `*` is any text and `?` any character; case makes no difference.
#[derive(Debug, Clone, Default)]
pub struct Exclude {
    patterns: Vec<GlobMatcher>,
}

impl Exclude {
    /// # Errors
    /// A usage error that names the pattern that is none.
    pub fn new(patterns: &[String]) -> Result<Self> {
        let build = |pattern: &String| {
            let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
            let wrong = |_| Error::usage(format!("`{pattern}` under exclude is no pattern"));
            glob.map(|glob| glob.compile_matcher()).map_err(wrong)
        };
        Ok(Self { patterns: patterns.iter().map(build).collect::<Result<_>>()? })
    }

    /// The pattern that keeps an id out before it is asked for.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&str> {
        self.first([Some(id)])
    }

    /// The pattern that keeps an interview out: by its id, the candidate's e-mail, the job's id or title.
    #[must_use]
    pub fn by_body(&self, interview: &Interview) -> Option<&str> {
        let Interview { id, candidate, job, .. } = interview;
        self.first([Some(id.as_str()), candidate.email.as_deref(), job.id.as_deref(), job.title.as_deref()])
    }

    fn first<const N: usize>(&self, texts: [Option<&str>; N]) -> Option<&str> {
        let matches = |pattern: &&GlobMatcher| texts.iter().flatten().any(|text| pattern.is_match(text));
        self.patterns.iter().find(matches).map(|pattern| pattern.glob().glob())
    }
}
