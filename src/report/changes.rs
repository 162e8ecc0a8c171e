//! "What changed": the figures that differ from the previous period beyond chance. Interviews are compared, not
//! answers.

use super::aggregate::Aggregates;
use super::frames::Frames;
use super::model::{Changes, Distribution, Figures, Finding, JobReport, PRIVACY_FLOOR, Unit};
use super::statistics::{adjusted, fisher, mann_whitney};

/// Number of findings that are named, at most.
const FINDINGS: usize = 3;
/// Accepted share of false findings among all findings.
const FALSE_DISCOVERIES: f64 = 0.05;
/// Weeks of history that a comparison needs, at least.
const LEAST_WEEKS: u32 = 6;
/// Least rank-biserial correlation that makes a finding of a difference in numbers.
const LEAST_CORRELATION: f64 = 0.15;
/// Least change of a median that makes a finding, relative to the previous median.
const LEAST_CHANGE: f64 = 0.05;
/// Least difference of shares that makes a finding.
const LEAST_DIFFERENCE: f64 = 0.1;

/// Compares all figures that are shown in both periods.
pub fn changes(frames: &Frames, aggregates: &Aggregates, compares: bool, weeks_of_history: u32) -> Changes {
    let missing = |why: String| Changes { missing: Some(why), ..Changes::default() };
    if !compares {
        return missing("this report is compared with no other period".to_owned());
    }
    if weeks_of_history < LEAST_WEEKS {
        return missing(format!(
            "{LEAST_WEEKS} whole weeks of interviews are needed to tell change from chance, and the lake holds {weeks_of_history}"
        ));
    }
    let compared = Comparisons { frames, aggregates, paces: paces(frames) };
    let of_jobs = aggregates.jobs.iter().zip(&aggregates.numbers).map(|(job, number)| Some((*number, job)));
    let mut findings: Vec<Finding> =
        std::iter::once(None).chain(of_jobs).flat_map(|job| compared.findings(job)).collect();
    let comparisons = findings.len() as u64;
    if comparisons == 0 {
        return missing("no figure is shown in both periods".to_owned());
    }
    let p: Vec<f64> = findings.iter().map(|finding| finding.p).collect();
    for (finding, q) in findings.iter_mut().zip(adjusted(&p)) {
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
    frames: &'a Frames,
    aggregates: &'a Aggregates,
    /// Pace of each interview, in words per minute.
    paces: Vec<Option<f64>>,
}

impl Comparisons<'_> {
    /// Compares all figures of a group.
    fn findings(&self, group: ComparedGroup) -> Vec<Finding> {
        let number = group.map(|(number, _)| number);
        let Some(completed) = self.aggregates.comparable.completed.get(&number) else { return Vec::new() };
        let mut findings = self.medians(group);
        findings.extend(self.completion_rate(group));
        findings.extend(self.keywords(group, *completed));
        findings
    }

    fn medians(&self, group: ComparedGroup) -> Vec<Finding> {
        let interviews = &self.frames.interviews;
        let periods = match group {
            Some((_, job)) => [&job.figures, &job.previous],
            None => [&self.aggregates.overall, &self.aggregates.overall_previous],
        };
        let jobs = match &group {
            Some((number, _)) => std::slice::from_ref(number),
            None => &self.aggregates.counted,
        };
        type Median<'a> = (&'static str, &'static str, Unit, fn(&Figures) -> &Distribution, &'a [Option<f64>]);
        let medians: [Median; 3] = [
            (
                "median_duration_seconds",
                "median duration",
                Unit::Seconds,
                |figures| &figures.total_duration_seconds,
                &interviews.total_duration_seconds,
            ),
            (
                "median_response_length",
                "median answer length",
                Unit::Characters,
                |figures| &figures.average_response_length,
                &interviews.average_response_length,
            ),
            (
                "median_words_per_minute",
                "median pace of an interview",
                Unit::WordsPerMinute,
                |figures| &figures.words_per_minute,
                &self.paces,
            ),
        ];
        let compared = |(figure, label, unit, of, column): Median| {
            let is_shown = |figures: &&Option<Figures>| figures.as_ref().is_some_and(|one| of(one).median.is_some());
            if !periods.iter().all(is_shown) {
                return None;
            }
            let now = interviews.values(column, jobs, |membership| membership.current);
            let before = interviews.values(column, jobs, |membership| membership.previous);
            let floor = usize::try_from(PRIVACY_FLOOR).expect("a small number");
            if now.len() < floor || before.len() < floor {
                return None;
            }
            let test = mann_whitney(&now, &before)?;
            let n = [signed(now.len()), signed(before.len())];
            let values = [median(now), median(before)];
            let what = (figure, label.to_owned(), unit);
            Some(finding(group, what, values, n, ("Mann-Whitney", test.p, test.effect)))
        };
        medians.into_iter().filter_map(compared).collect()
    }

    fn completion_rate(&self, group: ComparedGroup) -> Option<Finding> {
        let number = group.map(|(number, _)| number);
        let cohorts = self.aggregates.comparable.cohorts.get(&number)?;
        let [now, before] = cohorts.map(|[completed, expired]| [completed, completed + expired]);
        shares(group, ("completion_rate", "completion rate".to_owned(), Unit::Share), now, before)
    }

    fn keywords(&self, group: ComparedGroup, [completed, completed_before]: [i64; 2]) -> Vec<Finding> {
        let number = group.map(|(number, _)| number);
        let of_group = self.aggregates.comparable.keywords.range((number, 0)..=(number, u32::MAX));
        let compared = |((_, term), [with, with_before]): (&(Option<u32>, u32), &[i64; 2])| {
            let label = format!("share of interviews that mention “{}”", self.frames.hits.terms[*term as usize].name);
            let (now, before) = ([*with, completed], [*with_before, completed_before]);
            shares(group, ("keyword", label, Unit::Share), now, before)
        };
        of_group.filter_map(compared).collect()
    }
}

