//! An account that is ingested.

use super::summary::Progress;
use crate::http::cancel::Cancellation;
use crate::pipeline::{Exclude, IngestPlan};
use crate::round0::client::ApiClient;

/// One account, ready to be ingested.
pub struct Account<'a> {
    pub source: &'a str,
    pub ids: Vec<String>,
    /// Whether to also take ids from the inbox.
    pub inbox: bool,
    pub client: ApiClient,
    pub plan: &'a IngestPlan,
    pub exclude: &'a Exclude,
    /// Whether to fetch every listed interview, whatever is known of it.
    pub refetch: bool,
    /// When cancelled, the ingest leaves the rest for the next run.
    pub cancellation: Cancellation,
    /// Called whenever a call has ended, and every second while none does.
    pub progress: &'a dyn Fn(Progress),
}
