//! Access tokens: JWTs that the gateway issues, one account each.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::model::id::AccountId;
use crate::store::applications::ApplicationId;

/// Who issues the tokens, and for whom.
const ISSUER: &str = "deskgate";
/// Longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Reading tickets and comments.
    Read,
    /// Writing them.
    Write,
}

impl Scope {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// Its name in the token.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "helpdesk:read",
            Self::Write => "helpdesk:write",
        }
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
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// Its own id.
    pub id: String,
}

impl AccessToken {
    /// Whether the token has a scope.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope.split(' ').any(|held| held == scope.name())
    }
}

/// A token is not accepted. Why is not told: it would help only who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not accepted")]
pub struct NotAccepted;

/// Issues and checks access tokens.
pub struct AccessTokens {
    /// Signs.
    encoding: EncodingKey,
    /// Checks signatures.
    decoding: DecodingKey,
    /// What is checked beside the signature.
    validation: Validation,
    /// Says whether a token has expired.
    clock: Clock,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokens")
    }
}

impl AccessTokens {
    /// Signs with this key. The algorithm is fixed: a token's own header does not choose it.
    pub fn new(key: &SecretBox<[u8; 32]>, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library reads the system's time; ours is a value, so `check` compares it itself.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let key = key.expose_secret();
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            clock,
        }
    }

    /// Issues a token for an account with these scopes.
    pub fn issue(
        &self,
        application: &ApplicationId,
        account: AccountId,
        scopes: &[Scope],
        lifetime: Duration,
    ) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = self.clock.now().as_second();
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: account.to_string(),
            app: application.as_str().into(),
            scope: scopes.join(" "),
            iat: now,
            exp: now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
            jti: uuid::Uuid::new_v4().simple().to_string(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map(Into::into)
    }

    /// Accepts a token whose signature, issuer, audience and time are right.
    pub fn check(&self, token: &str) -> Result<AccessToken, NotAccepted> {
        if token.len() > MAX_TOKEN {
            return Err(NotAccepted);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        let Claims {
            sub,
            app,
            scope,
            exp,
            jti,
            ..
        } = decoded.map_err(|_| NotAccepted)?.claims;
        let expires_at = Timestamp::from_second(exp).map_err(|_| NotAccepted)?;
        if expires_at <= self.clock.now() {
            return Err(NotAccepted);
        }
        let account = sub.parse().map_err(|_| NotAccepted)?;
        let application = app.parse().map_err(|_| NotAccepted)?;
        Ok(AccessToken {
            account,
            application,
            scope,
            expires_at,
            id: jti,
        })
    }
}
