//! The figures of a report, from the frames to the model.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::completion::Completions;
use super::counted::Counted;
use super::keywords::KeywordDimensions;
use super::questions::AskedType;
use super::terms;
use crate::report::frames::Frames;
use crate::report::model::{
    Card, DepartmentReport, Distinctive, Figures, JobReport, Keyword, OpenFigures, OtherJobs, Quality, SpanFigures,
    WeekFigures,
};

/// The figures that a report shows.
pub struct Aggregates {
    pub overall: Figures,
    pub overall_previous: Option<Figures>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub spans: Vec<SpanFigures>,
    pub open: OpenFigures,
    pub jobs: Vec<JobReport>,
    pub departments: Vec<DepartmentReport>,
    pub other_jobs: Option<OtherJobs>,
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    /// Numbers of the jobs in the frames, in the order of `jobs`.
    pub numbers: Vec<u32>,
}

/// Numbers of the jobs that a report is of.
#[must_use]
pub fn wanted(frames: &Frames) -> Vec<u32> {
    (0u32..).zip(&frames.jobs).filter(|(_, job)| job.is_wanted).map(|(number, _)| number).collect()
}

/// Computes every figure of a report.
#[must_use]
pub fn aggregate(counted: &Counted<'_>) -> Aggregates {
    let Counted { frames, calendar, .. } = *counted;
    let wanted = wanted(frames);
    let rates = Completions::new(&frames.interviews.cohort, frames.jobs.len(), calendar);
    let questions = counted.question_numbers();
    let types: BTreeMap<u32, Vec<AskedType>> =
        questions.par_iter().map(|(job, questions)| (*job, counted.asked_types(questions))).collect();
    let order = terms::order(&frames.hits);
    let builder = Builder { counted, rates: &rates, questions: &questions, types: &types, order: &order };
    let distinctive = counted.distinctive();
    let open: Vec<bool> = {
        let mut open = vec![false; frames.jobs.len()];
        frames.interviews.open.job.iter().for_each(|job| open[*job as usize] = true);
        open
    };
    // Also one without interviews in the period: that a job fell silent is seen.
    let has_rows = |job: &u32| {
        let counts = counted.counts(&[*job], &(0..calendar.segments()));
        counts.completed + counts.expired > 0 || open[*job as usize]
    };
    let numbers: Vec<u32> = wanted.iter().copied().filter(has_rows).collect();
    let jobs = numbers.par_iter().map(|job| builder.job(*job, distinctive.get(job))).collect();
    let (overall, overall_previous) = builder.both_periods(&wanted);
    let (weekly, spans) = (counted.weekly(&wanted, &rates), counted.spans(&wanted));
    Aggregates {
        cards: counted.cards(&wanted, &overall, overall_previous.as_ref(), &weekly),
        keywords: counted.keywords_of_all(&wanted, &types, &spans, &order),
        quality: counted.quality(&wanted),
        open: counted.open(&wanted),
        other_jobs: builder.other_jobs(&wanted),
        departments: builder.departments(&numbers),
        overall,
        overall_previous,
        weekly,
        spans,
        jobs,
        numbers,
    }
}

struct Builder<'a> {
    counted: &'a Counted<'a>,
    rates: &'a Completions<'a>,
    /// Numbers of the questions of each job.
    questions: &'a BTreeMap<u32, Vec<u32>>,
    types: &'a BTreeMap<u32, Vec<AskedType>>,
    order: &'a [u32],
}

impl Builder<'_> {
    fn both_periods(&self, jobs: &[u32]) -> (Figures, Option<Figures>) {
        let Counted { calendar, .. } = *self.counted;
        let figures = |segments: &Range<usize>, period| self.counted.figures(jobs, segments, period, self.rates);
        let before = calendar.previous_segments.as_ref().zip(calendar.previous_period.as_ref());
        let previous = before.map(|(segments, period)| figures(segments, period));
        (figures(&calendar.current_segments, &calendar.period), previous)
    }

    fn job(&self, job: u32, distinctive: Option<&Vec<Distinctive>>) -> JobReport {
        let counted = self.counted;
        let named = &counted.frames.jobs[job as usize];
        let own = [job];
        let (figures, previous) = self.both_periods(&own);
        let weekly = counted.weekly(&own, self.rates);
        let spans = counted.spans(&own);
        let mut report = JobReport {
            job_id: named.id.clone(),
            job_title: named.title.clone(),
            department: named.department.clone(),
            slug: named.slug.clone(),
            page: format!("jobs/{}.html", named.slug),
            is_pooled: figures.completed > 0 && figures.described == 0,
            cards: counted.cards(&own, &figures, previous.as_ref(), &weekly),
            open: counted.open(&own),
            figures,
            previous,
            weekly,
            spans,
            ..JobReport::default()
        };
        if report.figures.described == 0 {
            return report;
        }
        let questions = self.questions.get(&job).map_or_else(Vec::new, |numbers| counted.questions(numbers));
        let question_types = self.types.get(&job).map_or(&[][..], Vec::as_slice);
        report.quality = counted.quality(&own);
        let dimensions = KeywordDimensions { questions: &questions, question_types, spans: &report.spans };
        report.keywords = counted.keywords_of_job(job, &dimensions, self.order);
        report.distinctive = distinctive.cloned().unwrap_or_default();
        report.questions = questions.into_iter().map(|question| question.report).collect();
        report.question_types =
            question_types.iter().map(|one| counted.question_type(one.question_type).to_owned()).collect();
        report
    }

    /// The departments of some jobs, if there are several.
    fn departments(&self, jobs: &[u32]) -> Vec<DepartmentReport> {
        let mut by_name: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let named = |job: u32| &self.counted.frames.jobs[job as usize];
        for job in jobs {
            if let Some(department) = &named(*job).department {
                by_name.entry(department).or_default().push(*job);
            }
        }
        let report = |(department, jobs): (&str, Vec<u32>)| {
            let (figures, previous) = self.both_periods(&jobs);
            DepartmentReport {
                department: department.to_owned(),
                job_ids: jobs.iter().map(|job| named(*job).id.clone()).collect(),
                figures,
                previous,
                expiring: self.counted.open(&jobs).expiring,
            }
        };
        if by_name.len() > 1 { by_name.into_iter().map(report).collect() } else { Vec::new() }
    }

    /// The jobs that are counted together, if the report is of all of them.
    fn other_jobs(&self, wanted: &[u32]) -> Option<OtherJobs> {
        let current = &self.counted.calendar.current_segments;
        let mut together = wanted.iter().map(|job| self.counted.atoms.counted_with(*job, current));
        let jobs = together.find(|jobs| !jobs.is_empty())?;
        let (figures, _) = self.both_periods(jobs);
        let ids = jobs.iter().map(|job| self.counted.frames.jobs[*job as usize].id.clone());
        let is_whole = jobs.iter().all(|job| wanted.binary_search(job).is_ok());
        (is_whole && figures.described > 0).then(|| OtherJobs { job_ids: ids.collect(), figures })
    }
}
