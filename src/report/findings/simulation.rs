//! What needs a look in made-up reports. Where nothing is planted, few have a line; what is planted is found.
//!
//! `ROUNDUP_SIMULATED=1000 cargo test --lib simulat -- --nocapture` makes 1,000 reports of each kind and prints the rates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use rayon::prelude::*;

use super::chosen::said_once;
use super::{MOST, find};
use crate::model::random::{Draws, Random};
use crate::pipeline::{FindingKind, ReportPlan};
use crate::report::aggregate::{Counted, wanted};
use crate::report::frames::random::{TERMS, TrueAnswer, Truth, frames};
use crate::report::period::Calendar;

const JOBS: u32 = 20;
const WEEKS: i64 = 17;
const DAY: i64 = 24 * 3600 * 1_000_000;
/// The job in which something is planted.
const PLANTED: u32 = 7;
const LIMIT_SECONDS: f64 = 120.0;
/// Text that a question is reworded to.
const REWORDED: u32 = 9;

/// What is planted in one job, from the beginning of the period, or in its last week.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Plant {
    Nothing,
    Silent,
    Tripled,
    HalfAtLimit,
    ThirdSkips,
    RewordedToHalf,
    KeywordRises,
}

impl Plant {
    fn kind(self) -> Option<FindingKind> {
        match self {
            Self::Nothing => None,
            Self::Silent => Some(FindingKind::Silent),
            Self::Tripled => Some(FindingKind::Volume),
            Self::HalfAtLimit => Some(FindingKind::AtLimit),
            Self::ThirdSkips => Some(FindingKind::Skipped),
            Self::RewordedToHalf => Some(FindingKind::Reworded),
            Self::KeywordRises => Some(FindingKind::Keyword),
        }
    }

    /// Interviews a week of the job in which it is planted, of which a period has four weeks. That a third is more than a
    /// quarter, or that a keyword rose among all these comparisons, is only seen in many.
    fn mean(self) -> f64 {
        match self {
            Self::ThirdSkips => 100.0,
            Self::KeywordRises => 30.0,
            _ => 22.0,
        }
    }
}

/// Interviews of a job in a week, which is so many before the end.
fn week(draws: &mut Draws, calendar: &Calendar, (job, ago): (u32, i64), count: usize, plant: Plant) -> Vec<Truth> {
    let is_in_period = ago < 4;
    let interview = |draws: &mut Draws| {
        let at = calendar.current.until - ago * 7 * DAY - draws.0.below((7 * DAY).unsigned_abs()) as i64 - 1;
        let answer = |draws: &mut Draws, question: u32| {
            let planted = is_in_period && job == PLANTED && question == 0;
            let mut words = 80.0 * (0.45 * draws.normal()).exp();
            let mut number = question;
            if planted && plant == Plant::RewordedToHalf {
                (words, number) = (words / 2.0, REWORDED);
            }
            let mut seconds = (words / 2.4 * (0.15 * draws.normal()).exp()).min(LIMIT_SECONDS);
            if planted && plant == Plant::HalfAtLimit && draws.is(0.5) {
                seconds = LIMIT_SECONDS;
            }
            let skips = planted && plant == Plant::ThirdSkips && draws.is(1.0 / 3.0);
            let words = (!skips && !draws.is(0.02)).then_some(words as i64 + 1);
            TrueAnswer { question: number, words, seconds: Some(seconds), terms: Vec::new() }
        };
        let mut answers: Vec<TrueAnswer> = (0..3).map(|question| answer(draws, question)).collect();
        for (term, share) in (0u32..).zip([0.6, 0.3, 0.1]).take(TERMS.len()) {
            let rises = is_in_period && job == PLANTED && term == 0 && plant == Plant::KeywordRises;
            if draws.is(if rises { 0.9 } else { share }) {
                answers[term as usize].terms.push(term);
            }
        }
        Truth { job, person: None, created_at: at - 3 * DAY, settled_at: Some(at), completed: true, answers }
    };
    (0..count).map(|_| interview(draws)).collect()
}

