//! What happens to every call: fault script, credentials, rate limits, media types, the route
//! (Zendesk reference, sections 1, 2 and 12).

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::Simulator;
use super::limits::Bucket;
use super::query::Query;
use super::reply::{Answer, HTML, Reply};
use super::routes::{self, Ask, Found, Role};
use super::world::World;
use crate::simulator::{Fault, broken, locked, origin, scripted};

/// The largest body that is read: 50 MB of a file and a little more (section 6).
const LARGEST_BODY: usize = 51 * 1024 * 1024;

/// Under this path is the API.
const API: &str = "/api/v2/";

/// Under this path are files: neither recorded nor limited nor scripted.
const FILES: &str = "/attachments/";

/// Whom the credentials of a call make it.
enum Caller {
    /// No credentials, or a password: those are not taken any more (section 2).
    Nobody,
    /// A wrong API token, or that of an address nobody has.
    Wrong,
    /// A bearer token that does not let in.
    BadToken,
    /// The API token with this user's address.
    User(u64),
    /// An OAuth token of this user with these scopes.
    Token(u64, String),
}

impl Caller {
    /// The user; 0 is nobody.
    fn user(&self) -> u64 {
        match self {
            Self::User(user) | Self::Token(user, _) => *user,
            Self::Nobody | Self::Wrong | Self::BadToken => 0,
        }
    }
}

/// Builds the router: one function for all paths, because limits and headers are the same.
pub(super) fn router(simulator: Simulator) -> Router {
    Router::new().fallback(move |request: Request| {
        let simulator = simulator.clone();
        async move { simulator.answer(request).await }
    })
}

impl Simulator {
    /// Answers one request.
    async fn answer(&self, request: Request) -> Response {
        let script = &self.inner.script;
        let (turn, now) = script.begin().await;
        let (parts, body) = request.into_parts();
        let is_file = parts.uri.path().starts_with(FILES);
        let fault = if is_file {
            Fault::Pass
        } else {
            script.next_fault()
        };
        if let Fault::Status(status, body, headers) = fault {
            script.record(&parts, status, 0);
            return scripted(status, body, headers, now);
        }

        let caller = self.inspect(|world| self.recognize(world, &parts.headers));
        let path = parts.uri.path();
        let path = path.strip_suffix(".json").unwrap_or(path);
        let found = routes::find(&parts.method, path);
        let verdict = path.starts_with(API).then(|| {
            let buckets = found.as_ref().map_or_else(
                |_| Vec::new(),
                |found| found.route.buckets(caller.user(), &found.params),
            );
            let verdict = locked(&self.inner.limits).charge(&buckets, now);
            (verdict, buckets)
        });
        let (verdict, buckets) = verdict.unzip();
        let retry_after = verdict.as_ref().and_then(|verdict| verdict.retry_after);
        let reply = if let Some(seconds) = retry_after {
            self.over_limit(seconds, &buckets.unwrap_or_default())
        } else {
            let acted = self.act(&parts, body, path, found, &caller).await;
            acted.unwrap_or_else(|refused| refused)
        };
        let status = match &fault {
            Fault::StatusAfter(status, ..) => *status,
            _ => reply.status.as_u16(),
        };
        if !is_file {
            script.record(&parts, status, u32::from(verdict.is_some()));
        }
        let standings = verdict.map(|verdict| verdict.standings).unwrap_or_default();
        match fault {
            Fault::StatusAfter(status, body, headers) => scripted(status, body, headers, now),
            Fault::BreakAfter => broken(self.dress(&parts, reply, &standings, turn, now)),
            Fault::Pass | Fault::Status(..) => self.dress(&parts, reply, &standings, turn, now),
        }
    }

