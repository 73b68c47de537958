//! Refuses requests while the process itself is late, before they cost anything.
//!
//! A request that waits for a help desk costs next to nothing, so that their number says little about how busy the
//! process is. How late it runs its tasks says it all: every step of every request waits as long. A watcher
//! ([`Pressure::watch`]) measures that, `Judge` makes a share of it, and [`Relieved`] refuses this share of the
//! requests before routing, authentication, logs and figures: what is refused must not be what overloads.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::time::{Instant, sleep_until};
use tower::Service;

use crate::error::Error;
use crate::http::errors;
use crate::http::extract::JSON;
use crate::http::observe::{REQUEST_ID, request_id};

/// How often the lateness is measured.
const EVERY: Duration = Duration::from_millis(5);
/// The runtime's timers are whole milliseconds, rounded up: as much is not late.
const GRAIN: Duration = Duration::from_millis(1);
/// Lateness that is aimed at while requests are refused. A request waits that long several times: for its own turn, and for
/// its help desk's answer to have one.
const TARGET: Duration = Duration::from_millis(2);
/// How many measurements count. The least of them does, as in `CoDel` (RFC 8289): a burst passes, a queue that never gets
/// empty stays.
const RECENT: usize = 4;
/// All requests, in the unit of shares.
const ALL: u32 = 10_000;
/// The largest share: some pass always, so that it shows when the overload is over.
const MOST: i64 = 9_800;
/// By how much the share changes with each measurement that is off the target by the target.
const STEP: i64 = 60;
/// By how much the share changes at once when the lateness changes by the target.
const LEAP: i64 = 300;
/// The largest distance from the target that counts, in targets.
const FARTHEST: i64 = 5;
/// How long nothing is refused before the overload is called over, in measurements.
const CALM: u64 = 200;

/// What follows the id in a refusal's body: the id is its last member.
const END: &[u8] = br#""}"#;

/// How much of what comes is refused. A handle; the default refuses nothing.
#[derive(Debug, Clone, Default)]
pub struct Pressure(Arc<Shared>);

/// What all handles share.
#[derive(Debug, Default)]
struct Shared {
    /// The share that is refused, of [`ALL`].
    share: AtomicU32,
    /// Adds the share up, request by request.
    sum: AtomicU32,
    /// Requests refused.
    refused: AtomicU64,
}

impl Pressure {
    /// Measures how late the runtime is, for ever, and sets the share that is refused.
    pub async fn watch(&self) {
        let counter = metrics::counter!("deskgate_requests_shed_total");
        let lateness_seconds = metrics::gauge!("deskgate_lateness_seconds");
        let runtime = Handle::current().metrics();
        let mut rests = rests_of(&runtime);
        let mut judge = Judge::default();
        let mut calm_for = 0_u64;
        let mut told = 0;
        let mut is_overloaded = false;
        loop {
            let due = Instant::now() + EVERY;
            sleep_until(due).await;
            let woken = Instant::now();
            at_the_back_of_the_queue().await;
            let mut lateness = woken.duration_since(due).saturating_sub(GRAIN) + woken.elapsed();
            let rests_before = std::mem::replace(&mut rests, rests_of(&runtime));
            if rests != rests_before {
                // Somebody had nothing to do since the last time. What is late is so because the system lets others run.
                lateness = Duration::ZERO;
            }
            let share = judge.note(lateness);
            self.0.share.store(share, Ordering::Relaxed);

            let refused = self.0.refused.load(Ordering::Relaxed);
            counter.absolute(refused);
            lateness_seconds.set(lateness.as_secs_f64());
            calm_for = if share == 0 { calm_for + 1 } else { 0 };
            if refused > told && !is_overloaded {
                is_overloaded = true;
                tracing::warn!("more requests come than can be served: some are refused");
            }
            if is_overloaded && calm_for > CALM {
                is_overloaded = false;
                tracing::info!(refused = refused - told, "all requests are served again");
                told = refused;
            }
        }
    }

    /// Whether the next request is refused. Spreads refusals evenly.
    fn refuses(&self) -> bool {
        let share = self.0.share.load(Ordering::Relaxed);
        if share == 0 {
            return false;
        }
        let sum = self.0.sum.fetch_add(share, Ordering::Relaxed);
        let is_refused = sum % ALL + share >= ALL;
        if is_refused {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
        }
        is_refused
    }
}

