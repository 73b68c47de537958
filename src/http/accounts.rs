//! `/v1/accounts`: the connected help desks.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};

use crate::desk::accounts::{Connection, ConnectionPatch};
use crate::error::{Error, Result};
use crate::http::auth::Caller;
use crate::http::errors::Errors;
use crate::http::extract::{AccountAt, Body, Json, Listing, terms};
use crate::http::resource::List;
use crate::http::tickets::{AccountPath, PageParams, WriteHeaders};
use crate::http::{Edge, Shared};
use crate::model::id::AccountId;
use crate::store::accounts::Account;

/// A connected help desk. Its credential is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountObject {
    /// Id of the account.
    #[schema(value_type = u64, example = 90_817_234)]
    id: AccountId,
    /// Always `core`.
    #[schema(example = "core")]
    api: &'static str,
    /// Always `account`.
    #[serde(rename = "type")]
    #[schema(example = "account")]
    kind: &'static str,
    /// Address of this object.
    #[schema(
        format = "uri",
        example = "https://desk.example.com/v1/accounts/90817234"
    )]
    href: String,
    /// Login of the credential's owner. Null if it was not tried.
    #[schema(required, example = "ada@example.com")]
    account: Option<String>,
    /// Name of the account, for people.
    #[schema(required, example = "Acme support")]
    name: Option<String>,
    /// The kind of help desk.
    #[schema(example = "freshdesk")]
    service: String,
    /// The kind of help desk, for people.
    #[schema(example = "Freshdesk")]
    service_name: &'static str,
    /// Where the help desk is.
    #[schema(format = "uri", example = "https://acme.freshdesk.com")]
    url: String,
    /// Whether the account may be used.
    active: bool,
    /// The same as `active`: SDKs know it by both names.
    enabled: bool,
    /// Since when the help desk refuses to renew the account's OAuth tokens, ISO 8601 in UTC: give it new
    /// ones with PATCH. Null while nothing is wrong.
    #[schema(required, value_type = Option<String>, format = DateTime, example = json!(null))]
    reconnect_since: Option<Timestamp>,
    /// The APIs that the account serves.
    #[schema(example = json!(["helpdesk"]))]
    apis: [&'static str; 1],
    /// When the account was connected, ISO 8601 in UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T20:00:00Z")]
    created: Timestamp,
    /// When the account was last changed, ISO 8601 in UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T20:00:00Z")]
    modified: Timestamp,
}

impl AccountObject {
    /// An account as it is answered. Its own address always has the id.
    fn new(edge: &Edge, account: Account) -> Self {
        let Account {
            id,
            application_id: _,
            service,
            origin,
            account,
            name,
            options: _,
            active,
            reconnect_since,
            tokens_from: _,
            created_at,
            modified_at,
        } = account;
        Self {
            id,
            api: "core",
            kind: "account",
            href: format!("{}/v1/accounts/{id}", edge.public_url),
            account,
            name,
            service_name: edge.desks.title(&service),
            service,
            url: origin,
            active,
            enabled: active,
            reconnect_since,
            apis: ["helpdesk"],
            created: created_at,
            modified: modified_at,
        }
    }
}

/// A page of accounts.
pub type AccountList = List<AccountObject>;

/// List accounts
///
/// With an API key the accounts of the application, oldest first; with an access token its own.
#[utoipa::path(
    get, path = "/v1/accounts", operation_id = "listAccounts", tag = "Accounts", params(PageParams),
    responses((status = 200, description = "A page of accounts.", body = AccountList), Errors),
)]
pub async fn list_accounts(
    State(edge): State<Shared>,
    caller: Caller,
    Listing { request, .. }: Listing,
) -> Result<impl IntoResponse> {
    let only = match &caller {
        Caller::Application(_) => None,
        Caller::Token(token) => Some(token.account),
    };
    let (accounts, next_page) = edge
        .desks
        .list_accounts(&caller.authority(), only, &request)
        .await?;
    let objects = accounts
        .into_iter()
        .map(|account| AccountObject::new(&edge, account))
        .collect();
    Ok(Json(
        StatusCode::OK,
        List::of("core", request.page, objects, next_page),
    ))
}

