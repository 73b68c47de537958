//! One account's line to its help desk, for the length of one operation.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::model::page::Found;
use crate::provider::capability::Operation;
use crate::provider::error::ProviderError;
use crate::provider::{Provider, Result};
use crate::transport::call::{Call, Replay, Reply};
use crate::transport::line::Line;

/// The only thing a provider can do I/O with.
pub struct Upstream {
    /// Whose errors are read.
    provider: Arc<dyn Provider>,
    /// The account's line.
    line: Arc<Line>,
    /// What is being done, for metrics and logs.
    operation: Operation,
    /// When the client's patience ends.
    deadline: Instant,
    /// Whether the client wants the help desk's own objects too.
    wants_raw: bool,
}

impl Upstream {
    /// A line for one operation.
    pub fn new(
        provider: Arc<dyn Provider>,
        line: Arc<Line>,
        operation: Operation,
        deadline: Instant,
        wants_raw: bool,
    ) -> Self {
        Self {
            provider,
            line,
            operation,
            deadline,
            wants_raw,
        }
    }

    /// Sends, with retries. A reply that is not 2xx becomes the provider's error.
    ///
    /// After a call that must not be repeated, a failure of the help desk itself (5xx) leaves the
    /// outcome unknown, and is said to.
    pub async fn send(&self, call: Call) -> Result<Reply> {
        let repeatable = call.replay == Replay::Safe;
        let sent = self
            .line
            .send(&call, self.operation.name(), self.deadline)
            .await;
        let reply = sent.map_err(|error| ProviderError::from_transport(&error, repeatable))?;
        if reply.status.is_success() {
            return Ok(reply);
        }
        if reply.status.is_server_error() && !repeatable {
            return Err(ProviderError::outcome_unknown());
        }
        let mut error = self.provider.classify(&reply);
        error.message = self.line.redact(error.message);
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
        if !self.wants_raw {
            return Ok(Found {
                object: translate(read(reply)?),
                raw: None,
            });
        }
        let raw: &RawValue = read(reply)?;
        Ok(Found {
            object: translate(read(reply)?),
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
        let wires: Vec<W> = read(reply)?;
        let raws: Vec<&RawValue> = if self.wants_raw {
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
            .map(translate)
            .zip(raws)
            .map(|(object, raw)| Found { object, raw })
            .collect())
    }

    /// The slice of a reply that holds an object, copied if the client asked for it.
    pub fn raw(&self, object: &RawValue) -> Option<Box<RawValue>> {
        let raw = self.wants_raw.then(|| object.to_owned())?;
        // A help desk that echoes the credential must not tell it to the client.
        let safe = self.line.redact(raw.get().to_owned());
        if safe == raw.get() {
            Some(raw)
        } else {
            RawValue::from_string(safe).ok()
        }
    }

    /// A fact of the account that changes seldom: remembered for as long as `make` says, made once
    /// even if many ask at the same time.
    pub async fn remembered<T, F>(&self, name: &'static str, make: F) -> Arc<T>
    where
        T: Send + Sync + 'static,
        F: Future<Output = (T, Duration)> + Send,
    {
        self.line.remembered(name, make).await
    }
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
