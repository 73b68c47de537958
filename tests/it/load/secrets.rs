//! Everything is done once with marked secrets, and then looked for in all that the program has written.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::front;
use super::program::{MASTER_KEY, Site};
use super::upstream::{Memory, Upstreams};
use crate::chaos::port::Port;
use crate::support::UPSTREAM_KEY;

/// What people write, the words in which they search, and what clients make up.
const CONTENT: [&str; 8] = [
    "CANARYsubject",
    "CANARYdescription",
    "CANARYcomment",
    "canary.person@example.com",
    "CANARYsearch",
    "CANARYname",
    "CANARYidempotency",
    "CANARYforged",
];
/// A credential that no help desk takes.
const REJECTED: &str = "CANARY-rejected-key";

/// One request: verb, address, credential, body, and the hundred of its status.
type Step = (Method, String, String, Option<Value>, u16);

/// All kinds of requests, to an account with this ticket.
fn steps(account: &str, ticket: &str, key: &str, bearer: &str) -> Vec<Step> {
    let below = format!("/v1/accounts/{account}/helpdesk/tickets");
    let one = format!("{below}/{ticket}");
    let own = format!("/v1/accounts/{account}");
    let comment = json!({ "content": "CANARYcomment", "public": false });
    let another = json!({ "subject": "CANARYsubject" });
    let person = "requester=canary.person@example.com";
    let rejected = json!({ "service": "freshdesk", "domain": "-", "api_key": REJECTED });
    let forged = format!("{bearer}CANARYforged");
    let guessed = format!("APIKey dg_abcdefghijkl_{}", "A".repeat(43));
    let (key, bearer) = (key.to_owned(), bearer.to_owned());
    vec![
        (
            Method::POST,
            format!("{one}/comments"),
            bearer.clone(),
            Some(comment),
            2,
        ),
        (
            Method::POST,
            below.clone(),
            bearer.clone(),
            Some(another),
            4,
        ),
        (Method::GET, one.clone(), key.clone(), None, 2),
        (Method::GET, format!("{one}/comments"), key.clone(), None, 2),
        (
            Method::GET,
            format!("{below}?words=CANARYsearch"),
            key.clone(),
            None,
            2,
        ),
        (
            Method::GET,
            format!("{below}?{person}"),
            key.clone(),
            None,
            2,
        ),
        (
            Method::GET,
            format!("{below}?page=CANARYsearch"),
            key.clone(),
            None,
            4,
        ),
        (
            Method::GET,
            format!("{below}?page_size=5"),
            bearer.clone(),
            None,
            2,
        ),
        (
            Method::PATCH,
            one,
            bearer.clone(),
            Some(json!({ "status": "CANARYsubject" })),
            4,
        ),
        (
            Method::POST,
            format!("{own}/tokens"),
            key.clone(),
            Some(json!({})),
            2,
        ),
        (Method::POST, format!("{own}/raw"), key.clone(), None, 4),
        (Method::GET, own, key.clone(), None, 2),
        (Method::GET, "/v1/audit".into(), key.clone(), None, 2),
        (Method::GET, "/v1/oauth/token".into(), bearer, None, 2),
        (
            Method::GET,
            "/v1/accounts/CANARYname".into(),
            key.clone(),
            None,
            4,
        ),
        (Method::POST, "/v1/accounts".into(), key, Some(rejected), 4),
        (Method::GET, below.clone(), forged, None, 4),
        (Method::GET, below, guessed, None, 4),
    ]
}

/// A client that keeps what was refused.
struct Client {
    /// Where the gateway is.
    origin: String,
    /// The line to it.
    http: reqwest::Client,
    /// The bodies of refusals.
    refusals: String,
}

impl Client {
    /// Does a step; returns what came back.
    async fn take(&mut self, (method, path, credential, body, hundred): Step) -> String {
        let is_raw = path.ends_with("/raw");
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.origin));
        request = request.header("authorization", credential);
        request = if is_raw {
            request.header(
                "x-kloudless-raw-uri",
                "/api/v2/ticket_fields?CANARYsearch=1",
            )
        } else {
            // The same for the same address: with another body it is refused.
            request.header(
                "idempotency-key",
                format!("CANARYidempotency{}", path.len()),
            )
        };
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!(status / 100, hundred, "{method} {path}: {text}");
        if hundred > 2 {
            self.refusals.push_str(&text);
        }
        text
    }
}

