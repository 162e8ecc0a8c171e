//! Numbers for texts, so that grouping is by integers.

use foldhash::HashMap;

/// Distinct texts; the position of a text is its number.
#[derive(Debug, Default)]
pub struct Interner {
    numbers: HashMap<String, u32>,
    pub texts: Vec<String>,
}

impl Interner {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("a lake has fewer than 2^32 names");
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }
}
