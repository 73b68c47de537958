//! What happens to every call: fault script, credentials, the route, preconditions, the headers of the answer.

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use jiff::Timestamp;

use super::Simulator;
use super::message::Part;
use super::preconditions;
use super::query::Query;
use super::reply::{Answer, Reply};
use super::routes::{self, Ask};
use crate::simulator::{Fault, broken, http_date, origin, put, scripted};

/// The largest body that is read: RT takes attachments of 10 MiB, and they come in base64 (trap 22).
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// Under this path is the API.
const API: &str = "/REST/2.0";

/// Builds the router: one function for all paths, because credentials and headers are the same.
pub(super) fn router(simulator: Simulator) -> Router {
    Router::new().fallback(move |request: Request| {
        let simulator = simulator.clone();
        async move { simulator.respond(request).await }
    })
}

impl Simulator {
    /// Answers one request.
    async fn respond(&self, request: Request) -> Response {
        let script = &self.inner.script;
        let (turn, now) = script.begin().await;
        let (parts, body) = request.into_parts();
        let fault = script.next_fault();
        if let Fault::Status(status, body, headers) = fault {
            script.record(&parts, status, 0);
            return scripted(status, body, headers, now);
        }
        let reply = self.act(&parts, body, turn, now).await;
        let reply = reply.unwrap_or_else(|refused| refused);
        let status = match &fault {
            Fault::StatusAfter(status, ..) => *status,
            _ => reply.status.as_u16(),
        };
        script.record(&parts, status, 0);
        match fault {
            Fault::StatusAfter(status, body, headers) => scripted(status, body, headers, now),
            Fault::BreakAfter => broken(dress(&parts, reply, now)),
            Fault::Pass | Fault::Status(..) => dress(&parts, reply, now),
        }
    }

    /// Lets the resource act, once the call is fit for it: the order of the checks is that of `Web::Machine`.
    async fn act(&self, parts: &Parts, body: Body, turn: u64, now: Timestamp) -> Answer {
        let Some(path) = parts.uri.path().strip_prefix(API) else {
            return Err(Reply::not_found());
        };
        let Ok(bytes) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return Err(Reply::plain(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let header = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let content_type = header(header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let query = Query::read(parts.uri.query().unwrap_or_default(), &content_type, &bytes);
        let unauthorized = || Reply::plain(StatusCode::UNAUTHORIZED);
        let caller = self.recognize(parts, &query).ok_or_else(unauthorized)?;
        let resource = routes::find(path).ok_or_else(Reply::not_found)?;
        let known = [
            "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS",
        ];
        if !known.contains(&parts.method.as_str()) {
            return Err(Reply::plain(StatusCode::NOT_IMPLEMENTED));
        }
        let methods = resource.methods();
        if !methods
            .split(", ")
            .any(|method| method == parts.method.as_str())
        {
            let mut reply = Reply::plain(StatusCode::METHOD_NOT_ALLOWED);
            reply.headers.push(("allow", methods.to_owned()));
            return Err(reply);
        }
        let (body, files) = read_form(&content_type, bytes).await?;
        let ask = Ask {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query,
            content_type,
            body,
            files,
            headers: parts.headers.clone(),
            base: origin(&parts.headers),
            caller,
            turn,
        };
        self.change(|world| {
            if resource.is_forbidden(world, &ask) {
                return Err(Reply::forbidden());
            }
            if header(header::ACCEPT).is_some_and(|accept| !takes_json(accept)) {
                return Err(Reply::plain(StatusCode::NOT_ACCEPTABLE));
            }
            let stamp = resource.stamp(world, &ask);
            // What does not exist is told to be missing, whatever the preconditions.
            let is_list = !matches!(
                resource,
                routes::Resource::Ticket(_)
                    | routes::Resource::User(_)
                    | routes::Resource::Queue(_)
            );
            if is_list || stamp.is_some() {
                preconditions::check(stamp.as_ref(), &ask.method, &ask.headers, now)?;
            }
            let mut reply = world.answer(|world| resource.answer(world, &ask))?;
            let is_read = matches!(ask.method, Method::GET | Method::HEAD);
            if let Some(stamp) = stamp.filter(|_| is_read) {
                reply.headers.extend(stamp.headers());
            }
            Ok(reply)
        })
    }

    /// Whose call it is: by `Authorization: token`, by the parameter `token`, or by name and password (trap 12).
    fn recognize(&self, parts: &Parts, query: &Query) -> Option<u64> {
        let options = &self.inner.options;
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok()?.split_once(' '));
        let scheme = |name: &str| {
            let (scheme, rest) = authorization?;
            scheme.eq_ignore_ascii_case(name).then_some(rest)
        };
        let login = if let Some(token) = scheme("token").or_else(|| query.get("token")) {
            if token == options.token {
                "root".to_owned()
            } else if token == options.agent_token {
                "agent1".to_owned()
            } else {
                return None;
            }
        } else {
            let pair = BASE64_STANDARD.decode(scheme("basic")?.trim()).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (name, password) = pair.split_once(':')?;
            if password != options.password {
                return None;
            }
            name.to_owned()
        };
        self.inspect(|world| {
            let user = world.user(&login)?;
            let may = user.is_privileged && !user.is_disabled;
            may.then_some(user.id)
        })
    }
}

/// Whether an `Accept` has room for JSON.
fn takes_json(accept: &str) -> bool {
    let ranges = accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default());
    let mut ranges = ranges.map(str::trim);
    ranges.any(|range| matches!(range, "*/*" | "application/*" | "application/json" | ""))
}

/// Reads a multipart form: its part `JSON`, and its files. Any other body is left alone.
async fn read_form(content_type: &str, body: Bytes) -> Result<(Bytes, Vec<Part>), Reply> {
    if !content_type.starts_with("multipart/form-data") {
        return Ok((body, Vec::new()));
    }
    let request = http::Request::builder().header(header::CONTENT_TYPE, content_type);
    let request = request.body(Body::from(body)).map_err(|_| Reply::died())?;
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Reply::died())?;
    let (mut json, mut files) = (Bytes::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|_| Reply::died())? {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().unwrap_or_default().to_owned();
        let content_type = field.content_type().unwrap_or("text/plain").to_owned();
        let content = field.bytes().await.map_err(|_| Reply::died())?;
        match name.as_str() {
            "JSON" => json = content,
            "Attachments" => files.push(Part::file(&content_type, &filename, &content)),
            _ => {}
        }
    }
    Ok((json, files))
}

/// Puts the headers on that every answer carries. There is no keep-alive.
fn dress(parts: &Parts, reply: Reply, now: Timestamp) -> Response {
    let Reply {
        status,
        body,
        content_type,
        headers: own,
    } = reply;
    let is_bare = parts.method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let body = if is_bare {
        Body::empty()
    } else {
        Body::from(body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    put(headers, "date", &http_date(now));
    put(headers, "server", "Plack::Handler::Starlet");
    put(headers, "connection", "close");
    if let Some(content_type) = content_type {
        put(headers, "content-type", content_type);
    }
    for (name, value) in own {
        put(headers, name, &value);
    }
    response
}
