//! The figures of some jobs together, which may be one.

use std::ops::Range;

use jiff::Timestamp;

use super::bins::bins;
use super::completion::Completions;
use super::counted::{ANSWERED, CellCounts, Counted, DAYS, DURATION, ELAPSED, LENGTH, PACE, QUESTIONS, WORDS};
use crate::report::model::{Figures, OpenFigures, Period, Quality, SpanFigures, StatusCount, WeekFigures};

impl Counted<'_> {
    /// Figures of a period. Content is that of whole atoms.
    pub fn figures(&self, jobs: &[u32], segments: &Range<usize>, period: &Period, rates: &Completions<'_>) -> Figures {
        let all = self.counts(jobs, segments);
        let union = self.atoms.within(jobs, segments);
        let described = if union.is_shown(jobs) { self.counts_of(&union.atoms) } else { CellCounts::default() };
        let is_described = described.completed > 0;
        let summary = |figure: usize| self.figures[figure].summary(jobs, segments);
        let bins_of = |figure: usize| self.figures[figure].within(jobs, segments).map_or_else(Vec::new, bins);
        Figures {
            completed: all.completed,
            expired: all.expired,
            completion: rates.of(jobs, period),
            described: described.completed,
            responses: is_described.then_some(described.responses),
            answered: is_described.then_some(described.answered),
            total_duration_seconds: summary(DURATION),
            average_response_length: summary(LENGTH),
            elapsed_seconds: summary(ELAPSED),
            days_to_complete: summary(DAYS),
            word_count: summary(WORDS),
            words_per_minute: summary(PACE),
            pooled_words_per_minute: self.pooled_pace(jobs, segments),
            question_count: summary(QUESTIONS),
            answered_share: summary(ANSWERED),
            duration_bins: bins_of(DURATION),
            length_bins: bins_of(LENGTH),
        }
    }

    /// Σ words / Σ minutes.
    fn pooled_pace(&self, jobs: &[u32], segments: &Range<usize>) -> Option<f64> {
        let responses = &self.frames.responses;
        let rows = self.figures[PACE].rows_of_many(jobs, segments)?;
        let words: i64 = rows.iter().filter_map(|row| responses.word_count(*row as usize)).sum();
        // The sum must not depend on the order of the files.
        let mut seconds = Vec::with_capacity(rows.len());
        seconds.extend(rows.iter().filter_map(|row| responses.paced_seconds(*row as usize)));
        drop(rows);
        seconds.sort_unstable_by(f64::total_cmp);
        let seconds: f64 = seconds.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "all answers together have fewer than 2^53 words")]
        let pace = words as f64 * 60.0 / seconds;
        Some(pace).filter(|pace| pace.is_finite())
    }

    /// Counts by week.
    pub fn weekly(&self, jobs: &[u32], rates: &Completions<'_>) -> Vec<WeekFigures> {
        let weeks = self.calendar.week_segments.iter().enumerate();
        weeks
            .map(|(week, segments)| {
                let counts = self.counts(jobs, segments);
                let completion_rate = rates.of_week(jobs, week);
                WeekFigures { completed: counts.completed, expired: counts.expired, completion_rate }
            })
            .collect()
    }

    /// What was said in the course of the weeks.
    pub fn spans(&self, jobs: &[u32]) -> Vec<SpanFigures> {
        let span = |run: Range<usize>| {
            let segments = self.segments_of(&run);
            let union = self.atoms.within(jobs, &segments);
            let described = if union.is_shown(jobs) { self.counts_of(&union.atoms).completed } else { 0 };
            let median_of = |figure: usize| {
                if described > 0 { self.figures[figure].median(jobs, &segments) } else { None }
            };
            SpanFigures {
                week: run.start,
                weeks: run.len(),
                described,
                median_duration_seconds: median_of(DURATION),
                median_response_length: median_of(LENGTH),
                median_words_per_minute: median_of(PACE),
            }
        };
        self.atoms.runs(jobs, &self.calendar.week_segments).into_iter().map(span).collect()
    }

    pub fn segments_of(&self, weeks: &Range<usize>) -> Range<usize> {
        let segments = &self.calendar.week_segments;
        segments[weeks.start].start..segments[weeks.end - 1].end
    }

    pub fn open(&self, jobs: &[u32]) -> OpenFigures {
        let open = &self.frames.interviews.open;
        let own = || (0..open.job.len()).filter(|row| jobs.binary_search(&open.job[*row]).is_ok());
        let mut statuses = vec![0; open.statuses.len()];
        own().for_each(|row| statuses[open.status[row] as usize] += 1);
        let named = open.statuses.iter().map(str::to_owned).zip(statuses).filter(|(_, interviews)| *interviews > 0);
        let mut by_status: Vec<StatusCount> =
            named.map(|(status, interviews)| StatusCount { status, interviews }).collect();
        by_status.sort_by(|a, b| a.status.cmp(&b.status));
        let soon = || own().filter_map(|row| open.expires_soon[row]);
        let first = soon().min().and_then(|at| Timestamp::from_microsecond(at).ok());
        OpenFigures {
            by_status,
            expiring: i64::try_from(soon().count()).expect("a count of interviews"),
            first_expiry: first.map(|at| at.to_string()),
            stale: None,
            gone: None,
        }
    }

    pub fn quality(&self, jobs: &[u32]) -> Option<Quality> {
        let union = self.atoms.within(jobs, &self.calendar.current_segments);
        let counts = self.counts_of(&union.atoms);
        (union.is_shown(jobs) && counts.completed > 0).then_some(Quality {
            interviews_without_answers: counts.without_answers,
            answers_without_duration: counts.without_duration,
            answers_without_transcript: counts.without_transcript,
            answers_with_empty_transcript: counts.with_empty_transcript,
            answers_paced_above_400: counts.fast,
            quarantined: None,
        })
    }
}
