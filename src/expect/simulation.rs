//! Simulated years of nights: with weekends, holidays, growth, and invitations that come in batches. Where nothing is
//! planted, hardly anything is said; what is planted is found in its first night.
//!
//! `ROUNDUP_SIMULATED=100 cargo test --lib expect::simulation -- --nocapture` makes 100 years and prints the rates.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::judge::{Judged, judge};
use super::night::{Night, PastNight};
use crate::model::random::{Draws, Random};
use crate::pipeline::{ExpectPlan, Expectation};

const NIGHTS: usize = 365 + 56;
/// Nights whose figures are known, as of a run.
const KNOWN: usize = 56;
/// On average so many questions an interview, some of each type.
const TYPES: [&str; 3] = ["behavioral", "technical", "situational"];
/// Public holidays by night of the year, among them two weeks over the turn of the year.
const HOLIDAYS: [usize; 19] =
    [30, 94, 97, 121, 135, 146, 156, 227, 276, 304, 358, 359, 360, 361, 362, 363, 364, 365, 366];

/// A company: how many interviews a night its jobs have, and how they come.
#[derive(Debug, Clone, Copy)]
struct Company {
    /// Completed interviews of the largest job on a workday.
    largest: f64,
    jobs: usize,
    /// Volume at the end of the year, for one at its beginning.
    growth: f64,
    /// Share of a workday's interviews that a night of a weekend or holiday has.
    weekend: f64,
    /// Variance of counts, for one of their means.
    dispersion: f64,
    /// Share of the jobs whose invitations come in batches of some sixty, every three weeks or so.
    batched: f64,
    /// Share of interviews that events tell of.
    by_event: f64,
}

const COMPANIES: [Company; 3] = [
    Company { largest: 60.0, jobs: 20, growth: 2.0, weekend: 0.15, dispersion: 1.5, batched: 0.5, by_event: 0.95 },
    Company { largest: 30.0, jobs: 6, growth: 1.3, weekend: 0.3, dispersion: 2.0, batched: 0.35, by_event: 0.0 },
    Company { largest: 80.0, jobs: 16, growth: 1.0, weekend: 0.0, dispersion: 3.0, batched: 0.3, by_event: 0.6 },
];

/// What is planted in a night.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Plant {
    Nothing,
    HalfOfTranscriptsGone,
    LargestJobSilent,
    DurationsDoubled,
    EventsStopped,
}

impl Plant {
    fn figure(self) -> Option<Expectation> {
        match self {
            Self::Nothing => None,
            Self::HalfOfTranscriptsGone => Some(Expectation::WithoutTranscript),
            Self::LargestJobSilent => Some(Expectation::Jobs),
            Self::DurationsDoubled => Some(Expectation::Duration),
            Self::EventsStopped => Some(Expectation::Events),
        }
    }
}

fn is_quiet(night: usize) -> bool {
    night % 7 >= 5 || HOLIDAYS.contains(&(night % 365))
}

/// Interviews of each job that are completed, and those that expire, by night.
fn volumes(company: &Company, draws: &mut Draws) -> Vec<Vec<[usize; 2]>> {
    let mut volumes = vec![vec![[0, 0]; company.jobs]; NIGHTS];
    for job in 0..company.jobs {
        // From the largest down to a tenth of it. The largest comes steadily.
        let mean = company.largest * 0.1_f64.powf(job as f64 / company.jobs.max(2) as f64);
        let is_batched = job > 0 && draws.is(company.batched);
        for night in 0..NIGHTS {
            let grown = company.growth.powf(night as f64 / 365.0);
            let quiet = if is_quiet(night) { company.weekend } else { 1.0 };
            if !is_batched {
                volumes[night][job][0] += draws.count(mean * grown * quiet, company.dispersion);
                volumes[night][job][1] += draws.count(0.3 * mean * grown, company.dispersion);
            } else if !is_quiet(night) && draws.is(1.0 / 15.0) {
                // Two thirds answer within eight days, most of them at once. The others expire together.
                let invited = draws.count(mean * 15.0 * grown, 2.0);
                for _ in 0..invited {
                    let (mut at, is_completed) = (night + 14, draws.is(2.0 / 3.0));
                    if is_completed {
                        at = night + 1 + (-2.0 * draws.uniform().ln()) as usize;
                        // On a quiet day fewer do so, and the rest afterwards.
                        while is_quiet(at) && !draws.is(company.weekend) {
                            at += 1;
                        }
                    }
                    if let Some(volume) = volumes.get_mut(at) {
                        volume[job][usize::from(!is_completed)] += 1;
                    }
                }
            }
        }
    }
    volumes
}

