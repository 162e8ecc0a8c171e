//! The ids of made-up interviews and candidates. The index can be read back from an id.

use std::ops::Range;

use super::random::{mix, unmix};

/// The kind of entity that an id names.
#[derive(Clone, Copy)]
pub enum Entity {
    Interview,
    Candidate,
}

/// The id of the entity at `index`, in the vendor's shape: like a UUID, but with a letter that is not a hex digit. The
/// index can be read back from this id, and from no other: 64 bits are the scattered index, and 56 bits are a checksum
/// of them.
pub fn id(seed: u64, entity: Entity, index: usize) -> String {
    let letter = match entity {
        Entity::Interview => 'k',
        Entity::Candidate => 'g',
    };
    let scattered = mix(index as u64 ^ mix(seed));
    let check = mix(scattered ^ mix(seed ^ letter as u64)) >> 8;
    let digits = format!("{scattered:016x}{check:014x}");
    let part = |place: Range<usize>| &digits[place];
    // An id of the vendor's: 770g0622-g41d-63f6-c938-668877662222.
    let start = format!("{}{letter}{}-{letter}{}", part(0..3), part(3..7), part(7..10));
    format!("{start}-{}-{}-{}", part(10..14), part(14..18), part(18..30))
}

/// The index of an interview, if the id was made from `seed`.
pub fn index(seed: u64, text: &str) -> Option<usize> {
    let places = [0..3, 4..8, 10..13, 14..18, 19..21];
    let scattered = places.into_iter().map(|place| text.get(place)).collect::<Option<String>>()?;
    let scattered = u64::from_str_radix(&scattered, 16).ok()?;
    let index = usize::try_from(unmix(scattered) ^ mix(seed)).ok()?;
    (id(seed, Entity::Interview, index) == text).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_its_index_back_and_a_changed_one_none() {
        for number in [0, 1, 47, 99_999, usize::MAX] {
            let text = id(7, Entity::Interview, number);
            assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert_eq!(index(7, &text), Some(number));
            assert_eq!(index(8, &text), None);
            assert_eq!(index(7, &text.to_uppercase()), None);
            assert_eq!(index(7, &id(7, Entity::Candidate, number)), None);
            for place in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(place..=place, if text[place..].starts_with('1') { "2" } else { "1" });
                assert_eq!(index(7, &other), None, "{other}");
            }
        }
        assert_eq!(index(7, ""), None);
        assert_eq!(index(7, "ééééééééééééééééééééé"), None);
    }
}
