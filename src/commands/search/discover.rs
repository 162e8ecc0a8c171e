//! `discover`: the terms that tell a job from all others, or a period from the one before.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;

use super::findings::{Screen, findings_on_screen, totals_on_screen};
use super::looking::{filters, format_of, on_lake, say_written, titles};
use crate::commands::terminal::{self, DiscoverFlags, Pager, SearchFormat};
use crate::deliver::export::{Target, write_rows};
use crate::keywords::{KeywordSet, Mode};
use crate::lake::Lake;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Result};
use crate::pipeline::sets::load_sets;
use crate::pipeline::{ExportFormat, first_day, midnight, parse_date, today};
use crate::search::discover::{
    Against, DiscoverPlan, Discovered, discover, draft, finding_rows, finding_schema, sets_in_use,
};

/// Terms of each job on a screen, unless another number is asked for.
const ON_SCREEN: usize = 10;

pub fn run(flags: &DiscoverFlags) -> Result<()> {
    let plan = plan(flags)?;
    let output = flags.output.as_deref().map(|path| Ok((path, format_of(path)?))).transpose()?;
    let set_name = flags.draft.as_deref().map(set_name).transpose()?;
    on_lake(&flags.lake.lake, &plan.filters, output.map(|(path, _)| path), |lake, is_shown| {
        if let Some(path) = &flags.draft {
            refuse_inside("the draft", path, lake.root())?;
        }
        let plan = DiscoverPlan { sets: sets(flags, lake)?, ..plan.clone() };
        let discovered = discover(lake, &plan)?;
        is_shown.set(true);
        say_too_few(&discovered);
        show(flags, output, lake, &discovered)?;
        match (&flags.draft, &set_name) {
            (Some(path), Some(name)) => write_draft(path, name, lake, &discovered),
            _ => Ok(()),
        }
    })
}

fn plan(flags: &DiscoverFlags) -> Result<DiscoverPlan> {
    let (mut filters, time_zone) = filters(&flags.filters, &flags.status)?;
    let begins = filters.from;
    if flags.against == Against::Previous {
        let from = flags.filters.from.as_deref().ok_or_else(|| {
            Error::usage("--against previous compares a period, and nothing says when it begins")
                .hint("--from 2026-05-01 --until 2026-06-01")
        })?;
        let from = parse_date(from)?;
        let until = match &flags.filters.until {
            Some(until) => parse_date(until)?,
            None => today(Timestamp::now(), &time_zone),
        };
        let days = from.until(until).ok().and_then(|span| u32::try_from(span.get_days()).ok()).filter(|days| *days > 0);
        let days =
            days.ok_or_else(|| Error::usage(format!("there is no day from {from} on that is before {until}")))?;
        let micros = |day| midnight(day, &time_zone).map(Timestamp::as_microsecond);
        filters.from = Some(micros(first_day(from, days)?)?);
        filters.until = Some(micros(until)?);
    }
    Ok(DiscoverPlan {
        filters,
        against: flags.against,
        begins,
        sets: Vec::new(),
        limit: flags.limit,
        is_drafted: flags.draft.is_some(),
    })
}

/// The sets whose terms are known already.
fn sets(flags: &DiscoverFlags, lake: &Lake) -> Result<Vec<KeywordSet>> {
    if !flags.keywords.is_empty() {
        return load_sets(&flags.keywords, Mode::Word).into_iter().collect();
    }
    let (sets, others) = sets_in_use(lake)?;
    if !others.is_empty() {
        tracing::warn!(
            "terms of {} may be among these: the lake was searched for sets that do not ship as they were then; name the \
             files of all sets in use with --keywords",
            others.join(", ")
        );
    }
    Ok(sets)
}

fn say_too_few(discovered: &Discovered) {
    let of = discovered.totals.of;
    if of.answers == 0 {
        tracing::warn!("no answer in the lake meets these filters");
    } else if discovered.totals.tests == 0 {
        tracing::warn!("nothing is compared: it takes five candidates, and as many to compare them with");
    } else if !discovered.too_few.is_empty() {
        let count = discovered.too_few.len() as u64;
        let jobs = terminal::counted(count, "job is", "jobs are");
        tracing::info!("{jobs} not compared: it takes five candidates");
    }
}

fn show(
    flags: &DiscoverFlags,
    output: Option<(&Path, ExportFormat)>,
    lake: &Lake,
    discovered: &Discovered,
) -> Result<()> {
    let against = flags.against;
    let write = |target: Target, format: ExportFormat| {
        write_rows(target, format, &finding_schema(against), &mut |take| {
            take(&finding_rows(against, &discovered.findings))
        })
    };
    let stdout = || Target::Stream(Box::new(BufWriter::with_capacity(1 << 16, terminal::Stdout::new())));
    let json = || terminal::data(&(serde_json::to_string(&discovered.totals).expect("plain data") + "\n"));
    let totals = totals_on_screen(against, discovered);
    match (output, flags.format) {
        (Some((path, format)), shown) => {
            say_written(path, &write(Target::File(path.to_owned()), format)?);
            if shown == SearchFormat::Json { json() } else { terminal::data(&totals) }
        }
        (None, SearchFormat::Json) => {
            json()?;
            write(stdout(), ExportFormat::Jsonl).map(drop)
        }
        (None, SearchFormat::Csv) => {
            write(stdout(), ExportFormat::Csv)?;
            tracing::info!("{}", totals.trim_end());
            Ok(())
        }
        (None, SearchFormat::Text) => {
            let mut pager = Pager::start();
            let screen = Screen { width: terminal::width(), most: flags.limit.unwrap_or(ON_SCREEN) };
            pager.show(&findings_on_screen(against, &discovered.findings, &titles(lake)?, screen))?;
            pager.show(&totals)?;
            pager.finish();
            Ok(())
        }
    }
}

/// The name of a set that is written to a file.
fn set_name(path: &Path) -> Result<String> {
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Err(Error::usage(format!("{} is no name of a keyword set", path.display())).hint("end it with .toml"));
    }
    // Better known now than after the search.
    if path.exists() {
        return Err(is_there(path));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
    let is_plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let words: Vec<&str> = stem.split(|character| !is_plain(character)).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(64).collect();
    Ok(if name.is_empty() { "draft".to_owned() } else { name })
}

fn is_there(path: &Path) -> Error {
    Error::usage(format!("{} is there already, and may have been edited", path.display()))
        .hint("name another file, or delete it")
}

fn write_draft(path: &Path, name: &str, lake: &Lake, discovered: &Discovered) -> Result<()> {
    let Some(text) = draft(name, discovered, &titles(lake)?) else {
        tracing::warn!("nothing was found to make a keyword set of, so {} is not written", path.display());
        return Ok(());
    };
    let written =
        OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => is_there(path),
        _ => Error::path("write", path, error),
    })?;
    tracing::info!("wrote a keyword set to {}: edit it, then roundup keywords lint {0}", path.display());
    Ok(())
}
