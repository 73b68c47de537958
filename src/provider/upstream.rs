//! One account's line to its help desk, for the length of one operation.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::model::object::Object;
use crate::model::page::Found;
use crate::provider::capability::Operation;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::json::with_whole_pairs;
use crate::provider::{Provider, Result};
use crate::transport::call::{Call, Replay, Reply};
use crate::transport::line::Line;
use crate::transport::trip::{Record, Trip};

/// Exchanges credentials that have expired.
#[async_trait]
pub trait Renew: Send + Sync {
    /// A line with fresh credentials; none if the account's are of a kind that is not exchanged.
    async fn renew(&self) -> Result<Option<Arc<Line>>>;
}

/// The only thing a provider can do I/O with.
pub struct Upstream {
    /// Whose errors are read.
    provider: Arc<dyn Provider>,
    /// The account's line; another one once its credentials were exchanged.
    line: RwLock<Arc<Line>>,
    /// Exchanges its credentials.
    renew: Option<Arc<dyn Renew>>,
    /// What is being done, for metrics and logs.
    operation: Operation,
    /// The terms of the request.
    terms: Terms,
}

/// What a client's request says beside what it asks for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Until when, and what is written down.
    pub trip: Trip,
    /// How long the client's patience was at the beginning.
    pub patience: Duration,
    /// Whether the client wants the help desk's own objects too.
    pub wants_raw: bool,
}

impl Terms {
    /// A request that may take this long from now on.
    pub fn within(patience: Duration) -> Self {
        Self {
            trip: Trip::within(patience),
            patience,
            wants_raw: false,
        }
    }

    /// Whether so much of the client's patience is used up that what there is should be given out.
    pub fn is_late(&self) -> bool {
        self.trip.deadline.saturating_duration_since(Instant::now()) < self.patience / 2
    }
}

impl Upstream {
    /// A line for one operation.
    pub fn new(
        provider: Arc<dyn Provider>,
        line: Arc<Line>,
        operation: Operation,
        terms: Terms,
    ) -> Self {
        Self {
            provider,
            line: RwLock::new(line),
            renew: None,
            operation,
            terms,
        }
    }

    /// The same, for an account whose credentials can be exchanged.
    #[must_use]
    pub fn renewing(self, renew: Arc<dyn Renew>) -> Self {
        Self {
            renew: Some(renew),
            ..self
        }
    }

