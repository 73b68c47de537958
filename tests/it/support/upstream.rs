//! Help desks behind the seam: a simulator's router, or a function that answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use deskgate::transport::http::{Transport, TransportError};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// A router as an upstream. A body that breaks off is an interrupted connection.
pub(crate) fn in_process(router: Router) -> Transport {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let request = request.map(Body::from);
            let answer = router.oneshot(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|error| TransportError::Interrupted(error.to_string()))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        }
    }))
}

/// The requests that an upstream has received.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Received {
    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Verb and path of each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.0.lock().unwrap();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method(), request.uri().path()))
            .collect()
    }
}

/// An upstream that answers with a function of the request.
pub(crate) fn answering(
    answer: impl Fn(&Request<Bytes>) -> Result<Response<Bytes>, TransportError> + Send + Sync + 'static,
) -> (Transport, Received) {
    let received = Received::default();
    let kept = received.clone();
    let answer = Arc::new(answer);
    let transport = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let answer = answer(&request);
        kept.0.lock().unwrap().push(request);
        async move { answer }
    }));
    (transport, received)
}

/// An upstream that answers everything alike, with the rate headers that a real account has.
pub(crate) fn always(status: u16, body: impl Into<Bytes>) -> (Transport, Received) {
    let body = body.into();
    answering(move |_| Ok(reply(status, body.clone())))
}

/// A reply in JSON with the rate headers that a real account has.
pub(crate) fn reply(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let reply = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8");
    reply
        .header("x-ratelimit-total", "100")
        .body(body.into())
        .unwrap()
}
