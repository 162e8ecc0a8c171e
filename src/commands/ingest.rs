//! `ingest`: one source, without a pipeline file.

use std::path::Path;

use super::ask::client;
use super::cli::IngestFlags;
use super::output;
use super::prepare::{OpenSource, say_all};
use super::run::{Network, Options, exit_code, ingest_all, ingest_on_screen, stop_at};
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::ids::read_lists;
use crate::pipeline::{Exclude, INBOX, IngestPlan, parse_time_of_day, parse_window};

pub fn run(flags: IngestFlags, quiet: bool) -> Result<u8> {
    let mut lists = flags.interviews;
    let count = lists.len();
    lists.retain(|list| list != Path::new(INBOX));
    let inbox = lists.len() < count;
    let ids = read_lists(&lists).map_err(say_all)?;
    let client = client(&flags.api)?;
    let plan = IngestPlan {
        requests_per_minute: flags.api.requests_per_minute,
        concurrency: flags.api.concurrency.into(),
        questions: flags.questions,
        stop_at: flags.stop_at.as_deref().map(parse_time_of_day).transpose()?,
        limit_window: parse_window(&flags.api.limit_window)?,
    };
    let network = Network::start()?;
    let lake = Lake::create(&flags.lake.lake)?;
    let lock = lake.lock()?;
    let mut ledger = lake.ledger(&lock)?;
    let exclude = Exclude::new(&flags.exclude)?;
    let source = OpenSource { name: flags.source, ids, inbox, exclude, client };
    let options = Options { plan: &plan, stop_at: stop_at(&plan), refetch: flags.refetch, quiet };
    let (summary, errors) = ingest_all(&lake, &mut ledger, &network, vec![source], &options);
    errors.iter().for_each(output::error);
    if !quiet {
        output::data(&ingest_on_screen(&summary))?;
    }
    Ok(exit_code(&errors, summary.has_losses()))
}