/// Retrieve an account
#[utoipa::path(
    get, path = "/v1/accounts/{account_id}", operation_id = "getAccount", tag = "Accounts", params(AccountPath),
    responses((status = 200, description = "The account.", body = AccountObject), Errors),
)]
pub async fn get_account(State(edge): State<Shared>, at: AccountAt) -> Result<impl IntoResponse> {
    let account = edge.desks.account(&at.caller.authority(), at.id).await?;
    Ok(Json(StatusCode::OK, AccountObject::new(&edge, account)))
}

/// What connects an account: the kind of help desk, and the members that it asks for.
///
/// Freshdesk: `api_key`, and `domain` or `url`. Zendesk: `email` and `api_token`, or `access_token`, with
/// `refresh_token`, `client_id` and `client_secret` if it expires; and `subdomain` or `url`. Request Tracker (`rt`): `url` and
/// `token`; `default_queue`, `tags_field` and `priorities` if the usual ones do not fit.
#[derive(ToSchema)]
#[schema(as = NewAccount, example = json!({"service": "freshdesk", "domain": "acme", "api_key": "aBcDeFgHiJkLmNoPqRsT"}))]
#[expect(
    dead_code,
    reason = "stands for the documentation of the body; its members are the help desk's own"
)]
pub struct ConnectAccount {
    /// The kind of help desk.
    #[schema(example = "freshdesk")]
    service: String,
    /// Name of the account, for people. The name of the credential's owner unless given.
    name: Option<String>,
    /// First part of the help desk's address: `acme` of `acme.freshdesk.com`.
    domain: Option<String>,
    /// First part of the help desk's address: `acme` of `acme.zendesk.com`.
    subdomain: Option<String>,
    /// Origin of the help desk, instead of its name, where the operator of the gateway allows it. Request Tracker's
    /// may have a path.
    url: Option<String>,
    /// The API key of an agent, whose rights the account then has. Stored sealed, never shown.
    #[schema(format = Password)]
    api_key: Option<String>,
    /// Address of the agent whose API token it is.
    email: Option<String>,
    /// An API token. Stored sealed, never shown.
    #[schema(format = Password)]
    api_token: Option<String>,
    /// An OAuth access token. Stored sealed, never shown.
    #[schema(format = Password)]
    access_token: Option<String>,
    /// What a fresh pair is fetched with when the access token has expired. Stored sealed, never shown.
    #[schema(format = Password)]
    refresh_token: Option<String>,
    /// The OAuth client that the tokens were given to.
    client_id: Option<String>,
    /// Its secret. Stored sealed, never shown.
    #[schema(format = Password)]
    client_secret: Option<String>,
    /// An authentication token of a user of Request Tracker. Stored sealed, never shown.
    #[schema(format = Password)]
    token: Option<String>,
    /// Request Tracker: id or name of the queue for tickets without `group`. The first queue by id in which the token
    /// may make tickets unless given.
    default_queue: Option<String>,
    /// Request Tracker: name of the custom field for `tags`.
    #[schema(default = "Tags")]
    tags_field: Option<String>,
    /// Request Tracker: the numbers of the priorities, rising. A number in between reads as the next lower word.
    #[schema(example = json!({"low": 0, "normal": 50, "high": 75, "urgent": 100}))]
    priorities: Option<std::collections::BTreeMap<String, u64>>,
    /// Zendesk deletes no comments. `true` lets `DELETE` make a comment's text and files unreadable instead, for
    /// ever; it stays in the list. 501 otherwise.
    #[schema(default = false)]
    redact_comments: Option<bool>,
}

/// Whether a credential is tried, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct VerifyParams {
    /// `false` stores the credential without trying it against the help desk first.
    #[param(default = true)]
    verify: Option<bool>,
}

