//! The interviews of a sandbox, each made when it is requested.

use std::sync::Arc;

use serde_json::Value;

use super::contrast::Contrasts;
use super::ids::{self, Entity};
use super::recombine;
use super::sample::SAMPLE;

/// The interviews of a sandbox, by index. Those of the sample come first, in its order. The others are made from the
/// seed and the index alone, so that none need be kept.
#[derive(Clone)]
pub struct Interviews {
    count: usize,
    seed: u64,
    /// What is planted in them.
    contrasts: Arc<Contrasts>,
}

impl Interviews {
    /// A sandbox of `count` interviews, or of just the sample if `count` is `None`.
    pub fn new(count: Option<usize>, seed: u64, contrasts: Contrasts) -> Self {
        // The sample is read here, even if its length is not needed, so that no request has to wait for it.
        let shipped = SAMPLE.interviews.len();
        Self { count: count.unwrap_or(shipped), seed, contrasts: Arc::new(contrasts) }
    }

    /// All ids in the order of the indices.
    pub fn ids(&self) -> impl Iterator<Item = String> + use<> {
        let seed = self.seed;
        (0..self.count).map(move |index| match SAMPLE.interviews.get(index) {
            Some(body) => body["id"].as_str().unwrap_or_default().to_owned(),
            None => ids::id(seed, Entity::Interview, index),
        })
    }

    /// The index of the interview with this id, if there is one.
    pub fn find(&self, id: &str) -> Option<usize> {
        SAMPLE
            .places
            .get(id)
            .copied()
            .or_else(|| ids::index(self.seed, id).filter(|&index| index >= SAMPLE.interviews.len()))
            .filter(|&index| index < self.count)
    }

    /// The body of an interview. Its `audio_url`s are those of the sample, which do not work.
    pub fn interview(&self, index: usize) -> Value {
        let mut body = self.without_contrast(index);
        self.contrasts.change(&mut body, &self.questions_without_contrast(index), index);
        body
    }

    /// The body of an interview's questions.
    pub fn questions(&self, index: usize) -> Value {
        let mut body = self.questions_without_contrast(index);
        self.contrasts.change_questions(&mut body, &self.without_contrast(index), index);
        body
    }

    fn without_contrast(&self, index: usize) -> Value {
        match SAMPLE.interviews.get(index) {
            Some(body) => body.clone(),
            None => recombine::interview(&SAMPLE, self.seed, index),
        }
    }

    fn questions_without_contrast(&self, index: usize) -> Value {
        match SAMPLE.questions.get(index) {
            Some(body) => body.clone(),
            None => recombine::questions(&SAMPLE, self.seed, index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_sandbox_is_the_start_of_a_larger_one() {
        let larger = Interviews::new(Some(SAMPLE.interviews.len() + 20), 1, Contrasts::default());
        for count in [0, 3, SAMPLE.interviews.len(), SAMPLE.interviews.len() + 20] {
            let interviews = Interviews::new(Some(count), 1, Contrasts::default());
            let ids: Vec<_> = interviews.ids().collect();
            assert_eq!(ids.len(), count);
            assert!(ids.iter().eq(larger.ids().take(count).collect::<Vec<_>>().iter()));
            assert!(ids.iter().enumerate().all(|(index, id)| interviews.find(id) == Some(index)));
            assert!(larger.ids().skip(count).all(|id| interviews.find(&id).is_none()));
        }
    }
}
