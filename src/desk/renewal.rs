//! Credentials that expire: exchanged once for all requests of an account, and stored before they are used.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::desk::opened::{Desks, Opened};
use crate::model::id::AccountId;
use crate::provider::error::{Kind, ProviderError};
use crate::provider::upstream::Renew;
use crate::provider::{Provider, Renewal, Result};
use crate::store::accounts::{Account, StoredAccount};
use crate::transport::call::Reply;
use crate::transport::line::Line;
use crate::transport::trip::Trip;

/// How long an exchange may take, whatever the patience of the client that caused it.
const WITHIN: Duration = Duration::from_secs(20);
/// How often a fresh pair is tried to be stored: the old one does not count any more.
const STORING: u32 = 5;
/// How long it waits before it tries again.
const STORING_PAUSE: Duration = Duration::from_millis(200);

/// The accounts whose credentials are being exchanged: one exchange at a time for each.
#[derive(Debug, Default)]
pub(super) struct Renewals(Mutex<HashMap<AccountId, Weak<tokio::sync::Mutex<()>>>>);

impl Renewals {
    /// The account's turn.
    fn turn(&self, account: AccountId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&account).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(account, Arc::downgrade(&turn));
        turn
    }
}

/// Exchanges the credentials of an opened account.
pub(super) struct Renewer {
    /// The long-lived things.
    pub(super) desks: Desks,
    /// The account, with the credentials that were refused.
    pub(super) opened: Arc<Opened>,
}

impl fmt::Debug for Renewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewer")
    }
}

#[async_trait]
impl Renew for Renewer {
    async fn renew(&self) -> Result<Option<Arc<Line>>> {
        let (desks, opened) = (self.desks.clone(), Arc::clone(&self.opened));
        // In a task of its own: a client that goes away must not take the only copy of a fresh pair along.
        let tasks = self.desks.tasks.clone();
        let exchange = tasks.spawn(async move { exchange(&desks, &opened).await });
        let exchanged = exchange.await;
        exchanged.unwrap_or_else(|_| Err(trouble("the exchange of the credentials ended early")))
    }
}

/// A failure that says nothing of the credentials.
fn trouble(message: &str) -> ProviderError {
    ProviderError::new(Kind::Unavailable, message)
}

/// A failure that only the owner of the account can mend.
fn refused() -> ProviderError {
    let message = "the help desk does not renew the account's credentials any more: connect it again, \
                   with PATCH /v1/accounts/{id} and new ones";
    ProviderError::new(Kind::Unauthenticated, message)
}

/// Exchanges the credentials, unless somebody else has done so meanwhile; none if they are of a kind that is
/// not exchanged.
async fn exchange(desks: &Desks, opened: &Opened) -> Result<Option<Arc<Line>>> {
    let id = opened.account().id;
    let turn = desks.renewals.turn(id);
    let _turn = turn.lock().await;
    let Some(StoredAccount {
        account,
        credentials,
    }) = stored(desks, id).await?
    else {
        return Err(trouble("the account was removed"));
    };
    if credentials.expose_secret() != opened.credentials().expose_secret() {
        return line(desks, &account, &credentials).map(Some);
    }
    let provider = opened.provider();
    let Some(renewal) = renewal(&**provider, &credentials)? else {
        return Ok(None);
    };
    if account.reconnect_since.is_some() {
        return Err(refused());
    }
    match ask(desks, provider, renewal, &credentials).await {
        Ok(fresh) => {
            store(desks, account.clone(), &credentials, &fresh).await?;
            desks.forget(id);
            line(desks, &account, &fresh).map(Some)
        }
        Err(NotRenewed::Refused) => {
            // Another process may have been faster: then the pair that was refused is an old one.
            if let Some(now) = stored(desks, id).await?
                && now.credentials.expose_secret() != credentials.expose_secret()
            {
                return line(desks, &now.account, &now.credentials).map(Some);
            }
            tracing::warn!(account = %id, "the help desk does not renew the credentials of this account");
            let marked = desks.store.mark_for_reconnection(&account).await;
            marked.map_err(|_| trouble("the account cannot be stored"))?;
            desks.forget(id);
            Err(refused())
        }
        Err(NotRenewed::Trouble(error)) => Err(error),
    }
}

/// Why an exchange gave nothing.
enum NotRenewed {
    /// The credentials are of no use any more.
    Refused,
    /// Something else, which may pass.
    Trouble(ProviderError),
}