/// A night of these volumes. Jobs ask other questions, of which some take longer.
fn night(company: &Company, volume: &[[usize; 2]], plant: Plant, draws: &mut Draws) -> Night {
    let mut night = Night::default();
    let mut durations = Vec::new();
    for (job, [completed, expired]) in volume.iter().enumerate() {
        let completed = if plant == Plant::LargestJobSilent && job == 0 { 0 } else { *completed };
        night.completed += completed as u64;
        night.expired += *expired as u64;
        if completed > 0 {
            night.completed_by_job.insert(format!("job-{job}"), completed as u64);
        }
        for _ in 0..completed {
            night.by_event += u64::from(plant != Plant::EventsStopped && draws.is(company.by_event));
            // A transcription that fails mostly loses the whole interview, and is some hours late otherwise.
            let lost = if plant == Plant::HalfOfTranscriptsGone { 0.5 } else { 0.02 };
            let is_lost = draws.is(lost);
            let pace = (0.3 * draws.normal()).exp();
            for question in 0..5 + job % 3 {
                night.answers += 1;
                let question_type = TYPES[(question * (1 + job % 2)) % TYPES.len()];
                *night.answers_by_type.entry(question_type.to_owned()).or_default() += 1;
                night.without_transcript += u64::from(is_lost || draws.is(0.01));
                if draws.is(0.01) {
                    night.without_duration += 1;
                } else {
                    let of_job = 60.0 * (1.0 + (job % 5) as f64 * 0.25);
                    let doubled = if plant == Plant::DurationsDoubled { 2.0 } else { 1.0 };
                    durations.push(of_job * pace * doubled * (0.4 * draws.normal()).exp());
                }
            }
        }
    }
    durations.sort_by(f64::total_cmp);
    night.median_duration_seconds = durations.get(durations.len() / 2).copied();
    night
}

/// A night, and those before it, as a run knows them.
fn judged(nights: &[Night], at: usize, tonight: &Night) -> Judged {
    let past = (1..=KNOWN.min(at)).map(|ago| PastNight { ago, is_whole: true, night: nights[at - ago].clone() });
    let plan = ExpectPlan { learn: true, ..ExpectPlan::default() };
    judge(&plan, &past.collect::<Vec<_>>(), (tonight, true), &str::to_owned)
}

fn years(usual: u64) -> u64 {
    std::env::var("ROUNDUP_SIMULATED").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

fn year(company: &Company, seed: u64) -> (Vec<Vec<[usize; 2]>>, Vec<Night>) {
    let mut draws = Draws(Random(seed.wrapping_mul(0x9E37_79B9)));
    let volumes = volumes(company, &mut draws);
    let nights = volumes.iter().map(|volume| night(company, volume, Plant::Nothing, &mut draws)).collect();
    (volumes, nights)
}

#[test]
fn a_simulated_year_has_less_than_one_false_alarm_a_month() {
    let years = years(1);
    for company in COMPANIES {
        let alarms: Vec<Vec<(usize, Expectation)>> = (0..years)
            .into_par_iter()
            .map(|seed| {
                let (_, nights) = year(&company, seed);
                let of_night = |at: usize| judged(&nights, at, &nights[at]).unmet.into_iter().map(move |one| (at, one));
                (KNOWN..NIGHTS).flat_map(of_night).map(|(at, one)| (at, one.expectation)).collect()
            })
            .collect();
        let mut kinds: BTreeMap<Expectation, usize> = BTreeMap::new();
        alarms.iter().flatten().for_each(|(_, kind)| *kinds.entry(*kind).or_default() += 1);
        let all = alarms.iter().map(Vec::len).sum::<usize>() as f64 / (years * 12) as f64;
        println!("{all:.2} false alarms a month: {kinds:?} in {years} years of {company:?}");
        assert!(all < 1.0, "{all} a month: {kinds:?}");
    }
}

#[test]
fn what_is_planted_in_a_simulated_year_is_found_in_its_first_night() {
    let years = years(1);
    let plants = [Plant::HalfOfTranscriptsGone, Plant::LargestJobSilent, Plant::DurationsDoubled, Plant::EventsStopped];
    for company in COMPANIES {
        for plant in plants.into_iter().filter(|plant| *plant != Plant::EventsStopped || company.by_event > 0.0) {
            let found: Vec<bool> = (0..years)
                .into_par_iter()
                .flat_map_iter(|seed| {
                    let (volumes, nights) = year(&company, seed);
                    let mut draws = Draws(Random(seed ^ 0xFA01));
                    // Workdays over the year.
                    let days = (KNOWN + 8..NIGHTS).step_by(27).filter(|at| !is_quiet(*at)).collect::<Vec<_>>();
                    days.into_iter().map(move |at| {
                        let tonight = night(&company, &volumes[at], plant, &mut draws);
                        judged(&nights, at, &tonight).unmet.iter().any(|one| Some(one.expectation) == plant.figure())
                    })
                })
                .collect();
            let share = found.iter().filter(|found| **found).count() as f64 / found.len() as f64;
            println!(
                "{plant:?} is found in the first of {} nights in {:.1} %: {company:?}",
                found.len(),
                share * 100.0
            );
            assert!(share >= 0.99, "{plant:?}: {share}");
        }
    }
}