/// Compares two shares, each as (interviews that count, all interviews). Returns `None` if either total is below the
/// privacy floor.
fn shares(
    group: ComparedGroup,
    what: (&'static str, String, Unit),
    [with, of]: [i64; 2],
    [with_before, of_before]: [i64; 2],
) -> Option<Finding> {
    if of < PRIVACY_FLOOR || of_before < PRIVACY_FLOOR {
        return None;
    }
    let table = |with: i64, of: i64| [with.unsigned_abs(), (of - with).unsigned_abs()];
    let p = fisher(table(with, of), table(with_before, of_before));
    #[expect(clippy::cast_precision_loss, reason = "counts of interviews are far below 2^53")]
    let shares = [with as f64 / of as f64, with_before as f64 / of_before as f64];
    Some(finding(group, what, shares, [of, of_before], ("Fisher", p, shares[0] - shares[1])))
}

/// The result of one comparison. Its `q` is set once all comparisons are made.
fn finding(
    group: ComparedGroup,
    (figure, label, unit): (&'static str, String, Unit),
    [value, previous]: [f64; 2],
    [n, previous_n]: [i64; 2],
    (test, p, effect): (&'static str, f64, f64),
) -> Finding {
    let job = group.map(|(_, job)| job);
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

/// Pace of each interview in words per minute, over the answers whose words and pace are known.
fn paces(frames: &Frames) -> Vec<Option<f64>> {
    let responses = &frames.responses;
    let mut sums = vec![(0.0, 0.0); frames.interviews.ids.len()];
    for (row, interview) in responses.interview.iter().enumerate() {
        if let (Some(words), Some(seconds)) = (responses.word_count[row], responses.paced_seconds(row)) {
            let (all, minutes) = &mut sums[*interview as usize];
            #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
            let words = words as f64;
            *all += words;
            *minutes += seconds / 60.0;
        }
    }
    sums.into_iter().map(|(words, minutes)| (minutes > 0.0).then(|| words / minutes)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("a count of interviews")
}
