//! "What changed": the figures that differ from the previous period beyond chance. Persons are compared, each with their
//! last interview in the group and period.

use std::ops::Range;

use super::aggregate::{
    Aggregates, Completions, Counted, DURATION, INTERVIEW_PACE, LENGTH, Value, last, median, wanted,
};
use super::model::{Changes, Finding, JobReport, Period, Unit};
use crate::model::statistics::{FALSE_DISCOVERIES, Fisher, adjusted, mann_whitney};

/// Number of findings that are named, at most.
const FINDINGS: usize = 3;
/// Weeks of history that a comparison needs, at least.
const LEAST_WEEKS: u32 = 6;
/// Least rank-biserial correlation that makes a finding of a difference in numbers.
const LEAST_CORRELATION: f64 = 0.15;
/// Least change of a median that makes a finding, relative to the previous median.
const LEAST_CHANGE: f64 = 0.05;
/// Least difference of shares that makes a finding.
const LEAST_DIFFERENCE: f64 = 0.1;

/// Compares all figures that are shown in both periods.
pub fn changes(counted: &Counted<'_>, aggregates: &Aggregates, weeks_of_history: u32) -> Changes {
    let missing = |why: String| Changes { missing: Some(why), ..Changes::default() };
    let calendar = counted.calendar;
    let before = calendar.previous_segments.as_ref().zip(calendar.previous_period.as_ref());
    let Some((previous, previous_period)) = before else {
        return missing("this report is compared with no other period".to_owned());
    };
    if weeks_of_history < LEAST_WEEKS {
        return missing(format!(
            "{LEAST_WEEKS} whole weeks of interviews are needed to tell change from chance, and the lake holds {weeks_of_history}"
        ));
    }
    let (wanted, frames) = (wanted(counted.frames), counted.frames);
    let compared = Comparisons {
        counted,
        segments: [&calendar.current_segments, previous],
        periods: [&calendar.period, previous_period],
        rates: Completions::new(&frames.interviews.cohort, frames.jobs.len(), calendar),
        fisher: Fisher::up_to((frames.interviews.ids.len() + frames.interviews.cohort.job.len()) as u64),
        wanted: &wanted,
    };
    let of_jobs = aggregates.jobs.iter().zip(&aggregates.numbers).map(|(job, number)| Some((*number, job)));
    let mut findings: Vec<Finding> =
        std::iter::once(None).chain(of_jobs).flat_map(|job| compared.findings(job)).collect();
    let comparisons = findings.len() as u64;
    if comparisons == 0 {
        return missing("no figure is shown in both periods".to_owned());
    }
    let p: Vec<f64> = findings.iter().map(|finding| finding.p).collect();
    for (finding, q) in findings.iter_mut().zip(adjusted(&p, p.len())) {
        finding.q = q;
    }
    findings.retain(|finding| finding.q <= FALSE_DISCOVERIES && matters(finding));
    findings
        .sort_by(|a, b| a.q.total_cmp(&b.q).then(a.p.total_cmp(&b.p)).then(b.effect.abs().total_cmp(&a.effect.abs())));
    findings.truncate(FINDINGS);
    Changes { findings, comparisons, missing: None }
}

/// Whether a difference is large enough to be reported.
fn matters(finding: &Finding) -> bool {
    let difference = (finding.value - finding.previous).abs();
    if finding.unit == Unit::Share {
        return difference >= LEAST_DIFFERENCE;
    }
    finding.effect.abs() >= LEAST_CORRELATION && difference >= LEAST_CHANGE * finding.previous.abs()
}

/// A group to compare: the number of a job and its report, or `None` for all jobs together.
type ComparedGroup<'a> = Option<(u32, &'a JobReport)>;

