//! What a request has cost at the help desk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counts the upstream calls of one request. A clone counts on the same meter.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

/// What is counted.
#[derive(Debug, Default)]
struct Counts {
    /// Calls that were sent, repeated ones too.
    calls: AtomicU32,
    /// What the help desk said they cost.
    credits: AtomicU32,
    /// Whether it said so at all.
    has_credits: AtomicBool,
    /// Milliseconds of waiting for room in the rate limit.
    waited: AtomicU64,
}

impl Meter {
    /// Counts a call that is sent.
    pub fn count_call(&self) {
        self.0.calls.fetch_add(1, Relaxed);
    }

    /// Counts what the help desk said a call has cost.
    pub fn count_credits(&self, credits: u32) {
        self.0.credits.fetch_add(credits, Relaxed);
        self.0.has_credits.store(true, Relaxed);
    }

    /// Counts waiting for room in the rate limit.
    pub fn count_wait(&self, waited: Duration) {
        let waited = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.0.waited.fetch_add(waited, Relaxed);
    }

    /// How long calls have waited so far.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.0.waited.load(Relaxed))
    }

    /// Calls so far.
    pub fn calls(&self) -> u32 {
        self.0.calls.load(Relaxed)
    }

    /// Credits so far, if the help desk counts them.
    pub fn credits(&self) -> Option<u32> {
        let has_credits = self.0.has_credits.load(Relaxed);
        has_credits.then(|| self.0.credits.load(Relaxed))
    }
}