/// How often threads of the runtime have found nothing to do.
fn rests_of(runtime: &RuntimeMetrics) -> u64 {
    let workers = 0..runtime.num_workers();
    workers
        .map(|worker| runtime.worker_park_count(worker))
        .sum()
}

/// Goes to the back of the queue of tasks that are ready, and waits for its turn.
///
/// A task that wakes itself while it runs is put there. One that a timer wakes is not, and neither is
/// `tokio::task::yield_now`: the runtime has a slot for the task that was woken last, which runs next, however many wait.
async fn at_the_back_of_the_queue() {
    let mut is_there = false;
    poll_fn(|context| {
        if is_there {
            return Poll::Ready(());
        }
        is_there = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Makes a share of requests to refuse out of how late the runtime is.
///
/// A controller with a proportional and an integral part, as in PIE (RFC 8033): the share settles at what is too
/// much, instead of jumping between everything and nothing.
#[derive(Debug, Default)]
struct Judge {
    /// The last measurements, the oldest one in no particular place.
    recent: [Duration; RECENT],
    /// Where the next one goes.
    next: usize,
    /// How far the lateness was from the target, in thousandths of the target.
    before: i64,
    /// The share, of [`ALL`], in thousandths.
    share: i64,
}

impl Judge {
    /// Takes a measurement in; returns the share to refuse, of [`ALL`].
    fn note(&mut self, lateness: Duration) -> u32 {
        if let Some(oldest) = self.recent.get_mut(self.next) {
            *oldest = lateness;
        }
        self.next = (self.next + 1) % RECENT;
        let least = self.recent.iter().min().copied().unwrap_or_default();
        let distance = thousandths(least) - 1000;
        let distance = distance.min(FARTHEST * 1000);
        let change = STEP * distance + LEAP * (distance - self.before);
        self.before = distance;
        self.share = (self.share + change).clamp(0, MOST * 1000);
        u32::try_from(self.share / 1000).unwrap_or_default()
    }
}

/// A lateness in thousandths of [`TARGET`].
fn thousandths(lateness: Duration) -> i64 {
    let thousandths = lateness.as_micros() * 1000 / TARGET.as_micros();
    i64::try_from(thousandths).unwrap_or(i64::MAX / 2)
}

/// A service that refuses requests under pressure.
#[derive(Debug, Clone)]
pub struct Relieved<S> {
    /// What serves them otherwise.
    inner: S,
    /// How much is refused.
    pressure: Pressure,
    /// Whether the process is about to end.
    draining: Arc<AtomicBool>,
    /// The body of a refusal, up to the request's id.
    begin: Arc<[u8]>,
    /// How many seconds a client should wait.
    retry_after: HeaderValue,
}

impl<S> Relieved<S> {
    /// Puts the refusal in front of a service.
    pub fn new(inner: S, pressure: Pressure, draining: Arc<AtomicBool>) -> Self {
        let rendered = errors::render(&Error::Overloaded, "");
        let retry_after = rendered.headers().get(RETRY_AFTER).cloned();
        let begin = errors::body(&Error::Overloaded, "");
        Self {
            inner,
            pressure,
            draining,
            begin: begin.strip_suffix(END).unwrap_or_default().into(),
            retry_after: retry_after.unwrap_or(HeaderValue::from_static("1")),
        }
    }

    /// Refuses a request. No log line, no figures but one: this has to cost next to nothing.
    fn refusal(&self, request: &Request) -> Response {
        let id = request_id(request.headers());
        let body = [&*self.begin, id.as_bytes(), END].concat();
        let mut response = Bytes::from(body).into_response();
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(RETRY_AFTER, self.retry_after.clone());
        if self.draining.load(Ordering::Relaxed) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}

impl<S> Service<Request<Body>> for Relieved<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Whoever asks whether the process lives must not conclude from its being busy that it does not.
        let is_asked_for_health = matches!(request.uri().path(), "/healthz" | "/readyz");
        if !is_asked_for_health && self.pressure.refuses() {
            return Either::Left(ready(Ok(self.refusal(&request))));
        }
        Either::Right(self.inner.call(request))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    /// A process that gets `load` times what it can serve, for a while; a refusal costs a thirtieth of an answer.
    struct Process {
        /// What is judged.
        judge: Judge,
        /// The work that waits, in microseconds.
        waiting: f64,
    }

    impl Process {
        /// Runs for so many milliseconds; returns the share of its time that went into answers, and the longest wait.
        fn run(&mut self, load: f64, millis: u32) -> (f64, f64) {
            let (mut good, mut longest) = (0.0, 0.0_f64);
            let every = 5000.0;
            for _ in 0..millis / 5 {
                let late = Duration::from_secs_f64(self.waiting / 1e6);
                let share = f64::from(self.judge.note(late));
                let share = share / f64::from(ALL);
                let accepted = every * load * (1.0 - share);
                let refused = every * load * share / 30.0;
                let work = self.waiting + accepted + refused;
                self.waiting = (work - every).max(0.0);
                good += (work - self.waiting) * accepted / (accepted + refused);
                longest = longest.max(self.waiting);
            }
            (good / (f64::from(millis) * 1000.0), longest / 1000.0)
        }
    }

    /// One with nothing to do.
    fn idle() -> Process {
        Process {
            judge: Judge::default(),
            waiting: 0.0,
        }
    }

    #[test]
    fn a_process_that_keeps_up_refuses_nothing() {
        let mut process = idle();

        process.run(0.8, 5000);

        assert_eq!(process.judge.share, 0);
    }

    #[test]
    fn a_hiccup_is_no_overload() {
        let mut judge = Judge::default();

        let shares =
            [0, 0, 0, 300, 0, 0, 0, 40].map(|late| judge.note(Duration::from_millis(late)));

        assert_eq!(shares, [0; 8]);
    }

    #[test]
    fn what_is_served_stays_near_the_peak_under_overload_and_waits_little() {
        for (load, least) in [(1.2, 0.95), (2.0, 0.92), (5.0, 0.8)] {
            let mut process = idle();
            process.run(load, 1000);

            let (good, longest) = process.run(load, 5000);

            assert!(good > least, "{load}: {good}");
            assert!(
                longest < 3.0 * TARGET.as_secs_f64() * 1000.0,
                "{load}: {longest} ms"
            );
        }
    }

    #[test]
    fn all_is_served_again_a_second_after_an_overload() {
        let mut process = idle();
        process.run(5.0, 10_000);

        process.run(0.8, 1000);

        assert_eq!(process.judge.share, 0);
    }

    #[test]
    fn refusals_are_spread_evenly() {
        let pressure = Pressure::default();
        pressure.0.share.store(ALL / 4, Ordering::Relaxed);

        let refused: Vec<_> = (0..8).map(|_| pressure.refuses()).collect();

        let quarter = [false, false, false, true];
        assert_eq!(refused, [quarter, quarter].concat());
    }

    /// What is answered to a request for this path while as much as possible is refused.
    async fn under_pressure(path: &str) -> Response {
        let served = service_fn(async |_: Request| Ok(StatusCode::OK.into_response()));
        let pressure = Pressure::default();
        pressure.0.share.store(ALL, Ordering::Relaxed);
        let service = Relieved::new(served, pressure, Arc::default());
        let request = Request::get(path).header(REQUEST_ID, "mine-1");
        let request = request.body(Body::empty()).unwrap();
        service.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_refusal_looks_like_every_other_failure() {
        let refusal = under_pressure("/v1/accounts").await;
        let usual = errors::render(&Error::Overloaded, "mine-1");

        assert_eq!(refusal.status(), usual.status());
        let (mut mine, mut others) = (refusal.headers().clone(), usual.headers().clone());
        assert_eq!(mine.remove(REQUEST_ID).unwrap(), "mine-1");
        assert_eq!(mine.remove(RETRY_AFTER).unwrap(), "1");
        others.remove(RETRY_AFTER);
        assert_eq!(mine, others);
        let texts = [refusal, usual].map(|answer| answer.into_body().collect());
        let [mine, others] = texts;
        let (mine, others) = (mine.await.unwrap(), others.await.unwrap());
        assert_eq!(mine.to_bytes(), others.to_bytes());
    }

    #[tokio::test]
    async fn whoever_asks_for_health_is_answered_under_pressure() {
        assert_eq!(under_pressure("/healthz").await.status(), StatusCode::OK);
        assert_eq!(under_pressure("/readyz").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn nothing_is_refused_where_nobody_watches() {
        let pressure = Pressure::default();

        assert!((0..1000).all(|_| !pressure.refuses()));
    }
}
