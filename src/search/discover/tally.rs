//! What is counted of words and n-grams.

/// What is counted of a word or an n-gram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Persons whose last interview uses it.
    pub persons: u32,
    /// Its uses in these interviews.
    pub uses: u32,
    /// Interviews that use it, among all that count for anything.
    pub interviews: u32,
}

impl Tally {
    /// Counts a use, the first one in an interview or another, which is its person's last or not.
    pub fn add(&mut self, is_first: bool, is_last: bool) {
        self.interviews += u32::from(is_first);
        self.persons += u32::from(is_first && is_last);
        self.uses = self.uses.saturating_add(is_last.into());
    }

    pub fn merge(&mut self, other: Self) {
        self.persons += other.persons;
        self.uses = self.uses.saturating_add(other.uses);
        self.interviews += other.interviews;
    }
}
