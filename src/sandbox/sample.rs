//! The sample: the made-up interviews of `data/`, and their questions.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::material::Material;

/// The sample, read when it is first needed.
pub static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    Sample::read(include_str!("../../data/interviews.jsonl"), include_str!("../../data/questions.jsonl"))
});

/// The sample as shipped.
pub struct Sample {
    pub interviews: Vec<Value>,
    /// Questions of each interview, in the order of `interviews`.
    pub questions: Vec<Value>,
    /// Material for further interviews.
    pub material: Material,
    /// Position of each interview by its id.
    pub places: HashMap<String, usize>,
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
