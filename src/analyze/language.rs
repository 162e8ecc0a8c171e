//! Detects the language of an answer, with two detector crates.
//!
//! `whatlang` knows 69 languages and says when it is unsure, but it compares a text with all of them and takes longer
//! than all other figures together. `whichlang` knows 16 languages and is fifty times faster. Most interviews are in
//! English, so it is asked first: a text is English if `whichlang` says so and one of the words "the", "and" and "of"
//! is in it. No English text of a few sentences lacks all three. `whichlang` alone would take Welsh and Tagalog for
//! English; these languages have none of the three words.
//!
//! Neither knows every script. What is mostly written in another one, such as Tibetan or Lao, is in no language that can
//! be named, whatever the few letters are that a detector does know.

use unicode_script::{Script, UnicodeScript};
use whatlang::Lang;

/// The shortest text whose language is detected, in characters.
pub const SHORTEST: usize = 40;

/// How much of an answer is looked at, in characters. A longer sample changes nothing but the time it takes.
const SAMPLE: usize = 400;
/// The sizes of the samples given to `whichlang`, in characters. The second is tried if the first is not found to be
/// English. Longer samples find hardly more English and take a few more texts in other languages for English.
const QUICK_SAMPLES: [usize; 2] = [24, 80];

/// Words of which every English text of a few sentences has at least one.
const ENGLISH_WORDS: [&str; 3] = ["the", "and", "of"];

/// Returns the ISO 639-1 code of a text's language, or `None` if the text has fewer than 40 characters or `whatlang` is
/// unsure.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let sample = first(text, SAMPLE);
    let _long_enough = sample.chars().nth(SHORTEST - 1)?;
    if is_mostly(sample, |script| !is_known(script)) {
        return None;
    }
    if is_plainly_english(sample) {
        return Some("en");
    }
    let found = whatlang::detect(sample).filter(whatlang::Info::is_reliable)?;
    Some(iso_639_1(found.lang()))
}

/// Whether a text may be English: it is, or no language is found in it and it is not mostly in another script than
/// Latin.
#[must_use]
pub fn may_be_english(text: &str) -> bool {
    match detect(text) {
        Some(language) => language == "en",
        None => !is_mostly(first(text, SAMPLE), |script| script != Script::Latin),
    }
}

/// Whether more than half of the letters of a sample are of such a script.
fn is_mostly(sample: &str, is_such: impl Fn(Script) -> bool) -> bool {
    if sample.is_ascii() {
        return false;
    }
    let shared = [Script::Common, Script::Inherited, Script::Unknown];
    let scripts = sample.chars().filter(|c| c.is_alphabetic()).map(|c| c.script());
    let (mut letters, mut such) = (0, 0);
    for script in scripts.filter(|script| !shared.contains(script)) {
        letters += 1;
        such += usize::from(is_such(script));
    }
    2 * such > letters
}

/// Whether `whatlang` knows languages that are written in a script.
fn is_known(script: Script) -> bool {
    matches!(
        script,
        Script::Arabic
            | Script::Armenian
            | Script::Bengali
            | Script::Cyrillic
            | Script::Devanagari
            | Script::Ethiopic
            | Script::Georgian
            | Script::Greek
            | Script::Gujarati
            | Script::Gurmukhi
            | Script::Han
            | Script::Hangul
            | Script::Hebrew
            | Script::Hiragana
            | Script::Kannada
            | Script::Katakana
            | Script::Khmer
            | Script::Latin
            | Script::Malayalam
            | Script::Myanmar
            | Script::Oriya
            | Script::Sinhala
            | Script::Tamil
            | Script::Telugu
            | Script::Thai
    )
}

fn is_plainly_english(sample: &str) -> bool {
    let is_english_word = |word: &str| ENGLISH_WORDS.iter().any(|english| english.eq_ignore_ascii_case(word));
    sample.split(|character: char| !character.is_alphanumeric()).any(is_english_word)
        && QUICK_SAMPLES.iter().any(|&size| whichlang::detect_language(first(sample, size)) == whichlang::Lang::Eng)
}

