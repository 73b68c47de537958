//! The network: reqwest behind one tower service.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::Semaphore;
use tower::util::BoxCloneSyncService;

use crate::transport::egress::AllowedUpstream;
use crate::transport::raw::{Stream, Streaming};
use crate::transport::resolver::Resolver;

/// Largest upstream body that is read, in bytes, after decompression.
pub const MAX_BODY: usize = 16 * 1024 * 1024;
/// Bytes of a body for which room is made before any has arrived.
const FIRST_ROOM: usize = 16 * 1024;

/// The seam. Anything that answers HTTP fits: reqwest, or a simulator's router in the same process.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, TransportError>;

/// Bounds how many bodies are on their way into memory at once; travels with each request.
#[derive(Debug, Clone)]
pub struct Bodies(pub Arc<Semaphore>);

/// No reply at all. Each variant says whether the call may have been carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// No connection was made: certainly not carried out. Always repeated.
    #[error("no connection could be made: {0}")]
    Connect(String),
    /// No answer in time: may have been carried out. Repeated if that does no harm.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke, or what came is not HTTP: may have been carried out. Repeated if that
    /// does no harm.
    #[error("the connection broke: {0}")]
    Interrupted(String),
    /// The vendor's rate limit has no room in the time that the client waits: certainly not carried out. Repeated by nobody
    /// but the client.
    #[error("the rate limit of the help desk is used up")]
    Throttled {
        /// When there is room.
        retry_after: Duration,
    },
    /// It was to be noted only: not carried out.
    #[error("not sent: this is a rehearsal")]
    Rehearsed,
    /// The gateway itself did not send it: certainly not carried out. Repeated by nobody but the client.
    #[error("not sent: {reason}")]
    Withheld {
        /// Why.
        reason: &'static str,
        /// When it may be worth another try.
        retry_after: Duration,
    },
    /// The body is larger than we read. Never repeated.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

/// The client's settings could not be put together, for example because the system has no
/// certificates.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client: {0}")]
pub struct SetUpError(#[from] reqwest::Error);

/// The ways to help desks.
#[derive(Clone)]
pub struct Network {
    /// For calls, whose answers are read whole.
    pub calls: Transport,
    /// For what is passed through.
    pub streams: Streaming,
}

/// The network, which leads to the public Internet and to what the operator allows beside it
/// (`resolver`).
///
/// Follows no redirect, reads no proxy from the environment, keeps no cookies; HTTP/1.1 with one
/// pool of keep-alive connections per upstream. Idle connections are dropped before the usual
/// 60 s of a vendor's proxy, so that a write does not meet a closing one.
pub fn network(allowed: &[AllowedUpstream]) -> Result<Network, SetUpError> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .dns_resolver(Arc::new(Resolver::new(allowed)))
        .referer(false)
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(32)
        .user_agent(concat!("deskgate/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let same = client.clone();
    Ok(Network {
        calls: BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            exchange(client.clone(), request)
        })),
        streams: BoxCloneSyncService::new(tower::service_fn(move |request: Request<Stream>| {
            pass_through(same.clone(), request)
        })),
    })
}

/// Sends one request and hands its answer over as soon as it begins.
async fn pass_through(
    client: reqwest::Client,
    request: Request<Stream>,
) -> Result<Response<Stream>, TransportError> {
    // No body is not a stream without pieces: that would go out as `Transfer-Encoding: chunked`, which a GET must not have
    // for every help desk.
    let request = request.map(|body| {
        if body.is_end_stream() {
            reqwest::Body::default()
        } else {
            reqwest::Body::wrap_stream(body.into_data_stream())
        }
    });
    let request = reqwest::Request::try_from(request).map_err(|error| classify(&error))?;
    let answer = client.execute(request).await;
    let answer = Response::<reqwest::Body>::from(answer.map_err(|error| classify(&error))?);
    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// Sends one request and reads its answer whole.
async fn exchange(
    client: reqwest::Client,
    mut request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let bodies: Option<Bodies> = request.extensions_mut().remove();
    let request = reqwest::Request::try_from(request).map_err(|error| classify(&error))?;
    let mut reply = client
        .execute(request)
        .await
        .map_err(|error| classify(&error))?;
    let declared = reply.content_length().unwrap_or_default();
    if declared > MAX_BODY as u64 {
        return Err(TransportError::TooLarge { limit: MAX_BODY });
    }
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = reply.status();
    *answer.headers_mut() = std::mem::take(reply.headers_mut());

    // The permit bounds how many half-read bodies lie in memory; what follows the last chunk runs
    // without waiting, so a finished body is translated before the next one is let in.
    let _permit = match &bodies {
        Some(Bodies(bodies)) => bodies.acquire().await.ok(),
        None => None,
    };
    let Some(first) = reply.chunk().await.map_err(|error| classify(&error))? else {
        return Ok(answer);
    };
    let mut body = BytesMut::new();
    let mut next = Some(first);
    while let Some(chunk) = next {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(TransportError::TooLarge { limit: MAX_BODY });
        }
        if body.is_empty() {
            body.reserve(
                usize::try_from(declared)
                    .unwrap_or(0)
                    .max(chunk.len())
                    .max(FIRST_ROOM),
            );
        }
        body.extend_from_slice(&chunk);
        next = reply.chunk().await.map_err(|error| classify(&error))?;
    }
    *answer.body_mut() = body.freeze();
    Ok(answer)
}

/// Names a failure of reqwest, without the address: it is the account's, and known to the caller.
fn classify(error: &reqwest::Error) -> TransportError {
    let reason = || {
        let mut cause = error.source();
        let mut text = String::new();
        while let Some(inner) = cause {
            text = inner.to_string();
            cause = inner.source();
        }
        text
    };
    if error.is_connect() {
        return TransportError::Connect(reason());
    }
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    TransportError::Interrupted(reason())
}
