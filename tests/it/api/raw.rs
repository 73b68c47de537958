//! The help desk's own API, passed through.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use bytes::Bytes;
use deskgate::access_token::Scope;
use deskgate::transport::http::{TransportError, network};
use futures_util::stream;
use http::{HeaderName, Method, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::support::request::Request as Asked;
use crate::support::upstream::{answering, reply};
use crate::support::{TestApp, UPSTREAM_KEY, issue};

/// Where it is.
const RAW: &str = "/v1/accounts/me/raw";
/// A body of another kind than ours.
const MULTIPART: &str =
    "--b\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nx\r\n--b--\r\n";

/// A request with a token that may.
async fn raw(app: &TestApp, scopes: &[Scope], method: &str, uri: &str) -> Asked {
    let hour = Duration::from_hours(1);
    let token = issue(&app.edge, &app.application, app.account, scopes, hour).await;
    app.request(Method::POST, RAW)
        .header(
            "authorization",
            &format!("Bearer {}", token.expose_secret()),
        )
        .header("x-kloudless-raw-method", method)
        .header("x-kloudless-raw-uri", uri)
}

#[tokio::test]
async fn a_request_goes_through_as_it_is_with_the_accounts_credential_and_nothing_of_ours() {
    let (transport, received) = answering(|request| {
        let answer = Response::builder()
            .status(if request.method() == Method::POST {
                201
            } else {
                200
            })
            .header("content-type", "application/json; charset=utf-8")
            .header("x-ratelimit-total", "100000000")
            .header("set-cookie", "session=1")
            .header(
                "link",
                "<https://acme.freshdesk.com/api/v2/x?page=2>; rel=\"next\"",
            );
        Ok(answer
            .body(Bytes::from_static(b"{\"own\":  \"words\"}"))
            .unwrap())
    });
    let app = TestApp::over(transport).await;
    let asked = raw(
        &app,
        &Scope::OF_TOKENS,
        "get",
        "/api/v2/agents?page=2&x=%20y",
    )
    .await;
    let answer = asked
        .header("accept-language", "de")
        .header("cookie", "a=b")
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["own"], "words");
    let header = |name: &str| {
        answer
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(
        header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert!(header("link").unwrap().contains("page=2"));
    assert_eq!(header("set-cookie"), None);
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("x-deskgate-upstream-calls"), Some("1"));
    assert_eq!(header("x-deskgate-raw"), Some("true"));

    let asked = raw(
        &app,
        &Scope::OF_TOKENS,
        "POST",
        "https://freshdesk.test/api/v2/tickets",
    )
    .await;
    // The account's help desk is at http.
    assert_eq!(
        asked.text("text/plain", "x").await.refused(400),
        "invalid_parameters"
    );
    let asked = raw(
        &app,
        &Scope::OF_TOKENS,
        "POST",
        "http://freshdesk.test/api/v2/tickets",
    )
    .await;
    asked
        .text("multipart/form-data; boundary=b", MULTIPART)
        .await
        .expect(201);

    assert_only_what_may_go_along(&app, &received.all());
}

/// What the help desk has received of it.
fn assert_only_what_may_go_along(app: &TestApp, requests: &[Request<Bytes>]) {
    assert_eq!(requests.len(), 2);
    assert_eq!(
        requests[0].uri().to_string(),
        "http://freshdesk.test/api/v2/agents?page=2&x=%20y"
    );
    assert_eq!(requests[1].method(), Method::POST);
    assert_eq!(
        requests[1].headers()["content-type"],
        "multipart/form-data; boundary=b"
    );
    assert_eq!(requests[1].body().as_ref(), MULTIPART.as_bytes());
    for request in requests {
        let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names.retain(|name| !["accept-language", "content-length", "content-type"].contains(name));
        assert_eq!(names, ["accept", "authorization"]);
        let own = app.token.expose_secret();
        assert!(!format!("{request:?}").contains(own));
        let credential =
            base64::engine::general_purpose::STANDARD.encode(format!("{UPSTREAM_KEY}:X"));
        assert_eq!(
            request.headers()["authorization"],
            format!("Basic {credential}")
        );
    }
}

#[tokio::test]
async fn what_the_help_desk_says_is_passed_on_also_if_it_is_a_refusal() {
    for status in [204, 301, 302, 304, 400, 401, 403, 404, 409, 422, 500, 503] {
        let (transport, received) = answering(move |_| {
            let answer = Response::builder()
                .status(status)
                .header("x-ratelimit-total", "1000");
            Ok(answer
                .header("location", "https://evil.example/")
                .body(Bytes::new())
                .unwrap())
        });
        let app = TestApp::over(transport).await;
        let answer = raw(&app, &Scope::OF_TOKENS, "GET", "/api/v2/x").await.await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["location"], "https://evil.example/");
        // Neither repeated nor followed.
        assert_eq!(received.count(), 1);
    }
}

