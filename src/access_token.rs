//! Access tokens: JWTs that the gateway issues, one account each.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::store::Store;
use crate::store::accounts::Account;
use crate::store::applications::ApplicationId;
use crate::store::belief::Belief;
use crate::store::signing_keys::SigningKey;

/// Who issues the tokens, and for whom.
const ISSUER: &str = "deskgate";
/// Longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;
/// How often the store is asked for a signing key that is not known here.
const ASKED_ONCE_IN: Duration = Duration::from_secs(1);

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Reading tickets and comments.
    Read,
    /// Writing them.
    Write,
    /// Calling the help desk's own API; with what the two above allow, as far as its verb reads or writes.
    Raw,
    /// Connecting, changing and removing accounts, issuing and revoking their tokens, reading the audit log. API keys only.
    Accounts,
}

impl Scope {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Raw, Self::Accounts];
    /// Those that a token may have.
    pub const OF_TOKENS: [Self; 3] = [Self::Read, Self::Write, Self::Raw];
    /// Those of a token of which nothing else is said.
    pub const USUAL: [Self; 2] = [Self::Read, Self::Write];

    /// Its name in the token.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "helpdesk:read",
            Self::Write => "helpdesk:write",
            Self::Raw => "raw",
            Self::Accounts => "accounts",
        }
    }

    /// Whether it is among these, which are separated by blanks.
    pub fn is_in(self, scopes: &str) -> bool {
        scopes.split(' ').any(|held| held == self.name())
    }
}

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    /// Issuer.
    iss: String,
    /// Audience.
    aud: String,
    /// Subject: the account.
    sub: String,
    /// The application that the account belongs to.
    app: String,
    /// Scopes, separated by blanks.
    scope: String,
    /// When it was issued, in seconds.
    iat: i64,
    /// Until when it counts, in seconds.
    exp: i64,
    /// From when it counts, in seconds. Ours have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Its own id.
    jti: String,
}

/// A token that was accepted.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The account it is for.
    pub account: AccountId,
    /// The application that the account belongs to.
    pub application: ApplicationId,
    /// Scopes, separated by blanks.
    pub scope: String,
    /// When it was issued, in unix seconds.
    pub issued_at: i64,
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// Its own id.
    pub id: String,
}

impl AccessToken {
    /// Whether the token has a scope.
    pub fn allows(&self, scope: Scope) -> bool {
        scope.is_in(&self.scope)
    }
}

/// Issues and checks access tokens.
pub struct AccessTokens {
    /// Has the signing keys.
    store: Store,
    /// Those that it had last, the newest first.
    keys: RwLock<Arc<[Key]>>,
    /// That it has them still.
    belief: Belief,
    /// When it was asked last for one that is not among them.
    unknown: Belief,
    /// What is checked beside the signature.
    validation: Validation,
    /// Says whether a token has expired.
    clock: Clock,
}

/// A signing key, ready for use.
struct Key {
    /// Its id.
    id: String,
    /// Signs.
    encoding: EncodingKey,
    /// Checks signatures.
    decoding: DecodingKey,
}

impl From<SigningKey> for Key {
    fn from(key: SigningKey) -> Self {
        let secret = key.secret.expose_secret();
        Self {
            id: key.id,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokens")
    }
}

impl AccessTokens {
    /// Signs with the keys of this store, which are believed for `fresh`: within this time a retirement takes effect. The
    /// algorithm is fixed: a token's own header does not choose it.
    pub async fn open(store: Store, clock: Clock, fresh: Duration) -> Result<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library reads the system's time; ours is a value, so `check` compares it itself.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let keys = store.signing_keys().await?;
        Ok(Self {
            store,
            keys: RwLock::new(keys.into_iter().map(Key::from).collect()),
            belief: Belief::new(fresh),
            unknown: Belief::new(ASKED_ONCE_IN),
            validation,
            clock,
        })
    }

    /// The keys that are accepted, the newest first.
    async fn keys(&self, wanted: Option<&str>) -> Result<Arc<[Key]>> {
        let at_hand = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let is_unknown = wanted.is_some_and(|id| at_hand.iter().all(|key| key.id != id));
        let must_ask = self.belief.must_ask() || (is_unknown && self.unknown.must_ask());
        if !must_ask {
            return Ok(at_hand);
        }
        match self.store.signing_keys().await {
            Ok(keys) => {
                let keys: Arc<[Key]> = keys.into_iter().map(Key::from).collect();
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
                self.belief.confirm();
                Ok(keys)
            }
            Err(error) if error.is_outage() && self.belief.bear() => {
                tracing::warn!(%error, "signing keys are used as they were read before");
                Ok(at_hand)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Issues a token for an account with these scopes.
    pub async fn issue(
        &self,
        account: &Account,
        scopes: &[Scope],
        lifetime: Duration,
    ) -> Result<SecretString> {
        let keys = self.keys(None).await?;
        let key = keys
            .first()
            .ok_or_else(|| Error::Internal("there is no signing key".into()))?;
        let now = self.clock.now().as_second();
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: account.id.to_string(),
            app: account.application_id.as_str().into(),
            scope: scopes.join(" "),
            // Those that were issued before are revoked.
            iat: account.tokens_from.map_or(now, |from| from.max(now)),
            exp: now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
            nbf: None,
            jti: uuid::Uuid::new_v4().simple().to_string(),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.id.clone());
        let token = jsonwebtoken::encode(&header, &claims, &key.encoding);
        Ok(token.map_err(|error| Error::Internal(error.into()))?.into())
    }

    /// Accepts a token whose signature, issuer, audience and time are right.
    pub async fn check(&self, token: &str) -> Result<AccessToken> {
        if token.len() > MAX_TOKEN {
            return Err(Error::Unauthorized);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::Unauthorized)?;
        let id = header.kid.ok_or(Error::Unauthorized)?;
        let keys = self.keys(Some(&id)).await?;
        let key = keys.iter().find(|key| key.id == id);
        let key = key.ok_or(Error::Unauthorized)?;
        self.accept(token, key).ok_or(Error::Unauthorized)
    }

    /// What a token says, if everything about it is right.
    fn accept(&self, token: &str, key: &Key) -> Option<AccessToken> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.validation);
        let Claims {
            sub,
            app,
            scope,
            iat,
            exp,
            nbf,
            jti,
            ..
        } = decoded.ok()?.claims;
        let expires_at = Timestamp::from_second(exp).ok()?;
        let now = self.clock.now();
        if expires_at <= now || nbf.is_some_and(|from| from > now.as_second()) {
            return None;
        }
        Some(AccessToken {
            account: sub.parse().ok()?,
            application: app.parse().ok()?,
            scope,
            issued_at: iat,
            expires_at,
            id: jti,
        })
    }
}
