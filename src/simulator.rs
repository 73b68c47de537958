//! What every simulated help desk is: a clock, a script of faults, a record of calls, a face over HTTP.
//!
//! The vendors' simulators (`providers/*/sim`) stand on this. They hold state, are stricter than our
//! client, and share no code with the translation, so that a misunderstanding is not shared either.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use futures_util::stream;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The clock of a simulator: tests move it, the command line passes the wall clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How many received calls a simulator keeps; older ones are forgotten.
pub const KEPT_CALLS: usize = 100_000;

/// A simulated help desk, as `deskgate simulate` and `deskgate demo` run it.
pub trait Simulator: Send + Sync {
    /// Its HTTP face.
    fn router(&self) -> Router;

    /// What connects an account of it, once it listens under this origin: the members of the connect
    /// request beside `service` and `name`. None of it is a secret: it opens nothing else.
    fn credentials(&self, origin: &str) -> Map<String, Value>;

    /// A ticket of it to show people, if it has one.
    fn some_ticket(&self) -> Option<String>;
}

/// What every simulated help desk is asked for on the command line.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Arguments {
    /// Address to listen on; port 0 picks one.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_LISTEN",
        default_value = "127.0.0.1:0",
        value_name = "HOST:PORT"
    )]
    pub listen: SocketAddr,
    /// Tickets in the help desk.
    #[arg(long, env = "DESKGATE_SIMULATE_TICKETS", default_value = "250", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub tickets: u32,
    /// Which help desk: the same number makes the same one.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_SEED",
        default_value_t = 2026,
        value_name = "NUMBER"
    )]
    pub seed: u64,
    /// How long each answer takes, in milliseconds.
    #[arg(long, env = "DESKGATE_SIMULATE_LATENCY_MS", default_value = "0", value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub latency_ms: u64,
}

/// A vendor's plan, whatever its name, for the rate limits of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemoPlan {
    /// The smallest plan that is sold.
    Small,
    /// One in the middle.
    Medium,
    /// The largest.
    Large,
    /// No limit.
    Unlimited,
}

/// One API call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCall {
    /// The verb.
    pub method: http::Method,
    /// The path, as received.
    pub path: String,
    /// The query, as received, without its question mark; empty when there is none.
    pub query: String,
    /// The status that was answered.
    pub status: u16,
    /// What the call cost of the rate limit.
    pub credits: u32,
}

/// Something that goes wrong with one call, by script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call passes untouched: a spacer in a script.
    Pass,
    /// This status, body and headers are answered and nothing else happens.
    Status(u16, String, Vec<(String, String)>),
    /// The call is carried out, then this status, body and headers are answered instead.
    StatusAfter(u16, String, Vec<(String, String)>),
    /// The call is carried out, then the connection breaks in the middle of the answer's body.
    BreakAfter,
}

/// What happens around the calls of one simulator.
pub struct Script {
    /// How long every call waits before it is looked at.
    latency: Duration,
    /// The clock.
    now: Now,
    /// The calls received, oldest first.
    received: Mutex<VecDeque<ReceivedCall>>,
    /// The faults to come.
    faults: Mutex<VecDeque<Fault>>,
    /// How many calls were begun.
    turns: AtomicU64,
}

impl Script {
    /// Nothing received, nothing to go wrong.
    pub fn new(latency: Duration, now: Now) -> Self {
        Self {
            latency,
            now,
            received: Mutex::default(),
            faults: Mutex::default(),
            turns: AtomicU64::new(0),
        }
    }

    /// Waits for as long as every call does; says which call this is and what time it is then.
    pub async fn begin(&self) -> (u64, Timestamp) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        (self.turns.fetch_add(1, Ordering::Relaxed), (self.now)())
    }

    /// What goes wrong with this call.
    pub fn next_fault(&self) -> Fault {
        locked(&self.faults).pop_front().unwrap_or(Fault::Pass)
    }

    /// Keeps a call that was answered.
    pub fn record(&self, parts: &Parts, status: u16, credits: u32) {
        let mut received = locked(&self.received);
        if received.len() == KEPT_CALLS {
            received.pop_front();
        }
        received.push_back(ReceivedCall {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            status,
            credits,
        });
    }

    /// The calls received, oldest first; at most the newest [`KEPT_CALLS`].
    pub fn calls(&self) -> Vec<ReceivedCall> {
        locked(&self.received).iter().cloned().collect()
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        locked(&self.received).clear();
    }

    /// Adds faults; each API call takes one.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.faults).extend(faults);
    }

    /// Forgets the faults that no call has taken yet.
    pub fn clear_faults(&self) {
        locked(&self.faults).clear();
    }
}

/// Locks, also after a panic of another holder: a test that failed must not hide the next one.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Mixes the bits of a number (the finisher of SplitMix64): equal numbers stay equal, and
/// neighbours look unrelated.
pub const fn scrambled(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The address that the caller used, for links.
pub fn origin(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// Sets a header whose value may not fit; what does not fit is left out.
pub fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// A moment as HTTP writes it.
pub fn http_date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// An answer of the fault script, with nothing of ours but the date.
pub fn scripted(
    status: u16,
    body: String,
    headers: Vec<(String, String)>,
    now: Timestamp,
) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    put(response.headers_mut(), "date", &http_date(now));
    for (name, value) in headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The same answer, but its body ends in an error before it is whole.
pub fn broken(response: Response) -> Response {
    let (parts, _) = response.into_parts();
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let pieces = [Ok(Bytes::from_static(b"{\"id\":")), Err(cut)];
    Response::from_parts(parts, Body::from_stream(stream::iter(pieces)))
}
