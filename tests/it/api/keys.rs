//! What an API key may do, and for how long.

use std::time::Duration;

use deskgate::store::keys::KeyTerms;
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::TestApp;

/// A key of the tests' application with these scopes.
async fn key(app: &TestApp, terms: KeyTerms) -> String {
    let made = app.edge.store.create_key("tests", terms).await.unwrap();
    assert_eq!(made.application_id, app.application);
    format!("APIKey {}", made.api_key.expose_secret())
}

#[tokio::test]
async fn a_key_does_no_more_than_its_scopes_say() {
    let (app, _) = TestApp::freshdesk().await;
    let tickets = format!("/v1/accounts/{}/helpdesk/tickets", app.account);
    let tokens = format!("/v1/accounts/{}/tokens", app.account);
    let new =
        json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
    for scopes in [
        "helpdesk:read",
        "helpdesk:write",
        "accounts",
        "raw",
        "accounts helpdesk:read",
    ] {
        let terms = KeyTerms {
            scopes: Some(scopes.into()),
            ..KeyTerms::default()
        };
        let key = key(&app, terms).await;
        let has = |scope: &str| scopes.split(' ').any(|held| held == scope);
        let ask = async |method: Method, path: &str, allowed: bool| {
            let request = app
                .request(method.clone(), path)
                .header("authorization", &key);
            let request = if method == Method::POST {
                request.json(&new)
            } else {
                request
            };
            let request = request.header("x-kloudless-raw-uri", "/api/v2/tickets");
            let answer = request.await;
            assert_eq!(
                answer.status != 403,
                allowed,
                "{scopes}: {method} {path}: {answer}"
            );
            answer
        };
        ask(Method::GET, &tickets, has("helpdesk:read")).await;
        ask(Method::POST, &tickets, has("helpdesk:write")).await;
        ask(Method::GET, "/v1/audit", has("accounts")).await;
        ask(
            Method::DELETE,
            &format!("/v1/accounts/{}", 4711),
            has("accounts"),
        )
        .await;
        // Which accounts there are is no secret to any of its keys.
        ask(Method::GET, "/v1/accounts", true).await;
        let raw = format!("/v1/accounts/{}/raw", app.account);
        ask(Method::POST, &raw, has("raw") && has("helpdesk:read")).await;

        // Nor do the tokens that it makes.
        let asked = json!({ "scopes": ["helpdesk:read"] });
        let issued = app
            .request(Method::POST, &tokens)
            .header("authorization", &key)
            .json(asked)
            .await;
        assert_eq!(
            issued.status == 201,
            has("accounts") && has("helpdesk:read"),
            "{scopes}: {issued}"
        );
        let asked = json!({ "scopes": ["helpdesk:read", "helpdesk:write"] });
        let issued = app
            .request(Method::POST, &tokens)
            .header("authorization", &key)
            .json(asked)
            .await;
        assert_eq!(issued.refused(403), "forbidden");
    }
}

#[tokio::test]
async fn a_key_counts_until_it_expires() {
    let (app, _) = TestApp::freshdesk().await;
    let terms = KeyTerms {
        lifetime: Some(Duration::from_hours(24)),
        ..KeyTerms::default()
    };
    let key = key(&app, terms).await;
    let list = || {
        app.request(Method::GET, "/v1/accounts")
            .header("authorization", &key)
    };
    list().await.expect(200);

    app.clock.advance(Duration::from_hours(24));

    // Also where it is at hand.
    assert_eq!(list().await.refused(401), "unauthorized");
}

#[tokio::test]
async fn keys_are_listed_with_what_is_known_of_them() {
    let (app, _) = TestApp::freshdesk().await;
    let terms = KeyTerms {
        name: Some("nightly export".into()),
        scopes: Some("helpdesk:read".into()),
        lifetime: Some(Duration::from_hours(1)),
    };
    let made = app.edge.store.create_key("tests", terms).await.unwrap();
    app.clock.advance(Duration::from_mins(5));
    app.edge.store.note_key_use(&made.key_id).await.unwrap();
    app.edge.store.revoke_key(&made.key_id).await.unwrap();

    let keys = app.edge.store.list_keys().await.unwrap();

    let listed = keys.iter().find(|key| key.id == made.key_id).unwrap();
    assert_eq!(listed.application, "tests");
    assert_eq!(listed.name.as_deref(), Some("nightly export"));
    assert_eq!(listed.scopes.as_deref(), Some("helpdesk:read"));
    assert_eq!(listed.last_used_at, Some(app.clock.now()));
    assert_eq!(listed.revoked_at, Some(app.clock.now()));
    let hour = listed.created_at + jiff::SignedDuration::from_hours(1);
    assert_eq!(listed.expires_at, Some(hour));
    assert_eq!(keys.len(), 2);
}
