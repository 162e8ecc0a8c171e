//! The made-up interviews that the sandbox answers: those of `data/`, and behind them as many more as asked for, each
//! made when it is asked for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde_json::Value;

use super::random::{mix, unmix};
use super::recombine::{self, Material};

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    Sample::read(include_str!("../../data/interviews.jsonl"), include_str!("../../data/questions.jsonl"))
});

/// The sample as shipped.
pub struct Sample {
    pub interviews: Vec<Value>,
    /// The questions of the interview at the same place.
    pub questions: Vec<Value>,
    /// What further interviews are made of.
    pub material: Material,
    places: HashMap<String, usize>,
}

impl Sample {
    fn read(interviews: &str, questions: &str) -> Self {
        let bodies = |lines: &str| -> Vec<Value> {
            let read = |line| serde_json::from_str(line).expect("the sample is JSON, one body a line");
            lines.lines().map(read).collect()
        };
        let (interviews, questions) = (bodies(interviews), bodies(questions));
        let ids = |bodies: &[Value], field: &str| -> Vec<String> {
            let id = |body: &Value| body[field].as_str().expect("a body of the sample has an id").to_owned();
            bodies.iter().map(id).collect()
        };
        let places = ids(&interviews, "id");
        assert!(
            places == ids(&questions, "interview_id"),
            "the sample's two files have the same ids in the same order"
        );
        let places = places.into_iter().zip(0..).collect();
        Self { material: Material::of(&interviews), interviews, questions, places }
    }
}

/// The interviews of one sandbox, by index: first the sample's, in its order, then those made from the seed and the
/// index alone, so that no table of them is kept.
#[derive(Clone, Copy)]
pub struct Interviews {
    count: usize,
    seed: u64,
}

impl Interviews {
    /// As many as `count`; without one, just the sample.
    pub fn new(count: Option<usize>, seed: u64) -> Self {
        // Read here even where the length is not needed, so that no request has to wait for it.
        let shipped = SAMPLE.interviews.len();
        Self { count: count.unwrap_or(shipped), seed }
    }

    /// Every id, in the order of the indices.
    pub fn ids(self) -> impl Iterator<Item = String> + use<> {
        (0..self.count).map(move |index| self.id(index))
    }

    fn id(self, index: usize) -> String {
        match SAMPLE.interviews.get(index) {
            Some(body) => body["id"].as_str().unwrap_or_default().to_owned(),
            None => id(self.seed, Kind::Interview, index),
        }
    }

    /// The index of an id, when there is such an interview.
    pub fn find(self, id: &str) -> Option<usize> {
        SAMPLE
            .places
            .get(id)
            .copied()
            .or_else(|| index(self.seed, id).filter(|&index| index >= SAMPLE.interviews.len()))
            .filter(|&index| index < self.count)
    }

    /// The body of an interview. Its `audio_url`s are the sample's, which open nothing.
    pub fn interview(self, index: usize) -> Value {
        match SAMPLE.interviews.get(index) {
            Some(body) => body.clone(),
            None => recombine::interview(&SAMPLE, self.seed, index),
        }
    }

    /// The body of an interview's questions.
    pub fn questions(self, index: usize) -> Value {
        match SAMPLE.questions.get(index) {
            Some(body) => body.clone(),
            None => recombine::questions(&SAMPLE, self.seed, index),
        }
    }
}

/// What an id is of.
#[derive(Clone, Copy)]
pub enum Kind {
    Interview,
    Candidate,
}

/// The id of what was made at `index`, in the vendor's shape: like a UUID, with a letter in it that is no hex digit.
/// The index can be read back from it, and from no other id: 64 bits are the index, scattered, and 56 bits follow
/// from those.
pub fn id(seed: u64, kind: Kind, index: usize) -> String {
    let letter = match kind {
        Kind::Interview => 'k',
        Kind::Candidate => 'g',
    };
    let scattered = mix(index as u64 ^ mix(seed));
    let check = mix(scattered ^ mix(seed ^ letter as u64)) >> 8;
    let digits = format!("{scattered:016x}{check:014x}");
    let part = |place: Range<usize>| &digits[place];
    // The vendor's own: 770g0622-g41d-63f6-c938-668877662222.
    let start = format!("{}{letter}{}-{letter}{}", part(0..3), part(3..7), part(7..10));
    format!("{start}-{}-{}-{}", part(10..14), part(14..18), part(18..30))
}

/// The index of an interview's id, when it was made from `seed`.
fn index(seed: u64, text: &str) -> Option<usize> {
    let places = [0..3, 4..8, 10..13, 14..18, 19..21];
    let scattered = places.into_iter().map(|place| text.get(place)).collect::<Option<String>>()?;
    let scattered = u64::from_str_radix(&scattered, 16).ok()?;
    let index = usize::try_from(unmix(scattered) ^ mix(seed)).ok()?;
    (id(seed, Kind::Interview, index) == text).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_its_index_back_and_a_changed_one_none() {
        for number in [0, 1, 47, 99_999, usize::MAX] {
            let text = id(7, Kind::Interview, number);
            assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert_eq!(index(7, &text), Some(number));
            assert_eq!(index(8, &text), None);
            assert_eq!(index(7, &text.to_uppercase()), None);
            assert_eq!(index(7, &id(7, Kind::Candidate, number)), None);
            for place in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(place..=place, if text[place..].starts_with('1') { "2" } else { "1" });
                assert_eq!(index(7, &other), None, "{other}");
            }
        }
        assert_eq!(index(7, ""), None);
        assert_eq!(index(7, "ééééééééééééééééééééé"), None);
    }

    #[test]
    fn a_smaller_sandbox_is_the_start_of_a_larger_one() {
        let larger = Interviews::new(Some(SAMPLE.interviews.len() + 20), 1);
        for count in [0, 3, SAMPLE.interviews.len(), SAMPLE.interviews.len() + 20] {
            let interviews = Interviews::new(Some(count), 1);
            let ids: Vec<_> = interviews.ids().collect();
            assert_eq!(ids.len(), count);
            assert!(ids.iter().eq(larger.ids().take(count).collect::<Vec<_>>().iter()));
            assert!(ids.iter().enumerate().all(|(index, id)| interviews.find(id) == Some(index)));
            assert!(larger.ids().skip(count).all(|id| interviews.find(&id).is_none()));
        }
    }
}
