//! What was discovered, as a table for each job.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::concordance::{on_one_line, start};
use crate::commands::terminal;
use crate::search::discover::{Against, Discovered, Finding};

/// Below this width, only the shares stand beside a term.
const NARROW: usize = 60;
/// The least and the most columns of a term.
const LABEL: std::ops::Range<usize> = 10..48;
const HEADS: [&str; 6] = ["candidates", "share", "others", "G²", "log odds", "one has"];
const ECHO: &str = "  echoes the question";

/// How much room there is.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: usize,
    /// The most findings of each job, or of the period.
    pub most: usize,
}

/// The findings of each job or of the period, a line each. `titles` are those of jobs by their ids.
pub fn findings_on_screen(
    against: Against,
    findings: &[Finding],
    titles: &HashMap<String, String>,
    Screen { width, most }: Screen,
) -> String {
    let mut text = String::new();
    for together in findings.chunk_by(|a, b| a.job_id == b.job_id) {
        let Finding { job_id, of, other_of, .. } = &together[0];
        let here = terminal::counted(*of, "candidate", "candidates");
        let head = match (against, job_id) {
            (Against::Previous, _) => format!("{here}, {other_of} of the period before"),
            (Against::Others, Some(id)) => {
                format!("{}: {here}, {other_of} of other jobs", on_one_line(titles.get(id).unwrap_or(id)))
            }
            (Against::Others, None) => format!("no job: {here}, {other_of} of other jobs"),
        };
        let shown = &together[..most.min(together.len())];
        let rest =
            if shown.len() < together.len() { format!("; {most} of {} terms", together.len()) } else { String::new() };
        text += &start(&(head + &rest), width);
        text += "\n";
        text += &table(shown, width);
        text += "\n";
    }
    text
}

fn table(findings: &[Finding], width: usize) -> String {
    let shown = if width < NARROW { 1..3 } else { 0..HEADS.len() };
    let rows: Vec<[String; 6]> = findings.iter().map(cells).collect();
    let column = |at: usize| {
        let cells = rows.iter().map(|row| row[at].width());
        cells.chain([HEADS[at].width()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = shown.clone().map(column).collect();
    let terms: Vec<String> = findings.iter().map(|finding| on_one_line(&finding.term)).collect();
    let left = width.saturating_sub(widths.iter().map(|width| width + 2).sum::<usize>() + 2);
    let longest = terms.iter().map(|term| term.width()).max().unwrap_or(0);
    let label = longest.clamp(LABEL.start, LABEL.end).min(left.max(LABEL.start));
    let line = |term: &str, cells: &[&str], echoes: bool| {
        let term = start(term, label);
        let mut line = format!("  {term}{}", " ".repeat(label - term.width()));
        for (cell, width) in cells.iter().zip(&widths) {
            line += &format!("  {}{cell}", " ".repeat(width - cell.width()));
        }
        if echoes && line.width() + ECHO.width() <= width {
            line += ECHO;
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    };
    let mut text = line("", &HEADS[shown.clone()], false);
    for ((finding, term), row) in findings.iter().zip(&terms).zip(&rows) {
        let cells: Vec<&str> = row[shown.clone()].iter().map(String::as_str).collect();
        text += &line(term, &cells, finding.echoes);
    }
    text
}

fn cells(finding: &Finding) -> [String; 6] {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    [
        format!("{} of {}", finding.candidates, finding.of),
        percent(finding.share()),
        percent(finding.other_share()),
        format!("{:.1}", finding.g2()),
        format!("{:+.2}", finding.log_odds_ratio),
        finding.largest_share.map_or_else(|| "-".to_owned(), percent),
    ]
}

/// What was compared, in a line.
pub fn totals_on_screen(against: Against, discovered: &Discovered) -> String {
    let totals = discovered.totals;
    let found = terminal::counted(totals.findings, "term", "terms");
    let what =
        if against == Against::Others { "tell a job from the others" } else { "tell the period from the one before" };
    let tests = terminal::counted(totals.tests, "test", "tests");
    let answers = terminal::counted(totals.of.answers, "answer", "answers");
    let interviews = terminal::counted(totals.of.interviews, "interview", "interviews");
    let candidates = terminal::counted(totals.of.candidates, "candidate", "candidates");
    format!("{found} that {what}, of {tests}: {answers}, {interviews}, {candidates}\n")
}
