//! `wait`: requests interviews again and again until they are completed, and prints each one then.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::session::{InterviewApi, ids, unknown};
use super::terminal::{self, DONE, NOT_READY, WaitFlags, interview_text, standing};
use crate::inbox::follow::Follower;
use crate::lake::Lake;
use crate::model::{Error, Result, Status};
use crate::round0::call::{Call, ParsedBody};
use crate::round0::fetch::{FetchOutcome, Fetched};
use crate::round0::webhook;

/// The share of the interval by which each look is earlier or later, so that programs that started together do not keep
/// asking at the same time.
const JITTER: f64 = 0.1;
/// How long a look may still take when the time is up.
const GRACE: Duration = Duration::from_secs(30);
/// How often the inbox is checked, which costs no request.
const INBOX_EVERY: Duration = Duration::from_secs(1);

pub fn run(flags: &WaitFlags, quiet: bool) -> Result<u8> {
    let ids = ids(&flags.ids)?;
    if flags.every.is_zero() {
        return Err(Error::usage("--every must be longer than nothing"));
    }
    let api = InterviewApi::new(&flags.api)?;
    // The inbox is followed from before the first look, so that no event is missed.
    let inbox = |lake: &PathBuf| Follower::new(Lake::open(lake)?.inbox_folder());
    let mut inbox = flags.lake.as_ref().map(inbox).transpose()?;
    let end = Instant::now() + flags.max_wait;
    let bar = terminal::bar("wait", quiet);
    bar.set_length(ids.len() as u64);
    // The last known standing of each interview that is not completed.
    let mut waiting: BTreeMap<String, String> = ids.iter().map(|id| (id.clone(), "not seen yet".to_owned())).collect();
    loop {
        let asked: Vec<String> = ids.iter().filter(|id| waiting.contains_key(*id)).cloned().collect();
        let is_whole = api.ask(Call::Interview, &asked, Some(end + GRACE), &mut |fetched| {
            let text =
                look(fetched, flags, ids.len() > 1, &mut waiting, |line| bar.suspend(|| tracing::info!("{line}")))?;
            bar.suspend(|| terminal::data(&text))?;
            bar.set_position((ids.len() - waiting.len()) as u64);
            Ok(())
        })?;
        if waiting.is_empty() {
            bar.finish_and_clear();
            return Ok(DONE);
        }
        let share = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
        let left = end.saturating_duration_since(Instant::now());
        match next_pause(left, flags.every, share).filter(|_| is_whole) {
            Some(length) => pause(&api, length, inbox.as_mut(), &waiting)?,
            None => break,
        }
    }
    bar.finish_and_clear();
    let still: Vec<String> =
        waiting.into_iter().map(|(id, standing)| format!("interview {id} is {standing}")).collect();
    terminal::error(
        &Error::failed(format!("not completed in time: {}", still.join("; "))).hint("wait longer with --max-wait"),
    );
    Ok(NOT_READY)
}

/// Pauses until the next look, or until an event reports the end of one of the interviews.
fn pause(
    api: &InterviewApi,
    mut left: Duration,
    inbox: Option<&mut Follower>,
    waiting: &BTreeMap<String, String>,
) -> Result<()> {
    let Some(inbox) = inbox else {
        api.pause(left);
        return Ok(());
    };
    loop {
        for event in inbox.news()?.into_iter().map(|received| received.event) {
            if event.kind == webhook::ENDED && event.interview.is_some_and(|id| waiting.contains_key(&id)) {
                return Ok(());
            }
        }
        if left.is_zero() {
            return Ok(());
        }
        let part = left.min(INBOX_EVERY);
        api.pause(part);
        left -= part;
    }
}

/// Handles the result of a look. Returns the text for stdout.
fn look(
    fetched: Fetched,
    flags: &WaitFlags,
    has_heading: bool,
    waiting: &mut BTreeMap<String, String>,
    print: impl Fn(&str),
) -> Result<String> {
    let id = fetched.task.id.into_string();
    let stands = match fetched.outcome {
        FetchOutcome::Body(_, ParsedBody::Interview(interview)) => match interview.status {
            Status::Completed => {
                waiting.remove(&id);
                return Ok(interview_text(&interview, flags.format, has_heading));
            }
            Status::Expired => {
                return Err(Error::failed(format!("interview {id} will not be completed: {}", standing(&interview))));
            }
            _ => standing(&interview),
        },
        FetchOutcome::Body(_, ParsedBody::Questions(_)) => unreachable!("only interviews are asked for"),
        FetchOutcome::Gone => return Err(unknown(&id)),
        FetchOutcome::Unreadable(_, violation) => {
            return Err(Error::failed(format!("interview {id} breaks the contract: {violation}")));
        }
        FetchOutcome::Unusable(why) | FetchOutcome::Failed(why) => format!("not known for now: {why}"),
    };
    if waiting.get(&id) != Some(&stands) {
        print(&format!("interview {id} is {stands}"));
        waiting.insert(id, stands);
    }
    Ok(String::new())
}

/// How long to pause until the next look, or `None` when the time is up. The last look is at the end of the time.
/// `share` is a random number from 0 to 1.
fn next_pause(left: Duration, every: Duration, share: f64) -> Option<Duration> {
    (!left.is_zero()).then(|| every.mul_f64(1.0 - JITTER + 2.0 * JITTER * share).min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_a_tenth_earlier_or_later_and_the_last_is_at_the_end() {
        let seconds = Duration::from_secs;
        assert_eq!(next_pause(seconds(3600), seconds(60), 0.0), Some(seconds(54)));
        assert_eq!(next_pause(seconds(3600), seconds(60), 0.5), Some(seconds(60)));
        assert_eq!(next_pause(seconds(3600), seconds(60), 1.0), Some(seconds(66)));
        assert_eq!(next_pause(seconds(20), seconds(60), 1.0), Some(seconds(20)));
        assert_eq!(next_pause(Duration::ZERO, seconds(60), 0.0), None);
    }
}
