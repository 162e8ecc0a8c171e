//! Tests against the golden figures that `tests/oracle/statistics.py` computes with SciPy, statsmodels and scattertext.

use serde::Deserialize;

use super::log_odds::log_odds;
use super::tests_of_difference::{adjusted, fisher, mann_whitney};

#[derive(Deserialize)]
struct Golden {
    mann_whitney: Vec<MannWhitneyCase>,
    fisher: Vec<FisherCase>,
    benjamini_hochberg: Vec<AdjustedCase>,
    log_odds: Vec<LogOddsCase>,
}

#[derive(Deserialize)]
struct MannWhitneyCase {
    first: Vec<f64>,
    second: Vec<f64>,
    u: f64,
    p: f64,
}

#[derive(Deserialize)]
struct FisherCase {
    first: [u64; 2],
    second: [u64; 2],
    p: f64,
}

#[derive(Deserialize)]
struct AdjustedCase {
    p: Vec<f64>,
    q: Vec<f64>,
}

#[derive(Deserialize)]
struct LogOddsCase {
    first: Vec<f64>,
    second: Vec<f64>,
    prior: f64,
    z: Vec<f64>,
}

fn golden() -> Golden {
    let golden: Golden = serde_json::from_str(include_str!("../../../data/golden/statistics.json")).unwrap();
    assert!(golden.mann_whitney.len() >= 20 && golden.fisher.len() >= 20);
    assert!(golden.benjamini_hochberg.len() >= 5 && golden.log_odds.len() >= 5);
    golden
}

#[track_caller]
fn close(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1e-3), "{ours} is not {theirs}");
}

#[test]
fn mann_whitney_is_that_of_scipy() {
    for case in golden().mann_whitney {
        let ours = mann_whitney(&case.first, &case.second).unwrap();
        close(ours.p, case.p);
        let pairs = f64::from(u32::try_from(case.first.len() * case.second.len()).unwrap());
        close(ours.effect, 2.0 * case.u / pairs - 1.0);
    }
    assert!(mann_whitney(&[1.0, 1.0], &[1.0]).is_none(), "nothing to rank");
}

#[test]
fn fisher_is_that_of_scipy() {
    for case in golden().fisher {
        close(fisher(case.first, case.second), case.p);
    }
}

#[test]
fn benjamini_hochberg_is_that_of_statsmodels() {
    for case in golden().benjamini_hochberg {
        for (ours, theirs) in adjusted(&case.p).into_iter().zip(case.q) {
            close(ours, theirs);
        }
    }
    assert!(adjusted(&[]).is_empty());
}

#[test]
fn log_odds_are_those_of_scattertext() {
    for case in golden().log_odds {
        for ((_, ours), theirs) in log_odds(&case.first, &case.second, case.prior).into_iter().zip(case.z) {
            close(ours, theirs);
        }
    }
}
