//! Plausible and deterministic reports of any size, for tests.

use jiff::ToSpan;
use jiff::civil::date;

use crate::pipeline::FindingKind;
use crate::report::model::*;

/// Size of a sample report.
#[derive(Clone, Copy)]
pub struct ReportSize {
    pub jobs: usize,
    pub questions: usize,
    pub terms: usize,
    pub weeks: usize,
    pub quotes: usize,
}

pub const SMALL: ReportSize = ReportSize { jobs: 3, questions: 4, terms: 6, weeks: 13, quotes: 2 };

/// A report and its evidence. Every text that comes from outside contains `mark`.
pub fn sample(size: ReportSize, mark: &str) -> (Report, Evidence) {
    let jobs: Vec<JobReport> = (0..size.jobs).map(|at| job(size, at, mark)).collect();
    let evidence = Evidence {
        jobs: jobs.iter().map(|job| (job.job_id.clone(), job_evidence(size, job, mark))).collect(),
        missing: None,
    };
    let period = |from: jiff::civil::Date| Period {
        from,
        until: from.saturating_add(91.days()),
        last: from.saturating_add(90.days()),
        days: 91,
        time_zone: "Europe/Berlin".to_owned(),
    };
    let findings = jobs.first().map_or_else(Vec::new, |job| job.findings.clone());
    let report = Report {
        period: period(date(2026, 3, 2)),
        previous_period: Some(period(date(2025, 12, 1))),
        provenance: Provenance {
            data_until: Some("2026-05-31T20:14:03Z".to_owned()),
            newest: None,
            run: Some(RunReference {
                run_id: "20260601T000000Z".to_owned(),
                started_at: "2026-06-01T00:00:00Z".to_owned(),
            }),
            inputs_sha256: "5f".repeat(32),
            keyword_sets: vec![KeywordSetName { name: "engineering".to_owned(), sha256: "a7".repeat(32) }],
            interviews_in_lake: 41_230,
            interviews_in_period: 4_123,
            interviews_in_previous_period: Some(3_960),
            left_out: vec![LeftOut {
                what: "interviews outside the period".to_owned(),
                count: Some(37_107),
                why: format!("they settled before or after it{mark}"),
            }],
            weeks_of_history: 60,
        },
        selection: ReportSelection { jobs: vec![format!("Developer{mark}")], departments: Vec::new() },
        weeks: weeks(size.weeks),
        overall: figures(900),
        overall_previous: Some(figures(810)),
        cards: cards(size.weeks, 900),
        weekly: weekly(size.weeks, 70),
        spans: spans(size.weeks),
        other_jobs: Some(OtherJobs { job_ids: vec!["job-2".to_owned()], figures: figures(9) }),
        departments: vec![DepartmentReport {
            department: format!("Engineering{mark}"),
            job_ids: vec!["job-0".to_owned(), "job-4".to_owned()],
            figures: figures(90),
            previous: Some(figures(80)),
            expiring: 3,
        }],
        open: open(mark),
        needs_a_look: NeedsALook { findings, others: 1, dismissed: 1, comparisons: 412, not_compared: None },
        keywords: (0..size.terms).map(|at| keyword(size, at, mark, false)).collect(),
        quality: Some(Quality { quarantined: Some(2), ..Quality::default() }),
        smallest_group: 5,
        jobs,
    };
    (report, evidence)
}

fn job(size: ReportSize, at: usize, mark: &str) -> JobReport {
    const TITLES: [&str; 4] = ["Senior Frontend Developer", "Data Engineer", "Account Executive", "Support Specialist"];
    let pooled = at % 7 == 2;
    let title = format!("{} {at}{mark}", TITLES[at % TITLES.len()]);
    let page = format!("jobs/job-{at:08x}.html");
    let finding = |kind, anchor: String, about: &str| Finding {
        kind,
        is_new: kind == FindingKind::AtLimit,
        job_id: Some(format!("job-{at}")),
        job: Some(title.clone()),
        page: Some(page.clone()),
        anchor,
        text: format!("{about} went from 725 to 850{mark}"),
        unit: Unit::Words,
        value: 850.0,
        previous: Some(725.0),
        n: 312,
        previous_n: Some(298),
        test: "Mann-Whitney",
        p: Some(0.0002),
        q: Some(0.004),
        effect: Some(0.21),
    };
    let findings = vec![
        finding(FindingKind::AtLimit, anchor("question", 0), "the share at the limit"),
        finding(FindingKind::Duration, "spread".to_owned(), "the median duration"),
    ];
    let identity = JobReport {
        job_id: format!("job-{at}"),
        job_title: Some(title.clone()),
        department: Some(format!("{}{mark}", ["Engineering", "Data", "Sales", "Support"][at % 4])),
        slug: format!("job-{at:08x}"),
        page: page.clone(),
        findings: if at == 0 { findings } else { Vec::new() },
        open: open(mark),
        ..JobReport::default()
    };
    if pooled {
        let figures = Figures { completed: 3, expired: 1, ..Figures::default() };
        return JobReport { is_pooled: true, figures, weekly: weekly(size.weeks, 0), ..identity };
    }
    JobReport {
        figures: figures(40 + at as i64),
        previous: Some(figures(38)),
        cards: cards(size.weeks, 40 + at as i64),
        weekly: weekly(size.weeks, 3 + at % 9),
        spans: spans(size.weeks),
        questions: (0..size.questions).map(|number| question(number, mark)).collect(),
        keywords: (0..size.terms).map(|term| keyword(size, term, mark, true)).collect(),
        distinctive: (0..size.terms.min(8))
            .map(|term| Distinctive {
                set: "engineering".to_owned(),
                term: term_name(term, mark),
                anchor: anchor("term", term),
                n: 12,
                others_n: 870,
                share: 0.31,
                others_share: 0.12,
                log_odds_ratio: 0.84 - term as f64 * 0.2,
                signed_root_g2: 3.1 - term as f64,
                p: 0.001,
                q: 0.02,
            })
            .collect(),
        quality: Some(Quality::default()),
        ..identity
    }
}

