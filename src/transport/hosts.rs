//! The hosts that are called: what each may be asked for, and whether it is well.
//!
//! Accounts of one help desk share its host, whatever credential they have: the vendor counts them together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::transport::breaker::{self, Breaker, Permit};
use crate::transport::broker::{Bounds, Broker};
use crate::transport::retry_budget::{Allowance, RetryBudget};

/// What one host is asked for at once, and how many calls wait for it.
const BOUNDS: Bounds = Bounds {
    in_flight: 64,
    waiting: 1000,
};
/// Hosts that are remembered while nobody has a line to them.
const REMEMBERED: usize = 4096;

/// All hosts. A clone knows the same ones.
#[derive(Clone)]
pub struct Hosts {
    /// By scheme, name and port.
    all: Arc<Mutex<HashMap<String, Arc<Host>>>>,
    /// Where their queues run.
    tasks: TaskTracker,
}

/// One host.
pub struct Host {
    /// Who may call next.
    pub(super) broker: Arc<Broker>,
    /// Whether it is well, and what may be sent to it again.
    health: Mutex<Health>,
}

/// Whether a host is well.
struct Health {
    /// Stops calls to one that is not.
    breaker: Breaker,
    /// What may be sent again.
    retries: RetryBudget,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Hosts {
    /// None so far. Their queues run on these tasks.
    pub fn new(tasks: TaskTracker) -> Self {
        Self {
            all: Arc::default(),
            tasks,
        }
    }

    /// The host of an origin.
    pub fn host(&self, origin: &str) -> Arc<Host> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = all.get(origin) {
            return Arc::clone(host);
        }
        if all.len() >= REMEMBERED {
            all.retain(|_, host| Arc::strong_count(host) > 1);
        }
        let host = Arc::new(Host {
            broker: Broker::new(BOUNDS, self.tasks.clone()),
            health: Mutex::new(Health {
                breaker: Breaker::new(Instant::now()),
                retries: RetryBudget::default(),
            }),
        });
        all.insert(origin.to_owned(), Arc::clone(&host));
        host
    }
}

impl Host {
    /// Its health.
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait before it may be called, if it has failed too often. Asks without calling.
    pub(super) fn refuses(&self) -> Option<Duration> {
        let mut breaker = self.health().breaker.clone();
        let refused = breaker.admit(Instant::now()).err()?;
        Some(refused.retry_after)
    }

    /// The right to make a call, or how long to wait.
    pub(super) fn admit(&self) -> Result<Permit, Duration> {
        let admitted = self.health().breaker.admit(Instant::now());
        admitted.map_err(|refused| refused.retry_after)
    }

    /// Tells how a call ended; none if that says nothing about the host.
    pub(super) fn ended(&self, permit: Permit, outcome: Option<breaker::Outcome>) {
        let (mut health, now) = (self.health(), Instant::now());
        match outcome {
            Some(outcome) => health.breaker.record(permit, outcome, now),
            None => health.breaker.abandon(permit, now),
        }
    }

    /// Counts a first attempt.
    pub(super) fn first_attempt(&self) {
        self.health().retries.earn();
    }

    /// Whether a call may be sent again.
    pub(super) fn may_retry(&self) -> bool {
        self.health().retries.spend() == Allowance::Granted
    }
}
