//! Patterns of interviews that stay out of the lake, such as those of test candidates or internal ones.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{Error, Interview, Result};

/// The patterns of one source. `*` matches any text, `?` any character, and case is ignored.
#[derive(Debug, Clone, Default)]
pub struct Exclude {
    patterns: Vec<GlobMatcher>,
}

impl Exclude {
    /// Compiles the patterns of a source.
    ///
    /// # Errors
    /// A usage error that names an invalid pattern.
    pub fn new(patterns: &[String]) -> Result<Self> {
        let mut exclude = Self::default();
        patterns.iter().try_for_each(|pattern| exclude.add(pattern))?;
        Ok(exclude)
    }

    /// Adds a pattern.
    ///
    /// # Errors
    /// A usage error that names an invalid pattern.
    pub fn add(&mut self, pattern: &str) -> Result<()> {
        let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
        let glob = glob.map_err(|_| Error::usage(format!("`{pattern}` under exclude is no pattern")))?;
        self.patterns.push(glob.compile_matcher());
        Ok(())
    }

    /// The pattern that keeps out an interview by its id, before it is requested.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&str> {
        self.first([Some(id)])
    }

    /// The pattern that keeps out an interview by its id, the candidate's e-mail address, or the id or title of the
    /// job.
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