fn job_evidence(size: ReportSize, job: &JobReport, mark: &str) -> JobEvidence {
    let words =
        "we put the state that belongs to the server in one place and left the rest where it was, since most of ";
    let quotes = |keyword: &Keyword, term: usize| KeywordQuotes {
        set: keyword.set.clone(),
        term: keyword.term.clone(),
        anchor: keyword.anchor.clone(),
        quotes: (0..size.quotes)
            .map(|at| {
                let question = job.questions.get((term + at) % size.questions.max(1));
                Quote {
                    reference: format!("{:012x}", term * 1000 + at),
                    anchor: anchor("quote", term * 1000 + at),
                    question: question.map(|one| one.anchor.clone()),
                    question_text: question.and_then(|one| one.question_text.clone()),
                    before: format!("…{words}{mark}"),
                    matched: format!("{}{mark}", keyword.term),
                    after: format!("{mark}, {words}…"),
                    negated: at % 5 == 4,
                }
            })
            .collect(),
    };
    JobEvidence {
        keywords: job.keywords.iter().enumerate().map(|(term, keyword)| quotes(keyword, term)).collect(),
        questions: job.questions.iter().take(1).map(|question| answers(question, mark)).collect(),
    }
}

fn answers(question: &QuestionReport, mark: &str) -> QuestionAnswers {
    QuestionAnswers {
        anchor: question.anchor.clone(),
        question_text: question.question_text.clone(),
        answers: vec![WholeAnswer { reference: "0123456789ab".to_owned(), text: format!("All of it.{mark}") }],
    }
}

fn question(number: usize, mark: &str) -> QuestionReport {
    QuestionReport {
        question_text: Some(format!("How do you decide between the options that question {number} is about?{mark}")),
        question_type: Some("role_specific".to_owned()),
        anchor: anchor("question", number),
        asked: Some(60 - number as i64),
        coverage: Some(0.95 - number as f64 * 0.03),
        word_count: spread(100.0 + number as f64 * 12.0),
        duration_seconds: spread(52.0 + number as f64 * 4.0),
        words_per_minute: spread(141.0),
        time_limit_seconds: Some(120.0),
        time_limit_share: spread(0.4 + number as f64 * 0.02),
        at_limit_share: Some(0.1),
        thin_share: Some(0.05),
        by_place: (1..3).map(|place| PlaceOfQuestion { place, answers: 30, median_words: Some(110.0) }).collect(),
        wordings: (0..if number == 0 { 2 } else { 0 })
            .map(|at| WordingReport {
                question_text: Some(format!("Wording {at}?{mark}")),
                first: date(2026, 3, 2),
                last: date(2026, 5, 2),
                median_words: Some(110.0),
            })
            .collect(),
        ..QuestionReport::default()
    }
}

fn keyword(size: ReportSize, at: usize, mark: &str, of_job: bool) -> Keyword {
    let share = 0.7 / (1.0 + at as f64 * 0.3);
    let cell = |place: usize| match (at + place) % 5 {
        4 => KeywordPart::default(),
        step => KeywordPart { of: None, interviews: Some(9), share: Some(share * step as f64 / 3.5) },
    };
    Keyword {
        set: "engineering".to_owned(),
        term: term_name(at, mark),
        category: Some(format!("languages{mark}")),
        anchor: anchor("term", at),
        counts: KeywordCounts { interviews: 900 / (at as i64 + 2), share, responses: 61, mentions: 88, negated: 1 },
        previous_share: Some(share * 0.9),
        by_question: if of_job { (0..size.questions).map(cell).collect() } else { Vec::new() },
        by_question_type: Vec::new(),
        by_span: (0..size.weeks).map(cell).collect(),
    }
}

fn term_name(at: usize, mark: &str) -> String {
    const TERMS: [&str; 8] =
        ["React", "TypeScript", "c++", "node.js", "ci/cd", "useReducer", "unit tests", "Kubernetes"];
    format!("{}{}{mark}", TERMS[at % TERMS.len()], if at < TERMS.len() { String::new() } else { format!(" {at}") })
}

fn anchor(kind: &str, at: usize) -> String {
    format!("{kind}-{at:012x}")
}

