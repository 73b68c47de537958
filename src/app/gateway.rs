//! Puts the gateway together.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::access_token::AccessTokens;
use crate::app::Outcome;
use crate::clock::Clock;
use crate::desk::Desks;
use crate::desk::intents::Intents;
use crate::http::Edge;
use crate::http::audit::Audit;
use crate::http::auth::ApiKeys;
use crate::http::cors::Origin;
use crate::http::guesses::{self, Guesses};
use crate::http::pressure::Pressure;
use crate::providers;
use crate::store::Store;
use crate::transport::egress::{AllowedUpstream, Egress};
use crate::transport::http::network;

/// How long what another process has changed about an account or the signing keys may go unnoticed.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// How long after a write of unknown outcome its absence proves that it did not happen, unless the operator says
/// otherwise.
pub(super) const SETTLE_AFTER: Duration = Duration::from_mins(2);

/// The gateway's settings that are not the store's.
pub(super) struct Settings {
    /// Origin of the addresses in answers.
    pub(super) public_url: String,
    /// How long a request may take.
    pub(super) request_timeout: Duration,
    /// How many requests may be under way.
    pub(super) max_in_flight: u32,
    /// How long after a write of unknown outcome its absence proves that it did not happen.
    pub(super) settle_after: Duration,
    /// Origins of the web pages that may call.
    pub(super) cors_origins: Vec<Origin>,
    /// Upstreams outside of the vendors' domains.
    pub(super) allow_upstream: Vec<AllowedUpstream>,
}

/// Desks over the network.
pub(super) fn desks(
    store: &Store,
    clock: &Clock,
    settle_after: Duration,
    allow_upstream: Vec<AllowedUpstream>,
) -> Outcome<Desks> {
    Ok(Desks::new(
        store.clone(),
        providers::all(),
        network(&allow_upstream)?,
        Egress::new(allow_upstream),
        FRESH,
        Intents::new(store.clone(), clock.clone(), settle_after),
    ))
}

/// The edge of a gateway over this store.
pub(super) async fn edge(
    store: Store,
    clock: Clock,
    audit: Audit,
    settings: Settings,
) -> Outcome<Edge> {
    let Settings {
        public_url,
        request_timeout,
        max_in_flight,
        settle_after,
        cors_origins,
        allow_upstream,
    } = settings;
    Ok(Edge {
        desks: desks(&store, &clock, settle_after, allow_upstream)?,
        api_keys: Arc::new(ApiKeys::default()),
        access_tokens: Arc::new(AccessTokens::open(store.clone(), clock.clone(), FRESH).await?),
        guesses: Arc::new(Guesses::new(guesses::USUAL)),
        audit,
        store,
        clock,
        public_url: public_url.into(),
        request_timeout,
        in_flight: Arc::new(Semaphore::new(max_in_flight as usize)),
        draining: Arc::new(AtomicBool::new(false)),
        cors_origins: cors_origins.into(),
        pressure: Pressure::default(),
    })
}
