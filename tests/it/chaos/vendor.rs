//! A simulated help desk behind a port, and all that can go wrong on the way to it.
//!
//! hyper's server is driven here and not by the gateway's own accept loop, because the connection has to
//! break where the schedule says. Whatever the help desk does is done in a task of its own: a caller that
//! hangs up does not stop it, as it would not stop a vendor.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use deskgate::simulator::locked;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::dice::Dice;
use super::faults::{Fault, Schedule};
use super::port::Port;

/// How long after its caller is gone the help desk may still act, in milliseconds. What the gateway waits
/// before it takes an absence for a proof must be longer.
pub(crate) const LATE: u64 = 700;
/// A delay that the gateway sits out, in milliseconds.
const MOMENT: (u64, u64) = (20, 400);
/// A delay that is longer than the gateway's time for a request, in milliseconds.
const TOO_LONG: (u64, u64) = (2_100, 2_700);
/// How many bytes of an answer come one by one.
const TRICKLED: usize = 150;

/// A request that the help desk has carried out.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    /// The verb, the address and the body, as received.
    pub(crate) said: String,
    /// The status that was answered, if it arrived.
    pub(crate) status: StatusCode,
    /// What went wrong around it.
    pub(crate) fault: Fault,
}

/// A help desk on a port. It is gone when this is dropped.
pub(crate) struct Vendor {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// What all its connections share.
    shared: Arc<Shared>,
    /// Ends it.
    _end: DropGuard,
}

/// What all connections share.
struct Shared {
    /// The simulator.
    router: Router,
    /// What goes wrong.
    schedule: Schedule,
    /// What was carried out.
    carried: Mutex<Vec<Carried>>,
    /// How often what went wrong.
    faults: Mutex<BTreeMap<String, usize>>,
    /// What the help desk does.
    acts: TaskTracker,
    /// The connections.
    connections: TaskTracker,
}

impl Vendor {
    /// Puts a simulator on a port.
    pub(crate) fn start(router: Router, schedule: Schedule) -> Self {
        let port = Port::pick();
        let address = port.address;
        let shared = Arc::new(Shared {
            router,
            schedule,
            carried: Mutex::default(),
            faults: Mutex::default(),
            acts: TaskTracker::new(),
            connections: TaskTracker::new(),
        });
        let end = CancellationToken::new();
        let listening = Arc::clone(&shared).listen(port);
        let ended = end.clone().run_until_cancelled_owned(listening);
        shared.connections.spawn(ended);
        Self {
            address,
            shared,
            _end: end.drop_guard(),
        }
    }

    /// What goes wrong.
    pub(crate) fn schedule(&self) -> &Schedule {
        &self.shared.schedule
    }

    /// Ends all trouble and waits until nothing is to come any more.
    pub(crate) async fn calm_down(&self) {
        self.shared.schedule.calm_down();
        sleep(Duration::from_millis(LATE)).await;
        self.shared.acts.close();
        self.shared.acts.wait().await;
    }

    /// What was carried out of the requests that have this text in them, oldest first.
    pub(crate) fn carried(&self, text: &str) -> Vec<Carried> {
        let carried = locked(&self.shared.carried);
        let with_it = carried.iter().filter(|one| one.said.contains(text));
        with_it.cloned().collect()
    }

    /// How often what went wrong.
    pub(crate) fn faults(&self) -> BTreeMap<String, usize> {
        locked(&self.shared.faults).clone()
    }
}

impl Shared {
    /// Accepts connections. Now and then nobody listens for a while.
    async fn listen(self: Arc<Self>, port: Port) {
        let mut number = 0_u64;
        loop {
            let listener = port.listen();
            let pause = self.accept(&listener, &mut number).await;
            drop(listener);
            self.count("Outage");
            sleep(pause).await;
        }
    }

