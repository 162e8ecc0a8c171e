//! The names of figures in words, for people.

/// A figure in words: `Answer length, mean of an interview`.
pub fn figure_words(name: &str) -> String {
    let words = match name {
        "total_duration_seconds" => "Answers of an interview, together",
        "average_response_length" => "Mean length of an interview's answers",
        "elapsed_seconds" => "From start to end",
        "days_to_complete" => "From creation to end",
        "word_count" => "Words of an answer",
        "words_per_minute" => "Pace of an answer",
        "question_count" => "Questions asked",
        "answered_share" => "Share of questions answered",
        "duration_seconds" => "Length of an answer",
        "time_limit_share" => "Share of the time limit",
        "pooled_words_per_minute" => "Pooled pace: all words over all minutes",
        "described" => "Interviews that the medians are of",
        "responses" => "Answers",
        "answered" => "Answers that are not blank",
        "completion_from" => "Completion rate: created from",
        "completion_last" => "Completion rate: created until",
        "completion_cohort" => "Completion rate: interviews created",
        "still_open_share" => "Completion rate: share still open",
        _ => return capitalised(&name.replace('_', " ")),
    };
    words.to_owned()
}

/// The unit of a figure, and what its value is divided by to be in it.
pub fn unit_of(name: &str) -> (&'static str, f64) {
    match name {
        _ if name.ends_with("_seconds") => ("minutes", 60.0),
        "average_response_length" => ("characters", 1.0),
        "days_to_complete" => ("days", 1.0),
        "word_count" => ("words", 1.0),
        _ if name.ends_with("words_per_minute") => ("words a minute", 1.0),
        "question_count" => ("questions", 1.0),
        "responses" | "answered" => ("answers", 1.0),
        _ if name.starts_with("answers_") => ("answers", 1.0),
        "completed" | "expired" | "described" | "completion_cohort" | "interviews_without_answers" => {
            ("interviews", 1.0)
        }
        "completion_from" | "completion_last" => ("day", 1.0),
        _ if name.ends_with("share") || name.ends_with("rate") => ("share", 1.0),
        _ => ("", 1.0),
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
