//! `/v1/oauth/token`: the check of an access token that the SDKs make.

use axum::extract::State;
use axum::response::IntoResponse;
use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access_token::AccessToken;
use crate::error::{Error, Result};
use crate::http::auth::Caller;
use crate::http::errors::Errors;
use crate::http::extract::Json;
use crate::http::{Edge, Shared};
use crate::model::id::AccountId;

/// What a token is for.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenInfo)]
pub struct TokenInfo {
    /// Id of the application that the token was issued for.
    #[schema(example = "k3v9q0w7x1c5b8n2")]
    client_id: String,
    /// Id of the account that the token is for.
    #[schema(value_type = u64, example = 90_817_234)]
    account_id: AccountId,
    /// Scopes, separated by blanks.
    #[schema(example = "helpdesk:read helpdesk:write")]
    scope: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the token expires.
    #[schema(example = 3600)]
    expires_in: i64,
}

/// Check an access token
///
/// Says which application and account a Bearer token is for. A token that is not valid, or belongs
/// to an account that is gone, is 400 here, which is what the SDKs' token check expects, and 401
/// everywhere else.
#[utoipa::path(
    get, path = "/v1/oauth/token", operation_id = "checkToken", tag = "Access",
    responses((status = 200, description = "The token is valid.", body = TokenInfo), Errors),
)]
pub async fn check_token(
    State(edge): State<Shared>,
    headers: HeaderMap,
) -> Result<impl IntoResponse> {
    let value = headers
        .get(AUTHORIZATION)
        .ok_or(Error::AuthenticationRequired)?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(Error::InvalidToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::InvalidToken);
    }
    let token = match check(&edge, token.trim()).await {
        Err(Error::Unauthorized | Error::NotFound(_)) => {
            edge.guesses.slow_down().await;
            return Err(Error::InvalidToken);
        }
        checked => checked?,
    };
    let info = TokenInfo {
        client_id: token.application.to_string(),
        account_id: token.account,
        scope: token.scope,
        token_type: "Bearer",
        expires_in: (token.expires_at.as_second() - edge.clock.now().as_second()).max(0),
    };
    Ok(Json(StatusCode::OK, info))
}

/// A token that counts, of an account that is there.
async fn check(edge: &Edge, token: &str) -> Result<AccessToken> {
    let token = edge.access_tokens.check(token).await?;
    let caller = Caller::Token(token.clone());
    edge.desks
        .account(&caller.authority(), token.account)
        .await?;
    Ok(token)
}
