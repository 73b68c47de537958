//! One account's line to its help desk: sends calls, repeats them where that is right.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::{HeaderValue, Request, header};
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower::ServiceExt as _;

use crate::transport::call::{Call, Endpoint, Reply};
use crate::transport::http::{Bodies, Transport, TransportError};
use crate::transport::meter::Meter;
use crate::transport::retry::{self, Outcome};

/// Longest time one attempt may take.
const MAX_ATTEMPT: Duration = Duration::from_secs(20);

/// Shortest text that is taken for a secret, in bytes.
const SHORTEST_SECRET: usize = 8;
/// How long a default stands in the place of a value that took too long to make.
const INSTEAD: Duration = Duration::from_mins(1);
/// How many bodies of one help desk may be on their way into memory at once.
const BODIES_AT_ONCE: usize = 16;

/// Where a vendor tells about its rate limit: header names, in lower case.
#[derive(Debug, Clone, Copy)]
pub struct RateHeaders {
    /// What is left in the window: the first of these that is there.
    pub remaining: &'static [&'static str],
    /// What the call has cost, where the vendor counts that.
    pub used: Option<&'static str>,
}

/// A place for a value that is remembered, and until when it counts.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Arc<dyn Any + Send + Sync>)>>>;

/// One account's line to its help desk.
pub struct Line {
    /// The network.
    transport: Transport,
    /// Base address without a final slash.
    base: String,
    /// Headers of every call.
    headers: ::http::HeaderMap,
    /// What must not be seen in anything that comes from the help desk.
    secrets: Vec<SecretString>,
    /// What the account asks for beside.
    options: Map<String, Value>,
    /// Label of the provider in metrics.
    provider: &'static str,
    /// Where the vendor tells its limits.
    rate: RateHeaders,
    /// Bounds the bodies on their way into memory: a slow help desk holds up nobody else's.
    bodies: Bodies,
    /// Facts of the account that change seldom, such as the names of its statuses.
    memory: Mutex<HashMap<&'static str, Slot>>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("provider", &self.provider)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Line {
    /// Opens a line. Nothing is sent yet.
    pub fn new(
        transport: Transport,
        endpoint: Endpoint,
        provider: &'static str,
        rate: RateHeaders,
    ) -> Self {
        let Endpoint {
            base,
            mut headers,
            secrets,
            options,
        } = endpoint;
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let base = base.as_str().trim_end_matches('/').to_owned();
        Self {
            transport,
            base,
            headers,
            secrets,
            options,
            provider,
            rate,
            bodies: Bodies(Arc::new(Semaphore::new(BODIES_AT_ONCE))),
            memory: Mutex::default(),
        }
    }

    /// What the account asks for by this name; null if it does not.
    pub fn option(&self, name: &str) -> &Value {
        self.options.get(name).unwrap_or(&Value::Null)
    }

    /// Sends a call until it has an answer that counts, the attempts are used up, or time is.
    pub async fn send(
        &self,
        call: &Call,
        operation: &'static str,
        deadline: Instant,
        meter: &Meter,
    ) -> Result<Reply, TransportError> {
        let body = call
            .body
            .as_ref()
            .map(|body| Bytes::from(body.to_string()))
            .unwrap_or_default();
        let url = call.url(&self.base);
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && attempt == 1 {
                // Nothing was sent, so it certainly did not happen.
                return Err(TransportError::Connect(
                    "the time for this request is over".into(),
                ));
            }
            meter.count_call();
            let limit = left.min(MAX_ATTEMPT);
            let result = self
                .attempt(call, &url, body.clone(), limit, operation, attempt)
                .await;
            if let Ok(reply) = &result
                && let Some(credits) = self.credits(reply)
            {
                meter.count_credits(credits);
            }
            let outcome = match &result {
                Ok(reply) => Outcome::Reply {
                    status: reply.status,
                    retry_after: reply.retry_after(),
                },
                Err(error) => Outcome::Failed(error),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(wait) = retry::decide(attempt, &outcome, call.replay, left, rand::random())
            else {
                return result;
            };
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// Sends a call once and writes down how it went.
    async fn attempt(
        &self,
        call: &Call,
        url: &str,
        body: Bytes,
        limit: Duration,
        operation: &'static str,
        attempt: u32,
    ) -> Result<Reply, TransportError> {
        let mut request = Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url
            .parse()
            .map_err(|_| TransportError::Connect("the address is not valid".into()))?;
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(self.bodies.clone());
        if call.body.is_some() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }

        let begun = Instant::now();
        let result = match timeout(limit, self.transport.clone().oneshot(request)).await {
            Ok(Ok(answer)) => {
                let (parts, body) = answer.into_parts();
                Ok(Reply {
                    status: parts.status,
                    headers: parts.headers,
                    body,
                    took: begun.elapsed(),
                })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(TransportError::Timeout),
        };
        self.write_down(&result, operation, attempt, begun.elapsed());
        result
    }

    /// What the help desk says a call has cost, if it does.
    fn credits(&self, reply: &Reply) -> Option<u32> {
        let used = reply.header(self.rate.used?)?.parse::<f64>().ok();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within 0 to 1000"
        )]
        used.filter(|used| (0.0..=1000.0).contains(used))
            .map(|used| used as u32)
    }

