//! `jobs.csv`: RFC 4180, UTF-8, and safe to open in a spreadsheet.

use super::{Distribution, Report};

/// One row a job, figures empty where the group is below the privacy floor.
pub fn jobs(report: &Report) -> Vec<u8> {
    let mut header: Vec<String> = [
        "job_id",
        "job_title",
        "department",
        "suppressed",
        "completed",
        "expired",
        "completion_cohort",
        "completion_rate",
        "still_open_share",
        "responses",
        "answered",
        "pooled_words_per_minute",
    ]
    .map(str::to_owned)
    .to_vec();
    for figure in ["total_duration_seconds", "average_response_length", "word_count", "words_per_minute"] {
        let parts = ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"];
        header.extend(parts.map(|part| format!("{figure}_{part}")));
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: &[String]| writer.write_record(row).expect("memory takes every row of the same length");
    write(&header);
    for job in &report.jobs {
        let mut row = vec![
            text(Some(&job.job_id)),
            text(job.job_title.as_deref()),
            text(job.department.as_deref()),
            job.figures.is_none().to_string(),
        ];
        if let Some(figures) = &job.figures {
            let counts = [figures.completed, figures.expired];
            row.extend(counts.map(|count| count.to_string()));
            let completion = &figures.completion;
            row.push(completion.completion_cohort.to_string());
            row.extend([completion.completion_rate, completion.still_open_share].map(number));
            row.extend([figures.responses, figures.answered].map(|count| count.to_string()));
            row.push(number(figures.pooled_words_per_minute));
            row.extend(distribution(&figures.total_duration_seconds));
            row.extend(distribution(&figures.average_response_length));
            row.extend(distribution(&figures.word_count));
            row.extend(distribution(&figures.words_per_minute));
        }
        row.resize(header.len(), String::new());
        write(&row);
    }
    writer.into_inner().expect("memory takes every row")
}

fn distribution(figure: &Distribution) -> Vec<String> {
    let Distribution { n, median, quartile_1, quartile_3, mean, standard_deviation } = figure;
    let rest = [median, quartile_1, quartile_3, mean, standard_deviation].map(|value| number(*value));
    std::iter::once(n.to_string()).chain(rest).collect()
}

/// The shortest text that reads back as the same number; empty for null.
fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A text that a spreadsheet could take for a formula gets an apostrophe in front.
fn text(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{value}") } else { value.to_owned() }
}
