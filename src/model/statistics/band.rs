//! What is usual, learnt from earlier spans of time (nights, or weeks), and whether a later one is beyond it. Both the
//! findings of a report and the expectations of a run judge by it.
//!
//! A band is wide where spans differ much. It is robust: nine in ten spans say how wide it is, and the median says where.
//! It also has a least width, since what is beyond chance need not matter.

use std::f64::consts::FRAC_PI_2;

/// So many spreads beyond the median something is not usual. With thirty figures a night, a normal one leaves its band once
/// in ten years; those that come in batches do so more often.
const SPREADS: f64 = 4.0;
/// The share of spans that say how wide a band is, and its quantile of the absolute value of a normal variable.
const ORDINARY: f64 = 0.9;
const NORMAL_QUANTILE: f64 = 1.645;
/// Least ratio to the median, either way, of a count that is not usual.
pub const LEAST_RATIO: f64 = 1.8;
/// Least ratio to the median, either way, of another measure that is not usual.
const LEAST_RATIO_OF_MEASURES: f64 = 1.5;
/// Least difference to the usual share of one that is not usual.
const LEAST_DIFFERENCE: f64 = 0.1;
/// A share is judged if it is of so many.
pub const ENOUGH: u64 = 30;
/// What stopped is there in this share, at most, and was in one less this.
const HARDLY: f64 = 0.1;
/// Weekdays from which a count's usual one is known, at least.
const ENOUGH_OF_WEEKDAY: usize = 4;
const DAYS: usize = 7;

/// What is usual, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    pub usual: f64,
    pub least: f64,
    pub most: f64,
}

impl Band {
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }
}

/// Root of a count: the variance of these is about the same whatever the mean (Anscombe).
#[must_use]
pub fn root(count: f64) -> f64 {
    (count + 3.0 / 8.0).sqrt()
}

fn from_root(root: f64) -> f64 {
    (root.max(0.0).powi(2) - 3.0 / 8.0).max(0.0)
}

/// Counts of nights by weekday, from which those of another night are judged.
#[derive(Debug)]
pub struct NightlyCounts {
    /// Median of the roots by weekday, counted back from the night that is judged, if enough nights are known.
    usual: [Option<f64>; DAYS],
    spread: f64,
}

impl NightlyCounts {
    /// Learns from counts, each with how many nights ago it was.
    #[must_use]
    pub fn learn(nights: &[(usize, f64)]) -> Self {
        Self::learn_scaled(&nights.iter().map(|(ago, count)| (*ago, *count, 1.0)).collect::<Vec<_>>())
    }

    /// Learns the same, with what the usual count of each night is multiplied with.
    #[must_use]
    pub fn learn_scaled(nights: &[(usize, f64, f64)]) -> Self {
        let usual: [Option<f64>; DAYS] = std::array::from_fn(|weekday| {
            let of_weekday = nights.iter().filter(|(ago, ..)| ago % DAYS == weekday);
            let roots: Vec<f64> = of_weekday.map(|(_, count, _)| root(*count)).collect();
            (roots.len() >= ENOUGH_OF_WEEKDAY).then(|| median(roots))
        });
        let residual =
            |(ago, count, scale): &(usize, f64, f64)| Some(root(*count) - root(from_root(usual[ago % DAYS]?) * scale));
        Self { usual, spread: spread(nights.iter().filter_map(residual).collect(), 0.5) }
    }

    /// The usual count so many nights ago; `None` if that weekday is not known.
    #[must_use]
    pub fn usual(&self, ago: usize) -> Option<f64> {
        self.usual[ago % DAYS].map(from_root)
    }

    /// The band of so many nights ago.
    #[must_use]
    pub fn band(&self, ago: usize) -> Option<Band> {
        self.usual(ago).map(|usual| self.band_around(usual))
    }

    /// The band of a night of which a count is expected.
    #[must_use]
    pub fn band_around(&self, usual: f64) -> Band {
        let [low, high] = [-SPREADS, SPREADS].map(|spreads| from_root(root(usual) + spreads * self.spread));
        Band { usual, least: low.min(usual / LEAST_RATIO), most: high.max(usual * LEAST_RATIO) }
    }

