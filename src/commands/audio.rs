//! `audio`: recordings of the lake into an archive; also as a stage of a run, and beside its ingest.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::ask::{client, ids};
use super::cli::AudioFlags;
use super::run::{Network, exit_code};
use super::{DONE, output, progress};
use crate::deliver::audio::{self, Archiver, Asked, Outlook, Selection, Summary, outlook};
use crate::http::pace::{Pace, Pacer};
use crate::lake::{Lake, LakeLock};
use crate::ledger::Ledger;
use crate::model::{Error, Result};
use crate::pipeline::{AudioPlan, parse_max_time, parse_midnight, parse_size, parse_window};
use crate::round0::call::{Call, Content};
use crate::round0::client::Client;
use crate::round0::fetch::{Fetched, Fetcher, Outcome, Stop, Task};

pub fn run(flags: &AudioFlags, quiet: bool) -> Result<u8> {
    let plan = AudioPlan {
        out: flags.out.clone(),
        concurrency: flags.api.concurrency.into(),
        max_bytes: parse_size(&flags.max_bytes)?,
        max_time: parse_max_time(&flags.max_time)?,
        from: flags.from.as_deref().map(parse_midnight).transpose()?,
        allow_loopback: flags.allow_loopback,
    };
    let pace = Pace {
        requests_per_minute: flags.api.requests_per_minute,
        window: parse_window(&flags.api.limit_window)?,
        concurrency: flags.api.concurrency.into(),
    };
    let named = ids(&flags.ids)?;
    let lake = Lake::open(&flags.lake.lake)?;
    let mut ledger = lake.ledger_for_reading()?;
    for id in &named {
        if ledger.state(id)?.is_none() {
            return Err(Error::usage(format!("the lake knows no interview {id}")));
        }
    }
    let selection = Selection { interviews: named.into_iter().collect(), jobs: flags.job.clone(), from: plan.from };
    audio::store::check(&plan.out, lake.root())?;
    let began = Timestamp::now();
    if flags.dry_run {
        let outlook = outlook(&lake, &mut ledger, &selection, began)?;
        output::data(&format!("audio      {}\n", outlook_on_screen(&outlook, pace.requests_per_minute, &plan)))?;
        return Ok(DONE);
    }
    drop(ledger);
    let network = Network::start()?;
    let lock = lake.lock()?;
    let mut ledger = lake.ledger(&lock)?;
    let outlook = outlook(&lake, &mut ledger, &selection, began)?;
    // A key that is needed and not there is said before anything is done.
    let mut opened = if outlook.calls > 0 { Some(client(&flags.api)?) } else { None };
    let mut client_of = |source: &str| {
        if source != flags.source {
            return Ok(None);
        }
        if opened.is_none() {
            opened = Some(client(&flags.api)?);
        }
        Ok(opened.clone())
    };
    let task = Archiving { plan: &plan, selection, began, pace, stop_at: None, quiet };
    let (summary, errors) = task.archive(&lake, &mut ledger, &network, outlook, &mut client_of);
    errors.iter().for_each(output::error);
    if !quiet {
        output::data(&on_screen(&summary, &plan.out))?;
    }
    Ok(exit_code(&errors, summary.has_losses()))
}

/// What a pass would do, for a person.
pub fn outlook_on_screen(outlook: &Outlook, requests_per_minute: u32, plan: &AudioPlan) -> String {
    let Outlook { wanted, calls } = outlook;
    let minutes = calls.div_ceil(requests_per_minute.into());
    let asked = match calls {
        0 => "no interview has to be asked for again".to_owned(),
        _ => format!(
            "{calls} interviews are asked for again for their links, {minutes} min at {requests_per_minute} requests a minute"
        ),
    };
    format!("to {}: {wanted} recordings are not archived; {asked}", plan.out.display())
}

/// What was archived, for a person.
pub fn on_screen(summary: &Summary, out: &Path) -> String {
    let &Summary { archived, found, bytes, asked, failed, given_up, left } = summary;
    let megabytes = bytes as f64 / 1e6;
    let text = format!("archived   {archived} recordings, {megabytes:.1} MB, to {}\n", out.display());
    let rest = [
        (found, "were there already"),
        (asked, "interviews asked for again for their links"),
        (failed, "given up for now; `roundup status` says why"),
        (given_up, "given up, and left alone unless their interview is named"),
        (left, "left for the next run"),
    ];
    text + &output::counts(&rest)
}

/// How an archiving is done.
pub struct Archiving<'a> {
    pub plan: &'a AudioPlan,
    pub selection: Selection,
    /// What was tried since is left alone.
    pub began: Timestamp,
    pub pace: Pace,
    pub stop_at: Option<Instant>,
    pub quiet: bool,
}

/// The client of an account, if it is one that can be asked.
pub type ClientOf<'a> = dyn FnMut(&str) -> Result<Option<Client>> + 'a;

