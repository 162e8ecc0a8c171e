//! What archiving works with: the archive, the HTTP client that opens links, and how many it opens at once.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::address::AddressPolicy;
use super::download::Downloader;
use super::pool::Pool;
use super::store::Store;
use crate::http::cancel::Cancellation;
use crate::lake::Lake;
use crate::lake::outputs::OutputKind;
use crate::model::Result;
use crate::pipeline::AudioPlan;

/// Archives recordings. Holds everything that is needed for it except the ledger.
pub struct Archiver<'a> {
    pub(super) lake: &'a Lake,
    pub(super) runtime: &'a Runtime,
    pub(super) downloader: Arc<Downloader>,
    /// How many recordings are downloaded at once.
    pub(super) width: usize,
    /// During an ingest, only interviews that settled at this time or later are archived.
    pub(super) from: Option<Timestamp>,
    pub(super) cancellation: Cancellation,
}

impl<'a> Archiver<'a> {
    /// # Errors
    /// When the archive cannot be opened.
    pub fn new(lake: &'a Lake, runtime: &'a Runtime, plan: &AudioPlan, cancellation: Cancellation) -> Result<Self> {
        let policy = AddressPolicy { loopback: plan.allow_loopback };
        let store = Store::open(&plan.out, lake)?;
        lake.record_output(OutputKind::Archive, &plan.out)?;
        let downloader = Arc::new(Downloader::new(store, policy, plan.max_bytes, plan.max_time)?);
        Ok(Self { lake, runtime, downloader, width: plan.concurrency, from: plan.from, cancellation })
    }

    /// A pool that downloads several recordings at once.
    pub(super) fn pool<T: Send + 'static>(&self) -> Pool<T> {
        Pool::new(self.runtime, &self.downloader, self.width, &self.cancellation)
    }
}