struct Comparisons<'a> {
    counted: &'a Counted<'a>,
    /// Of this period, and of the one before.
    segments: [&'a Range<usize>; 2],
    periods: [&'a Period; 2],
    rates: Completions<'a>,
    fisher: Fisher,
    wanted: &'a [u32],
}

impl Comparisons<'_> {
    /// Compares all figures of a group.
    fn findings(&self, group: ComparedGroup) -> Vec<Finding> {
        let jobs = match &group {
            Some((number, _)) => std::slice::from_ref(number),
            None => self.wanted,
        };
        let mut findings = self.medians(group, jobs);
        findings.extend(self.completion_rate(group, jobs));
        findings.extend(self.keywords(group, jobs));
        findings
    }

    fn medians(&self, group: ComparedGroup, jobs: &[u32]) -> Vec<Finding> {
        let medians = [
            ("median_duration_seconds", "median duration", Unit::Seconds, DURATION),
            ("median_response_length", "median answer length", Unit::Characters, LENGTH),
            ("median_words_per_minute", "median pace of an interview", Unit::WordsPerMinute, INTERVIEW_PACE),
        ];
        let compared = |(figure, label, unit, index): (&'static str, &str, Unit, usize)| {
            let [now, before] = self.segments.map(|segments| self.once_each(jobs, index, segments));
            let (now, before) = (now?, before?);
            let values = |of: &[Value]| of.iter().map(|value| value.value).collect::<Vec<f64>>();
            let test = mann_whitney(&values(&now), &values(&before))?;
            let medians = [median(&now)?, median(&before)?];
            let what = (figure, label.to_owned(), unit);
            Some(finding(group, what, medians, [now.len(), before.len()], ("Mann-Whitney", test.p, test.effect)))
        };
        medians.into_iter().filter_map(compared).collect()
    }

    /// The values of a figure of interviews, of each person that of the last one; `None` if there is nothing to be shown.
    fn once_each(&self, jobs: &[u32], figure: usize, segments: &Range<usize>) -> Option<Vec<Value>> {
        let values = self.counted.figures[figure].within(jobs, segments).filter(|values| !values.is_empty())?;
        let last = last(self.counted.frames, values.iter().map(|value| (value.person, value.row)));
        Some(values.into_iter().filter(|value| last[&value.person] == value.row).collect())
    }

    fn completion_rate(&self, group: ComparedGroup, jobs: &[u32]) -> Option<Finding> {
        let [now, before] = self.periods.map(|period| self.rates.of(jobs, period));
        // Cohorts that share days are no two samples.
        if now.completion_from? <= before.completion_last? {
            return None;
        }
        let [now, before] = self.periods.map(|period| self.rates.settled(jobs, period));
        self.shares(group, ("completion_rate", "completion rate".to_owned(), Unit::Share), now?, before?)
    }

    fn keywords(&self, group: ComparedGroup, jobs: &[u32]) -> Vec<Finding> {
        let Counted { frames, people, terms, .. } = self.counted;
        let is_shown = |segments: &&Range<usize>| {
            let union = self.counted.atoms.within(jobs, segments);
            // Over several jobs persons are counted of all of them.
            union.is_whole && union.is_shown(jobs) && !union.atoms.is_empty()
        };
        if !self.segments.iter().all(is_shown) {
            return Vec::new();
        }
        let rows = &frames.interviews;
        let counts_once = if group.is_some() { &people.in_job } else { &people.in_group };
        let persons = self.segments.map(|segments| {
            let is_in = |row: &usize| segments.contains(&(rows.segment[*row] as usize));
            let of_group = |row: &usize| jobs.binary_search(&rows.job[*row]).is_ok();
            let once = (0..rows.ids.len()).filter(|row| counts_once[*row] && is_in(row) && of_group(row));
            once.count() as u64
        });
        let terms = (0u32..).zip(&frames.hits.terms).filter_map(|(term, named)| {
            let with = match group {
                Some((job, _)) => terms.persons.get(&(job, term)),
                None => terms.persons_of_group.get(&term),
            };
            let [now, before] = *with?;
            let label = format!("share of those that mention “{}”", named.name);
            let table = |with: u64, of: u64| [with, of - with];
            if now + before == 0 {
                return None;
            }
            self.shares(group, ("keyword", label, Unit::Share), table(now, persons[0]), table(before, persons[1]))
        });
        terms.collect()
    }

    /// Compares two shares, each as those that count and those that do not.
    fn shares(
        &self,
        group: ComparedGroup,
        what: (&'static str, String, Unit),
        now: [u64; 2],
        before: [u64; 2],
    ) -> Option<Finding> {
        let n = [now, before].map(|[with, without]| usize::try_from(with + without).expect("a count in memory"));
        if n.contains(&0) {
            return None;
        }
        let p = self.fisher.p(now, before);
        #[expect(clippy::cast_precision_loss, reason = "counts of interviews are far below 2^53")]
        let shares = [now, before].map(|[with, without]| with as f64 / (with + without) as f64);
        Some(finding(group, what, shares, n, ("Fisher", p, shares[0] - shares[1])))
    }
}

/// The result of one comparison. Its `q` is set once all comparisons are made.
fn finding(
    group: ComparedGroup,
    (figure, label, unit): (&'static str, String, Unit),
    [value, previous]: [f64; 2],
    n: [usize; 2],
    (test, p, effect): (&'static str, f64, f64),
) -> Finding {
    let job = group.map(|(_, job)| job);
    let [n, previous_n] = n.map(|n| i64::try_from(n).expect("a count of interviews"));
    Finding {
        job_id: job.map(|job| job.job_id.clone()),
        job: job.map(|job| job.job_title.clone().unwrap_or_else(|| job.job_id.clone())),
        page: job.map(|job| job.page.clone()),
        figure,
        label,
        unit,
        value,
        previous,
        n,
        previous_n,
        test,
        p,
        q: 1.0,
        effect,
    }
}
