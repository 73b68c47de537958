//! The edge: who may ask, and how requests and answers look on the wire.
//!
//! This file has every route and the whole stack on one screen. [`auth`] and [`extract`] turn a
//! request into an authorised desk, [`tickets`], [`comments`], [`accounts`] and [`oauth`] are the
//! handlers, [`resource`] is how objects look, [`observe`] wraps it all, [`pressure`] refuses at the door
//! what is too much, [`server`] accepts connections.

pub mod accounts;
pub mod audit;
pub mod auth;
pub mod budget;
pub mod comments;
pub mod cors;
pub mod docs;
pub mod dry_run;
pub mod errors;
pub mod extract;
pub mod guesses;
pub mod health;
pub mod idempotency;
pub mod oauth;
pub mod observe;
pub mod openapi;
mod precondition;
pub mod pressure;
pub mod raw;
pub mod resource;
pub mod server;
pub mod tickets;
pub mod tokens;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::routing::any;
use axum::{Router, middleware};
use tower::Layer as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::{NormalizePath, NormalizePathLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access_token::AccessTokens;
use crate::clock::Clock;
use crate::desk::Desks;
use crate::http::audit::Audit;
use crate::http::auth::ApiKeys;
use crate::http::cors::Origin;
use crate::http::guesses::Guesses;
use crate::http::pressure::{Pressure, Relieved};
use crate::store::Store;

/// Largest body that is read from a client, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub struct Edge {
    /// Opens accounts.
    pub desks: Desks,
    /// Asked whether it answers, and for keys.
    pub store: Store,
    /// Checks API keys.
    pub api_keys: Arc<ApiKeys>,
    /// Checks access tokens.
    pub access_tokens: Arc<AccessTokens>,
    /// Says what time it is.
    pub clock: Clock,
    /// Origin of every `href`, without a final slash. Never taken from a request.
    pub public_url: Arc<str>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Bounds the requests under way.
    pub in_flight: Arc<tokio::sync::Semaphore>,
    /// Whether the process is about to end: no longer ready, still answering.
    pub draining: Arc<AtomicBool>,
    /// Origins of the web pages that may call.
    pub cors_origins: Arc<[Origin]>,
    /// Slows down whoever guesses credentials.
    pub guesses: Arc<Guesses>,
    /// Takes notes for the audit log.
    pub audit: Audit,
    /// How much of what comes is refused at the door. Nothing, unless somebody watches.
    pub pressure: Pressure,
}

/// The state of all routes: cloned for each layer of each request, so it is one count.
pub type Shared = Arc<Edge>;

/// The operations on tickets and comments, below an account's address.
fn helpdesk() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(tickets::list_tickets, tickets::create_ticket))
        .routes(routes!(
            tickets::get_ticket,
            tickets::update_ticket,
            tickets::delete_ticket
        ))
        .routes(routes!(comments::list_comments, comments::create_comment))
        .routes(routes!(
            comments::get_comment,
            comments::update_comment,
            comments::delete_comment
        ))
}

/// Every documented route.
fn documented() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(accounts::list_accounts, accounts::connect_account))
        .routes(routes!(
            accounts::get_account,
            accounts::update_account,
            accounts::delete_account
        ))
        .routes(routes!(budget::get_budget))
        .routes(routes!(raw::raw))
        .routes(routes!(tokens::issue_token, tokens::revoke_tokens))
        .routes(routes!(audit::list_entries))
        .routes(routes!(oauth::check_token))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .nest("/v1/accounts/{account_id}/helpdesk", helpdesk())
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::finished(documented().into_openapi())
}

/// Every route, without its stack. Kept, for their documents take longer to make than all else.
fn routes() -> Router<Shared> {
    static ROUTES: LazyLock<Router<Shared>> = LazyLock::new(|| {
        // The API's own examples leave `helpdesk/` out in places: served as an alias, not documented.
        let (alias, _) = helpdesk().split_for_parts();
        let (documented, _) = documented().split_for_parts();
        documented
            .nest("/v1/accounts/{account_id}", alias)
            .merge(docs::routes())
            // What the SDKs know of the account API and this gateway does not do.
            .route("/v1/accounts/{account_id}/events", any(errors::not_done))
            .fallback(errors::no_such_address)
            .method_not_allowed_fallback(errors::no_such_method)
    });
    ROUTES.clone()
}

/// Every route, in its stack. Trailing slashes are taken off before routing, never by a redirect,
/// which the SDKs would follow with the wrong verb.
pub fn router(edge: Edge) -> Relieved<NormalizePath<Router>> {
    let (pressure, draining) = (edge.pressure.clone(), Arc::clone(&edge.draining));
    let cors = cors::layer(&edge.cors_origins);
    let edge = Shared::new(edge);
    let router = routes()
        .layer(middleware::from_fn_with_state(
            Shared::clone(&edge),
            idempotency::once,
        ))
        .layer(middleware::from_fn(dry_run::rehearse))
        .layer(CatchPanicLayer::custom(errors::after_panic))
        .layer(middleware::from_fn_with_state(
            Shared::clone(&edge),
            observe::observe,
        ))
        .layer(SetSensitiveRequestHeadersLayer::new([
            http::header::AUTHORIZATION,
            http::HeaderName::from_static("idempotency-key"),
        ]))
        .with_state(edge);
    let router = match cors {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let router = NormalizePathLayer::trim_trailing_slash().layer(router);
    Relieved::new(router, pressure, draining)
}
