//! What the volumes of jobs say: who fell silent, and whose last whole week was another than those before.

use jiff::ToSpan;
use jiff::civil::Date;

use super::found::{Found, Measured, OF_EACH_FAMILY, day};
use super::volume::{
    SILENT_DAYS, Silence, VolumeChange, WEEKS_BEFORE, WeeksBefore, change, fell, p_with, silence, variance,
};
use crate::model::statistics::adjusted;
use crate::pipeline::FindingKind;
use crate::report::aggregate::Counted;
use crate::report::html::format::thousands;
use crate::report::model::Unit;

/// Least number of jobs of which it can be said that most fell.
const LEAST_JOBS: usize = 3;
/// Least number of a job's interviews, of those known through id lists, by which it is seen that invitations stopped.
const LEAST_INVITED: usize = 10;

/// Completions of a job by day, oldest first.
struct Volume {
    job: u32,
    days: Vec<u32>,
}

/// Findings from the volumes of some jobs.
pub fn volumes(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let volumes = by_day(counted, jobs);
    let silent: Vec<(u32, Silence)> =
        volumes.iter().filter_map(|volume| Some((volume.job, silence(&volume.days)?))).collect();
    let is_silent = |job: u32| silent.iter().any(|(other, _)| *other == job);
    let monday = counted.calendar.period.until;
    let into_week = usize::from(monday.weekday().to_monday_zero_offset().unsigned_abs());
    let last_week = Weeks { volumes: &volumes, end: into_week };
    let week_before = Weeks { volumes: &volumes, end: into_week + 7 };
    let changed = last_week.changes();
    let changed_before = week_before.changes();
    let from = monday.saturating_sub((into_week as i64 + 7).days());
    if let Some(all) = last_week.all_fell() {
        // A job without an interview is more than the week that most jobs had.
        let long: Vec<Found> = silent
            .into_iter()
            .filter(|(_, silence)| silence.days >= 2 * SILENT_DAYS)
            .map(|(job, silence)| silent_job(counted, job, silence))
            .collect();
        return [vec![all_fell(&all, from, week_before.all_fell().is_none())], long].concat();
    }
    let silent_jobs = silent.iter().map(|(job, silence)| silent_job(counted, *job, *silence));
    let other_jobs = changed.iter().filter(|(job, ..)| !is_silent(*job)).map(|(job, change, q)| {
        let same = |(other, before, _): &(u32, VolumeChange, f64)| {
            other == job && (f64::from(before.count) > before.before) == (f64::from(change.count) > change.before)
        };
        changed_volume(*job, (change, *q), from, !changed_before.iter().any(same))
    });
    silent_jobs.chain(other_jobs).collect()
}

fn by_day(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Volume> {
    let days = counted.calendar.day_edges.len() - 1;
    let mut volumes: Vec<Volume> = jobs.iter().map(|job| Volume { job: *job, days: vec![0; days] }).collect();
    for one in &counted.frames.interviews.completions {
        if let (Ok(place), Some(day)) = (jobs.binary_search(&one.job), counted.calendar.day(one.at)) {
            volumes[place].days[day] += 1;
        }
    }
    volumes
}

/// A week that ended some days before the end of the period, with those before it.
struct Weeks<'a> {
    volumes: &'a [Volume],
    end: usize,
}

/// What all jobs together had in a week in which most of them fell.
struct AllFell {
    count: u32,
    before: f64,
    fell: usize,
    jobs: usize,
}

