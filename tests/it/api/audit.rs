//! The audit log.

use deskgate::http::audit::Audit;
use deskgate::store::keys::KeyTerms;
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::TestApp;

/// A gateway that keeps one; what writes it, and what ends that.
async fn app() -> (TestApp, JoinHandle<()>, CancellationToken) {
    let (mut app, _) = TestApp::freshdesk().await;
    let (audit, writer) = Audit::into(app.edge.store.clone(), true);
    app.edge.audit = audit;
    app.restart();
    let end = CancellationToken::new();
    let written = TaskTracker::new().spawn(writer.write(end.clone()));
    (app, written, end)
}

/// What the application reads of it, the oldest first.
async fn entries(app: &TestApp, query: &str) -> Vec<Value> {
    let listed = app
        .as_application(Method::GET, &format!("/v1/audit{query}"))
        .await
        .expect(200);
    let mut entries = listed["objects"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

#[tokio::test]
async fn each_access_is_written_down_with_its_outcome_and_no_content() {
    let (app, written, end) = app().await;
    let body = json!({ "subject": "CANARY-subject", "description": "CANARY-text", "requester": { "email": "canary@example.com" } });
    let steps = std::time::Duration::from_secs(1);
    app.get("/tickets?fields=id").await.expect(200);
    app.clock.advance(steps);
    let made = app
        .post("/tickets", body)
        .header("idempotency-key", "CANARY-key")
        .await
        .expect(201);
    app.clock.advance(steps);
    app.as_application(
        Method::GET,
        &format!(
            "/v1/accounts/{}/helpdesk/tickets/ticket_OTk5OTk5",
            app.account
        ),
    )
    .await
    .expect(404);
    app.clock.advance(steps);
    app.as_application(Method::GET, "/v1/accounts")
        .await
        .expect(200);
    app.clock.advance(steps);
    app.as_account(Method::POST, "/v1/accounts/me/tokens")
        .json(json!({}))
        .await
        .expect(403);
    app.clock.advance(steps);
    app.as_application(Method::DELETE, "/v1/accounts/4711")
        .await
        .expect(404);
    app.clock.advance(steps);
    // Nobody's.
    app.request(Method::GET, "/v1/accounts").await.expect(401);
    app.request(Method::GET, "/healthz").await.expect(200);
    end.cancel();
    written.await.unwrap();

    let entries = entries(&app, "").await;

    let account = app.account.get();
    let brief: Vec<_> = entries
        .iter()
        .map(|entry| {
            let who = entry["actor"].as_str().unwrap().split(':').next().unwrap();
            format!(
                "{who} {} {} {} {} {}",
                entry["method"].as_str().unwrap(),
                entry["route"].as_str().unwrap(),
                entry["account_id"],
                entry["status"],
                entry["error_code"]
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            format!("token GET /v1/accounts/{{account_id}}/helpdesk/tickets {account} 200 null"),
            format!("token POST /v1/accounts/{{account_id}}/helpdesk/tickets {account} 201 null"),
            format!(
                "key GET /v1/accounts/{{account_id}}/helpdesk/tickets/{{ticket_id}} {account} 404 \"not_found\""
            ),
            "key GET /v1/accounts null 200 null".to_owned(),
            format!("token POST /v1/accounts/{{account_id}}/tokens {account} 403 \"forbidden\""),
            "key DELETE /v1/accounts/{account_id} 4711 404 \"not_found\"".to_owned(),
        ]
    );
    let text = Value::Array(entries.clone()).to_string();
    for content in [
        "CANARY",
        "canary",
        made["id"].as_str().unwrap(),
        app.token.expose_secret(),
        app.api_key.expose_secret(),
    ] {
        assert!(!text.contains(content), "{content} is in {text}");
    }
    let key = entries[3]["actor"]
        .as_str()
        .unwrap()
        .strip_prefix("key:")
        .unwrap();
    assert!(app.api_key.expose_secret().contains(key));
    // And that the key was used.
    let keys = app.edge.store.list_keys().await.unwrap();
    assert!(
        keys.iter()
            .any(|listed| listed.id == key && listed.last_used_at.is_some())
    );
}

#[tokio::test]
async fn an_application_reads_its_own_log_by_account_time_and_page() {
    let (app, written, end) = app().await;
    let begun = app.clock.now();
    for _ in 0..7 {
        app.clock.advance(std::time::Duration::from_mins(1));
        app.get("/tickets?fields=id").await.expect(200);
    }
    app.as_application(Method::GET, "/v1/accounts")
        .await
        .expect(200);
    let stranger = app
        .edge
        .store
        .create_key("stranger", KeyTerms::default())
        .await
        .unwrap();
    let key = format!("APIKey {}", stranger.api_key.expose_secret());
    app.request(Method::GET, "/v1/accounts")
        .header("authorization", &key)
        .await
        .expect(200);
    end.cancel();
    written.await.unwrap();

    assert_eq!(entries(&app, "").await.len(), 8);
    assert_eq!(
        entries(&app, &format!("?account_id={}", app.account))
            .await
            .len(),
        7
    );
    let from = begun + jiff::SignedDuration::from_mins(3);
    let to = begun + jiff::SignedDuration::from_mins(5);
    assert_eq!(
        entries(&app, &format!("?since={from}&until={to}"))
            .await
            .len(),
        2
    );
    let mut page = format!("/v1/audit?page_size=3&account_id={}", app.account);
    let mut seen = Vec::new();
    loop {
        let listed = app.as_application(Method::GET, &page).await.expect(200);
        seen.extend(
            listed["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["id"].to_string()),
        );
        let Some(next) = listed["next_page"].as_str() else {
            break;
        };
        let other = format!("/v1/audit?page={next}&account_id=4711");
        assert_eq!(
            app.as_application(Method::GET, &other).await.refused(400),
            "bad_request"
        );
        let foreign = app.request(Method::GET, &format!("/v1/audit?page={next}"));
        assert_eq!(
            foreign.header("authorization", &key).await.refused(400),
            "bad_request"
        );
        page = format!("/v1/audit?page={next}");
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 7);
    let theirs = app
        .request(Method::GET, "/v1/audit")
        .header("authorization", &key)
        .await
        .expect(200);
    assert_eq!(theirs["count"], 1);
    for query in [
        "?since=yesterday",
        "?until=1",
        "?account_id=x",
        "?page_size=0",
    ] {
        app.as_application(Method::GET, &format!("/v1/audit{query}"))
            .await
            .expect(400);
    }
    assert_eq!(
        app.as_account(Method::GET, "/v1/audit").await.refused(403),
        "forbidden"
    );
}
