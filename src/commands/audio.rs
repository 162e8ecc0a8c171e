//! `audio`: archives the recordings of the interviews in a lake.

use std::collections::HashSet;

use jiff::Timestamp;

use super::run::Archiving;
use super::session::{Network, Session, client, ids, pace};
use super::terminal::{self, Alone, AudioFlags, DONE};
use crate::deliver::audio::{self, RecordingSelection, estimate};
use crate::lake::Lake;
use crate::lake::job_list::{job_ids, warn_of_unknown};
use crate::model::{Done, Error, Result};
use crate::pipeline::{AudioPlan, parse_max_time, parse_midnight, parse_size};

pub fn run(flags: &AudioFlags, quiet: bool) -> Result<u8> {
    let plan = AudioPlan {
        out: flags.out.clone(),
        concurrency: flags.api.concurrency.into(),
        max_bytes: parse_size(&flags.max_bytes)?,
        max_time: parse_max_time(&flags.max_time)?,
        from: flags.from.as_deref().map(parse_midnight).transpose()?,
        allow_loopback: flags.allow_loopback,
    };
    let pace = pace(&flags.api)?;
    let named = ids(&flags.ids)?;
    let lake = Lake::open(&flags.lake.lake)?.with_delta(!flags.delta.no_delta);
    warn_of_unknown(&lake, &flags.job)?;
    let mut ledger = lake.ledger_for_reading()?;
    for id in &named {
        if ledger.state(id)?.is_none() {
            return Err(Error::usage(format!("the lake knows no interview {id}")));
        }
    }
    let interviews: HashSet<String> = named.into_iter().collect();
    let select = |lake: &Lake| -> Result<RecordingSelection> {
        let jobs = job_ids(lake, &flags.job)?;
        Ok(RecordingSelection { interviews: interviews.clone(), jobs, from: plan.from })
    };
    audio::store::check(&plan.out, lake.root())?;
    let began = Timestamp::now();
    if flags.dry_run {
        let estimate = estimate(&lake, &mut ledger, &select(&lake)?, began)?;
        let what = terminal::estimate_on_screen(&estimate, pace.requests_per_minute, &plan);
        terminal::data(&format!("audio      {what}\n"))?;
        return Ok(DONE);
    }
    drop(ledger);
    let network = Network::start()?;
    let mut session = Session::open(lake, &network, quiet)?;
    let selection = select(&session.lake)?;
    let estimate = estimate(&session.lake, &mut session.ledger, &selection, began)?;
    // A key that is needed and missing is reported before anything is done.
    let mut opened = if estimate.calls > 0 { Some(client(&flags.api)?) } else { None };
    let mut clients_of = |source: &str| {
        if source != flags.source {
            return Ok(None);
        }
        if opened.is_none() {
            opened = Some(client(&flags.api)?);
        }
        Ok(opened.clone().map(|client| vec![client]))
    };
    let archiving = Archiving { plan: &plan, selection, began, pace };
    let begun = Alone::begin("audio");
    let Done { summary, errors } = archiving.archive(&mut session, estimate, &mut clients_of);
    let ended = begun.delivered(summary.has_losses(), summary.is_complete());
    let code = ended.end(&session.lake, &mut session.ledger, errors);
    if !quiet {
        terminal::data(&terminal::archived_on_screen(&summary, &plan.out))?;
    }
    Ok(code)
}
