//! `/v1/accounts/{account_id}/budget`: what the help desk may still be asked for, and who waits.

use std::time::Duration;

use axum::response::IntoResponse;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Result;
use crate::http::errors::Errors;
use crate::http::extract::{Json, OpenDesk};
use crate::http::tickets::AccountPath;

/// What a help desk may still be asked for. All accounts of one help desk share it, whoever owns them.
#[derive(Serialize, ToSchema)]
#[schema(as = Budget)]
pub struct BudgetObject {
    /// Always `core`.
    #[schema(example = "core")]
    api: &'static str,
    /// Always `budget`.
    #[serde(rename = "type")]
    #[schema(example = "budget")]
    kind: &'static str,
    /// Its rate limits, as far as this gateway has met them. Empty where there are none.
    limits: Vec<LimitObject>,
    /// Calls that wait for room.
    queue: QueueObject,
    /// Calls under way.
    #[schema(example = 2)]
    in_flight: usize,
    /// Whole seconds for which nothing is sent, because the help desk has said so with a 429. Null while it has not.
    #[schema(required, example = json!(null))]
    paused_for: Option<u64>,
}

/// One rate limit.
#[derive(Serialize, ToSchema)]
#[schema(as = Limit)]
struct LimitObject {
    /// What it is about: `account` for all calls together, else a kind of call in the vendor's terms.
    #[schema(example = "account")]
    name: &'static str,
    /// The one thing that it is about, such as a ticket's id in the help desk. Null if it is about all of them.
    #[schema(required, example = json!(null))]
    of: Option<String>,
    /// Credits in the window. Null as long as the help desk has not told.
    #[schema(required, example = 200)]
    limit: Option<u32>,
    /// Credits that are neither spent nor on their way, by this gateway's books.
    #[schema(example = 187)]
    remaining: u32,
    /// Whole seconds until all that is spent by now is there again.
    #[schema(example = 42)]
    reset: u64,
}

/// Calls that wait.
#[derive(Serialize, ToSchema)]
#[schema(as = Queue)]
struct QueueObject {
    /// Of requests that somebody looks at.
    #[schema(example = 3)]
    interactive: usize,
    /// Of requests with `Prefer: priority=batch`.
    #[schema(example = 0)]
    batch: usize,
}

/// Show the budget
///
/// The rate limits of the account's help desk, as this gateway knows them, and its queue. Costs no upstream call.
#[utoipa::path(
    get, path = "/v1/accounts/{account_id}/budget", operation_id = "getBudget", tag = "Accounts",
    params(AccountPath),
    responses((status = 200, description = "The budget.", body = BudgetObject), Errors),
)]
pub async fn get_budget(open: OpenDesk) -> Result<impl IntoResponse> {
    let standing = open.desk.budget();
    let limits = standing.windows.into_iter().map(|window| LimitObject {
        name: window.name,
        of: window.of,
        limit: window.limit,
        remaining: window.remaining,
        reset: seconds(window.reset),
    });
    let budget = BudgetObject {
        api: "core",
        kind: "budget",
        limits: limits.collect(),
        queue: QueueObject {
            interactive: standing.interactive,
            batch: standing.batch,
        },
        in_flight: standing.in_flight,
        paused_for: standing.paused.map(seconds),
    };
    Ok(Json(StatusCode::OK, budget))
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
