//! What an ingest is given.

use super::summary::Progress;
use crate::http::cancel::Cancellation;
use crate::pipeline::{Exclude, IngestPlan};
use crate::round0::client::ApiClient;

/// One source, ready to be read.
pub struct Account<'a> {
    pub source: &'a str,
    pub ids: Vec<String>,
    /// Also take ids from the inbox.
    pub inbox: bool,
    pub client: ApiClient,
    pub plan: &'a IngestPlan,
    pub exclude: &'a Exclude,
    /// Ask for every listed interview, whatever is known of it.
    pub refetch: bool,
    /// Leaves the rest for the next run.
    pub cancellation: Cancellation,
    /// Called as calls end.
    pub progress: &'a dyn Fn(Progress),
}