impl From<ProviderError> for NotRenewed {
    fn from(error: ProviderError) -> Self {
        Self::Trouble(error)
    }
}

/// Whether an answer says that the credentials are of no use any more, in the words of OAuth (RFC 6749,
/// section 5.2). Any other refusal may be a proxy's or a firewall's, and pass.
fn is_refusal(reply: &Reply) -> bool {
    /// The body of a refusal.
    #[derive(Deserialize)]
    struct Body<'a> {
        /// The code.
        #[serde(borrow)]
        error: Cow<'a, str>,
    }
    let is_client_error = matches!(
        reply.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
    );
    let body: Option<Body<'_>> = serde_json::from_slice(&reply.body).ok();
    is_client_error
        && body.is_some_and(|body| {
            matches!(
                body.error.as_ref(),
                "invalid_grant"
                    | "invalid_client"
                    | "unauthorized_client"
                    | "unsupported_grant_type"
            )
        })
}

/// What the store has.
async fn stored(desks: &Desks, id: AccountId) -> Result<Option<StoredAccount>> {
    let found = desks.store.find_account(id).await;
    found.map_err(|_| trouble("the account cannot be read"))
}

/// Stores a fresh pair in the place of the one that was exchanged, before it is used. Credentials that
/// somebody else has stored meanwhile have the last word.
async fn store(
    desks: &Desks,
    mut account: Account,
    exchanged: &SecretString,
    fresh: &SecretString,
) -> Result<()> {
    let mut tries = 1;
    loop {
        match desks.store.renew_credentials(&account, fresh).await {
            Ok(true) => return Ok(()),
            Ok(false) => match stored(desks, account.id).await? {
                Some(now) if now.credentials.expose_secret() == exchanged.expose_secret() => {
                    // Something else of it has changed, its name for example.
                    account = now.account;
                    continue;
                }
                Some(_) | None => return Ok(()),
            },
            Err(error) if tries == STORING => {
                tracing::error!(account = %account.id, error = &error as &dyn std::error::Error,
                    "fresh credentials cannot be stored and are lost: the account has to be connected again");
                return Err(trouble("fresh credentials cannot be stored"));
            }
            Err(_) => tries += 1,
        }
        sleep(STORING_PAUSE).await;
    }
}

/// How the credentials are exchanged.
fn renewal(provider: &dyn Provider, credentials: &SecretString) -> Result<Option<Renewal>> {
    let credentials: &RawValue = serde_json::from_str(credentials.expose_secret())
        .map_err(|_| trouble("the credentials are not JSON"))?;
    Ok(provider.renewal(credentials))
}

/// Asks the help desk for a fresh pair.
async fn ask(
    desks: &Desks,
    provider: &Arc<dyn Provider>,
    renewal: Renewal,
    credentials: &SecretString,
) -> std::result::Result<SecretString, NotRenewed> {
    let Renewal { endpoint, call } = renewal;
    let domain = provider.capabilities().domain;
    let allowed = desks.egress.check(&endpoint.base, domain);
    allowed.map_err(|error| trouble(&error.to_string()))?;
    let line = desks.line(&**provider, endpoint);
    let sent = line.send(&call, "renew", &Trip::within(WITHIN)).await;
    let reply = sent.map_err(|error| ProviderError::from_transport(&error, true))?;
    if is_refusal(&reply) {
        return Err(NotRenewed::Refused);
    }
    if !reply.status.is_success() {
        // Nothing of what it says is passed on: it may repeat what it was asked with.
        let status = reply.status.as_u16();
        let error = trouble(&format!(
            "the help desk did not renew the credentials (status {status})"
        ));
        return Err(NotRenewed::Trouble(ProviderError {
            retry_after: reply.retry_after(),
            ..error
        }));
    }
    let credentials: &RawValue = serde_json::from_str(credentials.expose_secret())
        .map_err(|_| trouble("the credentials are not JSON"))?;
    Ok(provider.renewed(credentials, &reply)?)
}

/// A line with these credentials.
fn line(desks: &Desks, account: &Account, credentials: &SecretString) -> Result<Arc<Line>> {
    let unusable = |_| trouble("the credentials are not usable");
    let provider = desks
        .provider(&account.service)
        .map_err(|_| trouble("the service is gone"))?;
    let endpoint = desks.endpoint(&*provider, credentials).map_err(unusable)?;
    Ok(desks.line(&*provider, endpoint))
}
