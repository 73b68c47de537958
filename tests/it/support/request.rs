//! Fluent requests, and answers that are held against the OpenAPI document.

use std::borrow::Borrow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use deskgate::desk::Terms;
use deskgate::http::Edge;
use deskgate::http::pressure::Relieved;
use deskgate::model::id::AccountId;
use deskgate::store::applications::ApplicationId;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use tower_http::normalize_path::NormalizePath;

use crate::support::document;

/// A request that is being put together; awaiting it sends it.
pub(crate) struct Request {
    /// Who answers.
    router: Relieved<NormalizePath<Router>>,
    /// The message so far.
    message: http::Request<Body>,
    /// The account to open before time stands still.
    opening: Option<(Edge, ApplicationId, AccountId)>,
    /// Whether its answer is held against the document.
    is_checked: bool,
}

impl Request {
    /// A bare request.
    pub(crate) fn new(router: Relieved<NormalizePath<Router>>, method: Method, path: &str) -> Self {
        let message = http::Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        Self {
            router,
            message,
            opening: None,
            is_checked: true,
        }
    }

    /// Opens this account first, then has time stand still while the request is answered.
    pub(crate) fn after_opening(
        mut self,
        edge: &Edge,
        application: &ApplicationId,
        account: AccountId,
    ) -> Self {
        self.opening = Some((edge.clone(), application.clone(), account));
        self
    }

    /// Leaves the answer unchecked: one of thousands that are alike.
    pub(crate) fn unchecked(mut self) -> Self {
        self.is_checked = false;
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.message
            .headers_mut()
            .append(name, value.parse().unwrap());
        self
    }

    /// Sets a JSON body.
    pub(crate) fn json(self, body: impl Borrow<Value>) -> Self {
        self.text("application/json", body.borrow().to_string())
    }

    /// Sets a body of this type.
    pub(crate) fn text(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut this = self.header("content-type", content_type);
        *this.message.body_mut() = Body::from(body.into());
        this
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (method, path) = (
                self.message.method().clone(),
                self.message.uri().path().to_owned(),
            );
            let is_still = self.opening.is_some();
            if let Some((edge, application, account)) = self.opening {
                let terms = Terms::within(edge.request_timeout);
                let _ = edge.desks.open(&application.into(), account, terms).await;
                tokio::time::pause();
            }
            let response = self.router.oneshot(self.message).await.unwrap();
            if is_still {
                tokio::time::resume();
            }
            let (parts, body) = response.into_parts();
            let text = body.collect().await.unwrap().to_bytes();
            let body = if text.is_empty() {
                Value::Null
            } else {
                match serde_json::from_slice(&text) {
                    Ok(body) => body,
                    Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&text)),
                }
            };
            let answer = Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            };
            if self.is_checked {
                document::check(&method, &path, &answer);
            }
            answer
        })
    }
}

/// What came back.
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body; null if there is none.
    pub(crate) body: Value,
}

impl Answer {
    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self.body
    }

    /// The `error_code` of a failure with this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        let body = self.expect(status);
        body["error_code"].as_str().unwrap().to_owned()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:#}", self.status, self.body)
    }
}
