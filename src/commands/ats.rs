//! `ats`: completed interviews to an applicant tracking system, or the requests that would tell it of them.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;

use super::ask::ids;
use super::cli::{AtsFlags, DataFormat};
use super::prepare::ReadyAts;
use super::run::{Network, exit_code};
use super::{DONE, output, progress};
use crate::deliver::ats::{self, Connector, Job, Shown, Summary};
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::{Error, Kind, Result};
use crate::pipeline::{AtsPlan, parse_midnight};

pub fn run(flags: &AtsFlags, quiet: bool) -> Result<u8> {
    let plan = AtsPlan {
        connector: flags.connector.clone(),
        since: flags.since.as_deref().map(parse_midnight).transpose()?,
        jobs: flags.job.clone(),
        requests_per_minute: flags.requests_per_minute,
        set: flags.set.iter().cloned().collect(),
        recordings: flags.recordings.clone(),
    };
    let ids = ids(&flags.ids)?;
    if flags.dry_run {
        return dry_run(flags, &plan, &ids);
    }
    let ready = ReadyAts::new(&plan)?;
    let lake = Lake::open(&flags.lake.lake)?;
    let lock = lake.lock()?;
    let mut ledger = lake.ledger(&lock)?;
    let network = Network::start()?;
    if flags.retry_dead {
        let count = ledger.put_back(&ready.connector.name, &ids, Timestamp::now())?;
        tracing::info!("{count} dead letters are put back");
    }
    let (summary, result) = deliver(&lake, &mut ledger, &network, ready, &ids, quiet);
    output::data(&match flags.format {
        DataFormat::Json => output::json(&summary),
        DataFormat::Text => on_screen(&summary),
    })?;
    let errors: Vec<Error> = result.err().into_iter().collect();
    errors.iter().for_each(output::error);
    Ok(exit_code(&errors, summary.has_losses()))
}

/// Every system in turn. One that fails leaves the next ones their turn; an interrupt does not.
pub fn deliver_all(
    lake: &Lake,
    ledger: &mut Ledger,
    network: &Network,
    systems: Vec<ReadyAts>,
    quiet: bool,
) -> (Vec<Summary>, Vec<Error>) {
    let (mut summaries, mut errors) = (Vec::new(), Vec::new());
    for ready in systems {
        let (summary, result) = deliver(lake, ledger, network, ready, &[], quiet);
        summaries.push(summary);
        errors.extend(result.err());
        if errors.iter().any(|error| error.kind() == Kind::Interrupted) {
            break;
        }
    }
    (summaries, errors)
}

fn deliver(
    lake: &Lake,
    ledger: &mut Ledger,
    network: &Network,
    ReadyAts { plan, connector, secrets }: ReadyAts,
    ids: &[String],
    quiet: bool,
) -> (Summary, Result<()>) {
    let bar = progress::bar("send", quiet);
    let done = network.interrupt.during(|interrupt| {
        let (connector, plan, progress) = (&connector, &plan, &progress::moves(&bar));
        ats::deliver(lake, ledger, &network.runtime, Job { connector, secrets, plan, ids, interrupt, progress })
    });
    bar.finish_and_clear();
    done
}

/// Prints what would be sent. Needs no secret and no lock.
fn dry_run(flags: &AtsFlags, plan: &AtsPlan, ids: &[String]) -> Result<u8> {
    let connector = Connector::read(plan)?;
    let lake = Lake::open(&flags.lake.lake)?;
    let ledger = lake.ledger_for_reading()?;
    let mut show = |Shown { interview_id: id, step, request }: Shown<'_>| {
        let request = match request {
            Ok(request) => request,
            Err(why) => {
                tracing::warn!(id, "{}: interview {id} would be given up: {step}: {why}", connector.name);
                return Ok(());
            }
        };
        output::data(&match flags.format {
            DataFormat::Json => json!({"interview_id": id, "step": step, "request": request}).to_string() + "\n",
            DataFormat::Text => request_on_screen(id, step, &request),
        })
    };
    let shown = ats::dry_run(&lake, &ledger, &connector, plan, ids, &mut show)?;
    tracing::info!("{shown} interviews would be sent to {}", connector.name);
    Ok(DONE)
}

fn request_on_screen(id: &str, step: &str, request: &serde_json::Value) -> String {
    let text_of = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut text = format!("# {id}: {step}\n{} {}\n", text_of(&request["method"]), text_of(&request["url"]));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let _infallible = writeln!(text, "{name}: {}", text_of(value));
    }
    if !request["body"].is_null() {
        text += "\n";
        text += &output::json(&request["body"]);
    }
    text + "\n"
}

/// What was sent, for a person.
pub fn on_screen(summary: &Summary) -> String {
    let Summary { connector, delivered, requests, .. } = summary;
    let text = format!("sent       {delivered} interviews to {connector} in {requests} requests\n");
    let rest = [
        (summary.retries, "tries after a failure"),
        (summary.limited, "refused by the limit"),
        (summary.unchanged, "sent before with the same answers"),
        (summary.waiting, "whose candidate it does not know yet, or whose recordings are not archived yet"),
        (summary.failed, "given up for now, to be tried again"),
        (summary.dead, "given up: `roundup status` says why, `roundup ats --retry-dead` puts them back"),
        (summary.left, "left for the next run"),
    ];
    text + &output::counts(&rest)
}
