//! Helpers for transcripts and names.

/// The sentences of a transcript, without the white space between them.
pub fn sentences(transcript: &str) -> impl Iterator<Item = &str> {
    let mut rest = transcript.trim();
    std::iter::from_fn(move || {
        let (sentence, after) = rest.split_at(first_end(rest));
        rest = after.trim_start();
        (!sentence.is_empty()).then_some(sentence)
    })
}

/// End of the first sentence of a text. A sentence ends at a full stop, question mark or exclamation mark, if white
/// space and no lower-case letter follow. Three dots are a pause, and the dot of an abbreviation ends nothing.
fn first_end(text: &str) -> usize {
    const ABBREVIATIONS: [&str; 8] = ["e.g", "i.e", "vs", "Mr", "Mrs", "Ms", "Dr", "St"];
    let abbreviates = |before: &str| {
        let whole = |rest: &str| !rest.ends_with(char::is_alphanumeric);
        ABBREVIATIONS.iter().any(|word| before.strip_suffix(word).is_some_and(whole))
    };
    let end = |(place, mark): (usize, &str)| {
        let (before, after) = (&text[..place], &text[place + mark.len()..]);
        let rest = after.trim_start_matches(['"', '\'', '”', '’', ')']);
        let goes_on = rest.trim_start().starts_with(char::is_lowercase);
        let no_end = mark == "." && (before.ends_with('.') || abbreviates(before));
        let ends = rest.starts_with(char::is_whitespace) && !goes_on && !no_end;
        ends.then_some(text.len() - rest.len())
    };
    text.match_indices(['.', '?', '!']).find_map(end).unwrap_or(text.len())
}

pub fn word_count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Whether a text is in English, judged by its small words. They are at least one word in fifteen in every English
/// answer of the sample, and very rare in the answers in other languages.
pub fn is_english(text: &str) -> bool {
    const SMALL_WORDS: [&str; 8] = ["the", "and", "to", "I", "it", "of", "that", "is"];
    let small = text.split_whitespace().filter(|word| SMALL_WORDS.contains(word)).count();
    small * 20 > word_count(text)
}

/// A name as the local part of an e-mail address: its ASCII letters and digits in lower case, with dots between the
/// words.
pub fn email_name(name: &str) -> String {
    let letters = |word: &str| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let words: Vec<_> = name.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "candidate".to_owned() } else { words.join(".") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_speaker_would_pause() {
        let split = |text| sentences(text).collect::<Vec<_>>();
        assert_eq!(split("One. Two?  Three!\nFour"), ["One.", "Two?", "Three!", "Four"]);
        assert_eq!(split("I, um... I used v1.2, e.g. React vs. Vue."), ["I, um... I used v1.2, e.g. React vs. Vue."]);
        assert_eq!(split("She said \"go.\" We went (fast.) Yes."), ["She said \"go.\"", "We went (fast.)", "Yes."]);
        assert_eq!(split("At one a.m. because of it. 2 of us."), ["At one a.m. because of it.", "2 of us."]);
        assert_eq!(split("We hit the best. Then?"), ["We hit the best.", "Then?"]);
        assert_eq!(split("naïve… yes. 東京。"), ["naïve… yes.", "東京。"]);
        assert_eq!(split(" \n"), [""; 0]);
    }

    #[test]
    fn english_is_told_from_other_languages() {
        assert!(is_english("There are three buckets: bets, promises, and plumbing, and most of it is debt."));
        assert!(!is_english("Also, um drei Uhr nachts würde ich zuerst prüfen, ob neue Daten da sind, in a..."));
        assert!(!is_english("Vale, pues, eh, lo haría más o menos así."));
    }

    #[test]
    fn an_address_is_ascii() {
        assert_eq!(email_name("Zoë van der O'Neil-Berg"), "zo.van.der.oneilberg");
        assert_eq!(email_name("陈 伟"), "candidate");
    }
}
