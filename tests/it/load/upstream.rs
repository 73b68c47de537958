//! Simulated Freshdesks on ports and a thread of their own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use deskgate::clock::Clock;
use deskgate::http::server;
use deskgate::model::id::TicketId;
use deskgate::providers::freshdesk::sim::Switches;
use deskgate::simulator::locked;
use http::Method;
use http::response::Parts;
use http_body_util::BodyExt as _;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::chaos::port::Port;
use crate::desks::HelpDesk as _;
use crate::desks::freshdesk::Freshdesk;

/// Tickets of each help desk.
const TICKETS: usize = 40;

/// Help desks. They are gone when this is dropped.
pub(crate) struct Upstreams {
    /// Where they are.
    pub(crate) addresses: Vec<SocketAddr>,
    /// What they hold.
    pub(crate) desk: Freshdesk,
    /// The ids of their tickets.
    pub(crate) tickets: Vec<String>,
    /// Ends them.
    _end: DropGuard,
}

/// Answers to reads, by address.
type Remembered = Arc<Mutex<HashMap<String, (Parts, Bytes)>>>;

impl Upstreams {
    /// Starts so many, which have the same tickets. Each `remembers` its answers to reads if they are to cost nothing: the
    /// load is to be the gateway's.
    pub(crate) async fn start(number: usize, remembers: Memory) -> Self {
        let desk = Freshdesk::with(0, Switches::default(), &Clock::system());
        let mut tickets = Vec::new();
        for number in 0..TICKETS {
            let id = desk.create(&format!("ticket {number}"), 60).await;
            tickets.push(TicketId::from_upstream(&*id).to_string());
        }
        let router = desk.simulator.router();
        let router = match remembers {
            Memory::OfReads => router.layer(from_fn_with_state(Remembered::default(), remember)),
            Memory::None => router,
        };
        let ports: Vec<_> = (0..number).map(|_| Port::pick()).collect();
        let addresses = ports.iter().map(|port| port.address).collect();
        let end = CancellationToken::new();
        let ended = end.clone();
        thread::spawn(move || run(&ports, &router, &ended));
        Self {
            addresses,
            desk,
            tickets,
            _end: end.drop_guard(),
        }
    }
}

/// What a simulated help desk remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Answers to reads.
    OfReads,
    /// No answers.
    None,
}

/// Serves on these ports until the end.
fn run(ports: &[Port], router: &Router, end: &CancellationToken) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let tasks = TaskTracker::new();
        for port in ports {
            let (router, end) = (router.clone(), end.clone().cancelled_owned());
            let listener = port.listen();
            tasks.spawn(server::serve(listener, router, end, server::DRAIN_WITHIN));
        }
        end.cancelled().await;
    });
}

/// Answers a read as before.
async fn remember(State(remembered): State<Remembered>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let address = request.uri().to_string();
    if let Some((parts, body)) = locked(&remembered).get(&address) {
        return Response::from_parts(parts.clone(), Body::from(body.clone()));
    }
    let (parts, body) = next.run(request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if parts.status.is_success() {
        locked(&remembered).insert(address, (parts.clone(), body.clone()));
    }
    Response::from_parts(parts, Body::from(body))
}
