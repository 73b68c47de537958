//! What calls are sent for: until when, and what is written down about them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::Method;
use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;

use crate::transport::broker::Class;
use crate::transport::meter::Meter;

/// How long calls wait for room in a help desk's rate limit unless the client says otherwise.
pub const WAIT: Duration = Duration::from_secs(10);

/// What is written down about a write, so that nobody repeats it who does not know what became of it.
#[async_trait]
pub trait Record: Send + Sync {
    /// Notes that a call which must not be repeated is about to be sent. If it cannot be noted, it is not sent.
    async fn about_to_send(&self) -> Result<(), NotNoted>;

    /// Notes that such a call was carried out.
    fn carried_out(&self);

    /// A key for vendors that know a repetition by one.
    fn key(&self) -> &str;
}

/// Something could not be written down; the log has the reason.
#[derive(Debug, Clone, Copy)]
pub struct NotNoted;

/// What a write would send, noted instead of sent. A clone notes on the same sheet.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal(Arc<Mutex<Sheet>>);

/// What was noted.
#[derive(Debug, Default)]
struct Sheet {
    /// The calls, in their order.
    calls: Vec<Planned>,
    /// Names of attributes that the vendor does not have.
    ignored: Vec<&'static str>,
}

/// A call of a rehearsal.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Verb.
    pub method: Method,
    /// Address below the origin.
    pub path: String,
    /// JSON body.
    pub body: Option<Value>,
    /// What it costs of the rate limit.
    pub cost: u32,
    /// Whether it was sent, because it only reads.
    pub is_sent: bool,
}

impl Rehearsal {
    /// What is on the sheet.
    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call.
    pub(super) fn note(&self, planned: Planned) {
        self.sheet().calls.push(planned);
    }

    /// Notes attributes that the vendor does not have.
    pub fn ignore(&self, names: Vec<&'static str>) {
        self.sheet().ignored = names;
    }

    /// The calls, in their order.
    pub fn noted(&self) -> Vec<Planned> {
        self.sheet().calls.clone()
    }

    /// Names of attributes that the vendor does not have.
    pub fn ignored(&self) -> Vec<&'static str> {
        self.sheet().ignored.clone()
    }
}

/// What calls are sent for.
#[derive(Clone)]
pub struct Trip {
    /// When the client's patience ends.
    pub deadline: Instant,
    /// How long all its calls together may wait for room in the help desk's rate limit.
    pub wait: Duration,
    /// Who asks: those who ask share a help desk's rate limit fairly.
    pub caller: Arc<str>,
    /// How urgent it is.
    pub class: Class,
    /// Counts what the request costs at the help desk.
    pub meter: Meter,
    /// What is written down about the write that this is, if it is one of which there may be only one.
    pub record: Option<Arc<dyn Record>>,
    /// Where a write is noted that is not to be sent.
    pub rehearsal: Option<Rehearsal>,
}

impl Trip {
    /// One that may take this long from now on, for nobody in particular.
    pub fn within(patience: Duration) -> Self {
        Self {
            deadline: Instant::now() + patience,
            wait: WAIT,
            caller: Arc::from(""),
            class: Class::Interactive,
            meter: Meter::default(),
            record: None,
            rehearsal: None,
        }
    }
}

impl fmt::Debug for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trip")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
