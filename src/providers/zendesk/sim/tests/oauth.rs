//! OAuth: codes, refreshes, scopes, ends.

use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Seen, Stage};

/// Exchanges something for a token pair.
async fn exchange(stage: &Stage, mut body: Value) -> Seen {
    body["client_id"] = json!("deskgate");
    let request = Request::post("/oauth/tokens")
        .header("host", "sim.test")
        .header("content-type", "application/json");
    stage
        .ask(request.body(Body::from(body.to_string())).unwrap())
        .await
}

/// Exchanges a refresh token.
async fn refresh(stage: &Stage, token: &Value) -> Seen {
    let secret = "simulated-client-secret";
    let body = json!({"grant_type": "refresh_token", "refresh_token": token,
        "client_secret": secret, "expires_in": 300});
    exchange(stage, body).await
}

/// Reads with a bearer token.
async fn read(stage: &Stage, access: &str, path: &str) -> Seen {
    let request = Request::get(format!("/api/v2/{path}"))
        .header("host", "sim.test")
        .header("authorization", format!("Bearer {access}"));
    stage.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_code_is_good_once_and_for_two_minutes() {
    let stage = Stage::plain();
    let page = "/oauth/authorizations/new?response_type=code&client_id=deskgate\
                &redirect_uri=https%3A%2F%2Fhere.example%2Fback&scope=read%20write&state=s1";
    let request = Request::get(page).header("host", "sim.test");
    let sent = stage.ask(request.body(Body::empty()).unwrap()).await;
    let target = url::Url::parse(sent.header("location")).unwrap();
    let named: std::collections::HashMap<_, _> = target.query_pairs().into_owned().collect();
    let body = json!({"grant_type": "authorization_code", "code": named["code"],
        "client_secret": "simulated-client-secret", "redirect_uri": "https://here.example/back"});
    let first = exchange(&stage, body.clone()).await;
    let second = exchange(&stage, body).await;
    let late = stage
        .simulator
        .change(|world| world.offer_code("read", "https://here.example"));
    stage.pass(121);
    let body = json!({"grant_type": "authorization_code", "code": late,
        "client_secret": "simulated-client-secret", "redirect_uri": "https://here.example"});
    let expired = exchange(&stage, body).await;

    assert_eq!((sent.status.as_u16(), named["state"].as_str()), (302, "s1"));
    assert_eq!(first.status, 201);
    assert_eq!(first.body["scope"], "read write");
    assert_eq!(
        (second.status.as_u16(), &second.body["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!(expired.body["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_rotates_both_tokens() {
    let stage = Stage::plain();
    let life = Some(SignedDuration::from_secs(300));
    let old = stage
        .simulator
        .change(|world| world.issue_token("read", life));
    stage.pass(300);
    let ended = read(&stage, &old.access, "tickets/count").await;
    let new = refresh(&stage, &json!(old.refresh)).await;
    let again = refresh(&stage, &json!(old.refresh)).await;
    let access = new.body["access_token"].as_str().unwrap();
    let works = read(&stage, access, "tickets/count").await;
    let dead = read(&stage, &old.access, "users/me").await;

    assert_eq!(
        (ended.status.as_u16(), &ended.body["error"]),
        (401, &json!("invalid_token"))
    );
    assert_eq!(
        (new.status.as_u16(), &new.body["expires_in"]),
        (201, &json!(300))
    );
    assert_ne!(new.body["refresh_token"], json!(old.refresh));
    assert_eq!(
        (again.status.as_u16(), &again.body["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!((works.status.as_u16(), dead.status.as_u16()), (200, 401));
}

#[tokio::test]
async fn refreshes_can_be_refused_and_tokens_revoked() {
    let stage = Stage::plain();
    let token = stage
        .simulator
        .change(|world| world.issue_token("read write", None));
    stage
        .simulator
        .change(|world| world.oauth.refuses_refreshes = true);
    let refused = refresh(&stage, &json!(token.refresh)).await;
    let listed = stage.get("oauth/tokens").await;
    let revoked = stage.delete(&format!("oauth/tokens/{}", token.id)).await;
    let dead = read(&stage, &token.access, "tickets").await;

    assert_eq!(
        (refused.status.as_u16(), &refused.body["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!(listed.ids("tokens"), [token.id]);
    assert_ne!(listed.body["tokens"][0]["token"], json!(token.access));
    assert_eq!((revoked.status.as_u16(), dead.status.as_u16()), (204, 401));
}

#[tokio::test]
async fn a_mistyped_scope_gives_a_token_that_is_let_in_nowhere() {
    let stage = Stage::plain();
    let body = json!({"grant_type": "client_credentials", "scope": ["read", "write"],
        "client_secret": "simulated-client-secret"});
    let made = exchange(&stage, body).await;
    let access = made.body["access_token"].as_str().unwrap().to_owned();
    let tickets = read(&stage, &access, "tickets").await;
    let me = read(&stage, &access, "users/me").await;
    let wrong_secret = json!({"grant_type": "client_credentials", "client_secret": "wrong"});
    let wrong_secret = exchange(&stage, wrong_secret).await;

    assert_eq!(made.status, 201);
    assert_eq!((tickets.status.as_u16(), me.status.as_u16()), (403, 403));
    assert_eq!(
        tickets.body["description"],
        "You are missing the following required scopes: read"
    );
    assert_eq!(wrong_secret.body["error"], "invalid_client");
}
