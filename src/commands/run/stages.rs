//! The stages of a run. Each is a method on the state of the run.

use std::time::Instant;

use super::accounts::{Accounts, ReadySource};
use super::ats::{ReadyAts, deliver_all};
use super::audio::{Archiving, archive_during};
use super::expect::judged;
use super::export::{ReadyExport, export_all};
use super::ingest::{IngestOptions, ingest_all};
use super::known_jobs::{is_of_nothing, unknown_jobs};
use super::prepare::{Ready, ReadyAnalysis};
use super::record::{COMPACT, EXPECT, MOST_IDS, RunSummary};
use crate::commands::erasure::{erase_too_old, too_old};
use crate::commands::session::{Network, Session};
use crate::commands::terminal;
use crate::deliver::audio::{RecordingSelection, estimate, publish_archived};
use crate::expect::figures;
use crate::inbox::stalled;
use crate::ingest::{IngestSummary, pace_of};
use crate::lake::Lake;
use crate::lake::compact::{MANY, compact};
use crate::lake::erase::Erasing;
use crate::mirror::publish;
use crate::model::{Error, Kind, Result};
use crate::objects::{Objects, address_of};
use crate::pipeline::{AudioPlan, JobsFile, MirrorPlan, Pipeline, ReportPlan, RetainPlan, Stage};
use crate::report::model::RunReference;
use crate::{analyze, report};

/// A run in progress. If a stage fails, later ones work with what is there, so errors are collected.
pub struct Run<'a> {
    pipeline: &'a Pipeline,
    pub session: Session<'a>,
    accounts: Accounts<'a>,
    pub summary: RunSummary,
    pub errors: Vec<Error>,
    /// Whether archiving failed during the ingest. The same error would end it again.
    archive_failed: bool,
    /// Whether the ingest ended with an error.
    ingest_failed: bool,
    /// Whether the analysis ended with an error.
    analysis_failed: bool,
}

impl<'a> Run<'a> {
    /// Makes or opens the lake, and locks it.
    ///
    /// # Errors
    /// When another run holds the lake, or it cannot be opened.
    pub fn begin(pipeline: &'a Pipeline, network: &'a Network, quiet: bool) -> Result<Self> {
        let lake = Lake::create(&pipeline.lake)?
            .with_candidate_key(pipeline.candidate_key_file.clone())
            .with_delta(pipeline.delta);
        let mut summary = RunSummary::new(&lake);
        let session = Session::open(lake, network, quiet)?.stopping_at(pipeline.ingest.stop_at);
        summary.warnings.extend(session.ledger.rebuilt.clone());
        Ok(Self {
            pipeline,
            session,
            accounts: Accounts::new(&network.runtime, &pipeline.sources),
            summary,
            errors: Vec::new(),
            archive_failed: false,
            ingest_failed: false,
            analysis_failed: false,
        })
    }

    /// Runs every stage that is ready, in the fixed order.
    pub fn all(&mut self, ready: Ready<'_>, refetch: bool) {
        let Ready { sources, analysis, retain, report, merged, exports, audio, ats, mirror } = ready;
        if let Some(sources) = sources {
            self.timed(Stage::Ingest.as_str(), |run| run.ingest(sources, refetch, audio));
        }
        let unknown = unknown_jobs(self.pipeline, &merged);
        let unknown = self.keep(unknown).unwrap_or_default();
        self.summary.warnings.extend(unknown);
        // Checked before each stage: one that has begun is finished, and no other begins.
        if let Some(analysis) = analysis.filter(|_| self.continues()) {
            self.timed(Stage::Analyze.as_str(), |run| run.analyze(&analysis));
        }
        if let Some(plan) = retain.filter(|_| self.continues()) {
            self.timed(Stage::Retain.as_str(), |run| run.retain(plan));
        }
        if let Some(plan) = report.filter(|_| self.continues()) {
            self.timed(Stage::Report.as_str(), |run| run.report(plan, &merged));
        }
        if !exports.is_empty() && self.continues() {
            self.timed(Stage::Export.as_str(), |run| run.export(exports));
        }
        if let Some(plan) = audio.filter(|_| self.continues()) {
            self.timed(Stage::Audio.as_str(), |run| run.archive(plan));
        }
        self.accounts.close();
        if !ats.is_empty() && self.continues() {
            self.timed(Stage::Ats.as_str(), |run| run.send(ats));
        }
        if self.summary.ingest.is_some() {
            self.timed(EXPECT, Self::expect);
        }
        if self.continues() {
            self.timed(COMPACT, Self::compact);
        }
        if let Some(plan) = mirror.filter(|_| self.continues()) {
            self.timed(Stage::Mirror.as_str(), |run| run.mirror(plan));
        }
        let set_aside = self.session.lake.set_aside();
        self.summary.set_aside = self.keep(set_aside).unwrap_or_default();
        self.summary.unfinished_erasures = Erasing::count(&self.session.lake) as u64;
        self.session.network.interrupt.add_error(&mut self.errors);
        self.summary.end(&self.errors);
    }

