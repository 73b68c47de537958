//! What a request has cost at the help desk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

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
}

impl Meter {
    /// Counts a call that is sent.
    pub fn count_call(&self) {
        self.0.calls.fetch_add(1, Relaxed);
    }

    /// Counts what the help desk said a call has cost.
    pub fn count_credits(&self, credits: u32) {
        self.0.credits.fetch_add(credits, Relaxed);
    }

    /// Calls so far.
    pub fn calls(&self) -> u32 {
        self.0.calls.load(Relaxed)
    }

    /// Credits so far; 0 where the help desk does not count them.
    pub fn credits(&self) -> u32 {
        self.0.credits.load(Relaxed)
    }
}