impl Weeks<'_> {
    /// Completions of a job in the week and in the twelve before.
    fn of(&self, volume: &Volume) -> Option<(u32, WeeksBefore)> {
        let end = volume.days.len().checked_sub(self.end)?;
        let week = |ago: usize| -> Option<u32> {
            let until = end.checked_sub(ago * 7)?;
            Some(volume.days[until.checked_sub(7)?..until].iter().sum())
        };
        let mut before = [0; WEEKS_BEFORE];
        for (ago, count) in (1..).zip(before.iter_mut().rev()) {
            *count = week(ago)?;
        }
        // A job that has just opened is compared with nothing.
        (before[0] + before[1] > 0).then_some((week(0)?, before))
    }

    /// Jobs whose volume has changed, with p-values adjusted over all of them.
    fn changes(&self) -> Vec<(u32, VolumeChange, f64)> {
        let known: Vec<(u32, u32, WeeksBefore)> = self
            .volumes
            .iter()
            .filter_map(|volume| self.of(volume).map(|(now, before)| (volume.job, now, before)))
            .collect();
        let variances = known.iter().map(|(_, _, before)| variance(before));
        let variance = variances.sum::<f64>() / known.len() as f64;
        let count = u32::try_from(known.len()).expect("a count of jobs");
        let p: Vec<f64> = known.iter().map(|(_, now, before)| p_with(*now, before, variance, count)).collect();
        let adjusted = known.iter().zip(adjusted(&p, p.len())).filter(|(_, q)| *q <= OF_EACH_FAMILY);
        adjusted.filter_map(|((job, now, before), q)| Some((*job, change(*now, before)?, q))).collect()
    }

    /// The volume of all jobs, if most of them fell.
    fn all_fell(&self) -> Option<AllFell> {
        let known: Vec<(u32, WeeksBefore)> = self.volumes.iter().filter_map(|volume| self.of(volume)).collect();
        let could: Vec<&(u32, WeeksBefore)> = known.iter().filter(|(_, before)| fell(0, before)).collect();
        let fell = could.iter().filter(|(now, before)| fell(*now, before)).count();
        (could.len() >= LEAST_JOBS && fell * 2 > could.len()).then(|| AllFell {
            count: known.iter().map(|(now, _)| now).sum(),
            before: known.iter().flat_map(|(_, before)| before).map(|count| f64::from(*count)).sum::<f64>()
                / WEEKS_BEFORE as f64,
            fell,
            jobs: could.len(),
        })
    }
}

fn silent_job(counted: &Counted<'_>, job: u32, silence: Silence) -> Found {
    let calendar = counted.calendar;
    let first_silent = calendar.day_edges[calendar.day_edges.len() - 1 - silence.days];
    let since = calendar.period.until.saturating_sub((silence.days as i64 + 1).days());
    let cohort = &counted.frames.interviews.cohort;
    let invited = |from: i64, until: i64| {
        let created = cohort.job.iter().zip(&cohort.created_at);
        created.filter(|(other, at)| **other == job && (from..until).contains(*at)).count()
    };
    let invitations = match invited(first_silent, calendar.current.until) {
        0 if invited(calendar.day_edges[0], first_silent) < LEAST_INVITED => String::new(),
        0 => "; invitations stopped too".to_owned(),
        1 => "; 1 was invited since".to_owned(),
        more => format!("; {} were invited since", thousands(more as i64)),
    };
    let text = format!("no interview since {}, {} a week before{invitations}", day(since), whole(silence.before));
    Found {
        job: Some(job),
        kind: FindingKind::Silent,
        is_new: silence.days < 2 * SILENT_DAYS,
        anchor: "volume".to_owned(),
        text,
        about: String::new(),
        weight: silence.before,
        measured: Measured { previous: Some(silence.before), ..Measured::plain(Unit::Interviews, 0.0, 0) },
    }
}

fn changed_volume(job: u32, (change, q): (&VolumeChange, f64), from: Date, is_new: bool) -> Found {
    let count = f64::from(change.count);
    let what = match change.count {
        0 => "no interview".to_owned(),
        more if count > change.before => format!("interviews rose to {}", thousands(more.into())),
        fewer => format!("interviews fell to {}", thousands(fewer.into())),
    };
    let text = format!("{what} in the week from {}, {} a week before", day(from), whole(change.before));
    Found {
        job: Some(job),
        kind: FindingKind::Volume,
        is_new,
        anchor: "volume".to_owned(),
        text,
        about: String::new(),
        weight: (count - change.before).abs(),
        measured: Measured {
            previous: Some(change.before),
            test: "t",
            p: Some(change.p),
            q: Some(q),
            effect: Some(count / change.before),
            ..Measured::plain(Unit::Interviews, count, change.count as usize)
        },
    }
}

fn all_fell(all: &AllFell, from: Date, is_new: bool) -> Found {
    let AllFell { count, before, fell, jobs } = all;
    let text = format!(
        "interviews fell to {} in the week from {}, {} a week before; {fell} of {jobs} jobs fell",
        thousands((*count).into()),
        day(from),
        whole(*before)
    );
    Found {
        job: None,
        kind: FindingKind::Volume,
        is_new,
        anchor: "volume".to_owned(),
        text,
        about: String::new(),
        weight: f64::INFINITY,
        measured: Measured {
            previous: Some(*before),
            effect: Some(f64::from(*count) / before),
            ..Measured::plain(Unit::Interviews, f64::from(*count), *count as usize)
        },
    }
}

/// A mean of counts, as people say it.
fn whole(mean: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a mean of counts of interviews")]
    thousands(mean.round() as i64)
}
