//! Opens accounts, and keeps the opened ones at hand.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;

use crate::desk::Desk;
use crate::desk::accounts::Authority;
use crate::desk::intents::Intents;
use crate::desk::page_token::PageTokens;
use crate::desk::renewal::Renewals;
use crate::desk::turns::Turns;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::provider::Provider;
use crate::provider::capability::Operation;
use crate::provider::error::InvalidCredentials;
use crate::provider::upstream::{Terms, Upstream};
use crate::store::Store;
use crate::store::accounts::{Account, StoredAccount};
use crate::store::applications::ApplicationId;
use crate::store::belief::Belief;
use crate::transport::call::Endpoint;
use crate::transport::egress::Egress;
use crate::transport::hosts::Hosts;
use crate::transport::http::Network;
use crate::transport::line::Line;

/// How many opened accounts are kept at hand.
const AT_HAND: usize = 1000;

/// An account with its provider and its line: all that a request needs of the store.
pub(super) struct Opened {
    /// The account.
    account: Account,
    /// Its credentials, to see whether the store holds others by now.
    credentials: SecretString,
    /// The translator.
    provider: Arc<dyn Provider>,
    /// The line to the help desk.
    line: Arc<Line>,
    /// Whether its credentials can be exchanged.
    expires: bool,
    /// That the store has it so.
    belief: Belief,
}

impl Opened {
    /// The account.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Its credentials.
    pub(super) fn credentials(&self) -> &SecretString {
        &self.credentials
    }

    /// The line to the help desk.
    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Whether its credentials can be exchanged.
    pub(super) fn expires(&self) -> bool {
        self.expires
    }

    /// The translator.
    pub(super) fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// The line, for one operation.
    pub(super) fn upstream(&self, operation: Operation, terms: Terms) -> Upstream {
        Upstream::new(
            Arc::clone(&self.provider),
            Arc::clone(&self.line),
            operation,
            terms,
        )
    }

    /// Whether the store still holds what was opened.
    fn is_same(&self, stored: &StoredAccount) -> bool {
        let same_secret = self.credentials.expose_secret() == stored.credentials.expose_secret();
        same_secret && self.account.modified_at == stored.account.modified_at
    }
}

/// Opens desks: the long-lived things that every request needs.
#[derive(Clone)]
pub struct Desks {
    /// Where accounts are stored.
    pub(super) store: Store,
    /// The kinds of help desk.
    providers: Arc<[Arc<dyn Provider>]>,
    /// The network.
    network: Network,
    /// The hosts that are called.
    pub(super) hosts: Hosts,
    /// Which addresses may be called.
    pub(super) egress: Arc<Egress>,
    /// The credentials that are being exchanged.
    pub(super) renewals: Arc<Renewals>,
    /// The tickets that are being changed.
    pub(super) turns: Arc<Turns>,
    /// The writes that are being done under a key.
    intents: Intents,
    /// What goes on after the client that caused it has gone.
    pub(super) tasks: TaskTracker,
    /// Seals and opens page tokens.
    pub(super) page_tokens: Arc<PageTokens>,
    /// How long an opened account is used before the store is asked whether it has changed. Changes made
    /// by this process count at once, those of another process after this time.
    fresh: Duration,
    /// The accounts at hand.
    at_hand: Arc<Cache<AccountId, Arc<Opened>>>,
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desks")
    }
}

impl Desks {
    /// Puts the long-lived things together.
    pub fn new(
        store: Store,
        providers: Vec<Arc<dyn Provider>>,
        network: Network,
        egress: Egress,
        fresh: Duration,
        intents: Intents,
    ) -> Self {
        let tasks = TaskTracker::new();
        let page_tokens = Arc::new(PageTokens::new(store.page_token_key()));
        Self {
            store,
            providers: providers.into(),
            network,
            egress: Arc::new(egress),
            renewals: Arc::default(),
            turns: Arc::default(),
            intents,
            hosts: Hosts::new(tasks.clone()),
            tasks,
            page_tokens,
            fresh,
            at_hand: Arc::new(Cache::new(AT_HAND)),
        }
    }

    /// Opens an account. Another application's account is not found.
    pub async fn open(
        &self,
        authority: &Authority,
        account: AccountId,
        terms: Terms,
    ) -> Result<Desk> {
        let opened = self.opened(&authority.application, account).await?;
        let opened = opened.ok_or(Error::NotFound("the account"))?;
        authority.check(&opened.account)?;
        if !opened.account.active {
            return Err(Error::Forbidden("the account is not active".into()));
        }
        Ok(Desk {
            desks: self.clone(),
            opened,
            page_tokens: Arc::clone(&self.page_tokens),
            terms,
            intent: None,
        })
    }

