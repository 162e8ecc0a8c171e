//! `ingest`: ingests one account, without a pipeline file.

use std::path::Path;

use super::run::{IngestOptions, OpenSource, ingest_all};
use super::session::{Network, Session, client};
use super::terminal::{self, Alone, IngestFlags};
use crate::lake::Lake;
use crate::model::{Done, Result};
use crate::pipeline::ids::read_lists;
use crate::pipeline::{Exclude, INBOX, IngestPlan, parse_time_of_day, parse_window};

pub fn run(flags: IngestFlags, quiet: bool) -> Result<u8> {
    let mut lists = flags.interviews;
    let count = lists.len();
    lists.retain(|list| list != Path::new(INBOX));
    let inbox = lists.len() < count;
    let ids = read_lists(&lists, flags.column.as_deref()).map_err(terminal::report_all)?;
    let client = client(&flags.api)?;
    let plan = IngestPlan {
        requests_per_minute: flags.api.requests_per_minute,
        concurrency: flags.api.concurrency.into(),
        questions: flags.questions,
        stop_at: flags.stop_at.as_deref().map(parse_time_of_day).transpose()?,
        limit_window: parse_window(&flags.api.limit_window)?,
    };
    let network = Network::start()?;
    let lake = Lake::create(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file)
        .with_delta(!flags.delta.no_delta);
    let mut session = Session::open(lake, &network, quiet)?.stopping_at(plan.stop_at);
    let exclude = Exclude::new(&flags.exclude)?;
    let source = OpenSource { name: flags.source, ids, inbox, exclude, clients: vec![client] };
    let begun = Alone::begin("ingest");
    let options = IngestOptions { plan: &plan, refetch: flags.refetch };
    let Done { summary, errors } = ingest_all(&mut session, vec![source], &options);
    let code = begun.ingested(summary.clone()).end(&session.lake, &mut session.ledger, errors);
    if !quiet {
        terminal::data(&terminal::ingest_on_screen(&summary))?;
    }
    Ok(code)
}
