//! One interview as text or JSON.

use jiff::Timestamp;

use super::cli::DataFormat;
use crate::deliver::notes;
use crate::model::{Interview, Status};

/// An interview as text or JSON. The text has a heading if it is one of several.
pub fn interview_text(interview: &Interview, format: DataFormat, has_heading: bool) -> String {
    if format == DataFormat::Json {
        return notes::json(interview).to_string() + "\n";
    }
    let heading = if has_heading { format!("{}\n\n", heading(interview)) } else { String::new() };
    let end = if has_heading { "\n" } else { "" };
    format!("{heading}{}{end}", notes::text(&interview.responses))
}

fn heading(interview: &Interview) -> String {
    let parts = [Some(&interview.id), interview.candidate.name.as_ref(), interview.job.title.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    format!("{}, {}", parts.join(", "), standing(interview))
}

/// The status of an interview in words: `completed at …`, `invited, expires at …`.
pub fn standing(interview: &Interview) -> String {
    let status = interview.status.as_str();
    let at = |time: Option<Timestamp>| time.map_or_else(String::new, |time| format!(" at {time}"));
    match interview.status {
        Status::Completed => status.to_owned() + &at(interview.completed_at),
        Status::Expired => status.to_owned() + &at(interview.expires_at),
        _ if interview.expires_at.is_some() => format!("{status}, expires{}", at(interview.expires_at)),
        _ => status.to_owned(),
    }
}
