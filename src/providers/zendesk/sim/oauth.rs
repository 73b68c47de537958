//! OAuth: the page that gives codes, and the exchange of codes and refresh tokens (Zendesk reference, section 2).

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use url::Url;

use super::records_people::Token;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;
use super::world_oauth::{CLIENT_ID, CLIENT_SECRET, REFRESH_LIFE};

/// How long an access token may be asked to live, in seconds.
const ACCESS_LIVES: (i64, i64) = (300, 172_800);

/// The same of a refresh token.
const REFRESH_LIVES: (i64, i64) = (604_800, 7_776_000);

/// `GET /oauth/authorizations/new`: the admin is signed in and says yes at once, unless the world says no.
pub(super) fn authorize(world: &mut World, ask: &mut Ask) -> Answer {
    world.add_client(CLIENT_ID, CLIENT_SECRET);
    let query = &ask.query;
    let client = query.get("client_id").unwrap_or_default();
    let redirect_uri = query.get("redirect_uri").unwrap_or_default();
    let Some(known) = world.oauth.clients.get(client) else {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            "invalid_client",
            "No such client",
        ));
    };
    let is_listed =
        known.redirect_uris.is_empty() || known.redirect_uris.iter().any(|one| one == redirect_uri);
    let Some(mut target) = Url::parse(redirect_uri)
        .ok()
        .filter(|url| is_listed && is_safe(url))
    else {
        let text = "The redirect_uri is not one of the client's";
        return Err(refusal(StatusCode::BAD_REQUEST, "invalid_request", text));
    };
    let scopes = query.get("scope").unwrap_or_default();
    let is_allowed = known.ceiling.is_empty()
        || scopes
            .split(' ')
            .all(|scope| known.ceiling.iter().any(|one| one == scope));
    let problem = if query.get("response_type") != Some("code") {
        // The implicit grant is gone.
        Some(("unsupported_response_type", "Only code is supported"))
    } else if scopes.is_empty() || !is_allowed {
        Some(("invalid_scope", "The requested scope is invalid"))
    } else if world.oauth.denies {
        Some((
            "access_denied",
            "The end-user or authorization server denied the request.",
        ))
    } else {
        None
    };
    if let Some((error, description)) = problem {
        target
            .query_pairs_mut()
            .append_pair("error", error)
            .append_pair("error_description", description);
    } else {
        let is_challenged = query.get("code_challenge").is_some();
        let code = world.give_code(client, scopes, redirect_uri, is_challenged);
        target.query_pairs_mut().append_pair("code", &code);
    }
    if let Some(state) = ask.query.get("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    let mut reply = Reply::text(StatusCode::FOUND, "");
    reply.headers.push(("location", target.into()));
    Ok(reply)
}

