//! The accounts that are ingested, and how.

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
    /// One for each of its keys, at least one.
    pub clients: Vec<ApiClient>,
    pub exclude: &'a Exclude,
}

/// How accounts are ingested.
pub struct IngestRequest<'a> {
    pub plan: &'a IngestPlan,
    /// Whether to fetch every listed interview, whatever is known of it.
    pub refetch: bool,
    /// When cancelled, the ingest leaves the rest for the next run.
    pub cancellation: Cancellation,
    /// Called whenever a call has ended, and every second while none does.
    pub progress: &'a dyn Fn(Progress),
}
