//! `/healthz` and `/readyz`: is the process alive, can it serve.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::http::Shared;
use crate::http::errors::ErrorBody;
use crate::http::extract::Json;

/// A good state.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive?
#[utoipa::path(
    get, path = "/healthz", operation_id = "getHealth", tag = "Operations", security(()),
    responses(
        (status = 200, description = "It is.", body = Health),
        (status = 503, description = "It answers, but has too many requests under way.", body = ErrorBody),
    ),
)]
pub async fn healthz() -> impl IntoResponse {
    Json(StatusCode::OK, Health { status: "ok" })
}

/// Can it serve?
///
/// Not once its database has not answered for ten minutes, until which it serves what it has at hand, and not once it has been
/// told to end.
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "Operations", security(()),
    responses(
        (status = 200, description = "It can.", body = Health),
        (status = 503, description = "It cannot; send nothing here.", body = ErrorBody),
    ),
)]
pub async fn readyz(State(edge): State<Shared>) -> Result<impl IntoResponse> {
    if edge.draining.load(Ordering::Relaxed) {
        return Err(Error::Unavailable("the process is about to end".into()));
    }
    edge.store.ready().await?;
    Ok(Json(StatusCode::OK, Health { status: "ok" }))
}