/// Returns at most the first `characters` characters of a text.
fn first(text: &str, characters: usize) -> &str {
    if text.len() <= characters {
        return text;
    }
    if text.as_bytes()[..characters].is_ascii() {
        return &text[..characters];
    }
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

fn iso_639_1(language: Lang) -> &'static str {
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_and_doubt_is_said() {
        let cases = [
            ("I led the migration of our billing service and wrote the tests for it.", Some("en")),
            ("Ich habe die Umstellung unserer Abrechnung geleitet und die Tests dafür geschrieben.", Some("de")),
            ("J'ai dirigé la migration de notre service de facturation et écrit les tests.", Some("fr")),
            ("Kierowałem migracją naszego systemu rozliczeń i napisałem do niego testy.", Some("pl")),
            (
                "私は請求サービスの移行を担当し、そのためのテストも書きました。とても良い経験になりましたし、多くのことを学びました。",
                Some("ja"),
            ),
            ("Roedd y tîm yn gweithio ar y prosiect newydd am chwe mis cyn i ni orffen y gwaith.", Some("cy")),
            ("Too short to say.", None),
            ("0123456789 0123456789 0123456789 0123456789 0123456789", None),
            ("", None),
        ];
        for (text, language) in cases {
            assert_eq!(detect(text), language, "{text}");
        }
    }

    #[test]
    fn scripts_that_no_detector_knows_have_no_language() {
        let unknown = [
            "བོད་ཀྱི་སྐད་ཡིག་ནི་བོད་མི་རྣམས་ཀྱི་སྐད་ཡིག་ཡིན་པས་གལ་ཆེན་པོ་ཡིན་ནོ།",
            "ຂ້ອຍໄດ້ເຮັດວຽກຢູ່ບໍລິສັດນີ້ມາຫ້າປີແລ້ວ ແລະຂ້ອຍມັກວຽກຂອງຂ້ອຍຫຼາຍ",
            "ތިމަންނައަކީ ދިވެހިރާއްޖޭގައި އުޅޭ މީހެކެވެ އަދި މަސައްކަތް ކުރަމެވެ",
            "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎠᏂᏣᎳᎩ ᎤᏂᏬᏂᎯᏍᏗ ᎨᏒᎢ ᎠᎴ ᎣᏏᏳ ᏂᎦᏓ ᎠᏂᏴᏫ",
            "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ ᠪᠣᠯ ᠮᠣᠩᠭᠣᠯ ᠤᠨ ᠠᠯᠪᠠᠨ ᠶᠣᠰᠤᠨ ᠤ ᠬᠡᠯᠡ ᠶᠤᠮ",
        ];
        for text in unknown {
            for text in [text.to_owned(), format!("{text} the and of React")] {
                assert_eq!((detect(&text), may_be_english(&text)), (None, false), "{text}");
            }
            let quoted = format!("I led the migration of our billing service, and they call it {}", &first(text, 12));
            assert_eq!(detect(&quoted), Some("en"), "a word of another script changes nothing");
        }
    }

    #[test]
    fn what_may_be_english() {
        for (text, expected) in [
            ("I led the migration of our billing service and wrote the tests for it.", true),
            ("I don't know React.", true),
            ("", true),
            ("Ich habe die Umstellung unserer Abrechnung geleitet und die Tests dafür geschrieben.", false),
            ("React は使っていません", false),
            ("Я не знаю React", false),
        ] {
            assert_eq!(may_be_english(text), expected, "{text}");
        }
    }

    #[test]
    fn forty_characters_are_enough_and_are_not_bytes() {
        let text = "We shipped it and the users were so glad.";
        assert_eq!((text.chars().count(), detect(text)), (41, Some("en")));
        assert_eq!(detect(&text[..39]), None);
        assert_eq!(detect(&"é".repeat(39)), None);
    }

    #[test]
    fn what_the_quick_detector_takes_for_english_is_asked_about() {
        let tagalog = "Nagtrabaho ako sa isang malaking kompanya at natuto ako ng maraming bagay doon.";
        assert_ne!(detect(tagalog), Some("en"));
    }
}
