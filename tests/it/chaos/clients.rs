//! Clients that want one thing each, once, and do not give up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use deskgate::simulator::locked;
use http::HeaderMap;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::cases::Case;
use super::dice::Dice;
use super::gateway::Gateway;

/// How often a client tries before it gives up.
const MAX_TRIES: usize = 1000;
/// How long a client waits for an answer: longer than the gateway takes for any.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest pause that a client lets itself be told.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How clients behave beside not giving up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// Of a hundred requests, how many they break off themselves.
    pub(crate) aborts: u64,
    /// Of a hundred finished cases, how many they send once more.
    pub(crate) repeats: u64,
}

/// An answer of the gateway, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its headers.
    headers: HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// One without headers.
    pub(crate) fn new(status: u16, body: String) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// A member of the body that is a text; empty if there is none.
    pub(crate) fn text(&self, member: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body[member].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code, such as `504 outcome_unknown`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.status, self.text("error_code"))
    }

    /// Whether it is the first answer again, and says so.
    pub(crate) fn is_replayed(&self) -> bool {
        let header = self.headers.get("idempotency-replayed");
        header.is_some_and(|header| header == "true")
    }

    /// Whether it leaves open what becomes of the request.
    fn is_open(&self) -> bool {
        match self.status {
            409 => self.text("error_code") == "request_in_progress" || self.is_unknown(),
            429 | 502 | 503 | 504 => true,
            _ => false,
        }
    }

    /// Whether it says that nobody knows.
    fn is_unknown(&self) -> bool {
        self.text("error_code") == "outcome_unknown"
    }

    /// How long it asks the client to wait.
    fn retry_after(&self) -> Option<Duration> {
        let header = self.headers.get("retry-after")?.to_str().ok()?;
        header.parse().ok().map(Duration::from_secs)
    }
}

/// What became of a case.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// It was done: the first final answer.
    Done(Answer),
    /// The client gave up; the name of the last answer.
    Unresolved(String),
    /// It was refused for good.
    Refused(String),
}

/// A case and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// The case.
    pub(crate) case: Case,
    /// Its end.
    pub(crate) end: End,
    /// How long that took.
    pub(crate) took: Duration,
}

/// What all clients together have seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Requests that were sent.
    pub(crate) tries: AtomicUsize,
    /// Cases that have an end.
    pub(crate) settled: AtomicUsize,
    /// How often which answer came; broken ones too.
    pub(crate) answers: Mutex<BTreeMap<String, usize>>,
    /// Repeated requests whose answer was not the first one.
    pub(crate) false_replays: Mutex<Vec<String>>,
    /// How many requests were repeated after their end.
    pub(crate) repeats: AtomicUsize,
}

/// A client.
pub(crate) struct Client {
    /// Its connections.
    http: reqwest::Client,
    /// The address below which the account's help desk is.
    base: String,
    /// Its token.
    token: String,
}

impl Client {
    /// One of this gateway, with connections of its own.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tls_certs_only([])
            .timeout(PATIENCE)
            .build();
        Self {
            http: http.unwrap(),
            base: gateway.base.clone(),
            token: gateway.token.clone(),
        }
    }

    /// Sends a case once. No answer is one that is not whole.
    pub(crate) async fn send(&self, case: &Case) -> Option<Answer> {
        let request = self.http.post(format!("{}{}", self.base, case.path));
        let mut request = request
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(case.body.clone());
        if let Some(key) = &case.key {
            request = request.header("idempotency-key", key);
        }
        let mut answer = request.send().await.ok()?;
        let headers = std::mem::take(answer.headers_mut());
        Some(Answer {
            status: answer.status().as_u16(),
            headers,
            body: answer.bytes().await.ok()?,
        })
    }

    /// Settles cases one after another.
    pub(crate) async fn work(
        &self,
        seed: u64,
        cases: Vec<Case>,
        manners: Manners,
        tally: &Tally,
    ) -> Vec<Settled> {
        let mut settled = Vec::new();
        for case in cases {
            let mut dice = Dice::of(seed, ("client", &case.key));
            let begun = Instant::now();
            let end = self.settle(&case, manners, &mut dice, tally).await;
            let took = begun.elapsed();
            tally.settled.fetch_add(1, Ordering::Relaxed);
            if let End::Done(first) = &end
                && dice.hits(manners.repeats)
            {
                self.repeat(&case, first, tally).await;
            }
            settled.push(Settled { case, end, took });
        }
        settled
    }

    /// Sends a case until it has a final answer.
    async fn settle(&self, case: &Case, manners: Manners, dice: &mut Dice, tally: &Tally) -> End {
        let mut last = "none".to_owned();
        for _ in 0..MAX_TRIES {
            tally.tries.fetch_add(1, Ordering::Relaxed);
            let within = if dice.hits(manners.aborts) {
                dice.millis(1..=300)
            } else {
                PATIENCE
            };
            let answer = timeout(within, self.send(case)).await;
            let mut pause = dice.millis(50..=300);
            let Ok(Some(answer)) = answer else {
                tally.count(if answer.is_err() { "aborted" } else { "broken" });
                sleep(pause).await;
                continue;
            };
            tally.count(&answer.name());
            if answer.status == 201 {
                return End::Done(answer);
            }
            if !answer.is_open() {
                let body = String::from_utf8_lossy(&answer.body);
                return End::Refused(format!("{}: {body}", answer.status));
            }
            if let Some(asked) = answer.retry_after() {
                pause += asked.min(LONGEST_PAUSE);
            }
            last = answer.name();
            sleep(pause).await;
        }
        End::Unresolved(last)
    }

    /// Sends a case that is done once more: the answer is the first one again.
    pub(crate) async fn repeat(&self, case: &Case, first: &Answer, tally: &Tally) {
        tally.repeats.fetch_add(1, Ordering::Relaxed);
        for _ in 0..MAX_TRIES {
            let again = self.send(case).await;
            // It is down, or has just come up.
            let Some(again) = again.filter(|answer| answer.status != 503) else {
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let is_same = again.status == first.status && again.body == first.body;
            if !is_same || !again.is_replayed() {
                let body = String::from_utf8_lossy(&again.body);
                let replayed = again.is_replayed();
                let told = format!("{} {}: {body}", again.status, case.marker);
                locked(&tally.false_replays)
                    .push(format!("same: {is_same}, replayed: {replayed}, {told}"));
            }
            return;
        }
        let message = format!("{}: no answer to a repeat", case.marker);
        locked(&tally.false_replays).push(message);
    }
}

impl Tally {
    /// Counts an answer.
    fn count(&self, name: &str) {
        *locked(&self.answers).entry(name.to_owned()).or_default() += 1;
    }
}
