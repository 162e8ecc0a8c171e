mod agreement;
mod formats;
mod golden;
mod negation;
mod sentences;

use super::{Hit, KeywordSet, Matcher, Scratch};

fn set(toml: &str) -> KeywordSet {
    KeywordSet::parse_toml(toml, "test.toml").unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

fn find(set: &KeywordSet, text: &str, question_type: Option<&str>) -> Vec<Hit> {
    let mut hits = Vec::new();
    Matcher::new(set).unwrap().find(text, question_type, &mut Scratch::default(), &mut hits);
    hits
}
