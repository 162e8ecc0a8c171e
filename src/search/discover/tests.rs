//! Tests on corpora in memory: what a plain reading of the definition finds, what is planted, and what chance makes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rayon::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::answers::Answers;
use super::compare::{Compared, Comparison};
use super::count::FLOOR;
use super::covered::Covered;
use super::grams::each_gram;
use super::hash::{longer, of_word};
use super::standing::{Interview, Person, Standing};
use super::tokens::{ROOM, Tokens};
use super::vocabulary::BREAK;
use crate::keywords::KeywordSet;
use crate::keywords::text::clauses;
use crate::model::Result;
use crate::model::statistics::{FALSE_DISCOVERIES, Fisher, adjusted};

const STOP_WORDS: &[&str] = &["the", "we", "of", "and", "so", "no"];

/// Interviews with their answers.
#[derive(Debug, Clone, Default)]
struct Told {
    interviews: Vec<Interview>,
    answers: Vec<Vec<String>>,
}

/// Interviews of a part.
const TOGETHER: usize = 20;

impl Answers for Told {
    fn parts(&self) -> usize {
        self.answers.len().div_ceil(TOGETHER)
    }

    fn each(&self, part: usize, take: &mut dyn FnMut(u32, &str)) -> Result<()> {
        for (interview, answers) in (0..).zip(&self.answers).skip(part * TOGETHER).take(TOGETHER) {
            answers.iter().for_each(|answer| take(interview, answer));
        }
        Ok(())
    }
}

impl Told {
    fn add(&mut self, group: u32, person: u32, settled_at: i64, answers: Vec<String>) {
        let id = format!("i-{:04}", self.answers.len());
        let person = Person::Known(person.into());
        self.interviews.push(Interview { id, group, person, settled_at: Some(settled_at) });
        self.answers.push(answers);
    }

    fn compare(&self, groups: u32, sets: &[KeywordSet]) -> Compared {
        self.compare_with(groups, sets, ROOM)
    }

    /// Compares with so much room for words.
    fn compare_with(&self, groups: u32, sets: &[KeywordSet], room: u64) -> Compared {
        let standing = Standing::new(&self.interviews);
        let (interviews, covered) = (&self.interviews[..], Covered::by(sets).unwrap());
        let tokens = Tokens::read(self, &standing, FLOOR.into(), room).unwrap();
        let comparison = Comparison {
            tokens: &tokens,
            interviews,
            standing: &standing,
            groups,
            is_compared: &|_| true,
            covered: &covered,
        };
        comparison.run().unwrap()
    }
}

/// A generator of random numbers, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap()
    }
}

/// The n-grams of an answer, word by word.
fn plain_grams(answer: &str) -> Vec<String> {
    let words: Vec<(usize, &str)> = answer.unicode_word_indices().collect();
    let mut grams = Vec::new();
    for first in 0..words.len() {
        for last in first..words.len().min(first + 4) {
            let gap = |at: usize| words[at - 1].0 + words[at - 1].1.len()..words[at].0;
            if (first + 1..=last).any(|at| clauses::ends_between(answer, gap(at))) {
                break;
            }
            let gram: Vec<String> = words[first..=last].iter().map(|(_, word)| word.to_lowercase()).collect();
            if gram.iter().any(|word| !STOP_WORDS.contains(&word.as_str())) {
                grams.push(gram.join(" "));
            }
        }
    }
    grams
}

/// Of some interviews, the last one of each person.
fn plain_last(told: &Told, is_in: impl Fn(u32) -> bool) -> BTreeSet<usize> {
    let mut last: BTreeMap<u128, usize> = BTreeMap::new();
    for (at, interview) in told.interviews.iter().enumerate().filter(|(_, interview)| is_in(interview.group)) {
        let Person::Known(person) = interview.person else { unreachable!() };
        let place = |at: usize| (told.interviews[at].settled_at, at);
        if last.get(&person).is_none_or(|known| place(*known) < place(at)) {
            last.insert(person, at);
        }
    }
    last.into_values().collect()
}

/// Whether an n-gram is a part of another, word by word.
fn is_within(part: &str, whole: &str) -> bool {
    format!(" {whole} ").contains(&format!(" {part} "))
}

/// By group and phrase, the persons with and without it, in the group and outside of it.
type Tables = BTreeMap<(u32, String), [[u64; 2]; 2]>;

