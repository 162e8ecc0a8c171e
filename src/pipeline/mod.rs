//! Pipeline files: the settings they may contain, and the plan they resolve to.

mod ats;
mod audio;
mod choices;
mod dismiss;
mod exclude;
mod expect;
mod export;
pub mod file;
pub mod ids;
mod jobs;
mod mirror;
mod notify;
mod one_or_many;
mod place;
mod plan;
mod report;
mod retain;
mod secret;
pub mod sets;
mod source;
mod times;

pub use ats::AtsPlan;
pub use audio::{AudioPlan, parse_size};
pub use choices::{ExportFormat, ExportRows, Format, MetricGroup, QuestionPolicy, RunOutcome, Stage};
pub use dismiss::{DismissSection, Dismissal, FindingKind};
pub use exclude::Exclude;
pub use expect::{Bounds, ExpectPlan, Expectation};
pub use export::{ExportPlan, ExportTo, Since};
pub use jobs::JobsFile;
pub use mirror::{MirrorPlan, parse_keep_old};
pub use notify::{NotifyPlan, NotifyWay};
pub use plan::{AnalyzePlan, IngestPlan, Pipeline};
pub use report::{Compare, Narrow, ReportPlan, parse_compare};
pub use retain::RetainPlan;
pub use secret::{DEFAULT_KEY_VARIABLE, KeyPlace, is_variable_name, read_secrets, read_variable, sendable};
pub use source::{Api, INBOX, Source};
pub use times::{
    first_day, midnight, parse_date, parse_days, parse_max_time, parse_midnight, parse_time_of_day, parse_time_zone,
    parse_window, span_up_to, today,
};
