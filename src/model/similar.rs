//! What somebody may have meant who wrote a name that nobody knows.

/// How alike two names must be, from 0 to 1. Below it, suggestions are more often wrong than right.
const ALIKE: f64 = 0.8;

/// The known name that is most like the wanted one, whatever the case: by Jaro-Winkler similarity, or because the wanted
/// name is a part of it. None if no known name is like it. Of equals, the first.
pub fn similar<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.trim().to_lowercase();
    let mut best = None;
    for name in known {
        let alike = likeness(&wanted, &name.to_lowercase());
        if alike >= ALIKE && best.is_none_or(|(most, _)| alike > most) {
            best = Some((alike, name));
        }
    }
    best.map(|(_, name)| name)
}

fn likeness(wanted: &str, name: &str) -> f64 {
    let is_part = wanted.chars().count() >= 3 && name.contains(wanted);
    strsim::jaro_winkler(wanted, name).max(if is_part { ALIKE } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_name_is_suggested_and_none_if_none_is_alike() {
        let known = ["Backend Engineer", "Data Engineer", "Account Executive", "Senior Data Engineer"];
        for (wanted, name) in [
            ("Bakend Engineer", Some("Backend Engineer")),
            ("data enginer", Some("Data Engineer")),
            ("executive", Some("Account Executive")),
            (" ACCOUNT EXECUTIVES ", Some("Account Executive")),
            ("Astronaut", None),
            ("", None),
        ] {
            assert_eq!(similar(wanted, known), name, "{wanted}");
        }
    }
}
