//! One account's line to its help desk: sends calls, repeats them where that is right.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower::ServiceExt as _;
use url::Url;

use crate::transport::breaker::{self, Permit};
use crate::transport::broker::{Admission, Ask, BrokerStanding, Place};
use crate::transport::budget::{Charge, Told};
use crate::transport::call::{Call, Endpoint, Replay, Reply};
use crate::transport::hosts::Host;
use crate::transport::http::{Bodies, Network, TransportError};
use crate::transport::raw::{self, RawRequest, Stream};
use crate::transport::retry::{self, Outcome};
use crate::transport::trip::{Planned, Trip};

/// Longest time one attempt may take.
const MAX_ATTEMPT: Duration = Duration::from_secs(20);

/// By which a vendor knows a repeated write.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// When it may be worth another try after what a write means to do could not be written down.
const AFTER_NO_RECORD: Duration = Duration::from_secs(5);
/// An attempt that had less time than this says nothing about its host when the time is over.
const FAIR_WAIT: Duration = Duration::from_secs(1);
/// Shortest text that is taken for a secret, in bytes.
const SHORTEST_SECRET: usize = 8;
/// How long a default stands in the place of a value that took too long to make.
const INSTEAD: Duration = Duration::from_mins(1);
/// How many bodies of one help desk may be on their way into memory at once.
const BODIES_AT_ONCE: usize = 16;

/// What calls cost of a vendor's rate limit, and where it tells about that.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// What a call takes, from the widest window to the narrowest; nothing where there are no limits.
    pub charges: fn(&Call) -> Vec<Charge>,
    /// What an answer tells about these windows.
    pub told: fn(&Call, &Reply) -> Vec<Told>,
    /// Header of what is left in the window, in lower case: the first of these that is there.
    pub remaining: &'static [&'static str],
    /// Header of what the call has cost, where the vendor counts that.
    pub used: Option<&'static str>,
}

/// A place for a value that is remembered, and until when it counts.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Arc<dyn Any + Send + Sync>)>>>;

/// One account's line to its help desk.
pub struct Line {
    /// The network.
    network: Network,
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
    /// What calls cost.
    rates: Rates,
    /// Bounds the bodies on their way into memory: a slow help desk holds up nobody else's.
    bodies: Bodies,
    /// Facts of the account that change seldom, such as the names of its statuses.
    memory: Mutex<HashMap<&'static str, Slot>>,
    /// Whom it leads to.
    host: Arc<Host>,
    /// Reads that are on their way, by how much was written before them and by address.
    flights: Mutex<HashMap<(u64, String), WeakShared<Landing>>>,
    /// How many writes have ended.
    writes: AtomicU64,
}

/// What comes of a read.
type Landing = BoxFuture<'static, Result<Reply, TransportError>>;
/// A read that several wait for.
type Flight = Shared<Landing>;

/// The right to send one call to a host. Dropped, it counts as sent, and nobody knows what came of it.
struct Passage<'a> {
    /// Whose.
    host: &'a Host,
    /// Its place in the rate limit, and the breaker's leave; none once it was used.
    way: Option<(Admission, Permit)>,
}

impl Passage<'_> {
    /// The call was not sent.
    fn not_sent(mut self) {
        if let Some((admission, permit)) = self.way.take() {
            admission.not_sent();
            self.host.ended(permit, None);
        }
    }

    /// Tells what came of it. `limit` is how long it was waited for.
    fn ended(
        mut self,
        call: &Call,
        result: &Result<Reply, TransportError>,
        limit: Duration,
        rates: Rates,
    ) {
        let Some((admission, permit)) = self.way.take() else {
            return;
        };
        match result {
            Ok(reply) if reply.status == StatusCode::TOO_MANY_REQUESTS => {
                admission.throttled(reply.retry_after());
            }
            Ok(reply) => {
                let used = rates
                    .used
                    .and_then(|name| reply.header(name)?.parse::<f64>().ok());
                admission.answered(&(rates.told)(call, reply), used.and_then(whole));
            }
            Err(TransportError::Connect(_)) => admission.not_sent(),
            // The vendor may have counted it.
            Err(_) => drop(admission),
        }
        let health = match result {
            Ok(reply) if reply.status.is_server_error() => Some(breaker::Outcome::Failure),
            Ok(_) | Err(TransportError::TooLarge { .. }) => Some(breaker::Outcome::Success),
            // That there was hardly any time left is not the host's fault.
            Err(TransportError::Timeout) if limit < FAIR_WAIT => None,
            Err(_) => Some(breaker::Outcome::Failure),
        };
        self.host.ended(permit, health);
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if let Some((_, permit)) = self.way.take() {
            self.host.ended(permit, None);
        }
    }
}