    /// An account of this application, at hand or from the store. For another one's the store is asked as for one that never
    /// was: also the time that it takes tells nothing.
    async fn opened(
        &self,
        application: &ApplicationId,
        id: AccountId,
    ) -> Result<Option<Arc<Opened>>> {
        let is_theirs = |account: &Account| account.application_id == *application;
        let at_hand = self.at_hand.get(&id);
        let at_hand = at_hand.filter(|opened| is_theirs(&opened.account));
        if let Some(opened) = &at_hand
            && !opened.belief.must_ask()
        {
            return Ok(at_hand);
        }
        let found = match (self.store.find_account(id).await, &at_hand) {
            (Err(error), Some(opened)) if error.is_outage() && opened.belief.bear() => {
                tracing::warn!(%error, account = %id, "an account is used as it was read before");
                return Ok(at_hand);
            }
            (found, _) => found?,
        };
        let Some(stored) = found else {
            self.at_hand.remove(&id);
            return Ok(None);
        };
        if !is_theirs(&stored.account) {
            return Ok(None);
        }
        if let Some(opened) = &at_hand
            && opened.is_same(&stored)
        {
            opened.belief.confirm();
            return Ok(at_hand);
        }
        let StoredAccount {
            account,
            credentials,
        } = stored;
        let broken = |reason: String| Error::Internal(format!("account {id}: {reason}").into());
        let provider = self
            .provider(&account.service)
            .map_err(|error| broken(error.to_string()))?;
        let endpoint = self
            .endpoint(&*provider, &credentials)
            .map_err(|error| broken(error.to_string()))?;
        let line = self.line(&*provider, endpoint);
        let expires = serde_json::from_str(credentials.expose_secret())
            .is_ok_and(|credentials| provider.renewal(credentials).is_some());
        let opened = Arc::new(Opened {
            account,
            credentials,
            provider,
            line,
            expires,
            belief: Belief::new(self.fresh),
        });
        self.at_hand.insert(id, Arc::clone(&opened));
        Ok(Some(opened))
    }

    /// Begins writes under a key.
    pub fn intents(&self) -> &Intents {
        &self.intents
    }

    /// What goes on after the client that caused it has gone.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Waits for what goes on although its client has gone, before the store is closed.
    pub async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Forgets an account at hand, for it has changed.
    pub(super) fn forget(&self, id: AccountId) {
        self.at_hand.remove(&id);
    }

    /// The provider of a service.
    pub(super) fn provider(&self, service: &str) -> Result<Arc<dyn Provider>> {
        let provider = self
            .providers
            .iter()
            .find(|provider| provider.id() == service);
        provider.map(Arc::clone).ok_or_else(|| {
            let known: Vec<_> = self
                .providers
                .iter()
                .map(|provider| provider.id())
                .collect();
            Error::InvalidParameter(format!("service must be one of: {}", known.join(", ")))
        })
    }

    /// The name of a service for people.
    pub fn title(&self, service: &str) -> &'static str {
        let provider = self
            .providers
            .iter()
            .find(|provider| provider.id() == service);
        provider.map_or("", |provider| provider.capabilities().title)
    }

    /// Where and how to call with these credentials, if that address may be called at all.
    pub(super) fn endpoint(
        &self,
        provider: &dyn Provider,
        credentials: &SecretString,
    ) -> std::result::Result<Endpoint, InvalidCredentials> {
        let credentials: &RawValue = serde_json::from_str(credentials.expose_secret())
            .map_err(|_| InvalidCredentials("the credentials are not JSON".into()))?;
        let endpoint = provider.connect(credentials)?;
        let allowed = self
            .egress
            .check(&endpoint.base, provider.capabilities().domain);
        allowed.map_err(|error| InvalidCredentials(error.to_string()))?;
        Ok(endpoint)
    }

    /// A line to an endpoint.
    pub(super) fn line(&self, provider: &dyn Provider, endpoint: Endpoint) -> Arc<Line> {
        let host = self
            .hosts
            .host(&endpoint.base.origin().ascii_serialization());
        Arc::new(Line::new(
            self.network.clone(),
            endpoint,
            provider.id(),
            provider.capabilities().rate,
            host,
        ))
    }
}