#[tokio::test]
async fn a_refusal_for_the_rate_limit_is_passed_on_and_counts() {
    let (transport, received) = answering(|_| Ok(reply(429, "{}")));
    let app = TestApp::over(transport).await;
    let answer = raw(&app, &Scope::OF_TOKENS, "GET", "/api/v2/x").await.await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(received.count(), 1);
    // The budget knows.
    let budget = app
        .as_account(Method::GET, "/v1/accounts/me/budget")
        .await
        .expect(200);
    assert_eq!(budget["paused_for"], 1);
    let asked = raw(&app, &Scope::OF_TOKENS, "GET", "/api/v2/x")
        .await
        .header("prefer", "wait=0");
    assert_eq!(asked.await.refused(429), "too_many_service_requests");
    assert_eq!(received.count(), 1);
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused_before_anything_is_sent() {
    let (transport, received) = answering(|_| Ok(reply(200, "{}")));
    let app = TestApp::over(transport).await;
    let all = &Scope::OF_TOKENS;
    for uri in [
        "http://evil.example/api/v2/tickets",
        "//evil.example/api/v2/tickets",
        "http://freshdesk.test@evil.example/api/v2/tickets",
        "http://freshdesk.test:81/api/v2/tickets",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/api/v2/tickets",
        "/admin",
        "/api/v2/../../admin",
        "/api/v2/%2e%2e/%2e%2e/admin",
        "/api/v2/..%2fadmin",
        "api/v2/tickets",
        "file:///etc/passwd",
        "gopher://freshdesk.test/api/v2/",
    ] {
        let refused = raw(&app, all, "GET", uri).await.await;
        assert_eq!(refused.refused(400), "invalid_parameters", "{uri}");
    }
    for method in ["TRACE", "CONNECT", "OPTIONS", "GET POST", "", "get\t"] {
        let refused = raw(&app, all, method, "/api/v2/x").await.await;
        assert_eq!(refused.refused(400), "bad_request", "{method}");
    }
    let twice = raw(&app, all, "GET", "/api/v2/x")
        .await
        .header("x-kloudless-raw-uri", "/api/v2/y");
    assert_eq!(twice.await.refused(400), "bad_request");
    let missing = app.as_application(Method::POST, &format!("/v1/accounts/{}/raw", app.account));
    assert_eq!(missing.await.refused(400), "bad_request");
    let keyed = raw(&app, all, "POST", "/api/v2/x")
        .await
        .header("idempotency-key", "k");
    assert_eq!(keyed.await.refused(501), "not_implemented");
    let rehearsed = app.as_application(
        Method::POST,
        &format!("/v1/accounts/{}/raw?dry_run=true", app.account),
    );
    assert_eq!(
        rehearsed
            .header("x-kloudless-raw-uri", "/api/v2/x")
            .await
            .refused(501),
        "not_implemented"
    );
    let huge = raw(&app, all, "POST", "/api/v2/x")
        .await
        .header("content-length", "67108865");
    assert_eq!(huge.await.refused(413), "payload_too_large");
    assert_eq!(
        app.as_account(Method::GET, RAW).await.refused(405),
        "method_not_allowed"
    );
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn the_scope_raw_is_needed_and_what_the_verb_does() {
    let (transport, received) = answering(|_| Ok(reply(200, "{}")));
    let app = TestApp::over(transport).await;
    for (scopes, method, is_allowed) in [
        (&[Scope::Read, Scope::Write][..], "GET", false),
        (&[Scope::Raw], "GET", false),
        (&[Scope::Raw, Scope::Read], "GET", true),
        (&[Scope::Raw, Scope::Read], "HEAD", true),
        (&[Scope::Raw, Scope::Read], "POST", false),
        (&[Scope::Raw, Scope::Read], "DELETE", false),
        (&[Scope::Raw, Scope::Write], "PUT", true),
        (&[Scope::Raw, Scope::Write], "GET", false),
    ] {
        received.clear();
        let answer = raw(&app, scopes, method, "/api/v2/x").await.await;
        assert_eq!(
            answer.status,
            if is_allowed { 200 } else { 403 },
            "{scopes:?} {method}"
        );
        assert_eq!(received.count(), usize::from(is_allowed));
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_told_as_such_and_not_repeated() {
    let (transport, received) = answering(|_| Err(TransportError::Interrupted("reset".into())));
    let app = TestApp::over(transport).await;
    let write = raw(&app, &Scope::OF_TOKENS, "POST", "/api/v2/tickets")
        .await
        .await;
    assert_eq!(write.refused(504), "outcome_unknown");
    let read = raw(&app, &Scope::OF_TOKENS, "GET", "/api/v2/tickets")
        .await
        .await;
    assert_eq!(read.refused(502), "bad_gateway");
    assert_eq!(received.count(), 2);
}

#[tokio::test]
async fn bodies_pass_as_they_come() {
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let slow = move || {
        let waits = Arc::clone(&waits);
        async move {
            let pieces = stream::unfold(0, move |place| {
                let waits = Arc::clone(&waits);
                async move {
                    match place {
                        0 => Some((Ok::<_, std::io::Error>(Bytes::from_static(b"first")), 1)),
                        1 => {
                            waits.notified().await;
                            Some((Ok(Bytes::from_static(b"last")), 2))
                        }
                        _ => None,
                    }
                }
            });
            Body::from_stream(pieces)
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/slow", get(slow));
    let server = TaskTracker::new().spawn(deskgate::http::server::serve(
        listener,
        router,
        std::future::pending(),
        Duration::ZERO,
    ));
    let allowed = [address.to_string().parse().unwrap()];
    let streams = network(&allowed).unwrap().streams;
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(format!("http://{address}/slow"))
        .body(body)
        .unwrap();

    let mut answer = streams.oneshot(request).await.unwrap();

    let first = answer.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap().as_ref(), b"first");
    // Only now is there more.
    go_on.notify_one();
    let rest = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(rest.as_ref(), b"last");
    server.abort();
}

/// What goes over a socket for a request without a body: neither a length of chunks nor anything else of a body.
#[tokio::test]
async fn a_request_without_a_body_has_none_on_the_wire() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let allowed = [address.to_string().parse().unwrap()];
    let streams = network(&allowed).unwrap().streams;
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(format!("http://{address}/x"));
    let sending = streams.oneshot(request.body(body).unwrap());
    let reading = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    };

    let (answer, head) = tokio::join!(sending, reading);

    assert_eq!(answer.unwrap().status(), 200);
    assert!(!head.contains("transfer-encoding"), "{head}");
}