/// `POST /oauth/tokens`
pub(super) fn exchange(world: &mut World, ask: &mut Ask) -> Answer {
    world.add_client(CLIENT_ID, CLIENT_SECRET);
    let text = |name: &str| {
        ask.json
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let client = text("client_id");
    let Some(known) = world.oauth.clients.get(client).cloned() else {
        return Err(bad_client());
    };
    let is_proven = text("client_secret") == known.secret;
    if ask.json.contains_key("client_secret") && !is_proven {
        return Err(bad_client());
    }
    let access_life = life(&ask.json, "expires_in", ACCESS_LIVES)?;
    let refresh_life = life(&ask.json, "refresh_token_expires_in", REFRESH_LIVES)?;
    let refresh_life = refresh_life.unwrap_or(REFRESH_LIFE);

    let token = match text("grant_type") {
        "authorization_code" => {
            let grant = world.take_code(text("code")).ok_or_else(bad_grant)?;
            // Without the secret, what was challenged has to be verified. The hash itself is not checked here.
            let is_verified =
                grant.is_challenged && (43..=128).contains(&text("code_verifier").len());
            if !is_proven && !is_verified {
                return Err(bad_client());
            }
            if grant.client != client
                || grant.redirect_uri != text("redirect_uri")
                || (grant.is_challenged && !is_verified)
            {
                return Err(bad_grant());
            }
            world.issue(
                grant.user,
                client,
                &grant.scopes,
                access_life,
                Some(refresh_life),
            )
        }
        "refresh_token" => {
            if !is_proven {
                return Err(bad_client());
            }
            let old = world
                .refreshable(text("refresh_token"), client)
                .ok_or_else(bad_grant)?
                .clone();
            // Both tokens are exchanged: the old pair is dead from now on.
            world.revoke_token(old.id);
            world.issue(
                old.user_id,
                client,
                &old.scopes,
                access_life,
                Some(refresh_life),
            )
        }
        "client_credentials" => {
            if !is_proven {
                return Err(bad_client());
            }
            // What is no text still gives a token, which then is let in nowhere.
            let scopes = match ask.json.get("scope") {
                Some(Value::String(scopes)) => scopes.clone(),
                None | Some(Value::Null) => "read".to_owned(),
                Some(other) => other.to_string(),
            };
            let is_allowed = |scope: &str| {
                known.ceiling.is_empty() || known.ceiling.iter().any(|one| one == scope)
            };
            if !scopes.split(' ').all(is_allowed) {
                let text = "The requested scope is invalid, unknown, or malformed.";
                return Err(refusal(StatusCode::BAD_REQUEST, "invalid_scope", text));
            }
            world.issue(world.me, client, &scopes, access_life, None)
        }
        _ => {
            let text = "The authorization grant type is not supported by the authorization server.";
            return Err(refusal(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                text,
            ));
        }
    };
    let status = if world.switches.tokens_answer_200 {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Reply::with(status, &pair(&token)))
}

/// The answer to an exchange.
fn pair(token: &Token) -> Value {
    let seconds = |end: jiff::Timestamp| end.duration_since(token.created_at).as_secs();
    let mut json = Map::new();
    json.insert("access_token".to_owned(), json!(token.access));
    json.insert("token_type".to_owned(), json!("bearer"));
    json.insert("scope".to_owned(), json!(token.scopes));
    if let Some(end) = token.expires_at {
        json.insert("expires_in".to_owned(), json!(seconds(end)));
    }
    if let Some(refresh) = &token.refresh {
        json.insert("refresh_token".to_owned(), json!(refresh));
    }
    if let Some(end) = token.refresh_expires_at {
        json.insert("refresh_token_expires_in".to_owned(), json!(seconds(end)));
    }
    Value::Object(json)
}

/// How long a token shall live; what is out of bounds is refused.
fn life(
    body: &Map<String, Value>,
    name: &str,
    (least, most): (i64, i64),
) -> Result<Option<SignedDuration>, Reply> {
    let Some(value) = body.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let seconds = value
        .as_i64()
        .filter(|seconds| (least..=most).contains(seconds));
    let Some(seconds) = seconds else {
        let text = format!("{name} must be between {least} and {most}");
        return Err(refusal(StatusCode::BAD_REQUEST, "invalid_request", &text));
    };
    Ok(Some(SignedDuration::from_secs(seconds)))
}

/// Whether codes may be sent there: https, or this machine (section 2).
fn is_safe(url: &Url) -> bool {
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// The refusal of a code or refresh token that is not, or no longer, good.
fn bad_grant() -> Reply {
    let text = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                used in the authorization request, or was issued to another client.";
    refusal(StatusCode::BAD_REQUEST, "invalid_grant", text)
}

/// The refusal of a client that does not prove itself. The status is the standard's; it was not recorded.
fn bad_client() -> Reply {
    let text = "Client authentication failed due to unknown client, no client authentication included, or \
                unsupported authentication method.";
    refusal(StatusCode::UNAUTHORIZED, "invalid_client", text)
}

/// A refusal as OAuth words it.
fn refusal(status: StatusCode, error: &str, description: &str) -> Reply {
    Reply::with(
        status,
        &json!({"error": error, "error_description": description}),
    )
}