/// Whether the request wants a credential tried.
fn verify(parts: &Parts) -> Result<bool> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let given = form_urlencoded::parse(query).find(|(name, _)| name == "verify");
    match given.as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(Error::BadRequest("verify must be true or false".into())),
    }
}

/// A member of a body that must be a text, taken out of it.
fn take_text(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::BadRequest(format!("{name} must be a text"))),
    }
}

/// Connect an account
///
/// Tries the credential against the help desk before it is stored, unless `verify=false`.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "connectAccount", tag = "Accounts",
    params(VerifyParams, WriteHeaders), request_body = ConnectAccount, security(("api_key" = [])),
    responses((status = 201, description = "The new account.", body = AccountObject), Errors),
)]
pub async fn connect_account(
    State(edge): State<Shared>,
    caller: Caller,
    parts: Parts,
    Body(mut body): Body<Map<String, Value>>,
) -> Result<impl IntoResponse> {
    let application = caller.require_application()?;
    let service = take_text(&mut body, "service")?
        .ok_or_else(|| Error::BadRequest("service is required".into()))?;
    let name = take_text(&mut body, "name")?;
    let connection = Connection {
        service,
        name,
        credentials: body,
        verify: verify(&parts)?,
    };
    let account = edge
        .desks
        .connect(application, connection, terms(&parts, &edge))
        .await?;
    Ok(Json(
        StatusCode::CREATED,
        AccountObject::new(&edge, account),
    ))
}

/// What to change about an account; what is left out stays. The members of the credential may be
/// given one by one.
#[derive(Deserialize, ToSchema)]
#[schema(as = AccountPatch)]
pub struct UpdateAccount {
    /// Name of the account, for people.
    name: Option<String>,
    /// Whether the account may be used.
    active: Option<bool>,
    /// The members of the new credential; for Freshdesk `api_key`.
    #[serde(flatten)]
    #[schema(value_type = AccountCredential)]
    credentials: Map<String, Value>,
}

/// The members of a credential that can be changed, for the documentation.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the documentation of the body; its members are the help desk's own"
)]
pub struct AccountCredential {
    /// The new API key. Stored sealed, never shown.
    #[schema(format = Password)]
    api_key: Option<String>,
}

/// Update an account
///
/// A new credential must be one of the same help desk; it is tried before it is stored, unless
/// `verify=false`.
#[utoipa::path(
    patch, path = "/v1/accounts/{account_id}", operation_id = "updateAccount", tag = "Accounts",
    params(AccountPath, VerifyParams, WriteHeaders), request_body = UpdateAccount, security(("api_key" = [])),
    responses((status = 200, description = "The account after the change.", body = AccountObject), Errors),
)]
pub async fn update_account(
    State(edge): State<Shared>,
    at: AccountAt,
    parts: Parts,
    Body(body): Body<UpdateAccount>,
) -> Result<impl IntoResponse> {
    let application = at.caller.require_application()?;
    let UpdateAccount {
        name,
        active,
        credentials,
    } = body;
    let patch = ConnectionPatch {
        name,
        active,
        credentials,
        verify: verify(&parts)?,
    };
    let account = edge
        .desks
        .change_account(application, at.id, patch, terms(&parts, &edge))
        .await?;
    Ok(Json(StatusCode::OK, AccountObject::new(&edge, account)))
}

/// Delete an account
///
/// Removes the account and its credential from the gateway. The help desk is not touched.
#[utoipa::path(
    delete, path = "/v1/accounts/{account_id}", operation_id = "deleteAccount", tag = "Accounts",
    params(AccountPath, WriteHeaders), security(("api_key" = [])),
    responses((status = 204, description = "The account is gone."), Errors),
)]
pub async fn delete_account(
    State(edge): State<Shared>,
    at: AccountAt,
) -> Result<impl IntoResponse> {
    edge.desks
        .remove_account(at.caller.require_application()?, at.id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