/// The tables of all differences, and the number of tests: the definition, step by step.
fn plainly(told: &Told, groups: u32, covering: &[&str]) -> (Tables, usize) {
    let grams: Vec<Vec<String>> =
        told.answers.iter().map(|answers| answers.iter().flat_map(|answer| plain_grams(answer)).collect()).collect();
    let all = plain_last(told, |_| true);
    let count = |of: &BTreeSet<usize>, gram: &String| of.iter().filter(|at| grams[**at].contains(gram)).count() as u64;
    let uses = |gram: &String| all.iter().map(|at| grams[*at].iter().filter(|one| *one == gram).count()).sum::<usize>();
    let mut vocabulary: BTreeSet<&String> = grams.iter().flatten().collect();
    vocabulary.retain(|gram| count(&all, gram) >= FLOOR.into());
    let is_replaced = |gram: &String| {
        vocabulary
            .iter()
            .any(|longer| *longer != gram && is_within(gram, longer) && uses(longer) * 10 >= uses(gram) * 9)
    };
    let is_covered = |gram: &String| covering.iter().any(|term| is_within(term, gram));
    let terms: Vec<&String> =
        vocabulary.iter().copied().filter(|gram| !is_replaced(gram) && !is_covered(gram)).collect();
    let (mut tables, mut p) = (Vec::new(), Vec::new());
    for group in 0..groups {
        let (here, others) = (plain_last(told, |of| of == group), plain_last(told, |of| of != group));
        if here.len() < FLOOR.into() || others.len() < FLOOR.into() {
            continue;
        }
        for gram in &terms {
            let side = |of: &BTreeSet<usize>| [count(of, gram), of.len() as u64 - count(of, gram)];
            let table = [side(&here), side(&others)];
            p.push(Fisher::up_to(1000).p(table[0], table[1]));
            tables.push(((group, (*gram).clone()), table));
        }
    }
    let q = adjusted(&p, p.len());
    let tests = p.len();
    (tables.into_iter().zip(q).filter(|(_, q)| *q <= FALSE_DISCOVERIES).map(|(table, _)| table).collect(), tests)
}

