//! Numbers for texts, so that grouping is by integers. The texts lie one after another in one: there may be millions of
//! ids, which are not allocated each.

use std::hash::BuildHasher;
use std::ops::Index;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Texts by number. Some of them can be looked up.
#[derive(Debug, Default)]
pub struct Interner {
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    known: HashTable<u32>,
}

impl Interner {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| &self[number])
    }

    /// Adds a text, which [`Self::find`] does not know yet, and returns its number.
    pub fn push(&mut self, id: &str) -> u32 {
        let number = u32::try_from(self.len()).expect("a lake has fewer than 2^32 names");
        self.text.push_str(id);
        self.ends.push(self.text.len());
        number
    }

    /// Lets a text be found, in the place of an earlier one that is the same.
    pub fn know(&mut self, number: u32) {
        let Self { text, ends, known } = self;
        let of = |number: u32| id_of(text, ends, number as usize);
        let id = of(number);
        match known.entry(hash(id), |other| of(*other) == id, |other| hash(of(*other))) {
            Entry::Occupied(mut earlier) => *earlier.get_mut() = number,
            Entry::Vacant(place) => {
                place.insert(number);
            }
        }
    }

    pub fn find(&self, id: &str) -> Option<u32> {
        self.known.find(hash(id), |number| &self[*number as usize] == id).copied()
    }

    /// The number of a text, which is added if it is not known.
    pub fn number(&mut self, id: &str) -> u32 {
        self.find(id).unwrap_or_else(|| {
            let number = self.push(id);
            self.know(number);
            number
        })
    }
}

impl Index<usize> for Interner {
    type Output = str;

    fn index(&self, number: usize) -> &str {
        id_of(&self.text, &self.ends, number)
    }
}

fn id_of<'a>(text: &'a str, ends: &[usize], number: usize) -> &'a str {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[number]]
}

fn hash(id: &str) -> u64 {
    FixedState::default().hash_one(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_by_their_newest_number() {
        let mut ids = Interner::default();
        let [a, hidden, again] = ["a", "bc", "a"].map(|id| ids.push(id));
        ids.know(a);
        assert_eq!((ids.find("a"), ids.find("bc"), ids.find("ab")), (Some(a), None, None));
        ids.know(again);
        assert_eq!(ids.find("a"), Some(again));
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["a", "bc", "a"]);
        assert_eq!((ids.number("a"), ids.number(""), &ids[hidden as usize]), (again, 3, "bc"));
        for number in 0..5_000 {
            assert_eq!(ids.number(&format!("id-{number}")), number + 4);
        }
        assert_eq!(ids.find("id-4321"), Some(4_325));
    }
}
