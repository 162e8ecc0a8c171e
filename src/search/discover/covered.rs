//! Whether a keyword set finds something in a phrase already.

use crate::keywords::{KeywordSet, Matcher, Prefilter, Scratch, Text, TextBuffers, Texts};
use crate::model::Result;

/// Keyword sets, compiled.
pub struct Covered {
    matchers: Vec<Matcher>,
    prefilter: Prefilter,
}

impl Covered {
    /// # Errors
    /// When a set is too large.
    pub fn by(sets: &[KeywordSet]) -> Result<Self> {
        let matchers: Vec<Matcher> = sets.iter().map(Matcher::new).collect::<Result<_>>()?;
        let prefilter = Matcher::shared_prefilter(&matchers);
        Ok(Self { matchers, prefilter })
    }

    /// For each phrase, whether any term matches inside it.
    pub fn are(&self, phrases: &[Option<&str>]) -> Vec<bool> {
        let mut covered = vec![false; phrases.len()];
        let (mut buffers, mut scratch) = (TextBuffers::default(), Scratch::default());
        let phrases: Vec<Option<Text>> = phrases.iter().map(|phrase| phrase.map(Text::from)).collect();
        let texts = Texts::new(phrases, &self.prefilter, &mut buffers);
        for matcher in &self.matchers {
            matcher.count_all(&texts, |_| None, &mut scratch, |phrase, _| covered[phrase] = true);
        }
        covered
    }
}