    /// Lets the route's function act, once the call is fit for it.
    async fn act(
        &self,
        parts: &Parts,
        body: Body,
        path: &str,
        found: Result<Found, Reply>,
        caller: &Caller,
    ) -> Answer {
        let Ok(Found {
            route,
            params,
            place,
        }) = found
        else {
            if !path.starts_with(API) {
                let page = b"<!DOCTYPE html><title>404</title><h1>Not found</h1>".to_vec();
                return Err(Reply::of_bytes(StatusCode::NOT_FOUND, HTML, page));
            }
            // Who is not let in learns nothing about paths.
            self.inspect(|world| let_in(world, caller, Role::Users))?;
            return Err(found.err().unwrap_or_else(Reply::no_endpoint));
        };
        self.inspect(|world| let_in(world, caller, route.role))?;
        if let Caller::Token(_, scopes) = caller
            && route.role != Role::Anyone
        {
            let (plain, own) = route.scopes();
            if !scopes
                .split(' ')
                .any(|scope| scope == plain || scope == own)
            {
                return Err(Reply::missing_scope(plain));
            }
        }
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            // The status is likely, the body is not known (section 15).
            let text = "Request Entity Too Large";
            return Err(Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text));
        };
        let json = if route.raw || body.is_empty() || parts.method == Method::GET {
            Map::new()
        } else {
            read_json(&parts.headers, &body)?
        };
        let mut ask = Ask {
            params,
            query: Query::read(parts.uri.query().unwrap_or_default()),
            body,
            json,
            headers: parts.headers.clone(),
            base: origin(&parts.headers),
            path: path.to_owned(),
            caller: caller.user(),
            place,
        };
        self.change(|world| {
            world.run_jobs();
            (route.act)(world, &mut ask)
        })
    }

    /// Finds out who calls (section 2).
    fn recognize(&self, world: &World, headers: &HeaderMap) -> Caller {
        let Some((scheme, rest)) = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
        else {
            return Caller::Nobody;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            let now = world.now();
            let token = world.tokens.values().find(|token| {
                token.access == rest.trim() && token.expires_at.is_none_or(|end| end > now)
            });
            return match token {
                Some(token) if world.active_user(token.user_id).is_some() => {
                    Caller::Token(token.user_id, token.scopes.clone())
                }
                _ => Caller::BadToken,
            };
        }
        let pair = BASE64_STANDARD
            .decode(rest.trim())
            .ok()
            .and_then(|pair| String::from_utf8(pair).ok());
        let Some((name, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) else {
            return Caller::Nobody;
        };
        let Some(email) = name.strip_suffix("/token") else {
            return Caller::Nobody;
        };
        let user = world.person_by_email(email);
        match user.filter(|_| secret == self.inner.options.api_token) {
            Some(user) => Caller::User(user),
            None => Caller::Wrong,
        }
    }

    /// The answer to a call over a limit (section 12).
    fn over_limit(&self, seconds: i64, buckets: &[Bucket]) -> Reply {
        let sentence = if buckets.contains(&Bucket::Incremental) {
            "Number of allowed incremental export API requests per minute exceeded"
        } else {
            "Number of allowed API requests per minute exceeded"
        };
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut reply = if self.inner.options.switches.text_429 {
            Reply::text(status, sentence)
        } else {
            Reply::coded(status, "APIRateLimitExceeded", sentence)
        };
        reply.headers.push(("retry-after", seconds.to_string()));
        reply
    }
}

/// Refuses who may not call (section 2).
fn let_in(world: &World, caller: &Caller, role: Role) -> Result<(), Reply> {
    match caller {
        Caller::BadToken => return Err(Reply::bad_token()),
        Caller::Nobody if role == Role::Anyone => return Ok(()),
        Caller::Nobody | Caller::Wrong => return Err(Reply::unauthenticated()),
        Caller::User(_) | Caller::Token(..) => {}
    }
    let user = world.active_user(caller.user());
    let is_enough = user.is_some_and(|user| match role {
        Role::Anyone | Role::Users => true,
        Role::Agents => user.is_agent(),
        Role::Admins => user.is_admin(),
    });
    if is_enough {
        return Ok(());
    }
    Err(Reply::forbidden())
}

/// Reads a body, which must be an object of JSON and say that it is JSON (sections 1 and 11).
fn read_json(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Reply> {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !media.trim().eq_ignore_ascii_case("application/json") {
        // Which status is said to be 415; the body is not known (section 11).
        let text = "Content-Type must be application/json";
        return Err(Reply::coded(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedContentType",
            text,
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(Reply::titled(
            StatusCode::BAD_REQUEST,
            "Invalid JSON",
            "The request body could not be parsed as JSON",
        )),
    }
}
