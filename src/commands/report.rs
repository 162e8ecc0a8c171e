//! `report`: writes a report, and prints its folder.

use jiff::Timestamp;

use super::terminal::{self, ReportFlags};
use crate::lake::Lake;
use crate::lake::outside::unusable;
use crate::model::Result;
use crate::pipeline::{Narrow, ReportPlan, parse_compare, parse_date, parse_days, parse_time_zone};
use crate::report::report;

pub fn run(flags: &ReportFlags) -> Result<()> {
    let plan = ReportPlan {
        out: flags.out.clone(),
        formats: flags.formats.clone(),
        days: parse_days(&flags.period)?,
        until: flags.until.as_deref().map(parse_date).transpose()?,
        time_zone: parse_time_zone(&flags.time_zone)?,
        compare: parse_compare(&flags.compare)?,
        narrow: Narrow { jobs: flags.job.clone(), departments: flags.department.clone(), may_be_missing: false },
        jobs_file: flags.jobs_file.clone(),
        quotes: !flags.no_quotes,
        whole_answers: flags.whole_answers,
        dismiss: Vec::new(),
    };
    let lake = Lake::open(&flags.lake.lake)?;
    // Better known now than after minutes of work.
    if let Some(error) = unusable("the report", &plan.out, &plan.out, lake.root()) {
        return Err(error.hint("choose another folder with --out"));
    }
    let written = report(&lake, &plan, Timestamp::now(), None)?;
    terminal::data(&format!("{}\n", written.folder.display()))?;
    Ok(())
}