    /// The line.
    fn line(&self) -> Arc<Line> {
        let line = self.line.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&line)
    }

    /// Sends, with retries. A reply that is not 2xx becomes the provider's error.
    ///
    /// After a call that must not be repeated, a failure of the help desk itself (5xx) leaves the
    /// outcome unknown, and is said to.
    ///
    /// A call that is refused because the credentials have expired was not carried out: it is sent again
    /// with fresh ones.
    pub async fn send(&self, call: Call) -> Result<Reply> {
        match self.send_with(&self.line(), &call).await {
            Err(error) if error.kind == Kind::Unauthenticated => {
                let Some(renew) = &self.renew else {
                    return Err(error);
                };
                let Some(fresh) = renew.renew().await? else {
                    return Err(error);
                };
                *self.line.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                self.send_with(&fresh, &call).await
            }
            outcome => outcome,
        }
    }

    /// [`Self::send`] over this line.
    async fn send_with(&self, line: &Arc<Line>, call: &Call) -> Result<Reply> {
        if self.terms.trip.deadline <= Instant::now() {
            // Nothing is sent, so it certainly does not happen.
            let message = "the time for this request was over before the help desk was asked";
            return Err(ProviderError::new(Kind::Timeout, message));
        }
        let repeatable = call.replay == Replay::Safe;
        let sent = line
            .send(call, self.operation.name(), &self.terms.trip)
            .await;
        let reply = sent.map_err(|error| ProviderError::from_transport(&error, repeatable))?;
        if reply.status.is_success() {
            if let Some(record) = self.terms.trip.record.as_ref().filter(|_| !repeatable) {
                record.carried_out();
            }
            return Ok(Reply {
                body: with_whole_pairs(reply.body),
                ..reply
            });
        }
        if reply.status.is_server_error() && !repeatable {
            return Err(ProviderError::outcome_unknown());
        }
        let safe = Reply {
            body: line.redact_body(&reply.body),
            ..reply
        };
        let mut error = self.provider.classify(&safe);
        // What was spelled with escapes in the body is plain in the message.
        error.message = line.redact(error.message);
        // An answer that is not understood does not tell whether a write was carried out.
        if error.kind == Kind::Malformed && !repeatable {
            return Err(ProviderError::outcome_unknown());
        }
        Err(error)
    }

    /// Reads a reply that is one object.
    pub fn read_one<'a, W, T>(
        &self,
        reply: &'a Reply,
        translate: impl FnOnce(W) -> T,
    ) -> Result<Found<T>>
    where
        W: Deserialize<'a>,
    {
        if !self.terms.wants_raw {
            let Object(wire) = read(reply)?;
            return Ok(Found {
                object: translate(wire),
                raw: None,
            });
        }
        let raw: &RawValue = read(reply)?;
        let Object(wire) = read(reply)?;
        Ok(Found {
            object: translate(wire),
            raw: self.raw(raw),
        })
    }

    /// Reads a reply that is a bare list of objects.
    pub fn read_list<'a, W, T>(
        &self,
        reply: &'a Reply,
        translate: impl Fn(W) -> T,
    ) -> Result<Vec<Found<T>>>
    where
        W: Deserialize<'a>,
    {
        let wires: Vec<Object<W>> = read(reply)?;
        let raws: Vec<&RawValue> = if self.terms.wants_raw {
            read(reply)?
        } else {
            Vec::new()
        };
        let raws = raws
            .into_iter()
            .map(|raw| self.raw(raw))
            .chain(std::iter::repeat(None));
        Ok(wires
            .into_iter()
            .map(|Object(wire)| translate(wire))
            .zip(raws)
            .map(|(object, raw)| Found { object, raw })
            .collect())
    }

    /// The slice of a reply that holds an object, copied if the client asked for it.
    pub fn raw(&self, object: &RawValue) -> Option<Box<RawValue>> {
        let raw = self.terms.wants_raw.then(|| object.to_owned())?;
        // A help desk that echoes the credential must not tell it to the client, in whatever spelling.
        // One that the client could not read would take all that stands beside it along.
        let value: Value = serde_json::from_str(raw.get()).ok()?;
        let plain = if raw.get().contains('\\') {
            value.to_string()
        } else {
            raw.get().to_owned()
        };
        let safe = self.line().redact(plain.clone());
        if safe == plain {
            Some(raw)
        } else {
            RawValue::from_string(safe).ok()
        }
    }

    /// A key by which a help desk that takes keys knows this write again; none for what may be repeated.
    pub fn key(&self) -> Option<&str> {
        self.terms.trip.record.as_deref().map(Record::key)
    }

    /// Whether the client wants the help desk's own objects too.
    pub fn wants_raw(&self) -> bool {
        self.terms.wants_raw
    }

    /// Waits a moment for the help desk's time to go on; fails once the client's patience is over.
    pub async fn pause(&self, how_long: Duration) -> Result<()> {
        if Instant::now() + how_long >= self.terms.trip.deadline {
            return Err(ProviderError::new(
                Kind::Timeout,
                "what the help desk holds changes faster than it can be listed",
            ));
        }
        sleep(how_long).await;
        Ok(())
    }

    /// Whether so much of the client's patience is used up that what there is should be given out.
    pub fn is_late(&self) -> bool {
        self.terms.is_late()
    }

    /// What the account asks for by this name; null if it does not.
    pub fn option(&self, name: &str) -> Value {
        self.line().option(name).clone()
    }

    /// Something read before that was kept, if it still is.
    pub fn kept<T: Send + Sync + 'static>(&self, name: &'static str) -> Option<Arc<T>> {
        self.line().kept(name)
    }

    /// Keeps something that was read for a later request.
    pub fn keep<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        value: Arc<T>,
        how_long: Duration,
    ) {
        self.line().keep(name, value, how_long);
    }

    /// A fact of the account that changes seldom: remembered for as long as `make` says, made once
    /// even if many ask at the same time, and waited for no longer than `limit`.
    pub async fn remembered<T, F>(&self, name: &'static str, limit: Duration, make: F) -> Arc<T>
    where
        T: Default + Send + Sync + 'static,
        F: Future<Output = (T, Duration)> + Send,
    {
        self.line().remembered(name, limit, make).await
    }
}

/// Reads an object out of a reply: a ticket of a list, a comment.
pub fn read_object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T> {
    let read = serde_json::from_str(raw.get()).map(|Object(object)| object);
    read.map_err(|error| ProviderError::malformed(&format!("an object, column {}", error.column())))
}

/// Reads a reply's body. What it held is not repeated in the error, only where reading stopped.
///
/// The body is checked to be UTF-8 once and as a whole, which is several times cheaper than the
/// check of each of its strings.
pub fn read<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Result<T> {
    let text = std::str::from_utf8(&reply.body)
        .map_err(|_| ProviderError::malformed("it is not UTF-8"))?;
    serde_json::from_str(text).map_err(|error| {
        ProviderError::malformed(&format!("line {}, column {}", error.line(), error.column()))
    })
}