    /// Runs a stage or what else a run does, and notes how long it took.
    fn timed(&mut self, part: &'static str, work: impl FnOnce(&mut Self)) {
        let begun = Instant::now();
        work(self);
        self.summary.seconds.insert(part, begun.elapsed().as_secs_f64());
    }

    /// Counts what the ingest found, and judges it by what is expected.
    fn expect(&mut self) {
        let Some(ingest) = &self.summary.ingest else { return };
        let is_whole = !self.ingest_failed && ingest.is_complete() && self.continues();
        let night = figures::since(&self.session.lake, &self.summary.run_id);
        let Some(night) = self.keep(night) else { return };
        if let Some(plan) = &self.pipeline.expect {
            let Session { lake, ledger, .. } = &self.session;
            let judged = judged(self.pipeline, plan, (lake, ledger), self.summary.started_at, (&night, is_whole));
            self.summary.expect = self.keep(judged);
            let unmet = self.summary.expect.iter().flat_map(|judged| &judged.unmet);
            let texts: Vec<String> = unmet.map(|unmet| unmet.text.clone()).collect();
            self.summary.warnings.splice(..0, texts);
        }
        self.summary.night = Some(night);
    }

    /// Whether the run was not interrupted.
    fn continues(&self) -> bool {
        !self.session.network.interrupt.is_requested()
    }

    /// Returns the value of a result, or collects its error.
    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// Ingests all accounts, and archives recordings meanwhile.
    fn ingest(&mut self, sources: Vec<ReadySource>, refetch: bool, audio: Option<&AudioPlan>) {
        let mut open = Vec::new();
        for source in sources {
            let source = self.accounts.open(source);
            open.extend(self.keep(source));
        }
        let options = IngestOptions { plan: &self.pipeline.ingest, refetch };
        let ingest = |session: &mut Session<'_>| ingest_all(session, open, &options);
        let ingested = match audio {
            None => ingest(&mut self.session),
            Some(plan) => {
                let (ingested, archived) = archive_during(&mut self.session, plan, ingest);
                self.archive_failed = !archived.errors.is_empty();
                self.summary.audio = Some(archived.into_summary(&mut self.errors));
                ingested
            }
        };
        self.ingest_failed = !ingested.errors.is_empty();
        self.summary.ingest = Some(ingested.into_summary(&mut self.errors));
        let ids = self.session.ledger.unfetched_ids(self.summary.started_at, MOST_IDS);
        self.summary.ids = self.keep(ids).unwrap_or_default();
        let warnings = self.warnings();
        let warnings = self.keep(warnings);
        self.summary.warnings.extend(warnings.into_iter().flatten());
    }

    /// Probable problems outside of the run.
    fn warnings(&self) -> Result<Vec<String>> {
        let inboxes = self.pipeline.sources.iter().filter(|source| source.inbox);
        let warning = |name: &str| stalled::warning(&self.session.ledger, name, self.summary.started_at);
        inboxes.map(|source| warning(&source.name)).filter_map(Result::transpose).collect()
    }

    fn analyze(&mut self, analysis: &ReadyAnalysis) {
        let Session { network, lake, ledger, quiet, .. } = &mut self.session;
        let continues = || !network.interrupt.is_requested();
        let made = terminal::with_bar("analyse", *quiet, |progress| {
            analyze::Plan::new(lake, analysis.request(false))?.run(lake, ledger, progress, &continues)
        });
        self.analysis_failed = made.is_err();
        self.summary.analyze = self.keep(made);
    }

    /// Erases what is older than it is kept. A transcript leaves its figures, so those have to be made first.
    fn retain(&mut self, plan: &RetainPlan) {
        if self.analysis_failed {
            let why = "nothing was erased by age, as the analysis failed; the next run makes up for it";
            self.summary.warnings.push(why.to_owned());
            return;
        }
        let Session { lake, ledger, .. } = &mut self.session;
        let erased = too_old(lake, ledger, plan, &[]).and_then(|old| erase_too_old(lake, ledger, old));
        self.summary.retain = self.keep(erased).flatten();
    }

