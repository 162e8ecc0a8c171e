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

    /// For each of some n-grams, whether any term matches inside its phrase.
    pub fn are<N: Copy>(&self, grams: &[N], phrase: impl Fn(N) -> String) -> Vec<bool> {
        let mut covered = vec![false; grams.len()];
        if self.matchers.is_empty() {
            return covered;
        }
        let (mut buffers, mut scratch) = (TextBuffers::default(), Scratch::default());
        let phrases: Vec<String> = grams.iter().map(|gram| phrase(*gram)).collect();
        let phrases: Vec<Option<Text>> = phrases.iter().map(|phrase| Some(Text::from(phrase.as_str()))).collect();
        let texts = Texts::new(phrases, &self.prefilter, &mut buffers);
        for matcher in &self.matchers {
            matcher.count_all(&texts, |_| None, &mut scratch, |phrase, _| covered[phrase] = true);
        }
        covered
    }
}
