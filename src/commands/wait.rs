//! `wait`: look again and again until interviews are completed, and show each as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::session::{Api, ids, unknown};
use super::terminal::{self, DONE, NOT_READY, WaitFlags, shown, standing};
use crate::inbox::follow::Follower;
use crate::lake::Lake;
use crate::model::{Error, Result, Status};
use crate::round0::call::{Call, ParsedBody};
use crate::round0::fetch::{FetchOutcome, Fetched};
use crate::round0::webhook;

/// By this share of the time between two looks one comes earlier or later, so that programs that began together do not
/// go on asking together.
const JITTER: f64 = 0.1;
/// A look that is under way when the time is up is let finish for this long.
const GRACE: Duration = Duration::from_secs(30);
/// How often the inbox is looked into, which costs no request.
const INBOX_EVERY: Duration = Duration::from_secs(1);

pub fn run(flags: &WaitFlags, quiet: bool) -> Result<u8> {
    let ids = ids(&flags.ids)?;
    if flags.every.is_zero() {
        return Err(Error::usage("--every must be longer than nothing"));
    }
    let api = Api::new(&flags.api)?;
    // From before the first look on: what comes after it must not be missed.
    let inbox = |lake: &PathBuf| Follower::new(Lake::open(lake)?.inbox_folder());
    let mut inbox = flags.lake.as_ref().map(inbox).transpose()?;
    let end = Instant::now() + flags.max_wait;
    let bar = terminal::bar("wait", quiet);
    bar.set_length(ids.len() as u64);
    // How each that is not completed stood when it was last seen.
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
        match pause(left, flags.every, share).filter(|_| is_whole) {
            Some(pause) => rest(&api, pause, inbox.as_mut(), &waiting)?,
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

/// Pauses until the next look, which an event that tells the end of one of the interviews brings forward.
fn rest(
    api: &Api,
    mut pause: Duration,
    inbox: Option<&mut Follower>,
    waiting: &BTreeMap<String, String>,
) -> Result<()> {
    let Some(inbox) = inbox else {
        api.rest(pause);
        return Ok(());
    };
    loop {
        for event in inbox.news()?.into_iter().map(|received| received.event) {
            if event.kind == webhook::ENDED && event.interview.is_some_and(|id| waiting.contains_key(&id)) {
                return Ok(());
            }
        }
        if pause.is_zero() {
            return Ok(());
        }
        let part = pause.min(INBOX_EVERY);
        api.rest(part);
        pause -= part;
    }
}

/// Takes note of what a look showed; returns what is to be printed.
fn look(
    fetched: Fetched,
    flags: &WaitFlags,
    has_heading: bool,
    waiting: &mut BTreeMap<String, String>,
    say: impl Fn(&str),
) -> Result<String> {
    let id = fetched.task.id.into_string();
    let stands = match fetched.outcome {
        FetchOutcome::Body(_, ParsedBody::Interview(interview)) => match interview.status {
            Status::Completed => {
                waiting.remove(&id);
                return Ok(shown(&interview, flags.format, has_heading));
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
        FetchOutcome::Failed(why) => format!("not known for now: {why}"),
    };
    if waiting.get(&id) != Some(&stands) {
        say(&format!("interview {id} is {stands}"));
        waiting.insert(id, stands);
    }
    Ok(String::new())
}

/// How long until the next look, if there is one: the last is when the time is up. `share` is from 0 to 1.
fn pause(left: Duration, every: Duration, share: f64) -> Option<Duration> {
    (!left.is_zero()).then(|| every.mul_f64(1.0 - JITTER + 2.0 * JITTER * share).min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_a_tenth_earlier_or_later_and_the_last_is_at_the_end() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(seconds(3600), seconds(60), 0.0), Some(seconds(54)));
        assert_eq!(pause(seconds(3600), seconds(60), 0.5), Some(seconds(60)));
        assert_eq!(pause(seconds(3600), seconds(60), 1.0), Some(seconds(66)));
        assert_eq!(pause(seconds(20), seconds(60), 1.0), Some(seconds(20)));
        assert_eq!(pause(Duration::ZERO, seconds(60), 0.0), None);
    }
}
