//! What was counted, in words and as a table.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::concordance::{on_one_line, start};
use crate::commands::terminal;
use crate::search::{By, Part, Totals};

/// The longest bar, in columns.
const LONGEST_BAR: usize = 30;
/// Below this width, the answers are left out, so that there is room for a bar.
const NARROW: usize = 60;
/// The least and the most columns of what a row is of.
const LABEL: std::ops::Range<usize> = 10..60;

/// The counts of all answers.
pub fn totals_on_screen(totals: &Totals) -> String {
    let Totals { mentions, answers, interviews, candidates, of, .. } = totals;
    let mut text = terminal::counted(*mentions, "mention", "mentions");
    if let Some(rate) = totals.per_1000_words {
        text += &format!(", {rate:.2} in 1,000 words");
    }
    let answers_of = terminal::counted(of.answers, "answer", "answers");
    let interviews_of = terminal::counted(of.interviews, "interview", "interviews");
    let candidates_of = terminal::counted(of.candidates, "candidate", "candidates");
    text + &format!(
        ": in {answers} of {answers_of}, {interviews} of {interviews_of}, {candidates} of {candidates_of}\n"
    )
}

/// The counts of parts, a line each, with a bar for mentions per 1,000 words. `titles` are those of jobs by their ids.
pub fn parts_on_screen(by: By, parts: &[Part], titles: &HashMap<String, String>, width: usize) -> String {
    let most = parts.iter().filter_map(|part| part.totals.per_1000_words).fold(0.0, f64::max);
    let label = |part: &Part| {
        let job = part.job_id.as_ref().map(|id| titles.get(id).unwrap_or(id).as_str());
        let label = match by {
            By::Job => job.unwrap_or("-").to_owned(),
            By::Question => format!("{} · {}", job.unwrap_or("-"), part.value.as_deref().unwrap_or("-")),
            By::Type | By::Month => part.value.as_deref().unwrap_or("-").to_owned(),
        };
        on_one_line(&label)
    };
    let cells = |[mentions, answers, rate]: [String; 3]| {
        if width < NARROW { vec![mentions, rate] } else { vec![mentions, answers, rate] }
    };
    let numbers = |part: &Part| {
        let Totals { mentions, answers, of, per_1000_words, .. } = part.totals;
        let rate = per_1000_words.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.2}"));
        cells([mentions.to_string(), format!("{answers} of {}", of.answers), rate])
    };
    let heads = cells(["mentions", "answers", "per 1,000"].map(str::to_owned));
    let rows: Vec<_> = parts.iter().map(|part| (label(part), numbers(part), part.totals.per_1000_words)).collect();
    let longest_cell = |column: usize| {
        let cells = rows.iter().map(|(_, numbers, _)| &numbers[column]).chain([&heads[column]]);
        cells.map(String::len).max().unwrap_or(0)
    };
    let columns: Vec<usize> = (0..heads.len()).map(longest_cell).collect();
    let longest = rows.iter().map(|(label, ..)| label.width()).max().unwrap_or(0);
    let left = width.saturating_sub(columns.iter().sum::<usize>() + 2 * columns.len());
    let label_width = longest.clamp(LABEL.start, LABEL.end).min(left.max(LABEL.start));
    let bar_width = left.saturating_sub(label_width + 2).min(LONGEST_BAR);
    let line = |label: &str, numbers: &[String], rate: Option<f64>| {
        let label = start(label, label_width);
        let mut line = format!("{label}{}", " ".repeat(label_width - label.width()));
        for (cell, &column) in numbers.iter().zip(&columns) {
            line += &format!("  {cell:>column$}");
        }
        line += "  ";
        line += &"█".repeat(bar(rate.unwrap_or(0.0), most, bar_width));
        line.truncate(line.trim_end().len());
        line + "\n"
    };
    let head = line("", &heads, None);
    head + &rows.iter().map(|(label, numbers, rate)| line(label, numbers, *rate)).collect::<String>()
}

/// Columns of a bar. What is above 0 has one at least, if there is room for any.
fn bar(rate: f64, most: f64, columns: usize) -> usize {
    if rate <= 0.0 || columns == 0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few columns"
    )]
    let filled = (rate / most * columns as f64).round() as usize;
    filled.clamp(1, columns)
}
