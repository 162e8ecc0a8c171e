//! The command itself.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::BufWriter;
use std::path::Path;

use super::concordance::Concordance;
use super::counts::{parts_on_screen, totals_on_screen};
use super::looking::{filters, format_of, on_lake, say_written, titles};
use crate::commands::terminal::{self, Pager, SearchFlags, SearchFormat};
use crate::deliver::export::{ExportSummary, Target, write_rows};
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::ExportFormat;
use crate::search::{By, Found, Hit, Order, Query, Search, SearchPlan, hit_rows, hit_schema, part_rows, part_schema};

/// Mentions that are written at once.
const ROWS: usize = 2_048;

pub fn run(flags: &SearchFlags) -> Result<()> {
    // Better known now than after the search.
    Query::parse(&flags.terms, flags.mode)?;
    let plan = plan(flags)?;
    let output = flags.output.as_deref().map(|path| Ok((path, format_of(path)?))).transpose()?;
    on_lake(&flags.lake.lake, &plan.filters, output.map(|(path, _)| path), |lake, is_shown| {
        Looking { flags, plan: &plan, output, is_shown }.look(lake)
    })
}

fn plan(flags: &SearchFlags) -> Result<SearchPlan> {
    let (filters, time_zone) = filters(&flags.filters, &flags.status)?;
    Ok(SearchPlan {
        filters,
        context: flags.context.into(),
        order: Order::parse(&flags.sort)?,
        limit: flags.limit,
        // Counts show nobody's words.
        is_masked: !flags.unmasked && flags.by.is_none(),
        by: flags.by,
        time_zone,
    })
}

/// A search, and where what it finds goes.
struct Looking<'a> {
    flags: &'a SearchFlags,
    plan: &'a SearchPlan,
    output: Option<(&'a Path, ExportFormat)>,
    /// Whether anything was written, so that it cannot begin again.
    is_shown: &'a Cell<bool>,
}

impl Looking<'_> {
    fn look(&self, lake: &Lake) -> Result<()> {
        let search = Search::new(lake, Query::parse(&self.flags.terms, self.flags.mode)?, self.plan)?;
        let found = match self.plan.by {
            Some(by) => self.parts(lake, &search, by)?,
            None => self.mentions(&search)?,
        };
        if found.totals().of.answers == 0 {
            tracing::warn!("no answer in the lake meets these filters");
        }
        if found.withheld > 0 {
            tracing::warn!(
                "{} not shown: the lake does not say whose words they are, so names could not be masked; --unmasked \
                 shows them",
                terminal::counted(found.withheld, "mention is", "mentions are")
            );
        }
        Ok(())
    }

    fn mentions(&self, search: &Search) -> Result<Found> {
        let mut found = Found::default();
        let mut write = |target: Target, format: ExportFormat, counted: Option<&Found>| {
            write_rows(target, format, &hit_schema(), &mut |take| {
                let mut take = |hits: &[Hit]| hits.chunks(ROWS).try_for_each(|hits| take(&hit_rows(hits)));
                found = search.each_hit(counted, &mut take)?;
                Ok(())
            })
        };
        match (self.output, self.flags.format) {
            (Some((path, format)), _) => {
                let summary = write(Target::File(path.to_owned()), format, None)?;
                self.written(path, &summary, &found)?;
            }
            (None, SearchFormat::Json) => {
                let mut counted = search.count()?;
                self.show_json(&counted)?;
                write(self.stdout(), ExportFormat::Jsonl, Some(&counted))?;
                counted.withheld = found.withheld;
                return Ok(counted);
            }
            (None, SearchFormat::Csv) => {
                write(self.stdout(), ExportFormat::Csv, None)?;
                tracing::info!("{}", totals_on_screen(&found.totals()).trim_end());
            }
            (None, SearchFormat::Text) => {
                let lines = Concordance::of_width(terminal::width());
                let mut pager = Pager::start();
                found = search.each_hit(None, &mut |hits| {
                    self.is_shown.set(true);
                    pager.show(&hits.iter().map(|hit| lines.line(hit)).collect::<String>())
                })?;
                pager.show(&totals_on_screen(&found.totals()))?;
                pager.finish();
            }
        }
        Ok(found)
    }

    fn parts(&self, lake: &Lake, search: &Search, by: By) -> Result<Found> {
        let found = search.count()?;
        let mut parts = found.parts(by);
        parts.truncate(self.plan.limit.unwrap_or(usize::MAX));
        let write = |target: Target, format: ExportFormat| {
            write_rows(target, format, &part_schema(by), &mut |take| take(&part_rows(by, &parts)))
        };
        match (self.output, self.flags.format) {
            (Some((path, format)), _) => {
                let summary = write(Target::File(path.to_owned()), format)?;
                self.written(path, &summary, &found)?;
            }
            (None, SearchFormat::Json) => {
                self.show_json(&found)?;
                write(self.stdout(), ExportFormat::Jsonl)?;
            }
            (None, SearchFormat::Csv) => {
                write(self.stdout(), ExportFormat::Csv)?;
                tracing::info!("{}", totals_on_screen(&found.totals()).trim_end());
            }
            (None, SearchFormat::Text) => {
                let titles = if matches!(by, By::Job | By::Question) { titles(lake)? } else { HashMap::new() };
                let mut pager = Pager::start();
                pager.show(&parts_on_screen(by, &parts, &titles, terminal::width()))?;
                pager.show(&totals_on_screen(&found.totals()))?;
                pager.finish();
            }
        }
        Ok(found)
    }

    fn stdout(&self) -> Target {
        self.is_shown.set(true);
        Target::Stream(Box::new(BufWriter::with_capacity(1 << 16, terminal::Stdout::new())))
    }

    /// Shows the counts as one line of JSON.
    fn show_json(&self, found: &Found) -> Result<()> {
        self.is_shown.set(true);
        terminal::data(&(serde_json::to_string(&found.totals()).expect("plain data") + "\n"))
    }

    /// Says what was written to a file, and shows the counts.
    fn written(&self, path: &Path, summary: &ExportSummary, found: &Found) -> Result<()> {
        say_written(path, summary);
        match self.flags.format {
            SearchFormat::Json => self.show_json(found),
            SearchFormat::Text | SearchFormat::Csv => terminal::data(&totals_on_screen(&found.totals())),
        }
    }
}
