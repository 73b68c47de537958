//! Everything is done once with marked secrets, and then looked for in all that the program has written.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::front;
use super::program::{MASTER_KEY, Site};
use super::upstream::{Memory, Upstreams};
use crate::chaos::port::Port;
use crate::support::UPSTREAM_KEY;

/// What people write, and in which words they search.
const WORDS: [&str; 5] = [
    "CANARYsubject",
    "CANARYdescription",
    "CANARYcomment",
    "canary.person@example.com",
    "CANARYsearch",
];

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
    let api_key = made["api_key"].as_str().unwrap().to_owned();
    let (account, token) = site.accounts[0].clone();
    let http = front::client();
    let origin = format!("http://{}", port.address);
    let mut refusals = String::new();
    let mut ask = async |method: Method, path: &str, credential: &str, body: Option<Value>| {
        let mut request = http
            .request(method, format!("{origin}{path}"))
            .header("authorization", credential)
            .header("idempotency-key", "CANARYidempotency")
            .header("x-kloudless-raw-uri", "/api/v2/tickets?CANARYraw=1");
        if path.ends_with("/raw") {
            request = http
                .post(format!("{origin}{path}"))
                .header("authorization", credential)
                .header("x-kloudless-raw-uri", "/api/v2/ticket_fields?CANARYraw=1");
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        if status >= 400 {
            refusals.push_str(&text);
        }
        (status, text)
    };

    let (bearer, key) = (format!("Bearer {token}"), format!("APIKey {api_key}"));
    let below = format!("/v1/accounts/{account}/helpdesk/tickets");
    let person = json!({ "email": "canary.person@example.com", "name": "CANARYname" });
    let ticket = json!({ "subject": "CANARYsubject", "description": "CANARYdescription", "requester": person });
    let (status, text) = ask(Method::POST, &below, &bearer, Some(ticket.clone())).await;
    assert_eq!(status, 201, "{text}");
    let id = serde_json::from_str::<Value>(&text).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = format!("{below}/{id}");
    let comment = json!({ "content": "CANARYcomment", "public": false });
    for (method, path, credential, body, expected) in [
        // Another request under the same key.
        (
            Method::POST,
            format!("{one}/comments"),
            &bearer,
            Some(comment.clone()),
            201,
        ),
        (
            Method::POST,
            below.clone(),
            &bearer,
            Some(json!({ "subject": "CANARYsubject" })),
            422,
        ),
        (Method::GET, one.clone(), &key, None, 200),
        (Method::GET, format!("{one}/comments"), &key, None, 200),
        (
            Method::GET,
            format!("{below}?q=CANARYsearch"),
            &key,
            None,
            501,
        ),
        (
            Method::GET,
            format!("{below}?requester=canary.person@example.com"),
            &key,
            None,
            200,
        ),
        (
            Method::GET,
            format!("{below}?page=CANARYpage"),
            &key,
            None,
            400,
        ),
        (
            Method::GET,
            format!("{below}?page_size=5"),
            &bearer,
            None,
            200,
        ),
        (
            Method::PATCH,
            one.clone(),
            &bearer,
            Some(json!({ "status": "CANARYstatus" })),
            422,
        ),
        (
            Method::POST,
            format!("/v1/accounts/{account}/tokens"),
            &key,
            Some(json!({})),
            201,
        ),
        (
            Method::POST,
            format!("/v1/accounts/{account}/raw"),
            &key,
            None,
            200,
        ),
        (
            Method::GET,
            format!("/v1/accounts/{account}"),
            &key,
            None,
            200,
        ),
        (Method::GET, "/v1/audit".into(), &key, None, 200),
        (Method::GET, "/v1/oauth/token".into(), &bearer, None, 200),
        (
            Method::GET,
            "/v1/accounts/CANARYaccount".into(),
            &key,
            None,
            400,
        ),
        (
            Method::POST,
            "/v1/accounts".into(),
            &key,
            Some(
                json!({ "service": "freshdesk", "domain": "-", "api_key": "CANARY-rejected-key" }),
            ),
            400,
        ),
        (
            Method::GET,
            below.clone(),
            &format!("Bearer {token}CANARYforged"),
            None,
            401,
        ),
        (
            Method::GET,
            below.clone(),
            &"APIKey dg_CANARYkeyid_0123456789012345678901234567890123456789012".to_owned(),
            None,
            401,
        ),
    ] {
        let (status, text) = ask(method.clone(), &path, credential, body).await;
        // Which refusal it is does not matter here.
        assert_eq!(status / 100, expected / 100, "{method} {path}: {text}");
    }
    let figures = http
        .get(format!("http://{metrics}/metrics"))
        .send()
        .await
        .unwrap();
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("deskgate_requests_total"));
    // The audit log is written.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1200) {
        sleep(Duration::from_millis(100)).await;
    }
    replica.terminate();
    assert_eq!(replica.ended().await.code(), Some(0));

    let log = fs::read_to_string(site.path("gateway.log")).unwrap();
    assert!(
        log.contains("TRACE") && log.contains("request done"),
        "{log:.2000}"
    );
    let mut database = Vec::new();
    for file in ["deskgate.db", "deskgate.db-wal"] {
        database.extend(fs::read(site.path(file)).unwrap_or_default());
    }
    assert!(String::from_utf8_lossy(&database).contains("/v1/accounts/{account_id}/raw"));

    let basic = STANDARD.encode(format!("{UPSTREAM_KEY}:X"));
    let signature = token.rsplit('.').next().unwrap();
    let secret = api_key
        .rsplit_once('_')
        .map(|_| &api_key[api_key.len() - 43..])
        .unwrap();
    let master = URL_SAFE_NO_PAD.encode(STANDARD.decode(MASTER_KEY).unwrap());
    let credentials = [
        UPSTREAM_KEY,
        &basic,
        signature,
        secret,
        MASTER_KEY,
        &master,
        "CANARY-rejected-key",
    ];
    let content = WORDS
        .into_iter()
        .chain(["CANARYname", "CANARYidempotency", "CANARYforged"]);
    let everywhere = credentials.into_iter().chain(content.clone());
    for (place, text) in [
        ("the log", log.as_bytes()),
        ("the metrics", figures.as_bytes()),
        ("the database", &database),
    ] {
        for secret in everywhere.clone() {
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
    for secret in credentials {
        assert!(!refusals.contains(secret), "{secret} is in {refusals}");
    }
}