    /// The least usual count of the quietest weekday: a holiday may be like a Sunday.
    #[must_use]
    pub fn quietest(&self) -> f64 {
        let least = |usual: &f64| self.band_around(from_root(*usual)).least;
        self.usual.iter().flatten().map(least).fold(f64::INFINITY, f64::min)
    }
}

/// The band of a share of `of`, learnt from spans as how many have something and of how many. `None` without any.
#[must_use]
pub fn share_band(spans: &[[u64; 2]], of: u64) -> Option<Band> {
    let known: Vec<[u64; 2]> = spans.iter().copied().filter(|[_, all]| *all > 0).collect();
    let mut by_angle: Vec<(f64, f64)> = known.iter().map(|span| (angle(*span), float(span[1]))).collect();
    by_angle.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = by_angle.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    let (usual, _) = *by_angle.iter().find(|(_, weight)| {
        below += weight;
        below >= half
    })?;
    // An angle of n has the variance 1 / (4 n + 2).
    let unit = |of: u64| 1.0 / (4.0 * float(of) + 2.0).sqrt();
    let width = SPREADS * spread(known.iter().map(|span| (angle(*span) - usual) / unit(span[1])).collect(), 1.0);
    let share = |angle: f64| angle.clamp(0.0, FRAC_PI_2).sin().powi(2);
    let [low, high] = [-width, width].map(|width| share(usual + width * unit(of)));
    let usual = share(usual);
    Some(Band { usual, least: low.min(usual - LEAST_DIFFERENCE), most: high.max(usual + LEAST_DIFFERENCE) })
}

/// A share as an angle: the variance of these is about the same whatever the share (Anscombe).
fn angle([with, all]: [u64; 2]) -> f64 {
    ((float(with) + 3.0 / 8.0) / (float(all) + 3.0 / 4.0)).sqrt().asin()
}

/// The band of a measure above 0 that varies by factors, such as a median duration. `None` without any.
#[must_use]
pub fn measure_band(spans: &[f64]) -> Option<Band> {
    let logarithms: Vec<f64> = spans.iter().filter(|value| **value > 0.0).map(|value| value.ln()).collect();
    if logarithms.is_empty() {
        return None;
    }
    let usual = median(logarithms.clone());
    let width = SPREADS * spread(logarithms.iter().map(|value| value - usual).collect(), 0.02);
    let width = width.max(LEAST_RATIO_OF_MEASURES.ln());
    Some(Band { usual: usual.exp(), least: (usual - width).exp(), most: (usual + width).exp() })
}

/// Something that is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The first span without it.
    pub first: usize,
    /// How many had it since, and of how many.
    pub now: [u64; 2],
    pub before: [u64; 2],
}

/// Finds whether what nearly all had is in hardly any of the last spans, which come as how many have it, and of how many.
/// It takes no long history, as it tells all from nothing.
#[must_use]
pub fn stop(spans: &[[u64; 2]]) -> Option<Stop> {
    let hardly = |[with, all]: &[u64; 2]| float(*with) <= HARDLY * float(*all);
    let first = spans.iter().rposition(|span| !hardly(span))? + 1;
    let sum = |spans: &[[u64; 2]]| spans.iter().fold([0, 0], |sum, span| [sum[0] + span[0], sum[1] + span[1]]);
    let (before, now) = (sum(&spans[..first]), sum(&spans[first..]));
    let was_there = float(before[0]) >= (1.0 - HARDLY) * float(before[1]);
    (was_there && now[1] >= ENOUGH && before[1] >= ENOUGH).then_some(Stop { first, now, before })
}

