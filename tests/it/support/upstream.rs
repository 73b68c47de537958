//! Help desks behind the seam: a simulator's router, or a function that answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use deskgate::transport::http::{Network, Transport, TransportError};
use deskgate::transport::raw::Stream;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
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

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Request<Bytes>> {
        self.0.lock().unwrap().clone()
    }

    /// Forgets them.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// How many were no reads.
    pub(crate) fn writes(&self) -> usize {
        let requests = self.0.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.method() != http::Method::GET)
            .count()
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
    let reply = if status == 429 {
        reply.header("retry-after", "1")
    } else {
        reply
    };
    reply
        .header("x-ratelimit-total", "100000000")
        .body(body.into())
        .unwrap()
}

/// What an upstream says in place of its answer.
pub(crate) type Outcome = Result<Response<Bytes>, TransportError>;

/// What happens to a request on its way.
pub(crate) enum Fault {
    /// Nothing.
    Pass,
    /// It does not arrive; this comes back.
    Instead(Outcome),
    /// It arrives; this comes back in place of the answer.
    After(Outcome),
}

/// The line to a help desk, as a test sees and disturbs it.
#[derive(Clone)]
pub(crate) struct Wire {
    /// Where it leads.
    far_end: Arc<Mutex<Transport>>,
    /// What went over it.
    pub(crate) received: Received,
    /// What happens to the next requests.
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Wire {
    /// A line that leads there.
    pub(crate) fn to(far_end: Transport) -> Self {
        Self {
            far_end: Arc::new(Mutex::new(far_end)),
            received: Received::default(),
            faults: Arc::default(),
        }
    }

    /// Has it lead somewhere else.
    pub(crate) fn redirect(&self, far_end: Transport) {
        *self.far_end.lock().unwrap() = far_end;
    }

    /// What happens to the next requests, one each; what was due before is forgotten.
    pub(crate) fn disturb(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.faults.lock().unwrap() = faults.into_iter().collect();
    }

    /// The near end.
    pub(crate) fn transport(&self) -> Transport {
        let line = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            let line = line.clone();
            async move {
                line.received.0.lock().unwrap().push(request.clone());
                let fault = line.faults.lock().unwrap().pop_front();
                let far_end = line.far_end.lock().unwrap().clone();
                match fault.unwrap_or(Fault::Pass) {
                    Fault::Pass => far_end.oneshot(request).await,
                    Fault::Instead(outcome) => outcome,
                    Fault::After(outcome) => {
                        let _ = far_end.oneshot(request).await;
                        outcome
                    }
                }
            }
        }))
    }
}

/// Both ways to a help desk, where only one for whole bodies is there.
pub(crate) fn over(calls: Transport) -> Network {
    let whole = calls.clone();
    let streams = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Stream>| {
        let whole = whole.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await;
            let body = body.map_err(|error| TransportError::Interrupted(error.to_string()))?;
            let answer = whole
                .oneshot(Request::from_parts(parts, body.to_bytes()))
                .await?;
            Ok(answer.map(|body| {
                Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync()
            }))
        }
    }));
    Network { calls, streams }
}
