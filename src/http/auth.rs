//! Who asks: an application with its API key, or an account's access token.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use quick_cache::sync::Cache;

use crate::access_token::{AccessToken, Scope};
use crate::desk::accounts::Authority;
use crate::error::{Error, Result};
use crate::http::audit::Trail;
use crate::http::{Edge, Shared};
use crate::model::id::AccountId;
use crate::store::applications::ApplicationId;
use crate::store::belief::Belief;
use crate::store::keys::ApiKey;

/// How many accepted API keys are kept at hand.
const AT_HAND: usize = 1000;
/// How long an accepted API key is believed; a revocation takes effect within this time.
const BELIEVED: Duration = Duration::from_secs(5);

/// Whoever has proven who they are.
#[derive(Debug, Clone)]
pub enum Caller {
    /// An application with its API key: every account of it.
    Application(ApiKey),
    /// A token: its one account.
    Token(AccessToken),
}

impl Caller {
    /// The application that asks, or for which the token was issued.
    pub fn application(&self) -> &ApplicationId {
        match self {
            Self::Application(key) => &key.application,
            Self::Token(token) => &token.application,
        }
    }

    /// In whose name it is asked.
    pub fn authority(&self) -> Authority {
        Authority {
            application: self.application().clone(),
            issued_at: match self {
                Self::Application(_) => None,
                Self::Token(token) => Some(token.issued_at),
            },
        }
    }

    /// Who it is, for the audit log.
    pub fn actor(&self) -> String {
        match self {
            Self::Application(key) => format!("key:{}", key.id),
            Self::Token(token) => format!("token:{}", token.id),
        }
    }

    /// A name for each one that shares a help desk's rate limit with others: an application, or one of its tokens.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::Application(key) => key.application.as_str().into(),
            Self::Token(token) => format!("{}/{}", token.application.as_str(), token.id).into(),
        }
    }

    /// Whether it has a scope.
    pub fn allows(&self, scope: Scope) -> bool {
        match self {
            Self::Application(key) => {
                let scopes = key.scopes.as_deref();
                scopes.is_none_or(|scopes| scope.is_in(scopes))
            }
            Self::Token(token) => token.allows(scope),
        }
    }

    /// Refuses whoever lacks this scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.allows(scope) {
            return Ok(());
        }
        let what = match self {
            Self::Application(_) => "API key",
            Self::Token(_) => "access token",
        };
        let scope = scope.name();
        Err(Error::Forbidden(format!(
            "the {what} lacks the scope {scope}"
        )))
    }

    /// Refuses a token: only an application with an API key for its accounts may do this.
    pub fn require_application(&self) -> Result<&ApplicationId> {
        match self {
            Self::Application(key) => {
                self.require(Scope::Accounts)?;
                Ok(&key.application)
            }
            Self::Token(_) => Err(Error::Forbidden(
                "this takes an application's API key, not an access token".into(),
            )),
        }
    }

    /// The account that an address names, `me` being the token's own. A token's address of another
    /// account is not found.
    pub fn account(&self, form: &str) -> Result<AccountId> {
        match self {
            Self::Token(token) if form == "me" => Ok(token.account),
            Self::Token(token) => {
                let account = form.parse()?;
                if token.account == account {
                    Ok(account)
                } else {
                    Err(Error::NotFound("the account"))
                }
            }
            Self::Application(_) if form == "me" => {
                let message = "me is the account of a Bearer token: with an API key, name the account by its id";
                Err(Error::BadRequest(message.into()))
            }
            Self::Application(_) => Ok(form.parse()?),
        }
    }
}

/// The credential of a request, of either kind.
enum Credential<'a> {
    /// `Bearer …`
    Token(&'a str),
    /// `APIKey …`, in any letter case: SDKs differ.
    ApiKey(&'a str),
}

/// Reads the one `Authorization` header.
fn credential(parts: &Parts) -> Result<Credential<'_>> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Error::AuthenticationRequired)?;
    let text = value.to_str().map_err(|_| Error::Unauthorized)?;
    let (scheme, rest) = text.split_once(' ').ok_or(Error::Unauthorized)?;
    let rest = rest.trim();
    if values.next().is_some() || rest.is_empty() {
        return Err(Error::Unauthorized);
    }
    match scheme {
        scheme if scheme.eq_ignore_ascii_case("bearer") => Ok(Credential::Token(rest)),
        scheme if scheme.eq_ignore_ascii_case("apikey") => Ok(Credential::ApiKey(rest)),
        _ => Err(Error::Unauthorized),
    }
}

impl Caller {
    /// Whoever the credential proves to be the caller.
    async fn prove(parts: &Parts, edge: &Edge) -> Result<Self> {
        match credential(parts)? {
            Credential::Token(token) => edge.access_tokens.check(token).await.map(Self::Token),
            Credential::ApiKey(key) => edge.api_keys.check(edge, key).await.map(Self::Application),
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self> {
        // Checked already, for its idempotency key.
        if let Some(caller) = parts.extensions.get::<Arc<Self>>() {
            return Ok(Self::clone(caller));
        }
        let caller = match Self::prove(parts, edge).await {
            Err(Error::Unauthorized) => {
                edge.guesses.slow_down().await;
                return Err(Error::Unauthorized);
            }
            proven => proven?,
        };
        Trail::caller(parts, &caller);
        refuse_what_is_not_done(parts)?;
        Ok(caller)
    }
}

/// Refuses headers that ask for what the gateway does not do: to ignore one would do something else
/// than was asked for.
fn refuse_what_is_not_done(parts: &Parts) -> Result<()> {
    let refused = ["x-kloudless-as-user", "x-kloudless-raw-headers"]
        .into_iter()
        .find(|name| parts.headers.contains_key(*name));
    match refused {
        None => Ok(()),
        Some(name) => Err(Error::NotSupported(format!(
            "the header {name} is not supported here"
        ))),
    }
}

/// A key that was accepted.
struct Accepted {
    /// The key, without its secret half.
    key: ApiKey,
    /// That the store has it so.
    belief: Belief,
}

impl Accepted {
    /// The key, unless its time is over.
    fn key(&self, edge: &Edge) -> Result<ApiKey> {
        match self.key.expires_at {
            Some(expires_at) if expires_at <= edge.clock.now() => Err(Error::Unauthorized),
            _ => Ok(self.key.clone()),
        }
    }
}

/// Checks API keys, and keeps the accepted ones at hand for some seconds.
pub struct ApiKeys {
    /// Accepted keys by their hash.
    at_hand: Cache<[u8; 32], Arc<Accepted>>,
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self {
            at_hand: Cache::new(AT_HAND),
        }
    }
}

impl ApiKeys {
    /// The key that was presented, if it counts.
    async fn check(&self, edge: &Edge, presented: &str) -> Result<ApiKey> {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, presented.as_bytes()).as_ref());
        let at_hand = self.at_hand.get(&hash);
        if let Some(accepted) = &at_hand
            && !accepted.belief.must_ask()
        {
            return accepted.key(edge);
        }
        let key = match (edge.store.find_key(presented).await, at_hand) {
            (Err(error), Some(accepted)) if error.is_outage() && accepted.belief.bear() => {
                tracing::warn!(%error, key = accepted.key.id, "an API key is believed as it was before");
                return accepted.key(edge);
            }
            (found, _) => found?,
        };
        let Some(key) = key else {
            self.at_hand.remove(&hash);
            return Err(Error::Unauthorized);
        };
        let belief = Belief::new(BELIEVED);
        let accepted = Arc::new(Accepted { key, belief });
        self.at_hand.insert(hash, Arc::clone(&accepted));
        accepted.key(edge)
    }
}
