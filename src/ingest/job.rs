//! What an ingest is given.

use jiff::Timestamp;
use tokio::sync::watch;

use super::summary::Progress;
use crate::pipeline::{Exclude, IngestPlan};
use crate::round0::client::Client;

/// One source, ready to be read.
pub struct Job<'a> {
    pub source: &'a str,
    pub ids: Vec<String>,
    /// Also take ids from the inbox.
    pub inbox: bool,
    pub client: Client,
    pub plan: &'a IngestPlan,
    pub exclude: &'a Exclude,
    /// Ask for every listed interview, whatever is known of it.
    pub refetch: bool,
    /// When to leave the rest for the next run.
    pub stop_at: Option<Timestamp>,
    pub interrupt: watch::Receiver<bool>,
    /// Called as calls end.
    pub progress: &'a dyn Fn(Progress),
}
