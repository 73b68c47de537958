//! Credentials, roles, limits, paths and media types.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::super::limits::Plan;
use super::super::records_people::Token;
use super::Stage;

#[tokio::test]
async fn a_wrong_token_is_refused_everywhere() {
    let stage = Stage::plain();
    let pair = "me@desk.example/token:wrong";
    let list = stage.send_as(pair, "GET", "tickets", &Value::Null).await;
    let nobody = stage
        .send_as(
            "nobody@desk.example/token:secret",
            "GET",
            "tickets",
            &Value::Null,
        )
        .await;

    assert_eq!(list.status, 401);
    assert_eq!(list.body, json!({"error": "Couldn't authenticate you"}));
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn passwords_are_not_taken() {
    let stage = Stage::plain();
    let seen = stage
        .send_as("me@desk.example:secret", "GET", "tickets", &Value::Null)
        .await;

    assert_eq!(seen.status, 401);
}

#[tokio::test]
async fn customers_may_not_read_tickets() {
    let stage = Stage::plain();
    let seen = stage
        .send_as(
            "customer0@acme.example/token:secret",
            "GET",
            "tickets",
            &Value::Null,
        )
        .await;

    assert_eq!(seen.status, 403);
    assert_eq!(seen.body["error"]["title"], "Forbidden");
}

#[tokio::test]
async fn exports_are_for_admins() {
    let stage = Stage::plain();
    let path = "incremental/tickets/cursor?start_time=0";
    let agent = stage
        .send_as("grace@desk.example/token:secret", "GET", path, &Value::Null)
        .await;

    assert_eq!(agent.status, 403);
    assert_eq!(stage.get(path).await.status, 200);
}

#[tokio::test]
async fn a_bearer_token_needs_the_scope_and_expires() {
    let stage = Stage::plain();
    stage.simulator.change(|world| {
        let token = Token {
            id: 1,
            access: "bear".to_owned(),
            refresh: None,
            user_id: world.me,
            scopes: "tickets:read".to_owned(),
            expires_at: Some(world.now() + jiff::SignedDuration::from_secs(300)),
            refresh_expires_at: None,
            created_at: world.now(),
            used_at: None,
        };
        world.tokens.insert(1, token);
    });
    let ask = |method: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/api/v2/tickets/1")
            .header("authorization", "Bearer bear");
        stage.ask(request.body(Body::empty()).unwrap())
    };
    let read = ask("GET").await;
    let written = ask("DELETE").await;
    stage.pass(301);
    let late = ask("GET").await;

    assert_eq!(read.status, 200);
    assert_eq!(written.status, 403);
    assert_eq!(
        written.body["description"],
        "You are missing the following required scopes: write"
    );
    assert_eq!(late.status, 401);
    assert_eq!(late.body["error"], "invalid_token");
}

#[tokio::test]
async fn unknown_paths_and_unknown_tickets_are_told_apart() {
    let stage = Stage::plain();

    assert_eq!(
        stage.get("nothing").await.body,
        json!({"error": "InvalidEndpoint", "description": "Not found"})
    );
    assert_eq!(
        stage.get("tickets/99999").await.body,
        json!({"error": "RecordNotFound", "description": "Not found"})
    );
    assert_eq!(stage.get("tickets/abc").await.status, 400);
    assert_eq!(
        stage.send("PATCH", "tickets/1", &json!({})).await.status,
        404
    );
}

#[tokio::test]
async fn the_suffix_changes_nothing_and_links_have_it() {
    let stage = Stage::plain();
    let plain = stage.get("tickets?page[size]=2").await;
    let suffixed = stage.get("tickets.json?page[size]=2").await;

    assert_eq!(plain.body, suffixed.body);
    let next = plain.link("/links/next");
    assert!(next.starts_with("tickets.json?page%5Bafter%5D="), "{next}");
    assert!(next.ends_with("&page%5Bsize%5D=2"), "{next}");
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let stage = Stage::plain();
    let post = |content_type: &'static str, body: &'static str| {
        let request = Request::builder()
            .method("POST")
            .uri("/api/v2/tickets")
            .header(
                "authorization",
                "Basic bWVAZGVzay5leGFtcGxlL3Rva2VuOnNlY3JldA==",
            )
            .header("content-type", content_type);
        stage.ask(request.body(Body::from(body)).unwrap())
    };

    assert_eq!(post("text/plain", "{}").await.status, 415);
    assert_eq!(post("application/json", "{").await.status, 400);
    let rootless = post("application/json", "{\"subject\":\"s\"}").await;
    assert_eq!(rootless.status, 400);
    assert_eq!(rootless.text, "Required parameter missing: ticket");
}

#[tokio::test]
async fn the_bucket_of_the_ticket_list_ends_after_a_minute() {
    let stage = Stage::new(|options| options.plan = Plan::Enterprise);
    let first = stage.get("tickets?page[size]=1").await;
    for _ in 1..100 {
        assert_eq!(stage.get("tickets?page[size]=1").await.status, 200);
    }
    stage.pass(17);
    let over = stage.get("tickets?page[size]=1").await;
    let other = stage.get("tickets/1").await;
    stage.pass(43);

    assert_eq!(
        first.header("zendesk-ratelimit-tickets-index"),
        "total=100; remaining=99; resets=60"
    );
    assert_eq!(first.header("x-rate-limit"), "700");
    assert_eq!(first.header("retry-after"), "");
    assert_eq!(over.status, 429);
    assert_eq!(over.header("retry-after"), "43");
    assert_eq!(over.body["error"], "APIRateLimitExceeded");
    assert_eq!(other.status, 200);
    assert_eq!(stage.get("tickets?page[size]=1").await.status, 200);
}

#[tokio::test]
async fn one_ticket_takes_thirty_updates_of_a_user_in_ten_minutes() {
    let stage = Stage::new(|options| options.plan = Plan::Team);
    let (one, other) = (stage.ticket(json!({})).await, stage.ticket(json!({})).await);
    for number in 0..30 {
        let seen = stage
            .change(one, json!({"subject": number.to_string()}))
            .await;
        assert_eq!(seen.status, 200);
    }
    stage.pass(61);

    assert_eq!(stage.change(one, json!({"subject": "x"})).await.status, 429);
    assert_eq!(
        stage.change(other, json!({"subject": "x"})).await.status,
        200
    );
    stage.pass(540);
    assert_eq!(stage.change(one, json!({"subject": "x"})).await.status, 200);
}
