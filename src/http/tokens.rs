//! `/v1/accounts/{account_id}/tokens`: access tokens, for whatever must not have the application's key.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access_token::Scope;
use crate::desk::accounts::Authority;
use crate::error::{Error, Result};
use crate::http::Shared;
use crate::http::errors::Errors;
use crate::http::extract::{AccountAt, Body, Json};
use crate::http::tickets::{AccountPath, WriteHeaders};
use crate::model::id::AccountId;

/// How long a token counts if nothing is said.
const USUAL_LIFETIME: u64 = 3600;
/// The longest time that a token may count: none can be revoked alone.
const MAX_LIFETIME: u64 = 24 * 3600;

/// What a token is to allow. Unlike elsewhere an unknown attribute is refused: a misspelt one would allow more than was meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub struct NewToken {
    /// `helpdesk:read` to read tickets and comments, `helpdesk:write` to write them: both if nothing is said. `raw` to call the
    /// help desk's own API.
    #[schema(example = json!(["helpdesk:read"]))]
    scopes: Option<Vec<String>>,
    /// How many seconds the token counts, at most a day.
    #[schema(minimum = 1, maximum = 86_400, default = 3600, example = 3600)]
    expires_in: Option<u64>,
}

/// A token that was just issued.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenObject {
    /// The token, for `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.…")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    #[schema(example = 3600)]
    expires_in: u64,
    /// Scopes, separated by blanks.
    #[schema(example = "helpdesk:read")]
    scope: String,
    /// Id of the account that it is for.
    #[schema(value_type = u64, example = 90_817_234)]
    account_id: AccountId,
}

/// Issue an access token
///
/// For one account, with an API key only: for a browser, or a service that is to have no more than that. It counts until it
/// expires, the account's tokens are revoked, or the account is removed or made inactive. It allows no more than the API key.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/tokens", operation_id = "issueToken", tag = "Access",
    params(AccountPath, WriteHeaders), request_body = NewToken,
    responses((status = 201, description = "The token.", body = TokenObject), Errors),
)]
pub async fn issue_token(
    State(edge): State<Shared>,
    AccountAt { caller, id }: AccountAt,
    Body(asked): Body<NewToken>,
) -> Result<impl IntoResponse> {
    let application = caller.require_application()?;
    let NewToken { scopes, expires_in } = asked;
    let scopes = match scopes {
        None => Scope::USUAL.to_vec(),
        Some(names) => names
            .iter()
            .map(|name| scope(name))
            .collect::<Result<_>>()?,
    };
    if scopes.is_empty() {
        return Err(Error::InvalidParameter(
            "scopes: at least one is needed".into(),
        ));
    }
    for scope in &scopes {
        caller.require(*scope)?;
    }
    let expires_in = expires_in.unwrap_or(USUAL_LIFETIME);
    if !(1..=MAX_LIFETIME).contains(&expires_in) {
        return Err(Error::InvalidParameter(format!(
            "expires_in must be from 1 to {MAX_LIFETIME} seconds"
        )));
    }
    // It has to be there, and theirs.
    let authority = Authority::from(application.clone());
    let account = edge.desks.account(&authority, id).await?;
    let lifetime = Duration::from_secs(expires_in);
    let token = edge
        .access_tokens
        .issue(&account, &scopes, lifetime)
        .await?;
    let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
    let issued = TokenObject {
        access_token: token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in,
        scope: names.join(" "),
        account_id: account.id,
    };
    let no_store = HeaderValue::from_static("no-store");
    Ok((
        [(CACHE_CONTROL, no_store)],
        Json(StatusCode::CREATED, issued),
    ))
}

/// Revoke the access tokens of an account
///
/// All that were issued until now, by anybody. Other gateways on the same database notice within five seconds. The tokens of
/// other accounts go on.
#[utoipa::path(
    delete, path = "/v1/accounts/{account_id}/tokens", operation_id = "revokeTokens", tag = "Access",
    params(AccountPath, WriteHeaders), security(("api_key" = [])),
    responses((status = 204, description = "They count no more."), Errors),
)]
pub async fn revoke_tokens(
    State(edge): State<Shared>,
    AccountAt { caller, id }: AccountAt,
) -> Result<impl IntoResponse> {
    let application = caller.require_application()?;
    edge.desks.revoke_tokens(application, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A scope by its name.
fn scope(name: &str) -> Result<Scope> {
    let found = Scope::OF_TOKENS
        .into_iter()
        .find(|scope| scope.name() == name);
    found.ok_or_else(|| {
        let known = Scope::OF_TOKENS.map(Scope::name).join(", ");
        Error::InvalidParameter(format!("scopes: {name:?} is none of: {known}"))
    })
}
