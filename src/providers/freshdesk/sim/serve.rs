//! What happens to every call: fault script, rate limit, key, content types, the route, and the
//! headers of the answer (Freshdesk reference, sections 1, 2 and 12).

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::form::Form;
use super::limits::{Class, Standing, Verdict};
use super::query::Query;
use super::reply::{Answer, Reply};
use super::routes::{self, Ask, Found};
use super::{Simulator, attachments};
use crate::simulator::{Fault, broken, http_date, locked, origin, put, scrambled, scripted};

/// The largest body that is read: 20 MB of attachments and what is around them.
const LARGEST_BODY: usize = 25 * 1024 * 1024;

/// Under this path is the API; everything else is a download.
const API: &str = "/api/v2";

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
        if !parts.uri.path().starts_with(API) {
            return self.download(&parts, now);
        }
        let fault = script.next_fault();
        if let Fault::Status(status, body, headers) = fault {
            script.record(&parts, status, 0);
            return scripted(status, body, headers, now);
        }

        let query = Query::read(parts.uri.query().unwrap_or_default());
        let found = routes::find(&parts.method, parts.uri.path());
        let (class, credits) = found.cost(&query);
        let verdict = locked(&self.inner.limits).charge(class, credits, now);
        let (reply, standing, credits) = match verdict {
            Verdict::Over {
                retry_after,
                standing,
            } => {
                let shown = self
                    .inner
                    .options
                    .switches
                    .rate_headers_on_429
                    .then_some(standing);
                (over_limit(retry_after), shown, 0)
            }
            Verdict::Pass(standing) => {
                let reply = self.act(&parts, body, query, found, turn).await;
                (
                    reply.unwrap_or_else(|refused| refused),
                    Some(standing),
                    credits,
                )
            }
        };
        let figures = standing.map(|Standing { total, remaining }| [total, remaining, credits]);
        let status = match &fault {
            Fault::StatusAfter(status, ..) => *status,
            _ => reply.status.as_u16(),
        };
        script.record(&parts, status, credits);
        let whole = |reply| self.dress(&parts, reply, figures, turn, now);
        match fault {
            Fault::StatusAfter(status, body, headers) => scripted(status, body, headers, now),
            Fault::BreakAfter => broken(whole(reply)),
            Fault::Pass | Fault::Status(..) => whole(reply),
        }
    }

    /// Lets the route's function act, once the call is fit for it.
    async fn act(
        &self,
        parts: &Parts,
        body: Body,
        query: Query,
        found: Found,
        turn: u64,
    ) -> Answer {
        self.let_in(&parts.headers)?;
        accept(&parts.headers)?;
        let (route, params) = found.route(&parts.method)?;
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            let message = "The request body is too large";
            return Err(Reply::coded(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                message,
            ));
        };
        if !route.takes_body && !body.is_empty() {
            let message = "No content is required for this request";
            return Err(Reply::coded(
                StatusCode::BAD_REQUEST,
                "no_content_required",
                message,
            ));
        }
        let form = Form::read(parts.headers.get(header::CONTENT_TYPE), body).await?;
        let mut ask = Ask {
            method: parts.method.clone(),
            params,
            query,
            form,
            base: origin(&parts.headers),
            path: parts.uri.path().to_owned(),
            request_id: self.request_id(turn),
            turn,
        };
        self.change(|world| (route.act)(world, &mut ask))
    }

    /// Checks the key: the user name of Basic authentication, with any password (section 1).
    fn let_in(&self, headers: &HeaderMap) -> Result<(), Reply> {
        let key = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, pair)| BASE64_STANDARD.decode(pair.trim()).ok())
            .and_then(|pair| String::from_utf8(pair).ok());
        let user = key.as_deref().and_then(|pair| pair.split(':').next());
        if user == Some(self.inner.options.api_key.as_str()) {
            return Ok(());
        }
        Err(Reply::coded(
            StatusCode::UNAUTHORIZED,
            "invalid_credentials",
            "You have to be logged in to perform this action.",
        ))
    }

    /// Answers a request for a file.
    fn download(&self, parts: &Parts, now: Timestamp) -> Response {
        let reply = self.inspect(|world| attachments::download(world, parts, now));
        let mut response = Response::new(Body::from(reply.content));
        *response.status_mut() = reply.status;
        put(response.headers_mut(), "content-type", &reply.content_type);
        put(response.headers_mut(), "server", "AmazonS3");
        put(response.headers_mut(), "date", &http_date(now));
        response
    }

    /// A UUID that the seed and the number of the call decide.
    pub(super) fn request_id(&self, turn: u64) -> String {
        let high = scrambled(self.inner.options.seed ^ turn.rotate_left(32));
        let low = scrambled(high);
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Refuses an `Accept` that has no room for JSON; none at all is fine (section 1).
fn accept(headers: &HeaderMap) -> Result<(), Reply> {
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(());
    };
    let ranges = accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    if ranges
        .into_iter()
        .any(|range| matches!(range, "application/json" | "application/*" | "*/*" | ""))
    {
        return Ok(());
    }
    let message = "Accept header should be application/json";
    Err(Reply::coded(
        StatusCode::NOT_ACCEPTABLE,
        "invalid_accept_header",
        message,
    ))
}

/// The answer to a call over the limit (section 2).
fn over_limit(retry_after: i64) -> Reply {
    let message = serde_json::json!({
        "message": "You have exceeded the limit of requests per minute"
    });
    let mut reply = Reply::with(StatusCode::TOO_MANY_REQUESTS, &message);
    reply.headers.push(("retry-after", retry_after.to_string()));
    reply
}

/// The class and cost of a call without a route.
pub(super) const UNROUTED: (Class, u32) = (Class::Other, 1);