fn set_of(terms: &[&str]) -> Vec<KeywordSet> {
    let terms: String = terms.iter().map(|term| format!("[[terms]]\nname = \"{term}\"\n")).collect();
    vec![KeywordSet::parse_toml(&format!("name = \"known\"\nversion = \"1\"\n{terms}"), "known").unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn what_is_found_is_what_the_definition_says(
        seed in any::<u64>(), groups in 2_u32..4, room in prop_oneof![Just(0), 0_u64..1000, Just(ROOM)],
    ) {
        let mut random = Random(seed);
        let mut told = Told::default();
        for _ in 0..60 {
            let (group, person) = (random.below(groups), random.below(45));
            let answers = (0..=random.below(2)).map(|_| {
                let words = (0..random.below(8)).map(|_| match random.below(12) {
                    0..3 => ["the", "we", "of"][random.below(3) as usize],
                    3 => [", and", ". So", "- no", "CI/CD"][random.below(4) as usize],
                    4..8 => ["machine learning", "Spark", "sales", "quota"][(group + random.below(2)) as usize],
                    _ => ["data", "team", "Team", "machine"][random.below(4) as usize],
                });
                words.collect::<Vec<_>>().join(" ")
            });
            let answers = answers.collect();
            told.add(group, person, random.below(5).into(), answers);
        }
        let found = told.compare_with(groups, &set_of(&["quota", "ci"]), room);
        let (expected, tests) = plainly(&told, groups, &["quota", "ci"]);
        prop_assert_eq!(found.tests, tests);
        let found: BTreeMap<_, _> =
            found.differences.iter().map(|one| ((one.group, one.phrase.to_string()), [one.here, one.others])).collect();
        prop_assert_eq!(found, expected);
    }
}

proptest! {
    /// With room for the words of all interviews, of some, and of none.
    #[test]
    fn numbers_make_the_n_grams_that_words_make(
        texts in vec(vec(select(vec!["the", "We", "of", "data", "Team", "quota", "CI/CD", ", and", ". So", "naïve"]), 0..14), 1..6),
        floor in 1_u32..3, room in prop_oneof![Just(0), 0_u64..40, Just(ROOM)],
    ) {
        let mut told = Told::default();
        (0..).zip(&texts).for_each(|(person, text)| told.add(0, person, 0, vec![text.join(" "), "quota".to_owned()]));
        let standing = Standing::new(&told.interviews);
        let tokens = Tokens::read(&told, &standing, floor, room).unwrap();
        let plain: Vec<Vec<String>> =
            told.answers.iter().map(|answers| answers.iter().flat_map(|answer| plain_grams(answer)).collect()).collect();
        let words: Vec<BTreeSet<String>> = told.answers.iter().map(|answers| words_of(&answers.join(" "))).collect();
        let is_frequent = |word: &str| words.iter().filter(|of| of.contains(word)).count() >= floor as usize;
        let mut found = vec![Vec::new(); texts.len()];
        for part in 0..tokens.parts() {
            tokens.each(part, |_| true, |interview, words| {
                let found = &mut found[interview as usize];
                let words_here = words.iter().filter(|word| **word != BREAK).map(|word| tokens.vocabulary.word(*word));
                found.extend(words_here.filter(|word| !word.is_stop_word).map(|word| word.hash));
                each_gram(words, &tokens.vocabulary, |gram| {
                    found.extend((!gram.is_stop_words).then_some(gram.hash));
                    true
                });
            }).unwrap();
        }
        for (expected, mut found) in plain.iter().zip(found) {
            let hash = |gram: &String| gram.split(' ').fold(0, |hash, word| longer(hash, of_word(word)));
            let frequent = expected.iter().filter(|gram| gram.split(' ').all(is_frequent));
            let mut expected: Vec<u64> = frequent.map(hash).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}

/// The words of a text, case-folded.
fn words_of(text: &str) -> BTreeSet<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Words that mean nothing, by a law like that of words in speech.
fn babble(random: &mut Random, words: u32) -> String {
    let word = |random: &mut Random| {
        let size = 1 << random.below(11);
        format!("w{}", random.below(size))
    };
    (0..words).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

/// Two groups of 60 persons who babble. Those of the first say each planted term in 60 % of all cases, those of the
/// second in 20 %.
fn planted(seed: u64, terms: &[&str]) -> Told {
    let mut random = Random(seed);
    let mut told = Told::default();
    for person in 0..120 {
        let (group, number) = (person / 60, person % 60);
        let mut answer = babble(&mut random, 80);
        for (at, term) in (0..).zip(terms) {
            // Exactly so many persons, each time others.
            if (number + 7 * at) % 60 < [36, 12][group as usize] {
                answer += &format!(" {term} {}", babble(&mut random, 20));
            }
        }
        told.add(group, person, 0, vec![answer]);
    }
    told
}

#[test]
fn planted_terms_are_found() {
    let terms = ["blast radius", "kafka", "on call rotation", "quota", "ci/cd"];
    let is_planted = |phrase: &str| {
        phrase
            .split(' ')
            .any(|word| terms.iter().any(|term| term.replace('/', " ").split(' ').any(|part| part == word)))
    };
    let (mut all, mut by_chance) = (0, 0);
    for seed in 0..20 {
        let found = planted(seed, &terms).compare(2, &[]);
        for term in terms {
            let phrase = term.replace('/', " ");
            let one = found.differences.iter().find(|one| one.group == 0 && *one.phrase == *phrase);
            assert_eq!(one.unwrap_or_else(|| panic!("{seed}: {term}")).here, [36, 24]);
        }
        all += found.differences.len();
        by_chance += found.differences.iter().filter(|one| !is_planted(&one.phrase)).count();
    }
    assert!(by_chance * 10 <= all, "{by_chance} of {all}");
}

#[test]
fn of_200_shuffles_fewer_than_a_tenth_have_findings() {
    let told = planted(7, &["blast radius", "kafka", "on call rotation", "quota"]);
    let has_findings = |seed: &u64| {
        let mut random = Random(*seed);
        let mut shuffled = told.clone();
        // Interviews change their jobs whole.
        for at in (1..shuffled.interviews.len()).rev() {
            let other = random.below(u32::try_from(at + 1).unwrap()) as usize;
            let group = shuffled.interviews[at].group;
            shuffled.interviews[at].group = shuffled.interviews[other].group;
            shuffled.interviews[other].group = group;
        }
        !shuffled.compare(2, &[]).differences.is_empty()
    };
    let found = (0..200_u64).into_par_iter().filter(has_findings).count();
    assert!(found < 20, "{found} of 200");
}