/// Panics if a secret is in it.
fn assert_absent(secrets: &[&str], place: &str, text: &[u8]) {
    for secret in secrets {
        let found = text
            .windows(secret.len())
            .position(|part| part == secret.as_bytes());
        if let Some(at) = found {
            let around = &text[at.saturating_sub(200)..(at + 100).min(text.len())];
            panic!(
                "{secret} is in {place}: {}",
                String::from_utf8_lossy(around)
            );
        }
    }
}

#[tokio::test]
async fn no_log_no_metric_no_error_and_no_database_has_a_secret_in_it() {
    let upstreams = Upstreams::start(1, Memory::None).await;
    let site = Site::new(&upstreams.addresses);
    let (port, metrics_port) = (Port::pick(), Port::pick());
    let metrics = metrics_port.address.to_string();
    let settings = [
        ("DESKGATE_LOG", "trace"),
        ("DESKGATE_METRICS_LISTEN", &*metrics),
        ("DESKGATE_DRAIN_DELAY", "0"),
    ];
    let replica = site.start(&port, &settings, None).await;
    let made = site.answer(&["key", "create", "load", "--json"]);
    let api_key = made["api_key"].as_str().unwrap();
    let (account, token) = site.accounts[0].clone();
    let (key, bearer) = (format!("APIKey {api_key}"), format!("Bearer {token}"));
    let mut client = Client {
        origin: format!("http://{}", port.address),
        http: front::client(),
        refusals: String::new(),
    };
    let person = json!({ "email": "canary.person@example.com", "name": "CANARYname" });
    let ticket = json!({ "subject": "CANARYsubject", "description": "CANARYdescription", "requester": person });
    let below = format!("/v1/accounts/{account}/helpdesk/tickets");
    let made = client
        .take((Method::POST, below, bearer.clone(), Some(ticket), 2))
        .await;
    let made: Value = serde_json::from_str(&made).unwrap();
    for step in steps(&account, made["id"].as_str().unwrap(), &key, &bearer) {
        client.take(step).await;
    }
    let figures = client
        .http
        .get(format!("http://{metrics}/metrics"))
        .send()
        .await
        .unwrap();
    let figures = figures.text().await.unwrap();
    let is_written = || {
        fs::read(site.path("deskgate.db-wal"))
            .is_ok_and(|wal| String::from_utf8_lossy(&wal).contains("/{account_id}/raw"))
    };
    while !is_written() {
        sleep(Duration::from_millis(20)).await;
    }
    let wal = fs::read(site.path("deskgate.db-wal")).unwrap();
    replica.terminate();
    assert_eq!(replica.ended().await.code(), Some(0));

    let log = fs::read_to_string(site.path("gateway.log")).unwrap();
    let database = [wal, fs::read(site.path("deskgate.db")).unwrap()].concat();
    // There is something to look at.
    assert!(log.contains("TRACE") && log.contains("request done"));
    assert!(figures.contains("deskgate_requests_total"));
    assert!(String::from_utf8_lossy(&database).contains("http://127.0.0.1"));
    let basic = STANDARD.encode(format!("{UPSTREAM_KEY}:X"));
    let master = URL_SAFE_NO_PAD.encode(STANDARD.decode(MASTER_KEY).unwrap());
    let signature = token.rsplit('.').next().unwrap();
    let (_, secret) = api_key.split_at(api_key.len() - 43);
    let credentials = [
        UPSTREAM_KEY,
        &basic,
        signature,
        secret,
        MASTER_KEY,
        &master,
        REJECTED,
    ];
    let everything = [&credentials[..], &CONTENT].concat();
    assert_absent(&everything, "the log", log.as_bytes());
    assert_absent(&everything, "the metrics", figures.as_bytes());
    assert_absent(&everything, "the database", &database);
    assert_absent(&credentials, "an error", client.refusals.as_bytes());
}