/// A number of credits, if it is one.
fn whole(number: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within 0 to 1000"
    )]
    let whole = (0.0..=1000.0).contains(&number).then_some(number as u32);
    whole
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
        network: Network,
        endpoint: Endpoint,
        provider: &'static str,
        rates: Rates,
        host: Arc<Host>,
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
            network,
            base,
            headers,
            secrets,
            options,
            provider,
            rates,
            host,
            flights: Mutex::default(),
            writes: AtomicU64::new(0),
            bodies: Bodies(Arc::new(Semaphore::new(BODIES_AT_ONCE))),
            memory: Mutex::default(),
        }
    }

    /// What its host may still be asked for, and who waits.
    pub fn budget(&self) -> BrokerStanding {
        self.host.broker.standing()
    }

    /// What the account asks for by this name; null if it does not.
    pub fn option(&self, name: &str) -> &Value {
        self.options.get(name).unwrap_or(&Value::Null)
    }

    /// Sends a call until it has an answer that counts, the attempts are used up, or time is.
    ///
    /// The same read that is on its way already is not sent again: its answer is this one's too. Not if something was
    /// written since it was sent, so that nobody reads what was before their own write.
    pub async fn send(
        self: &Arc<Self>,
        call: &Call,
        operation: &'static str,
        trip: &Trip,
    ) -> Result<Reply, TransportError> {
        if let Some(rehearsal) = &trip.rehearsal {
            let is_read = call.method == Method::GET;
            rehearsal.note(self.planned(call, is_read));
            if !is_read {
                return Err(TransportError::Rehearsed);
            }
        }
        if call.method != Method::GET || call.body.is_some() {
            let sent = self.repeat(call, operation, trip).await;
            self.writes.fetch_add(1, Relaxed);
            return sent;
        }
        let key = (self.writes.load(Relaxed), call.url(&self.base));
        let (flight, is_joined) = self.flight(key, call, operation, trip);
        let Ok(reply) = timeout_at(trip.deadline, flight).await else {
            return Err(TransportError::Timeout);
        };
        match reply {
            // Whoever sent it had less patience, perhaps.
            Err(_) if is_joined => self.repeat(call, operation, trip).await,
            reply => reply,
        }
    }

    /// The address that a request means which is to be passed through, if it is below the account's own API.
    pub fn below(&self, asked: &str) -> Result<Url, raw::NotBelow> {
        raw::below(&self.base, asked)
    }

    /// Passes a request through to `url`, once, and gives back what comes as it comes. In the rate limit it counts like
    /// any other call.
    pub async fn pass_through(
        &self,
        request: RawRequest,
        url: &Url,
        operation: &'static str,
        trip: &Trip,
    ) -> Result<Response<Stream>, TransportError> {
        let call = raw::counted(&self.base, &request.method, url);
        let passage = self.pass(&call, trip).await?;
        let limit = trip.deadline.saturating_duration_since(Instant::now());
        trip.meter.count_call();
        let mut message = Request::new(request.body);
        *message.method_mut() = request.method;
        let Ok(uri) = url.as_str().parse() else {
            passage.not_sent();
            return Err(TransportError::Connect("the address is not valid".into()));
        };
        *message.uri_mut() = uri;
        let mut headers = self.headers.clone();
        headers.extend(raw::asked(&request.headers));
        *message.headers_mut() = headers;

        let begun = Instant::now();
        let sending = self.network.streams.clone().oneshot(message).boxed();
        let sent = timeout(limit, sending).await;
        let mut answer = sent.unwrap_or(Err(TransportError::Timeout));
        let result = match &mut answer {
            Ok(answer) => Ok(Reply {
                status: answer.status(),
                headers: answer.headers().clone(),
                body: Bytes::new(),
                took: begun.elapsed(),
            }),
            Err(error) => Err(error.clone()),
        };
        passage.ended(&call, &result, limit, self.rates);
        if let Ok(reply) = &result
            && let Some(credits) = self.credits(reply)
        {
            trip.meter.count_credits(credits);
        }
        self.write_down(&result, operation, 1, begun.elapsed());
        if !call.method.is_safe() {
            self.writes.fetch_add(1, Relaxed);
        }
        answer.map(|answer| {
            let (mut parts, body) = answer.into_parts();
            parts.headers = raw::answered(parts.headers);
            Response::from_parts(parts, body)
        })
    }

    /// A call as a rehearsal shows it.
    fn planned(&self, call: &Call, is_sent: bool) -> Planned {
        let url = call.url(&self.base);
        let below = url
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'));
        let charges = (self.rates.charges)(call);
        Planned {
            method: call.method.clone(),
            path: below.map_or_else(|| url.clone(), |(_, path)| format!("/{path}")),
            body: call.body.clone(),
            cost: charges.first().map_or(1, |charge| charge.cost),
            is_sent,
        }
    }

    /// A read that is on its way, or a new one; and whether it was there already.
    fn flight(
        self: &Arc<Self>,
        key: (u64, String),
        call: &Call,
        operation: &'static str,
        trip: &Trip,
    ) -> (Flight, bool) {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(WeakShared::upgrade) {
            return (flight, true);
        }
        let (line, call, trip) = (Arc::clone(self), call.clone(), trip.clone());
        let landed = key.clone();
        let flight = async move {
            let reply = line.repeat(&call, operation, &trip).await;
            let mut flights = line.flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.remove(&landed);
            reply
        };
        let flight = flight.boxed().shared();
        // One whose askers have all gone away does not land.
        flights.retain(|_, flight| flight.upgrade().is_some());
        if let Some(weak) = flight.downgrade() {
            flights.insert(key, weak);
        }
        (flight, false)
    }

    /// Sends a call, again where that is right and its host can take it.
    async fn repeat(
        &self,
        call: &Call,
        operation: &'static str,
        trip: &Trip,
    ) -> Result<Reply, TransportError> {
        let body = call
            .body
            .as_ref()
            .map(|body| Bytes::from(body.to_string()))
            .unwrap_or_default();
        let url = call.url(&self.base);
        let mut attempt = 1;
        // What came of the attempt before, or of an earlier one that may have been carried out: that a later one
        // certainly was not does not undo it.
        let mut last: Option<Result<Reply, TransportError>> = None;
        loop {
            let passage = match self.pass(call, trip).await {
                Ok(passage) => passage,
                Err(refused) => return last.unwrap_or(Err(refused)),
            };
            if call.replay != Replay::Safe
                && let Some(record) = &trip.record
                && record.about_to_send().await.is_err()
            {
                passage.not_sent();
                return last.unwrap_or(Err(TransportError::Withheld {
                    reason: "what is to be done cannot be written down",
                    retry_after: AFTER_NO_RECORD,
                }));
            }
            let left = trip.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                passage.not_sent();
                return last.unwrap_or_else(|| {
                    // Nothing was sent, so it certainly did not happen.
                    Err(TransportError::Connect(
                        "the time for this request is over".into(),
                    ))
                });
            }
            trip.meter.count_call();
            let limit = left.min(MAX_ATTEMPT);
            let result = self
                .attempt(call, &url, body.clone(), limit, operation, attempt)
                .await;
            passage.ended(call, &result, limit, self.rates);
            if let Ok(reply) = &result
                && let Some(credits) = self.credits(reply)
            {
                trip.meter.count_credits(credits);
            }
            let outcome = match &result {
                Ok(reply) => Outcome::Reply {
                    status: reply.status,
                    retry_after: reply.retry_after(),
                },
                Err(error) => Outcome::Failed(error),
            };
            let left = trip.deadline.saturating_duration_since(Instant::now());
            let wait = retry::decide(attempt, &outcome, call.replay, left, rand::random());
            let result = match last {
                Some(before) if may_have_been_done(&before) && was_not_done(&result) => before,
                _ => result,
            };
            let Some(wait) = wait.filter(|_| self.host.may_retry()) else {
                return result;
            };
            sleep(wait).await;
            last = Some(result);
            attempt += 1;
        }
    }

    /// Waits until a call may be sent. Whatever is in the way, the call was not sent.
    async fn pass(&self, call: &Call, trip: &Trip) -> Result<Passage<'_>, TransportError> {
        let host = &*self.host;
        let unwell = |retry_after| TransportError::Withheld {
            reason: "the help desk has failed too often just now and is left in peace",
            retry_after,
        };
        // At once: nobody stands in line for a host that is not called.
        if let Some(retry_after) = host.refuses() {
            return Err(unwell(retry_after));
        }
        let begun = Instant::now();
        let wait = trip.wait.saturating_sub(trip.meter.waited());
        let place = if trip.meter.calls() == 0 {
            host.first_attempt();
            Place::First
        } else {
            Place::Further
        };
        let charges = (self.rates.charges)(call);
        let has_limits = !charges.is_empty();
        let ask = Ask {
            caller: Arc::clone(&trip.caller),
            class: trip.class,
            charges,
            until: trip.deadline.min(begun + wait),
            place,
        };
        let admitted = host.broker.admit(ask).await;
        trip.meter.count_wait(begun.elapsed());
        let admission = match admitted {
            Ok(admission) => admission,
            Err(refused) if has_limits && !refused.is_full => {
                return Err(TransportError::Throttled {
                    retry_after: refused.retry_after,
                });
            }
            Err(refused) => {
                return Err(TransportError::Withheld {
                    reason: "too much is asked of the help desk at once",
                    retry_after: refused.retry_after,
                });
            }
        };
        match host.admit() {
            Ok(permit) => Ok(Passage {
                host,
                way: Some((admission, permit)),
            }),
            Err(retry_after) => {
                admission.not_sent();
                Err(unwell(retry_after))
            }
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
        if let Some(key) = &call.key
            && let Ok(key) = HeaderValue::from_str(key)
        {
            request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        }
        if call.body.is_some() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }

        let begun = Instant::now();
        let result = match timeout(limit, self.network.calls.clone().oneshot(request)).await {
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
        let used = reply.header(self.rates.used?)?.parse::<f64>().ok();
        used.and_then(whole)
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
            Err(
                TransportError::Throttled { .. }
                | TransportError::Withheld { .. }
                | TransportError::Rehearsed,
            ) => "withheld",
        };
        metrics::counter!("deskgate_upstream_calls_total", "provider" => provider, "operation" => operation, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("deskgate_upstream_duration_seconds", "provider" => provider, "operation" => operation)
            .record(duration.as_secs_f64());
        if let Ok(reply) = result {
            metrics::counter!("deskgate_upstream_credits_total", "provider" => provider, "operation" => operation)
                .increment(self.credits(reply).unwrap_or(0).into());
            let mut names = self.rates.remaining.iter();
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

/// Whether a call may have been carried out, and its answer does not tell.
fn may_have_been_done(result: &Result<Reply, TransportError>) -> bool {
    match result {
        Ok(reply) => reply.status.is_server_error(),
        Err(
            TransportError::Timeout
            | TransportError::Interrupted(_)
            | TransportError::TooLarge { .. },
        ) => true,
        Err(
            TransportError::Connect(_)
            | TransportError::Throttled { .. }
            | TransportError::Withheld { .. }
            | TransportError::Rehearsed,
        ) => false,
    }
}

/// Whether a call certainly was not carried out, and may be at another time.
fn was_not_done(result: &Result<Reply, TransportError>) -> bool {
    match result {
        Ok(reply) => reply.status == StatusCode::TOO_MANY_REQUESTS,
        Err(_) => !may_have_been_done(result),
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
