//! `ingest`: one source, without a pipeline file.

use super::cli::IngestFlags;
use super::output;
use super::prepare::{Access, ReadySource, say_all};
use super::run::{Network, exit_code, ingest_all, ingest_on_screen};
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::ids::read_lists;
use crate::pipeline::{IngestPlan, KeyPlace};
use crate::round0::client::Client;

pub fn run(flags: IngestFlags, quiet: bool) -> Result<u8> {
    let ids = read_lists(&flags.interviews).map_err(say_all)?;
    let client = Client::new(flags.api.trim_end_matches('/'), &KeyPlace::Environment(flags.key_env).read()?)?;
    let plan = IngestPlan {
        requests_per_minute: flags.requests_per_minute,
        concurrency: flags.concurrency.into(),
        questions: flags.questions,
    };
    let network = Network::start()?;
    let lake = Lake::create(&flags.lake.lake)?;
    let lock = lake.lock()?;
    let mut ledger = lake.ledger(&lock)?;
    let source = ReadySource { name: flags.source, ids, access: Access::Remote(client) };
    let (summary, errors) = ingest_all(&lake, &mut ledger, &network, vec![source], &plan, quiet);
    errors.iter().for_each(output::error);
    if !quiet {
        output::data(&ingest_on_screen(&summary))?;
    }
    Ok(exit_code(&errors, summary.quarantined + summary.failed > 0))
}