fn spread(median: f64) -> Distribution {
    Distribution {
        n: Some(58),
        median: Some(median),
        quartile_1: Some(median * 0.8),
        quartile_3: Some(median * 1.3),
        mean: Some(median * 1.05),
        standard_deviation: Some(median * 0.25),
    }
}

fn figures(completed: i64) -> Figures {
    let bins = |width: f64| {
        let heights = [6, 11, 19, 31, 44, 38, 26, 15, 9];
        let bin = |(at, interviews): (usize, i64)| Bin {
            from: at as f64 * width,
            until: (at + 1) as f64 * width,
            interviews,
        };
        heights.into_iter().enumerate().map(bin).collect()
    };
    Figures {
        completed,
        expired: completed / 9,
        completion: Completion {
            completion_from: Some(date(2026, 2, 2)),
            completion_last: Some(date(2026, 5, 3)),
            completion_cohort: completed + 40,
            completion_settled: completed + 9,
            completion_rate: Some(0.87),
            still_open_share: Some(0.04),
            completion_rate_missing: None,
        },
        described: completed,
        responses: Some(completed * 9),
        answered: Some(completed * 9 - 12),
        total_duration_seconds: spread(560.0),
        average_response_length: spread(612.0),
        elapsed_seconds: spread(1_320.0),
        days_to_complete: spread(3.4),
        word_count: spread(118.0),
        words_per_minute: spread(143.0),
        pooled_words_per_minute: Some(140.9),
        question_count: spread(8.0),
        answered_share: spread(0.75),
        duration_bins: bins(120.0),
        length_bins: bins(150.0),
    }
}

fn weeks(count: usize) -> Vec<Week> {
    let first = date(2026, 5, 25).saturating_sub((7 * (count.max(1) as i64 - 1)).days());
    (0..count as i64)
        .map(|at| {
            let from = first.saturating_add((7 * at).days());
            let week = from.iso_week_date();
            Week { name: format!("{}-W{:02}", week.year(), week.week()), from }
        })
        .collect()
}

fn weekly(weeks: usize, about: usize) -> Vec<WeekFigures> {
    (0..weeks)
        .map(|at| WeekFigures {
            completed: (about + (at * 7) % 11) as i64,
            expired: (at % 3) as i64 * 5,
            completion_rate: (at + 2 < weeks).then_some(0.8 + (at % 5) as f64 * 0.02),
        })
        .collect()
}

/// The first two weeks are one.
fn spans(weeks: usize) -> Vec<SpanFigures> {
    let starts = (0..weeks).filter(|week| *week != 1);
    starts
        .map(|week| SpanFigures {
            week,
            weeks: if week == 0 { 2.min(weeks) } else { 1 },
            described: 20,
            median_duration_seconds: Some(500.0 + ((week * 37) % 100) as f64),
            median_response_length: Some(600.0 + ((week * 53) % 90) as f64),
            median_words_per_minute: if week % 6 == 5 { None } else { Some(140.0 + (week % 5) as f64) },
        })
        .collect()
}

fn cards(weeks: usize, completed: i64) -> Vec<Card> {
    let (weekly, spans) = (weekly(weeks, 20), spans(weeks));
    let card = |name, label, unit, value: f64, previous: f64, series: Vec<SeriesPoint>| Card {
        name,
        label,
        unit,
        value: Some(value),
        previous: Some(previous),
        change: Some(if unit == Unit::Share { value - previous } else { (value - previous) / previous }),
        n: Some(completed),
        note: (name == "completion_rate").then(|| "of 940 created 2 Feb 2026 to 3 May 2026".to_owned()),
        series,
    };
    let by_week = |of: fn(&WeekFigures) -> Option<f64>| {
        weekly.iter().enumerate().map(|(week, figures)| SeriesPoint { week, weeks: 1, value: of(figures) }).collect()
    };
    let series = |of: fn(&SpanFigures) -> Option<f64>| {
        spans.iter().map(|span| SeriesPoint { week: span.week, weeks: span.weeks, value: of(span) }).collect()
    };
    let rate = by_week(|week| week.completion_rate);
    let count = by_week(|week| Some(week.completed as f64));
    vec![
        card("completed", "Completed", Unit::Interviews, completed as f64, 810.0, count),
        card("completion_rate", "Completion rate", Unit::Share, 0.87, 0.84, rate),
        card(
            "median_duration_seconds",
            "Median duration",
            Unit::Seconds,
            560.0,
            561.0,
            series(|week| week.median_duration_seconds),
        ),
        card(
            "median_response_length",
            "Median answer length",
            Unit::Characters,
            612.0,
            690.0,
            series(|week| week.median_response_length),
        ),
        card(
            "median_words_per_minute",
            "Median pace",
            Unit::WordsPerMinute,
            143.0,
            140.0,
            series(|week| week.median_words_per_minute),
        ),
    ]
}

fn open(mark: &str) -> OpenFigures {
    OpenFigures {
        by_status: vec![StatusCount { status: format!("in_progress{mark}"), interviews: 14 }],
        expiring: 6,
        first_expiry: Some("2026-06-01T09:30:00Z".to_owned()),
        stale: Some(0),
        gone: Some(2),
    }
}
