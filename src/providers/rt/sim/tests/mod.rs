//! What the simulator promises, through its router.

mod access;
mod dates;
mod history;
mod lists;
mod replay;
mod search;
mod worlds;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

/// Where the clock of the tests starts: 2026-11-20 17:54:44 UTC.
const START: i64 = 1_795_197_284;

/// A simulator with a clock that stands until it is moved.
struct Stage {
    /// What is looked at.
    simulator: Simulator,
    /// The clock, in seconds.
    clock: Arc<AtomicI64>,
}

/// An answer, read to its end.
struct Seen {
    /// The status.
    status: StatusCode,
    /// All headers.
    headers: HeaderMap,
    /// The body as JSON; null when it is none.
    body: Value,
    /// The body as it came.
    text: String,
}

impl Seen {
    /// A header's value; empty when it is not there.
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The ids of a list, which are texts.
    fn ids(&self) -> Vec<u64> {
        let rows = self.body["items"].as_array().unwrap();
        let ids = rows.iter().map(|one| one["id"].as_str().unwrap());
        ids.map(|id| id.parse().unwrap()).collect()
    }
}

/// A text as a value in an address.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Stage {
    /// Builds an empty world of the recorded installation, with changed options.
    fn new(set: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let seconds = clock.clone();
        let now = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap());
        let mut options = Options {
            token: "root-token".to_owned(),
            agent_token: "agent-token".to_owned(),
            password: "secret".to_owned(),
            tickets: 0,
            seed: 7,
            latency: Duration::ZERO,
            switches: Switches::default(),
        };
        set(&mut options);
        Self {
            simulator: Simulator::new(options, now),
            clock,
        }
    }

    /// An empty world as it is.
    fn plain() -> Self {
        Self::new(|_| {})
    }

    /// Moves the clock.
    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sends any call below the API.
    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Seen {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/REST/2.0{path}"))
            .header("host", "sim.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.simulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Seen {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// Sends JSON as root.
    async fn send(&self, method: &str, path: &str, body: Value) -> Seen {
        let headers = [
            ("authorization", "token root-token"),
            ("content-type", "application/json"),
        ];
        self.call(method, path, &headers, body.to_string()).await
    }

    /// Reads as root.
    async fn get(&self, path: &str) -> Seen {
        let headers = [("authorization", "token root-token")];
        self.call("GET", path, &headers, String::new()).await
    }

    /// Reads as the agent of the queue Support.
    async fn agent_get(&self, path: &str) -> Seen {
        let headers = [("authorization", "token agent-token")];
        self.call("GET", path, &headers, String::new()).await
    }

    /// The tickets that a query finds for root.
    async fn find(&self, query: &str) -> Vec<u64> {
        let seen = self
            .get(&format!("/tickets?query={}", encoded(query)))
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{query}: {}", seen.text);
        seen.ids()
    }

    /// Creates a ticket in Support over REST.
    async fn create(&self, more: Value) -> u64 {
        let mut body =
            json!({"Queue": "Support", "Subject": "s", "Requestor": "customer1@example.org"});
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        let seen = self.send("POST", "/ticket", body).await;
        assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.text);
        seen.body["id"].as_str().unwrap().parse().unwrap()
    }

    /// Sends JSON as the agent of the queue Support.
    async fn agent_send(&self, method: &str, path: &str, body: Value) -> Seen {
        let headers = [
            ("authorization", "token agent-token"),
            ("content-type", "application/json"),
        ];
        self.call(method, path, &headers, body.to_string()).await
    }

    /// The types of what happened to a ticket.
    async fn kinds(&self, id: u64) -> Vec<String> {
        let path = format!("/ticket/{id}/history?fields=Type&per_page=100&orderby=id");
        let seen = self.get(&path).await;
        let rows = seen.body["items"].as_array().unwrap();
        let kinds = rows
            .iter()
            .map(|one| one["Type"].as_str().unwrap().to_owned());
        kinds.collect()
    }

    /// One member of a ticket.
    async fn member(&self, id: u64, name: &str) -> Value {
        self.get(&format!("/ticket/{id}")).await.body[name].clone()
    }
}