    fn report(&mut self, plan: &ReportPlan, merged: &JobsFile) {
        // It would be of the same interviews as the newest one, under another day.
        let has_news = self.summary.ingest.as_ref().is_some_and(IngestSummary::has_news);
        let latest = plan.out.join("latest");
        if self.ingest_failed && !has_news && latest.exists() {
            let why = "no new report was written, as the ingest failed and nothing new has come";
            self.summary.warnings.push(format!("{why}; {} is as it was", latest.display()));
            return;
        }
        let is_of_nothing = is_of_nothing(&self.session.lake, plan, merged);
        if self.keep(is_of_nothing).unwrap_or_default() {
            self.summary.warnings.push("no report was written: the lake has none of its jobs yet".to_owned());
            return;
        }
        let RunSummary { run_id, started_at, .. } = &self.summary;
        let run = RunReference { run_id: run_id.clone(), started_at: started_at.to_string() };
        let made = report::report(&self.session.lake, plan, *started_at, Some(run));
        if let Some(written) = self.keep(made) {
            self.summary.report = Some(written.folder.display().to_string());
            self.summary.needs_a_look = Some(written.needs_a_look);
            let advice = report::advice(&self.session.lake, plan, merged, self.summary.started_at);
            self.summary.advice = self.keep(advice).flatten();
        }
    }

    fn export(&mut self, exports: Vec<ReadyExport>) {
        let Session { network, lake, quiet, .. } = &self.session;
        let done = export_all(lake, exports, *quiet, &|| !network.interrupt.is_requested());
        self.summary.export = Some(done.into_summary(&mut self.errors));
    }

    /// Archives the recordings that are missing in the archive. If that failed during the ingest, only publishes those
    /// that were archived by then.
    fn archive(&mut self, plan: &AudioPlan) {
        let Session { lake, ledger, .. } = &mut self.session;
        if self.archive_failed {
            self.errors.extend(publish_archived(lake, ledger).err());
            return;
        }
        let began = self.summary.started_at;
        let selection = RecordingSelection { from: plan.from, ..RecordingSelection::default() };
        let estimate = estimate(lake, ledger, &selection, began);
        let Some(estimate) = self.keep(estimate) else { return };
        let pace = pace_of(&self.pipeline.ingest);
        let archiving = Archiving { plan, selection, began, pace };
        let accounts = &mut self.accounts;
        let mut done = archiving.archive(&mut self.session, estimate, &mut |source| accounts.clients(source));
        // A key that the API refused to the ingest as well is named once.
        done.errors.retain(|error| {
            let is_same = |said: &Error| said.kind() == error.kind() && said.to_string() == error.to_string();
            error.kind() != Kind::Refused || !self.errors.iter().any(is_same)
        });
        *self.summary.audio.get_or_insert_default() += &done.into_summary(&mut self.errors);
    }

    /// Merges the files of months that have many small ones. All else is done by then, and the next run tries it again.
    fn compact(&mut self) {
        let Session { lake, ledger, quiet, .. } = &mut self.session;
        let done = terminal::with_bar("compact", *quiet, |progress| compact(lake, ledger, MANY + 1, progress));
        match done {
            Ok(done) => {
                self.summary.warnings.extend(done.kept.iter().map(|why| format!("not compacted: {why}")));
                self.summary.compact = done.months;
            }
            Err(error) if error.kind() == Kind::Locked => self.errors.push(error),
            Err(error) => self.summary.warnings.push(format!("not compacted: {error}")),
        }
    }

    fn mirror(&mut self, plan: &MirrorPlan) {
        let Session { network, lake, quiet, .. } = &self.session;
        let made = terminal::with_bar("mirror", *quiet, |progress| {
            let address = address_of("the mirror", &plan.to)?;
            let objects = Objects::open("the mirror", &address, network.runtime.handle().clone())?;
            publish(lake, &objects, plan, progress, &|| !network.interrupt.is_requested())
        });
        self.summary.mirror = self.keep(made);
    }

    fn send(&mut self, systems: Vec<ReadyAts>) {
        let done = deliver_all(&mut self.session, systems);
        self.summary.ats = Some(done.into_summary(&mut self.errors));
    }
}
