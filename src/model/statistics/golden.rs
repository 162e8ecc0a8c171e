//! Tests against the golden figures that `tests/oracle/statistics.py` computes with SciPy and statsmodels.

use serde::Deserialize;

use super::bounds::{lower_bound, student_t, upper_bound};
use super::shares::{log_odds_ratio, signed_root_g2};
use super::tests_of_difference::{FALSE_DISCOVERIES, Fisher, adjusted, mann_whitney};

#[derive(Deserialize)]
struct Golden {
    mann_whitney: Vec<MannWhitneyCase>,
    fisher: Vec<FisherCase>,
    benjamini_hochberg: Vec<AdjustedCase>,
    shares: Vec<SharesCase>,
    bounds: Vec<BoundsCase>,
    student_t: Vec<StudentCase>,
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
struct SharesCase {
    first: [u64; 2],
    second: [u64; 2],
    log_odds_ratio: f64,
    signed_root_g2: f64,
}

#[derive(Deserialize)]
struct BoundsCase {
    with: u64,
    n: u64,
    lower: f64,
    upper: f64,
}

#[derive(Deserialize)]
struct StudentCase {
    t: f64,
    degrees: u32,
    p: f64,
}

fn golden() -> Golden {
    let golden: Golden = serde_json::from_str(include_str!("../../../data/golden/statistics.json")).unwrap();
    assert!(golden.mann_whitney.len() >= 20 && golden.fisher.len() >= 20);
    assert!(golden.bounds.len() >= 20 && golden.student_t.len() >= 40);
    assert!(golden.benjamini_hochberg.len() >= 5 && golden.shares.len() >= 20);
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
    let fisher = Fisher::up_to(4000);
    for case in golden().fisher {
        close(fisher.p(case.first, case.second), case.p);
    }
}

#[test]
fn bounds_of_shares_are_those_of_scipy() {
    for BoundsCase { with, n, lower, upper } in golden().bounds {
        close(lower_bound(with, n), lower);
        close(upper_bound(with, n), upper);
    }
}

#[test]
fn students_t_is_that_of_scipy() {
    for StudentCase { t, degrees, p } in golden().student_t {
        close(student_t(t, degrees), p);
    }
}

#[test]
fn benjamini_hochberg_is_that_of_statsmodels() {
    for case in golden().benjamini_hochberg {
        for (ours, theirs) in adjusted(&case.p, case.p.len()).into_iter().zip(&case.q) {
            close(ours, *theirs);
        }
        // Those above what is accepted need not be there.
        let is_small = |p: &f64| *p <= FALSE_DISCOVERIES;
        let small: Vec<f64> = case.p.iter().copied().filter(is_small).collect();
        let theirs = case.p.iter().zip(&case.q).filter(|(p, _)| is_small(p)).map(|(_, q)| *q);
        for (ours, theirs) in adjusted(&small, case.p.len()).into_iter().zip(theirs) {
            assert_eq!(ours <= FALSE_DISCOVERIES, theirs <= FALSE_DISCOVERIES);
            if theirs <= FALSE_DISCOVERIES {
                close(ours, theirs);
            }
        }
    }
    assert!(adjusted(&[], 0).is_empty());
}

#[test]
fn ratios_of_shares_are_those_of_statsmodels_and_scipy() {
    for SharesCase { first, second, log_odds_ratio: ratio, signed_root_g2: root } in golden().shares {
        close(log_odds_ratio(first, second), ratio);
        close(signed_root_g2(first, second), root);
    }
}

#[test]
fn the_ratio_has_the_sign_of_the_difference_of_the_shares() {
    for n in [3u64, 10, 40] {
        for (a, b) in (0..=n).flat_map(|a| (0..=7).map(move |b| (a, b))) {
            let (first, second) = ([a, n - a], [b, 7 - b]);
            let difference = i128::from(a * 7) - i128::from(b * n);
            for figure in [log_odds_ratio(first, second), signed_root_g2(first, second)] {
                let sign = if figure.abs() < 1e-12 {
                    0
                } else if figure > 0.0 {
                    1
                } else {
                    -1
                };
                assert_eq!(sign, difference.signum(), "{first:?} {second:?}: {figure}");
            }
        }
    }
}
