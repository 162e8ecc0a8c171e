//! The whole check: the log, the ledger, the candidate key and what is private here, the files in [`tables`].

use std::collections::BTreeSet;

use serde::Serialize;

use super::finding::{Finding, FindingKind};
use super::private;
use super::tables::{self, Tables};
use crate::lake::log::{Version, read_log};
use crate::lake::places::Lake;
use crate::lake::recover::check_bound;
use crate::lake::schema::{INTERVIEWS, is_source};
use crate::ledger::{Applied, Ledger, LiveFile};
use crate::model::{Result, plural};

/// How often a lake is checked anew that is being written to.
const TIMES: usize = 3;

const LEDGER: &str = "_roundup/ledger.db";
const LOG: &str = "_roundup/log";

const PUT_BACK: &str = "put it back from a backup";

/// What was checked, and what was found.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The version of the lake. `None` if there is no log to tell.
    pub version: Option<u64>,
    /// Files that were read, with their rows and bytes.
    pub files: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: Vec<Finding>,
    /// What could not be checked, and why.
    pub notes: Vec<String>,
}

/// Checks a lake. `progress` is called with how many files are done and how many there are. If another program writes to
/// it meanwhile, what was found may be half of a change, so it is checked anew.
///
/// # Errors
/// When its folders cannot be listed. What is wrong with the lake is no error.
pub fn check(lake: &Lake, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Checked> {
    let mut times = 0;
    loop {
        let before = standing(lake);
        let mut checked = once(lake, progress)?;
        times += 1;
        if checked.findings.is_empty() || standing(lake) == before {
            return Ok(checked);
        }
        if times == TIMES {
            checked.notes.push("another program was writing to the lake: check again when it is done".to_owned());
            return Ok(checked);
        }
    }
}

/// The last version of the log, and that of the ledger.
fn standing(lake: &Lake) -> (Option<Applied>, Option<Applied>) {
    let ledger = lake.ledger_for_reading().and_then(|ledger| ledger.applied()).ok().flatten();
    let log = read_log(&lake.log_folder()).ok().flatten();
    (log.map(|log| log.version.applied()), ledger)
}

fn once(lake: &Lake, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Checked> {
    let mut findings = private::look(lake)?;
    let root = lake.root().display();
    let rebuild = format!("`roundup ledger rebuild --lake {root}` makes it anew from the tables");
    // The ledger first: it is never ahead of a log that is read after it.
    let ledger = lake.ledger_for_reading().and_then(|ledger| Ok((ledger.applied()?, ledger)));
    let ledger =
        ledger.map_err(|error| findings.push(Finding::of_error(FindingKind::Ledger, LEDGER, &error, &rebuild)));
    let log = match read_log(&lake.log_folder()) {
        Ok(Some(log)) => log,
        Ok(None) => {
            let repair = format!("`roundup repair --lake {root}` begins it anew, and keeps all tables");
            let hint = match &ledger {
                Ok((Some(_), _)) => repair,
                _ => "the next run, import or analysis makes the first log of a lake, from its tables".to_owned(),
            };
            let what = "there is none, so nothing tells what the lake is";
            findings.push(Finding::new(FindingKind::Log, LOG, what, hint));
            return Ok(of_tables(None, Tables { findings, ..Tables::default() }));
        }
        Err(error) => {
            findings.push(Finding::of_error(FindingKind::Log, LOG, &error, PUT_BACK));
            return Ok(of_tables(None, Tables { findings, ..Tables::default() }));
        }
    };
    if let Ok((at, ledger)) = ledger {
        let compared = check_bound(lake, &log, at.as_ref());
        match compared.and_then(|()| of_ledger(&ledger, at.as_ref(), &log.version, &rebuild)) {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(Finding::of_error(FindingKind::Ledger, LEDGER, &error, &rebuild)),
        }
    }
    lake.set_version(Some(log.version.clone()));
    if let Err(error) = lake.candidate_keys() {
        findings.push(Finding::of_error(FindingKind::CandidateKey, "_roundup/candidate.key", &error, PUT_BACK));
    }
    let mut found = tables::look(lake, &log.version, progress)?;
    found.findings.extend(findings);
    Ok(of_tables(Some(log.version.number), found))
}

fn of_tables(version: Option<u64>, tables: Tables) -> Checked {
    let Tables { files, rows, bytes, mut findings, notes } = tables;
    findings.sort();
    Checked { version, files, rows, bytes, findings, notes }
}

/// What the ledger does not have as the log has it.
fn of_ledger(ledger: &Ledger, at: Option<&Applied>, version: &Version, rebuild: &str) -> Result<Vec<Finding>> {
    let finding = |what: String, hint: &str| Finding::new(FindingKind::Ledger, LEDGER, what, hint);
    let next = "the next run or import brings it up to the log";
    match at {
        None => return Ok(vec![finding("there is none, or it has seen no log".to_owned(), next)]),
        Some(at) if at.version < version.number => {
            return Ok(vec![finding(
                format!("it is at version {}, and the log at {}", at.version, version.number),
                next,
            )]);
        }
        Some(_) => {}
    }
    let mut found = Vec::new();
    let rows: u64 = version.files().filter(|file| file.table == INTERVIEWS.name).map(|file| file.rows).sum();
    let settled = ledger.counts()?.settled;
    if settled != rows {
        let what = format!("it has {settled} settled interviews, and the tables {rows}");
        found.push(finding(what, rebuild));
    }
    let path = |file: &LiveFile| (file.path.clone(), file.sha256.clone());
    let known: BTreeSet<_> = ledger.known_files()?.iter().map(path).collect();
    let live: BTreeSet<_> = version.files().filter(|file| is_source(&file.table)).map(path).collect();
    let others = known.symmetric_difference(&live).map(|(path, _)| path).collect::<BTreeSet<_>>().len();
    if others > 0 {
        let what = format!("it has {others} {} otherwise than the log", plural(others as u64, "file", "files"));
        found.push(finding(what, rebuild));
    }
    Ok(found)
}
