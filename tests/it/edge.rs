//! Bytes that are no request, or one that servers and proxies read in different ways: refused or cut off, within bounds.

use std::net::SocketAddr;
use std::time::Duration;

use deskgate::http::{router, server};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::support::TestApp;
use crate::support::upstream::{Received, always};

/// A gateway on a socket. It is gone when this is dropped.
struct Gateway {
    /// The gateway.
    app: TestApp,
    /// What its help desk has received.
    received: Received,
    /// Where it listens.
    address: SocketAddr,
    /// Ends it.
    _end: DropGuard,
}

impl Gateway {
    /// Starts one.
    async fn start() -> Self {
        let (transport, received) = always(200, "{}");
        let app = TestApp::over(transport).await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let end = CancellationToken::new();
        let ended = end.clone().cancelled_owned();
        let serving = server::serve(listener, router(app.edge.clone()), ended, Duration::ZERO);
        TaskTracker::new().spawn(serving);
        Self {
            app,
            received,
            address,
            _end: end.drop_guard(),
        }
    }

    /// The lines that prove who asks.
    fn head(&self) -> String {
        let token = self.app.token.expose_secret();
        format!("Host: desk.example.com\r\nAuthorization: Bearer {token}\r\n")
    }

    /// What comes back for these bytes until the connection ends, or nothing comes any more.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may have cut it off by then.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_millis(500), reading).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The statuses of the answers in a text.
fn statuses(answer: &str) -> Vec<&str> {
    let answers = answer.split("HTTP/1.").skip(1);
    answers
        .filter_map(|answer| answer.split(' ').nth(1))
        .collect()
}

/// The one write that is tried in many shapes.
const PATH: &str = "/v1/accounts/me/helpdesk/tickets";

#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused() {
    let gateway = Gateway::start().await;
    let head = gateway.head();
    let json = "Content-Type: application/json\r\n";
    let smuggled = format!("GET {PATH}/ticket_MQ HTTP/1.1\r\n{head}\r\n");
    let length = smuggled.len();
    let shapes = [
        // Two lengths.
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{smuggled}"),
        format!("Content-Length: 0, {length}\r\n\r\n{smuggled}"),
        format!("Content-Length: +{length}\r\n\r\n{smuggled}"),
        format!("Content-Length: 0x10\r\n\r\n{smuggled}"),
        format!("Content-Length: -1\r\n\r\n{smuggled}"),
        format!("Content-Length: 1e2\r\n\r\n{smuggled}"),
        "Content-Length: 99999999999999999999999\r\n\r\n".to_owned(),
        // Other codings than the one that there is.
        format!("Transfer-Encoding: xchunked\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding: identity\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("X: y\nZ\r\r\n\r\n{smuggled}"),
        format!("X\0: y\r\n\r\n{smuggled}"),
        format!("X: a\0b\r\n\r\n{smuggled}"),
        // Chunks that are none.
        format!("Transfer-Encoding: chunked\r\n\r\nzz\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked\r\n\r\n1\r\n{{}}{smuggled}"),
    ];
    for shape in shapes {
        let request = format!("POST {PATH} HTTP/1.1\r\n{head}{json}{shape}");
        let answer = gateway.send(request.as_bytes()).await;
        let statuses = statuses(&answer);
        assert!(
            statuses.iter().all(|status| status.starts_with('4')),
            "{shape:?}: {answer}"
        );
        assert!(statuses.len() <= 1, "{shape:?}: {answer}");
    }
    // Both at once: the coding counts, and the connection is not used any more for what could be meant otherwise.
    let both = format!(
        "POST {PATH} HTTP/1.1\r\n{head}{json}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
    );
    let answer = gateway.send(both.as_bytes()).await;
    assert!(
        statuses(&answer)
            .iter()
            .all(|status| status.starts_with('4')),
        "{answer}"
    );
    assert_eq!(gateway.received.count(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_refused_or_cut_off() {
    let gateway = Gateway::start().await;
    let head = gateway.head();
    let long = "x".repeat(100 * 1024);
    let many = "X-Another: y\r\n".repeat(200);
    let requests = [
        format!("GET /{long} HTTP/1.1\r\n{head}\r\n"),
        format!("GET {PATH}?q={long} HTTP/1.1\r\n{head}\r\n"),
        format!("GET {PATH} HTTP/1.1\r\n{head}X-Long: {long}\r\n\r\n"),
        format!("GET {PATH} HTTP/1.1\r\n{head}{many}\r\n"),
        format!("GET {PATH} HTTP/9.9\r\n{head}\r\n"),
        format!("GET {PATH} HTTP/2.0\r\n{head}\r\n"),
        format!("GET  {PATH} HTTP/1.1\r\n{head}\r\n"),
        format!("GET {PATH}\r\n{head}\r\n"),
        format!("G\0T {PATH} HTTP/1.1\r\n{head}\r\n"),
        format!("GET {PATH}\u{e9} HTTP/1.1\r\n{head}\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(),
        "{\"not\": \"http\"}\r\n\r\n".to_owned(),
        format!("CONNECT evil.example:443 HTTP/1.1\r\n{head}\r\n"),
        format!("TRACE {PATH} HTTP/1.1\r\n{head}\r\n"),
    ];
    for request in requests {
        let answer = gateway.send(request.as_bytes()).await;
        let statuses = statuses(&answer);
        assert!(
            statuses.len() <= 1 && statuses.iter().all(|status| status.starts_with('4')),
            "{request:.700}: {answer}"
        );
        let token = gateway.app.token.expose_secret();
        assert!(!answer.contains(token), "{answer}");
    }
    assert_eq!(gateway.received.count(), 0);
}

#[tokio::test]
async fn other_ways_to_ask_the_same_work() {
    let gateway = Gateway::start().await;
    let head = gateway.head();
    let healthy = async |request: String| {
        let answer = gateway.send(request.as_bytes()).await;
        statuses(&answer)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        healthy(format!("GET /healthz HTTP/1.0\r\n{head}\r\n")).await,
        ["200"]
    );
    // As a proxy is asked; the host of the address decides nothing.
    let absolute = "GET http://evil.example/healthz HTTP/1.1";
    assert_eq!(healthy(format!("{absolute}\r\n{head}\r\n")).await, ["200"]);
    // Several without waiting.
    let two = format!("GET /healthz HTTP/1.1\r\n{head}\r\nGET /readyz HTTP/1.1\r\n{head}\r\n");
    assert_eq!(healthy(two).await, ["200", "200"]);
    // No version of what serves.
    let answer = gateway
        .send(format!("GET /healthz HTTP/1.1\r\n{head}\r\n").as_bytes())
        .await;
    assert!(
        !answer.to_ascii_lowercase().contains("\r\nserver:"),
        "{answer}"
    );
}

#[tokio::test]
async fn whoever_sends_too_slowly_is_cut_off() {
    let gateway = Gateway::start().await;
    let head = gateway.head();
    let json = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let mut slow_head = TcpStream::connect(gateway.address).await.unwrap();
    let mut slow_body = TcpStream::connect(gateway.address).await.unwrap();
    slow_head
        .write_all(format!("GET {PATH} HTTP/1.1\r\n{head}").as_bytes())
        .await
        .unwrap();
    let body = format!("POST {PATH} HTTP/1.1\r\n{head}{json}");
    slow_body.write_all(body.as_bytes()).await.unwrap();
    // What is read of the store for it is read.
    tokio::time::sleep(Duration::from_millis(200)).await;
    tokio::time::pause();

    let mut answers = [Vec::new(), Vec::new()];
    let [of_head, of_body] = &mut answers;
    slow_head.read_to_end(of_head).await.unwrap();
    slow_body.read_to_end(of_body).await.unwrap();

    let [of_head, of_body] = answers.map(|answer| String::from_utf8(answer).unwrap());
    assert!(
        of_head.is_empty() || statuses(&of_head) == ["408"],
        "{of_head}"
    );
    assert_eq!(statuses(&of_body), ["400"], "{of_body}");
    assert_eq!(gateway.received.count(), 0);
}