/// A robust standard deviation: of nine in ten, as if they were normal. It is never below `least`.
fn spread(residuals: Vec<f64>, least: f64) -> f64 {
    let mut sizes: Vec<f64> = residuals.into_iter().map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short list")]
    let place = (ORDINARY * sizes.len() as f64) as usize;
    sizes.get(place).map_or(least, |size| (size / NORMAL_QUANTILE).max(least))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of interviews and answers are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nearly_all_had_and_hardly_any_has_has_stopped() {
        let first = |spans: &[[u64; 2]]| stop(spans).map(|stop| stop.first);
        assert_eq!(first(&[[97, 100], [40, 40], [0, 30]]), Some(2));
        assert_eq!(first(&[[97, 100], [40, 40], [0, 20], [1, 30]]), Some(2));
        assert_eq!(first(&[[97, 100], [40, 40], [0, 29]]), None, "too few");
        assert_eq!(first(&[[80, 100], [0, 30]]), None, "not all had it");
        assert_eq!(first(&[[97, 100], [20, 40]]), None, "some still have it");
        assert_eq!(first(&[[0, 100]]), None, "nobody ever had it");
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn a_steady_figure_has_a_band_of_the_least_width() {
        let nights: Vec<(usize, f64)> = (1..=56).map(|ago| (ago, 400.0)).collect();
        let band = NightlyCounts::learn(&nights).band(0).unwrap();
        assert!((band.usual - 400.0).abs() < 1e-9 && band.least < 223.0 && band.least > 222.0, "{band:?}");
        let band = share_band(&[[20, 1000]; 50], 1000).unwrap();
        assert!(!band.holds(0.13) && band.holds(0.1) && band.holds(0.0), "{band:?}");
        let band = measure_band(&[40.0; 50]).unwrap();
        assert!(band.holds(59.0) && !band.holds(61.0) && !band.holds(26.0), "{band:?}");
        assert_eq!((share_band(&[[0, 0]], 10), measure_band(&[0.0])), (None, None));
        assert_eq!(NightlyCounts::learn(&nights[..20]).band(0), None, "two such weekdays");
    }

    proptest! {
        /// One odd night in a band moves it by no more than the step to the next ordinary one.
        #[test]
        fn one_odd_night_makes_no_other_band(
            counts in prop::collection::vec(50_u32..150, 56),
            odd in 0_usize..56,
            to in prop_oneof![Just(0_u32), 0_u32..1_000_000],
        ) {
            let band = |counts: &[u32]| {
                let nights: Vec<(usize, f64)> = (1..).zip(counts.iter().map(|count| f64::from(*count))).collect();
                NightlyCounts::learn(&nights).band(0).unwrap()
            };
            let (before, mut with_odd) = (band(&counts), counts.clone());
            with_odd[odd] = to;
            let after = band(&with_odd);
            prop_assert!(after.holds(f64::from(*counts.iter().min().unwrap()).max(after.least)));
            // Within the counts that were there, and what the widest of them allow.
            prop_assert!(before.usual / 3.0 < after.usual && after.usual < before.usual * 3.0);
            prop_assert!(after.most < 1500.0 && after.most > 90.0, "{after:?}");
        }

        #[test]
        fn a_band_is_in_order_and_holds_what_is_usual(
            spans in prop::collection::vec((0_u64..=200, 1_u64..=200), 1..60),
            of in 1_u64..500,
        ) {
            let spans: Vec<[u64; 2]> = spans.into_iter().map(|(with, all)| [with.min(all), all]).collect();
            let band = share_band(&spans, of).unwrap();
            prop_assert!(band.least <= band.usual && band.usual <= band.most);
            prop_assert!((0.0..=1.0).contains(&band.usual) && band.holds(band.usual));
            let counts: Vec<(usize, f64)> = (1..).zip(spans.iter().map(|[_, all]| float(*all))).collect();
            if let Some(band) = NightlyCounts::learn(&counts).band(0) {
                prop_assert!(0.0 <= band.least && band.holds(band.usual));
            }
            let band = measure_band(&spans.iter().map(|[_, all]| float(*all)).collect::<Vec<_>>()).unwrap();
            prop_assert!(0.0 < band.least && band.holds(band.usual));
        }

        #[test]
        fn more_answers_are_judged_more_closely(with in 0_u64..=100, of in 1_u64..1000) {
            let spans = [[with, 100]; 40];
            let [few, many] = [of, of * 2].map(|of| share_band(&spans, of).unwrap());
            prop_assert!(few.least <= many.least && many.most <= few.most);
        }
    }
}