    /// Counts an attempt and logs it, without anything that names the account's people.
    fn write_down(
        &self,
        result: &Result<Reply, TransportError>,
        operation: &'static str,
        attempt: u32,
        duration: Duration,
    ) {
        let provider = self.provider;
        let outcome = match result {
            Ok(reply) => status_class(reply.status.as_u16()),
            Err(TransportError::Connect(_)) => "connect",
            Err(TransportError::Timeout) => "timeout",
            Err(TransportError::Interrupted(_)) => "interrupted",
            Err(TransportError::TooLarge { .. }) => "too_large",
        };
        metrics::counter!("deskgate_upstream_calls_total", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("deskgate_upstream_duration_seconds", "provider" => provider, "operation" => operation)
            .record(duration.as_secs_f64());
        if let Ok(reply) = result {
            metrics::counter!("deskgate_upstream_credits_total", "provider" => provider, "operation" => operation)
                .increment(self.credits(reply).unwrap_or(0).into());
            let mut names = self.rate.remaining.iter();
            let remaining = names
                .find_map(|name| reply.header(name))
                .and_then(|text| text.parse::<f64>().ok());
            if let Some(remaining) = remaining.filter(|remaining| remaining.is_finite()) {
                metrics::gauge!("deskgate_upstream_budget_remaining", "provider" => provider, "operation" => operation)
                    .set(remaining);
            }
        }
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match result {
            Ok(reply) => {
                tracing::debug!(
                    provider,
                    operation,
                    attempt,
                    duration_ms,
                    status = reply.status.as_u16(),
                    "upstream answered"
                );
            }
            Err(error) => {
                tracing::warn!(provider, operation, attempt, duration_ms, %error, "upstream call failed");
            }
        }
    }

    /// A value that is remembered for as long as `make` says. Whoever asks while it is being made
    /// waits for it instead of making it again, but nobody waits longer than `limit`: then there is the
    /// default, which also stands for a while in the place of a value that takes longer to make.
    pub async fn remembered<T, F>(&self, name: &'static str, limit: Duration, make: F) -> Arc<T>
    where
        T: Default + Send + Sync + 'static,
        F: Future<Output = (T, Duration)> + Send,
    {
        let slot = {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(memory.entry(name).or_default())
        };
        let end = Instant::now() + limit;
        let Ok(mut slot) = timeout_at(end, slot.lock()).await else {
            return Arc::default();
        };
        if let Some((until, value)) = &*slot
            && *until > Instant::now()
            && let Ok(value) = Arc::clone(value).downcast()
        {
            return value;
        }
        let (value, how_long) = timeout_at(end, make)
            .await
            .unwrap_or_else(|_| (T::default(), INSTEAD));
        let value = Arc::new(value);
        let any: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&value);
        *slot = Some((Instant::now() + how_long, any));
        value
    }

    /// A kept value, unless its time is over or it is just being made.
    pub fn kept<T: Send + Sync + 'static>(&self, name: &'static str) -> Option<Arc<T>> {
        let slot = {
            let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(memory.get(name)?)
        };
        let slot = slot.try_lock().ok()?;
        let (until, value) = slot.as_ref()?;
        (*until > Instant::now())
            .then(|| Arc::clone(value).downcast().ok())
            .flatten()
    }

    /// Keeps a value for a while.
    pub fn keep<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        value: Arc<T>,
        how_long: Duration,
    ) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let value: Arc<dyn Any + Send + Sync> = value;
        let slot = tokio::sync::Mutex::new(Some((Instant::now() + how_long, value)));
        memory.insert(name, Arc::new(slot));
    }

    /// Takes the account's secrets out of a text that came from its help desk. One that is too short
    /// to be a secret stays: it would be found everywhere.
    pub fn redact(&self, mut text: String) -> String {
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST_SECRET && text.contains(secret) {
                text = text.replace(secret, "[redacted]");
            }
        }
        text
    }

    /// [`Self::redact`] for a body, which need not be a text.
    pub fn redact_body(&self, body: &Bytes) -> Bytes {
        match std::str::from_utf8(body) {
            Ok(text) => self.redact(text.to_owned()).into(),
            Err(_) => Bytes::new(),
        }
    }
}

/// The hundred of a status, as a label of few values.
fn status_class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        429 => "429",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "other",
    }
}