impl Archiving<'_> {
    /// Archives what the lake has and the archive lacks. What it costs in calls is said before.
    pub fn archive(
        self,
        lake: &Lake,
        ledger: &mut Ledger,
        network: &Network,
        outlook: Outlook,
        client_of: &mut ClientOf<'_>,
    ) -> (Summary, Vec<Error>) {
        let Self { plan, selection, began, pace, stop_at, quiet } = self;
        if outlook.calls > 0 {
            tracing::info!("audio {}", outlook_on_screen(&outlook, pace.requests_per_minute, plan));
        }
        let bar = progress::bar("audio", quiet);
        let made = network.interrupt.during(|interrupt| {
            let archiver = Archiver::new(lake, &network.runtime, plan, interrupt.clone(), stop_at)?;
            let (pacers, left_alone) = (HashMap::new(), HashSet::new());
            let mut asker = Asker { network, pace, interrupt, stop_at, pacers, left_alone, client_of };
            let moves = progress::moves(&bar);
            let progress = |done: u64| moves(done, outlook.wanted);
            Ok(archiver.pass(ledger, &selection, began, &mut |ids| asker.ask(ids), &progress))
        });
        bar.finish_and_clear();
        made.unwrap_or_else(|error| (Summary::default(), vec![error]))
    }
}

/// Opens links as an ingest keeps them, for as long as it works.
pub fn beside<T>(
    lake: &Lake,
    lock: &LakeLock,
    network: &Network,
    plan: &AudioPlan,
    stop_at: Option<Instant>,
    work: impl FnOnce() -> T,
) -> (T, Summary, Result<()>) {
    network.interrupt.during(|interrupt| {
        let opened = lake.ledger_beside(lock).and_then(|ledger| {
            let archiver = Archiver::new(lake, &network.runtime, plan, interrupt, stop_at)?;
            Ok((ledger, archiver))
        });
        let (mut ledger, archiver) = match opened {
            Ok(opened) => opened,
            Err(error) => return (work(), Summary::default(), Err(error)),
        };
        let (over, is_over) = watch::channel(false);
        thread::scope(|scope| {
            let following = scope.spawn(|| archiver.beside(&mut ledger, is_over));
            let done = work();
            over.send_replace(true);
            let (summary, result) = following.join().expect("a panic has been said");
            (done, summary, result)
        })
    })
}

/// Asks the API for interviews whose links no longer open, each account at its own pace.
struct Asker<'a, 'b> {
    network: &'a Network,
    pace: Pace,
    interrupt: watch::Receiver<bool>,
    stop_at: Option<Instant>,
    pacers: HashMap<String, (Client, Arc<Pacer>)>,
    /// Accounts that are not asked here, which has been said.
    left_alone: HashSet<String>,
    client_of: &'a mut ClientOf<'b>,
}

impl Asker<'_, '_> {
    fn ask(&mut self, ids: Vec<(String, String)>) -> mpsc::UnboundedReceiver<Asked> {
        let (sender, asked) = mpsc::unbounded_channel();
        let mut by_source: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (source, id) in ids {
            by_source.entry(source).or_default().push(id);
        }
        let mut work = Vec::new();
        for (source, ids) in by_source {
            match self.fetcher(&source) {
                Ok(Some(fetcher)) => work.push((source, fetcher, ids)),
                Ok(None) if self.left_alone.contains(&source) => {}
                Ok(None) => {
                    tracing::warn!(
                        "interviews of account {source} that have no live links are left: another account is asked here"
                    );
                    self.left_alone.insert(source);
                }
                Err(error) => {
                    let _nobody_cares = sender.send(Asked::Refused(source, error));
                }
            }
        }
        self.network.runtime.spawn(async move {
            for (source, fetcher, ids) in work {
                let tasks = ids.iter().map(|id| Task { call: Call::Interview, id: id.into(), again: true }).collect();
                let (results, mut fetched) = mpsc::channel(fetcher.width);
                let fetching = tokio::spawn(fetcher.fetch(tasks, results));
                while let Some(fetched) = fetched.recv().await {
                    // Nobody wants to know any more: ending to listen ends the fetching.
                    if sender.send(asked_of(fetched)).is_err() {
                        return;
                    }
                }
                match fetching.await.expect("fetching does not panic") {
                    Ok(()) => {}
                    Err(Stop::Interrupted | Stop::TimeIsUp) => return,
                    Err(stop) => {
                        let error = stop.error(&format!("the API of source {source}"));
                        let _nobody_cares = sender.send(Asked::Refused(source, error));
                    }
                }
            }
        });
        asked
    }

    fn fetcher(&mut self, source: &str) -> Result<Option<Fetcher>> {
        if !self.pacers.contains_key(source) {
            let Some(client) = (self.client_of)(source)? else { return Ok(None) };
            let pacer = Arc::new(client.pacer(self.pace));
            self.pacers.insert(source.to_owned(), (client, pacer));
        }
        let (client, pacer) = &self.pacers[source];
        Ok(Some(Fetcher {
            client: client.clone(),
            pacer: Arc::clone(pacer),
            width: self.pace.concurrency * 2,
            counts: Arc::default(),
            interrupt: self.interrupt.clone(),
            stop_at: self.stop_at,
        }))
    }
}

fn asked_of(Fetched { task, outcome, .. }: Fetched) -> Asked {
    let id = task.id.into_string();
    match outcome {
        Outcome::Body(_, Content::Interview(mut interview)) => Asked::Links(id, interview.take_links()),
        Outcome::Body(_, Content::Questions(_)) => unreachable!("interviews are asked for"),
        Outcome::Gone => Asked::Gone(id),
        Outcome::Unreadable(_, violation) => {
            Asked::Failed(id, format!("the interview breaks the contract: {violation}"))
        }
        Outcome::Failed(why) => Asked::Failed(id, format!("the interview could not be asked for again: {why}")),
    }
}
