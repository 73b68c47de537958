//! What connects a Zendesk account (Zendesk reference, section 2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use url::Url;

use crate::model::object::Object;
use crate::provider::error::{InvalidCredentials, ProviderError};
use crate::provider::upstream::read;
use crate::provider::{Renewal, Result as ProviderResult};
use crate::transport::call::{Call, Endpoint, Reply};
use crate::transport::egress::is_label;

/// The option that lets comments be deleted.
pub(super) const REDACT_COMMENTS: &str = "redact_comments";
/// Longest token or secret, in bytes.
const LONGEST: usize = 2048;

/// The members of the connect request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// `acme` of `acme.zendesk.com`.
    #[serde(default)]
    subdomain: Option<String>,
    /// Instead of `subdomain`, for an upstream that the operator allows.
    #[serde(default)]
    url: Option<String>,
    /// The agent's address, with `api_token`.
    #[serde(default)]
    email: Option<String>,
    /// An API token of the account.
    #[serde(default)]
    api_token: Option<String>,
    /// Instead of an API token: an OAuth access token.
    #[serde(default)]
    access_token: Option<String>,
    /// What a new pair is fetched with, once the access token has expired.
    #[serde(default)]
    refresh_token: Option<String>,
    /// The OAuth client, with `refresh_token`.
    #[serde(default)]
    client_id: Option<String>,
    /// Its secret.
    #[serde(default)]
    client_secret: Option<String>,
    /// Whether deleting a comment makes its text unreadable, for ever.
    #[serde(default)]
    redact_comments: bool,
}

/// Refuses.
fn invalid<T>(text: &str) -> Result<T, InvalidCredentials> {
    Err(InvalidCredentials(text.to_owned()))
}

/// Whether a text can be a token: what fits into a header, and no separator of Basic credentials.
fn is_token(text: &str) -> bool {
    let fits = !text.is_empty() && text.len() <= LONGEST;
    fits && text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// Where and how to call with these credentials.
pub(super) fn connect(credentials: &RawValue) -> Result<Endpoint, InvalidCredentials> {
    let credentials: Credentials = serde_json::from_str(credentials.get())
        .map_err(|error| InvalidCredentials::from_json(&error))?;
    let Credentials {
        subdomain,
        url,
        email,
        api_token,
        access_token,
        refresh_token,
        client_id,
        client_secret,
        redact_comments,
    } = credentials;
    let mut base = origin(subdomain, url)?;
    base.set_path("/api/v2");
    let mut secrets: Vec<SecretString> = Vec::new();
    let header = match (email, api_token, access_token) {
        (Some(email), Some(token), None) => {
            if refresh_token.is_some() || client_id.is_some() || client_secret.is_some() {
                return invalid(
                    "refresh_token, client_id and client_secret belong to access_token",
                );
            }
            let is_address =
                email.contains('@') && email.len() <= 254 && !email.contains([':', '\r', '\n']);
            if !is_address {
                return invalid("email must be the address of an agent");
            }
            if !is_token(&token) {
                return invalid("api_token is not an API token of Zendesk");
            }
            let basic = STANDARD.encode(format!("{email}/token:{token}"));
            let header = format!("Basic {basic}");
            secrets.extend([token.into(), basic.into()]);
            header
        }
        (None, None, Some(token)) => {
            if !is_token(&token) {
                return invalid("access_token is not an access token of Zendesk");
            }
            let pair = [refresh_token, client_id, client_secret];
            if pair.iter().any(Option::is_some) && !pair.iter().all(Option::is_some) {
                return invalid("refresh_token, client_id and client_secret are needed together");
            }
            for secret in pair.into_iter().flatten() {
                if !is_token(&secret) {
                    return invalid(
                        "refresh_token, client_id and client_secret must be texts of Zendesk's",
                    );
                }
                secrets.push(secret.into());
            }
            let header = format!("Bearer {token}");
            secrets.push(token.into());
            header
        }
        _ => return invalid("give email and api_token, or access_token"),
    };
    let Ok(mut authorization) = HeaderValue::from_str(&header) else {
        return invalid("the credential does not fit into a header");
    };
    authorization.set_sensitive(true);
    Ok(Endpoint {
        base,
        headers: HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]),
        secrets,
        options: Map::from_iter([(REDACT_COMMENTS.to_owned(), redact_comments.into())]),
    })
}

/// The account's origin.
fn origin(subdomain: Option<String>, url: Option<String>) -> Result<Url, InvalidCredentials> {
    let text = match (subdomain, url) {
        (Some(subdomain), None) => {
            let label = subdomain.strip_suffix(".zendesk.com").unwrap_or(&subdomain);
            if !is_label(label) {
                return invalid(
                    "subdomain must be the first part of the help desk's address: acme of acme.zendesk.com",
                );
            }
            format!("https://{label}.zendesk.com")
        }
        (None, Some(url)) => url,
        _ => return invalid("give subdomain, such as acme, or url"),
    };
    let Ok(url) = Url::parse(&text) else {
        return invalid("url is not a valid address");
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return invalid("url must be an origin without a path: https://acme.zendesk.com");
    }
    Ok(url)
}

/// How an OAuth pair is exchanged: only with everything that it takes (section 2).
pub(super) fn renewal(credentials: &RawValue) -> Option<Renewal> {
    let members: Credentials = serde_json::from_str(credentials.get()).ok()?;
    let Endpoint {
        mut base, secrets, ..
    } = connect(credentials).ok()?;
    let Credentials {
        refresh_token: Some(refresh_token),
        client_id: Some(client_id),
        client_secret: Some(client_secret),
        ..
    } = members
    else {
        return None;
    };
    base.set_path("");
    let body = json!({
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    });
    Some(Renewal {
        endpoint: Endpoint {
            base,
            headers: HeaderMap::new(),
            secrets,
            options: Map::new(),
        },
        call: Call::post(["oauth".into(), "tokens".into()], body),
    })
}

/// What the token endpoint gives.
#[derive(Deserialize)]
struct Pair {
    /// For the calls.
    access_token: String,
    /// For the next exchange; the one before stays if none is given.
    #[serde(default)]
    refresh_token: Option<String>,
}

/// The credentials with a fresh pair in the place of the old one.
pub(super) fn renewed(credentials: &RawValue, reply: &Reply) -> ProviderResult<SecretString> {
    let unreadable = || ProviderError::malformed("a token");
    let Object(pair): Object<Pair> = read(reply)?;
    let mut members: Map<String, Value> =
        serde_json::from_str(credentials.get()).map_err(|_| unreadable())?;
    if !is_token(&pair.access_token) {
        return Err(unreadable());
    }
    members.insert("access_token".into(), json!(pair.access_token));
    if let Some(refresh_token) = pair.refresh_token.filter(|token| is_token(token)) {
        members.insert("refresh_token".into(), json!(refresh_token));
    }
    Ok(Value::Object(members).to_string().into())
}
