//! A gateway before a simulated help desk whose limits are on, in time that jumps over every wait.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use deskgate::access_token::Scope;
use deskgate::clock::Clock;
use deskgate::desk::Terms;
use deskgate::model::id::AccountId;
use deskgate::providers::{freshdesk, zendesk};
use deskgate::simulator::{Now, ReceivedCall, scrambled};
use deskgate::transport::http::Transport;
use futures_util::FutureExt as _;
use http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::lab::public;
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::desks::zendesk::Zendesk;
use crate::support::request::{Answer, Request as Asked};
use crate::support::upstream::in_process;
use crate::support::{TestApp, clock, issue};

/// How long each way between the gateway and a help desk takes at most, in milliseconds.
const FAR: u64 = 400;
/// Tickets of a help desk: one for each caller, so that nobody reads along with somebody else.
const TICKETS: u32 = 150;

/// A simulated help desk, of either vendor.
#[derive(Clone)]
pub(crate) enum Vendor {
    /// Freshdesk.
    Freshdesk(freshdesk::sim::Simulator),
    /// Zendesk.
    Zendesk(zendesk::sim::Simulator),
}

impl Vendor {
    /// A Freshdesk of this plan; its time runs with the clock.
    pub(crate) fn freshdesk(
        plan: freshdesk::sim::Plan,
        window: freshdesk::sim::switches::Window,
        now: Now,
    ) -> Self {
        let options = freshdesk::sim::Options {
            api_key: text(&Freshdesk::credentials(), "api_key"),
            tickets: TICKETS,
            seed: 7,
            plan,
            latency: Duration::ZERO,
            switches: freshdesk::sim::Switches {
                window,
                ..freshdesk::sim::Switches::default()
            },
        };
        Self::Freshdesk(freshdesk::sim::Simulator::new(options, now))
    }

    /// A Zendesk of this plan; its time runs with the clock.
    pub(crate) fn zendesk(plan: zendesk::sim::Plan, now: Now) -> Self {
        let options = zendesk::sim::Options {
            email: text(&Zendesk::credentials(), "email"),
            api_token: text(&Zendesk::credentials(), "api_token"),
            tickets: TICKETS,
            seed: 7,
            plan,
            latency: Duration::ZERO,
            switches: zendesk::sim::Switches::default(),
        };
        Self::Zendesk(zendesk::sim::Simulator::new(options, now))
    }

    /// The line to it.
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Freshdesk(simulator) => in_process(simulator.router()),
            Self::Zendesk(simulator) => in_process(simulator.router()),
        }
    }

    /// The calls that it received.
    pub(crate) fn calls(&self) -> Vec<ReceivedCall> {
        match self {
            Self::Freshdesk(simulator) => simulator.calls(),
            Self::Zendesk(simulator) => simulator.calls(),
        }
    }

    /// The addresses of its tickets below an account.
    pub(crate) fn tickets(&self) -> Vec<String> {
        let ids: Vec<u64> = match self {
            Self::Freshdesk(simulator) => simulator.inspect(|world| {
                let listed = world.tickets.values().filter(|ticket| ticket.is_listable());
                listed.map(|ticket| ticket.id).collect()
            }),
            Self::Zendesk(simulator) => simulator.inspect(|world| {
                let listed = world.tickets.values().filter(|ticket| ticket.is_listable());
                listed.map(|ticket| ticket.id).collect()
            }),
        };
        let address = |id: &u64| format!("/tickets/{}", public(&id.to_string()));
        ids.iter().map(address).collect()
    }
}

/// A member of an object that is a text.
fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap().to_owned()
}

/// A time of day that goes on with tokio's, and takes the gateway's clock along.
pub(crate) fn running(clock: &Clock) -> Now {
    let (clock, base, begun) = (clock.clone(), clock.now(), Instant::now());
    Arc::new(move || {
        let now = base + begun.elapsed();
        if let Ok(behind) = Duration::try_from(now.duration_since(clock.now())) {
            clock.advance(behind);
        }
        now
    })
}

/// A line on which each way takes some time, other with each call.
pub(crate) fn far(near: Transport) -> Transport {
    let turn = Arc::new(AtomicU64::new(0));
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let near = near.clone();
        let random = scrambled(turn.fetch_add(1, Relaxed));
        async move {
            sleep(Duration::from_millis(20 + random % (FAR - 20))).await;
            let answer = near.oneshot(request).await;
            sleep(Duration::from_millis(20 + (random >> 32) % (FAR - 20))).await;
            answer
        }
    }))
}

/// A gateway over a help desk's line, with its time still running.
pub(crate) async fn gateway<D: HelpDesk>(transport: Transport, clock: Clock) -> Arc<TestApp> {
    let mut app = TestApp::of::<D>(transport, clock).await;
    // As many requests at once as the program itself lets in.
    app.edge.in_flight = Arc::new(Semaphore::new(4096));
    app.restart();
    Arc::new(app)
}

/// A gateway over this help desk, with a long way between them.
pub(crate) async fn before(vendor: &Vendor, clock: Clock) -> Arc<TestApp> {
    let transport = far(vendor.transport());
    match vendor {
        Vendor::Freshdesk(_) => gateway::<Freshdesk>(transport, clock).await,
        Vendor::Zendesk(_) => gateway::<Zendesk>(transport, clock).await,
    }
}

/// A gateway and a Freshdesk of this plan, in still time.
pub(crate) async fn freshdesk_stage(
    plan: freshdesk::sim::Plan,
    window: freshdesk::sim::switches::Window,
) -> (Arc<TestApp>, Vendor) {
    let clock = clock();
    let vendor = Vendor::freshdesk(plan, window, running(&clock));
    let app = before(&vendor, clock).await;
    stand_still(&app).await;
    (app, vendor)
}

/// A gateway and a Zendesk of this plan, in still time.
pub(crate) async fn zendesk_stage(plan: zendesk::sim::Plan) -> (Arc<TestApp>, Vendor) {
    let clock = clock();
    let vendor = Vendor::zendesk(plan, running(&clock));
    let app = before(&vendor, clock).await;
    stand_still(&app).await;
    (app, vendor)
}

/// Opens the gateway's account; from then on time jumps over every wait.
pub(crate) async fn stand_still(app: &TestApp) {
    open(app, app.account).await;
    tokio::time::pause();
}

/// Opens an account, so that the store need not be asked for it in still time.
pub(crate) async fn open(app: &TestApp, account: AccountId) {
    let terms = Terms::within(app.edge.request_timeout);
    let desks = app.desks();
    desks
        .open(&app.application.clone().into(), account, terms)
        .await
        .unwrap();
}

/// A token of its own for an account: another caller.
pub(crate) fn token(app: &TestApp, account: AccountId) -> SecretString {
    let scopes = [Scope::Read, Scope::Write];
    let day = Duration::from_hours(24);
    let issued = issue(&app.edge, &app.application, account, &scopes, day);
    issued.now_or_never().unwrap()
}

/// A read with this token, below the help desk of its account.
pub(crate) fn get(app: &TestApp, token: &SecretString, path: &str) -> Asked {
    let path = format!("/v1/accounts/me/helpdesk{path}");
    let bearer = format!("Bearer {}", token.expose_secret());
    app.request(Method::GET, &path)
        .header("authorization", &bearer)
}

/// What an answer's header says, as a number.
pub(crate) fn figure(answer: &Answer, name: &str) -> Option<u32> {
    let value = answer.headers.get(name)?;
    Some(value.to_str().unwrap().parse().unwrap())
}
