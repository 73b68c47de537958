//! Use cases on accounts: connecting, listing, changing, removing them.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::desk::ListRequest;
use crate::desk::opened::Desks;
use crate::desk::page_token::{Place, Scope};
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::model::page::Cursor;
use crate::provider::capability::Operation;
use crate::provider::error::{InvalidCredentials, Kind, ProviderError};
use crate::provider::upstream::{Terms, Upstream};
use crate::provider::{Identity, Provider};
use crate::store::accounts::position::{AccountPosition, NotAPosition};
use crate::store::accounts::{Account, AccountChange, NewAccount, StoredAccount};
use crate::store::applications::ApplicationId;
use crate::transport::call::Endpoint;

/// How often a change of credentials is tried that meets another one.
const RACES: u32 = 3;

/// What connects an account.
pub struct Connection {
    /// The kind of help desk.
    pub service: String,
    /// A name for people.
    pub name: Option<String>,
    /// The members that the kind of help desk asks for, as JSON.
    pub credentials: Map<String, Value>,
    /// Whether the credential is tried before it is stored.
    pub verify: bool,
}

/// What a request changes about an account.
#[derive(Default)]
pub struct ConnectionPatch {
    /// A new name.
    pub name: Option<String>,
    /// Whether it may be used.
    pub active: Option<bool>,
    /// New credentials; members that are left out stay.
    pub credentials: Map<String, Value>,
    /// Whether a new credential is tried before it is stored.
    pub verify: bool,
}

/// In whose name something is asked.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The application whose accounts they are.
    pub application: ApplicationId,
    /// When the access token was issued that it is asked with, in unix seconds.
    pub issued_at: Option<i64>,
}

impl From<ApplicationId> for Authority {
    fn from(application: ApplicationId) -> Self {
        Self {
            application,
            issued_at: None,
        }
    }
}

impl Authority {
    /// Refuses an account of somebody else, and a token that was revoked.
    pub(super) fn check(&self, account: &Account) -> Result<()> {
        if account.application_id != self.application {
            return Err(Error::NotFound("the account"));
        }
        match (self.issued_at, account.tokens_from) {
            (Some(issued_at), Some(from)) if issued_at < from => Err(Error::Unauthorized),
            _ => Ok(()),
        }
    }
}

impl Desks {
    /// Connects an account.
    pub async fn connect(
        &self,
        application: &ApplicationId,
        connection: Connection,
        terms: Terms,
    ) -> Result<Account> {
        let Connection {
            service,
            name,
            credentials,
            verify,
        } = connection;
        let provider = self.provider(&service)?;
        let credentials = sealed_form(credentials);
        let (origin, identity) = self.try_out(provider, &credentials, verify, terms).await?;
        let account = NewAccount {
            application_id: application.clone(),
            service,
            origin,
            account: identity.login,
            name: name.or(identity.name),
            options: "{}".into(),
            credentials,
        };
        Ok(self.store.insert_account(account).await?)
    }

    /// Checks credentials, by a call to the help desk if asked; says where they lead and whose they
    /// are.
    async fn try_out(
        &self,
        provider: Arc<dyn Provider>,
        credentials: &SecretString,
        verify: bool,
        terms: Terms,
    ) -> Result<(String, Identity)> {
        let endpoint = self.endpoint(&*provider, credentials)?;
        let origin = origin(&endpoint);
        if !verify {
            return Ok((origin, Identity::default()));
        }
        let line = self.line(&*provider, endpoint);
        let up = Upstream::new(Arc::clone(&provider), line, Operation::Identify, terms);
        Ok((origin, provider.identify(&up).await?))
    }

    /// An account that may be seen.
    pub async fn account(&self, authority: &Authority, id: AccountId) -> Result<Account> {
        let account = self.store.inspect_account(id).await?;
        let account = account.ok_or(Error::NotFound("the account"))?;
        authority.check(&account)?;
        Ok(account)
    }

    /// Ends all access tokens of an account that were issued until now.
    pub async fn revoke_tokens(&self, application: &ApplicationId, id: AccountId) -> Result<()> {
        let revoked = self.store.revoke_tokens(application, id).await?;
        self.forget(id);
        if revoked {
            Ok(())
        } else {
            Err(Error::NotFound("the account"))
        }
    }