/// The lines of a report of twenty jobs of 4 to 50 interviews a week, as kinds and jobs.
fn lines(seed: u64, dispersion: f64, plant: Plant) -> Vec<(FindingKind, Option<u32>)> {
    let mut draws = Draws(Random(seed.wrapping_mul(0x9E37_79B9) ^ dispersion.to_bits()));
    let until = Some(jiff::civil::date(2026, 6, 1));
    let plan = ReportPlan { days: 28, until, ..ReportPlan::new(PathBuf::new()) };
    let calendar = Calendar::new(&plan, Timestamp::UNIX_EPOCH).unwrap();
    let mut truth = Vec::new();
    for job in 0..JOBS {
        let is_planted = job == PLANTED && plant != Plant::Nothing;
        let mean = if is_planted { plant.mean() } else { 4.0 * 12.5_f64.powf(f64::from(job) / f64::from(JOBS - 1)) };
        for ago in 0..WEEKS {
            let factor = match plant {
                Plant::Silent if is_planted && ago == 0 => 0.0,
                Plant::Tripled if is_planted && ago == 0 => 3.0,
                _ => 1.0,
            };
            let count = if factor == 0.0 { 0 } else { draws.count(mean * factor, dispersion) };
            truth.extend(week(&mut draws, &calendar, (job, ago), count, plant));
        }
    }
    let frames = frames(&truth, JOBS, &calendar, |_| true);
    let jobs = wanted(&frames);
    let counted = Counted::new(&frames, &calendar, &jobs);
    let all = find(&counted, &jobs, &[], 17);
    said_once(&all.found).into_iter().map(|one| (one.kind, one.job)).collect()
}

/// Share of the reports of which something is so, and the kinds of lines that were not planted.
fn rate(reports: u64, dispersion: f64, plant: Plant) -> (f64, BTreeMap<FindingKind, usize>) {
    let of_report = |seed: u64| {
        let lines = lines(seed, dispersion, plant);
        let planted = plant.kind().map(|kind| (kind, Some(PLANTED)));
        let is_hit = match planted {
            Some(planted) => lines.iter().take(MOST).any(|line| *line == planted),
            None => !lines.is_empty(),
        };
        (is_hit, lines.into_iter().filter(|line| Some(*line) != planted).map(|(kind, _)| kind).collect::<Vec<_>>())
    };
    let all: Vec<(bool, Vec<FindingKind>)> = (0..reports).into_par_iter().map(of_report).collect();
    let mut others = BTreeMap::new();
    all.iter().flat_map(|(_, kinds)| kinds).for_each(|kind| *others.entry(*kind).or_default() += 1);
    (all.iter().filter(|(is_hit, _)| *is_hit).count() as f64 / reports as f64, others)
}

fn reports(usual: u64) -> u64 {
    std::env::var("ROUNDUP_SIMULATED").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[test]
fn few_simulated_reports_without_an_effect_have_a_line() {
    let reports = reports(8);
    let of_dispersion = |dispersion: f64| {
        let (share, kinds) = rate(reports, dispersion, Plant::Nothing);
        println!("nothing planted, variance {dispersion} times the mean: {:.1} % have a line {kinds:?}", share * 100.0);
        share
    };
    let shares = [1.0, 2.0, 4.0].map(of_dispersion);
    if reports >= 500 {
        assert!(shares.iter().all(|share| *share < 0.05), "{shares:?}");
    } else {
        // Of three times eight, some may.
        assert!(shares.iter().sum::<f64>() / 3.0 < 0.15, "{shares:?}");
    }
}

#[test]
fn what_is_planted_in_simulated_reports_is_found() {
    let reports = reports(8);
    for (plant, least) in [
        (Plant::Silent, 0.99),
        (Plant::Tripled, 0.85),
        (Plant::HalfAtLimit, 0.9),
        (Plant::ThirdSkips, 0.9),
        (Plant::RewordedToHalf, 0.9),
        (Plant::KeywordRises, 0.9),
    ] {
        let dispersion = 2.0;
        let (share, kinds) = rate(reports, dispersion, plant);
        println!("{plant:?}, variance {dispersion} times the mean: found in {:.1} % {kinds:?}", share * 100.0);
        // Of a few, some more may be missed.
        let tolerated = if reports >= 500 { 0.0 } else { 0.25 };
        assert!(share >= least - tolerated, "{plant:?} is found in {:.1} %", share * 100.0);
    }
}
