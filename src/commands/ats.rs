//! `ats`: sends completed interviews to an applicant tracking system, or shows the requests that would be sent.

use serde_json::{Value, json};

use super::run::{ReadyAts, deliver};
use super::session::{Network, Session, ids};
use super::terminal::{self, Alone, AtsFlags, DONE, DataFormat, said};
use crate::deliver::ats::{self, Connector, PlannedRequest};
use crate::lake::Lake;
use crate::lake::deliveries::Outbox;
use crate::lake::job_list::warn_of_unknown;
use crate::model::{Done, Result};
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
    let network = Network::start()?;
    let lake = Lake::open(&flags.lake.lake)?.with_delta(!flags.delta.no_delta);
    warn_of_unknown(&lake, &flags.job)?;
    let mut session = Session::open(lake, &network, quiet)?;
    if flags.retry_dead {
        let mut outbox = Outbox::open(&session.lake, &mut session.ledger)?;
        let count = outbox.put_back(&ready.connector.name, &ids)?;
        tracing::info!("{count} dead letters are put back");
    }
    let begun = Alone::begin("ats");
    let Done { summary, errors } = deliver(&mut session, ready, &ids);
    let ended = begun.delivered(summary.has_losses(), summary.is_complete());
    let code = ended.end(&session.lake, &mut session.ledger, errors);
    said(flags.format, &summary, &terminal::sent_on_screen(&summary))?;
    Ok(code)
}

/// Prints the requests that would be sent. Needs no secret and no lock.
fn dry_run(flags: &AtsFlags, plan: &AtsPlan, ids: &[String]) -> Result<u8> {
    let connector = Connector::read(plan)?;
    let lake = Lake::open(&flags.lake.lake)?;
    warn_of_unknown(&lake, &flags.job)?;
    let ledger = lake.ledger_for_reading()?;
    let mut show = |PlannedRequest { interview_id: id, step, request }: PlannedRequest<'_>| {
        let request = match request {
            Ok(request) => request,
            Err(why) => {
                tracing::warn!(id, "{}: interview {id} would be given up: {step}: {why}", connector.name);
                return Ok(());
            }
        };
        terminal::data(&match flags.format {
            DataFormat::Json => json!({"interview_id": id, "step": step, "request": request}).to_string() + "\n",
            DataFormat::Text => request_on_screen(id, step, &request),
        })
    };
    let shown = ats::dry_run(&lake, &ledger, &connector, plan, ids, &mut show)?;
    let shown = terminal::counted(shown, "interview", "interviews");
    tracing::info!("{shown} would be sent to {}", connector.name);
    Ok(DONE)
}

fn request_on_screen(id: &str, step: &str, request: &Value) -> String {
    let text_of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut text = format!("# {id}: {step}\n{} {}\n", text_of(&request["method"]), text_of(&request["url"]));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        text += &format!("{name}: {}\n", text_of(value));
    }
    if !request["body"].is_null() {
        text += "\n";
        text += &terminal::json(&request["body"]);
    }
    text + "\n"
}
