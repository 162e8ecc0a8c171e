//! How much memory files take while they become objects.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Most megabytes of files that are in memory at once; a larger file is sent alone. Creating an object only if there is
/// none takes a single request, which needs the whole file in memory.
const MOST_MEGABYTES: u32 = 256;

/// The memory that all uploads to a store share.
pub struct UploadMemory {
    /// Each permit stands for a megabyte.
    megabytes: Semaphore,
}

impl Default for UploadMemory {
    fn default() -> Self {
        Self { megabytes: Semaphore::new(MOST_MEGABYTES as usize) }
    }
}

impl UploadMemory {
    /// Waits until there is room for a file of so many bytes, which it has until the permit is dropped.
    pub async fn room_for(&self, bytes: u64) -> SemaphorePermit<'_> {
        let megabytes = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX).clamp(1, MOST_MEGABYTES);
        self.megabytes.acquire_many(megabytes).await.expect("it is never closed")
    }
}