    /// Accepts connections until there is an outage; says how long that is.
    async fn accept(self: &Arc<Self>, listener: &TcpListener, number: &mut u64) -> Duration {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            *number += 1;
            let mut dice = Dice::of(self.schedule.seed, ("connection", *number));
            let share = self.schedule.connections();
            if dice.hits(share) {
                self.count("Slam");
                drop(stream);
                continue;
            }
            self.connections
                .spawn(Arc::clone(self).converse(stream, dice.clone()));
            if dice.hits(share / 2) {
                return dice.millis(20..=200);
            }
        }
    }

    /// Answers the requests of a connection.
    async fn converse(self: Arc<Self>, stream: TcpStream, mut dice: Dice) {
        let _ = stream.set_nodelay(true);
        if dice.hits(50) {
            // It ends with a reset instead of an orderly end.
            let _ = stream.set_zero_linger();
        }
        let leave = Arc::new(Notify::new());
        let answer = service_fn(|call: Request<Incoming>| {
            let (this, leave) = (Arc::clone(&self), Arc::clone(&leave));
            this.answer(call, leave)
        });
        let mut http = http1::Builder::new();
        let connection = http
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), answer);
        tokio::select! {
            _ = connection => {}
            () = async {
                leave.notified().await;
                sleep(Duration::from_millis(3)).await;
            } => {}
        }
    }

    /// Answers a request, or breaks the connection by an error.
    async fn answer(
        self: Arc<Self>,
        call: Request<Incoming>,
        leave: Arc<Notify>,
    ) -> io::Result<Response> {
        let (parts, body) = call.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let call = Request::from_parts(parts, body);
        let (fault, mut dice) = self.schedule.draw(&call);
        if fault != Fault::Pass {
            let kind = if call.method() == http::Method::GET {
                "read"
            } else {
                "write"
            };
            self.count(&format!("{fault:?} of a {kind}"));
        }
        let moment = dice.millis(MOMENT.0..=MOMENT.1);
        let too_long = dice.millis(TOO_LONG.0..=TOO_LONG.1);
        let late = dice.millis(0..=LATE);
        let act = async |after: Duration| self.act(call.clone(), fault, after, late).await;
        match fault {
            Fault::Pass => {
                let answer = act(Duration::ZERO).await;
                if dice.hits(self.schedule.connections()) {
                    self.count("Abandon");
                    leave.notify_one();
                }
                Ok(answer.map(Body::from))
            }
            Fault::ResetBefore => Err(reset()),
            Fault::ResetAfter => {
                act(Duration::ZERO).await;
                Err(reset())
            }
            Fault::Truncate => Ok(truncated(act(Duration::ZERO).await, &mut dice)),
            Fault::SlowBefore => Ok(act(moment).await.map(Body::from)),
            Fault::StallBefore => Ok(act(too_long).await.map(Body::from)),
            Fault::SlowAfter => {
                let answer = act(Duration::ZERO).await;
                sleep(moment).await;
                Ok(answer.map(Body::from))
            }
            Fault::StallAfter => {
                let answer = act(Duration::ZERO).await;
                sleep(too_long).await;
                Ok(answer.map(Body::from))
            }
            Fault::Silence => {
                sleep(too_long).await;
                Err(reset())
            }
            Fault::LateApply => {
                let (this, call) = (Arc::clone(&self), call.clone());
                self.acts.spawn(async move {
                    sleep(late).await;
                    this.carry_out(call, fault).await
                });
                Err(reset())
            }
            Fault::TooMany => {
                let mut answer = failure(429);
                let wait = HeaderValue::from_static(dice.one_of(&["0", "1"]));
                answer.headers_mut().insert(header::RETRY_AFTER, wait);
                Ok(answer)
            }
            Fault::ErrorBefore => Ok(failure(dice.one_of(&[500, 502, 503]))),
            Fault::ErrorAfter => {
                act(Duration::ZERO).await;
                Ok(failure(dice.one_of(&[500, 502])))
            }
            Fault::Trickle => Ok(trickled(act(Duration::ZERO).await)),
        }
    }

    /// Has the help desk act after a while. If the caller hangs up before, it notices that only so much later,
    /// and acts then.
    async fn act(
        self: &Arc<Self>,
        call: Request<Bytes>,
        fault: Fault,
        after: Duration,
        late: Duration,
    ) -> Response<Bytes> {
        let this = Arc::clone(self);
        let (waiting, hung_up) = oneshot::channel::<()>();
        let act = self.acts.spawn(async move {
            tokio::select! {
                () = sleep(after) => {}
                () = async {
                    let _ = hung_up.await;
                    sleep(late).await;
                } => {}
            }
            this.carry_out(call, fault).await
        });
        let answer = act.await.unwrap();
        drop(waiting);
        answer
    }

    /// Has the simulator carry a request out, and writes that down.
    async fn carry_out(&self, call: Request<Bytes>, fault: Fault) -> Response<Bytes> {
        let body = String::from_utf8_lossy(call.body());
        let said = format!("{} {} {body}", call.method(), call.uri());
        let answer = self.router.clone().oneshot(call.map(Body::from)).await;
        let (parts, body) = answer.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let status = parts.status;
        locked(&self.carried).push(Carried {
            said,
            status,
            fault,
        });
        Response::from_parts(parts, body)
    }

    /// Counts what went wrong.
    fn count(&self, what: &str) {
        *locked(&self.faults).entry(what.to_owned()).or_default() += 1;
    }
}

/// What breaks a connection.
fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// What stands in front of a help desk, and speaks for it.
fn failure(status: u16) -> Response {
    let mut answer = Response::new(Body::from("<html>something went wrong</html>"));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// An answer whose connection breaks within its body.
fn truncated(answer: Response<Bytes>, dice: &mut Dice) -> Response {
    let (mut parts, body) = answer.into_parts();
    let length = body.len();
    parts.headers.remove(header::CONTENT_LENGTH);
    if dice.hits(50) {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, length.max(1).into());
    }
    let cut = usize::try_from(dice.below(length.max(1) as u64)).unwrap();
    let begun = stream::iter([Ok(body.slice(..cut))]);
    let broken = stream::once(async {
        // What was written before has to leave first.
        sleep(Duration::from_millis(2)).await;
        Err(reset())
    });
    Response::from_parts(parts, Body::from_stream(begun.chain(broken)))
}

/// An answer that comes byte by byte at first.
fn trickled(answer: Response<Bytes>) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let first = body.len().min(TRICKLED);
    let rest = body.slice(first..);
    let bytes = (0..first).map(move |place| body.slice(place..=place));
    let slowly = stream::iter(bytes).then(async |byte| {
        sleep(Duration::from_millis(1)).await;
        byte
    });
    let all = slowly.chain(stream::iter([rest])).map(Ok::<_, io::Error>);
    Response::from_parts(parts, Body::from_stream(all))
}