    /// The accounts of this application, oldest first, or only this one of them.
    pub async fn list_accounts(
        &self,
        authority: &Authority,
        only: Option<AccountId>,
        request: &ListRequest,
    ) -> Result<(Vec<Account>, Option<String>)> {
        let application = &authority.application;
        let scope = Scope::Accounts(application);
        let page = self.page_tokens.open(&scope, request)?;
        if let Some(only) = only {
            return Ok((vec![self.account(authority, only).await?], None));
        }
        let after = page.at.as_ref().map(|cursor| cursor.0.parse()).transpose();
        let after = after.map_err(|error: NotAPosition| Error::Internal(error.into()))?;
        // One more than fits on the page tells whether there is a next one.
        let mut accounts = self
            .store
            .list_accounts(application, after, u32::from(page.size) + 1)
            .await?;
        let more = accounts.len() > usize::from(page.size);
        accounts.truncate(usize::from(page.size));
        let last = accounts
            .last()
            .filter(|_| more)
            .map(|account| Cursor(AccountPosition::from(account).to_string()));
        let next_page = last
            .map(|cursor| {
                self.page_tokens.seal(
                    &scope,
                    &Place {
                        at: Some(cursor),
                        ..page
                    },
                )
            })
            .transpose()?;
        Ok((accounts, next_page))
    }

    /// Changes an account.
    pub async fn change_account(
        &self,
        application: &ApplicationId,
        id: AccountId,
        patch: ConnectionPatch,
        terms: Terms,
    ) -> Result<Account> {
        let authority = Authority::from(application.clone());
        let account = self.account(&authority, id).await?;
        let ConnectionPatch {
            name,
            active,
            credentials,
            verify,
        } = patch;
        for _ in 0..RACES {
            let mut change = AccountChange {
                name: name.clone(),
                active,
                ..AccountChange::default()
            };
            if !credentials.is_empty() {
                let merged = self.merged(&account, &credentials).await?;
                let provider = self.provider(&account.service)?;
                let tried = self.try_out(provider, &merged.credentials, verify, terms.clone());
                let (_, identity) = tried.await?;
                change.account = identity.login;
                change.credentials = Some(merged.credentials);
                // An exchange of expired tokens may have stored other ones while these were tried.
                change.as_of = Some(merged.account.modified_at);
            }
            let is_conditional = change.as_of.is_some();
            let changed = self.store.update_account(application, id, change).await?;
            self.forget(id);
            match changed {
                Some(changed) => return Ok(changed),
                None if is_conditional => {}
                None => break,
            }
        }
        // Gone, or changed again and again.
        self.account(&authority, id).await?;
        let message = "the account was changed by somebody else at the same time: try again";
        Err(ProviderError::new(Kind::Conflict, message).into())
    }

    /// An account as it is stored, with these members put into its credentials.
    async fn merged(
        &self,
        account: &Account,
        credentials: &Map<String, Value>,
    ) -> Result<StoredAccount> {
        let stored = self.store.find_account(account.id).await?;
        let stored = stored.ok_or(Error::NotFound("the account"))?;
        let mut members: Map<String, Value> =
            serde_json::from_str(stored.credentials.expose_secret())
                .map_err(|error| Error::Internal(error.into()))?;
        members.extend(credentials.clone());
        let merged = sealed_form(members);
        // Before anything is sent: the credential must not reach another host.
        let provider = self.provider(&account.service)?;
        if origin(&self.endpoint(&*provider, &merged)?) != account.origin {
            let message =
                "an account stays with its help desk: connect another account for another address";
            return Err(Error::InvalidParameter(message.into()));
        }
        Ok(StoredAccount {
            account: stored.account,
            credentials: merged,
        })
    }

    /// Removes an account and its credential.
    pub async fn remove_account(&self, application: &ApplicationId, id: AccountId) -> Result<()> {
        let removed = self.store.delete_account(application, id).await?;
        self.forget(id);
        if removed {
            Ok(())
        } else {
            Err(Error::NotFound("the account"))
        }
    }
}

/// The scheme, host and port of an endpoint.
fn origin(endpoint: &Endpoint) -> String {
    endpoint.base.origin().ascii_serialization()
}

/// Credentials as they are sealed: JSON without the members that are null.
fn sealed_form(members: Map<String, Value>) -> SecretString {
    let given: Map<String, Value> = members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    Value::Object(given).to_string().into()
}

impl From<InvalidCredentials> for Error {
    fn from(error: InvalidCredentials) -> Self {
        Self::InvalidParameter(error.to_string())
    }
}
