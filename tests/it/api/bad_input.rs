//! Bad input from clients: a clear error in the one shape, and no upstream call.

use http::Method;
use serde_json::json;

use crate::support::TestApp;

/// Where a ticket is made.
const TICKETS: &str = "/v1/accounts/me/helpdesk/tickets";

#[tokio::test]
async fn a_body_that_is_no_valid_ticket_is_refused_before_any_call() {
    let (app, simulator) = TestApp::freshdesk().await;
    let deep = format!(
        r#"{{"subject":"s","x":{}1{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let bodies: Vec<Vec<u8>> = [
        "", " ", "null", "[]", "1", "\"x\"", "{", "{}", "nul", "{\"subject\":}", "\u{feff}{}", r#"{"subject":"s"} x"#,
        r#"{"subject":"s","subject":"t","description":"d","requester":{"email":"a@b.c"}}"#,
        r#"{"subject":5,"description":"d","requester":{"email":"a@b.c"}}"#,
        r#"{"subject":"","description":"d","requester":{"email":"a@b.c"}}"#,
        r#"{"subject":"  ","description":"d","requester":{"email":"a@b.c"}}"#,
        r#"{"subject":"s","description":null,"requester":{"email":"a@b.c"}}"#,
        r#"{"subject":"s","description":"d"}"#,
        r#"{"subject":"s","description":"d","requester":{}}"#,
        r#"{"subject":"s","description":"d","requester":{"name":"only"}}"#,
        r#"{"subject":"s","description":"d","requester":"a@b.c"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"nonsense"}}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a b@c.d"}}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"priority":"HIGH"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"status":2}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"tags":"x"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"due_at":"tomorrow"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"due_at":1}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"custom_properties":{"a":1}}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"custom_properties":[{"id":"a","value":1},{"id":"a","value":2}]}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"custom_properties":[{"id":"a"}]}"#,
        r#"{"subject":"s","description":"d","requester":{"user_id":"one"}}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"group":"sales"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"assignee":"01"}"#,
        r#"{"subject":"s","description":"d","requester":{"email":"a@b.c"},"email_ccs":[{"user_id":"1"}]}"#,
        &deep,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into_iter()
    .chain([b"{\"subject\":\"\xff\"}".to_vec(), b"{\"subject\":\"\\ud800\"}".to_vec()])
    .collect();
    for body in bodies {
        let shown = String::from_utf8_lossy(&body)
            .chars()
            .take(120)
            .collect::<String>();
        let answer = app
            .as_account(Method::POST, TICKETS)
            .text("application/json", body)
            .await;
        assert_eq!(answer.status, 400, "{shown}: {answer}");
    }
    assert_eq!(simulator.calls().len(), 0);
}

#[tokio::test]
async fn a_wrong_attribute_is_named() {
    let (app, _) = TestApp::freshdesk().await;
    let message = async |body: &str| {
        let answer = app
            .as_account(Method::POST, TICKETS)
            .text("application/json", body)
            .await;
        answer.expect(400)["message"].as_str().unwrap().to_owned()
    };
    assert!(
        message(r#"{"requester":{"email":7}}"#)
            .await
            .starts_with("requester.email: ")
    );
    assert!(
        message(r#"{"tags":["a",7]}"#)
            .await
            .starts_with("tags[1]: ")
    );
    assert!(
        message(r#"{"priority":"huge"}"#)
            .await
            .contains("expected one of `low`, `normal`, `high`, `urgent`")
    );
    assert_eq!(
        message(r#"{"description":"d"}"#).await,
        "subject is required"
    );
}

#[tokio::test]
async fn a_comment_that_does_not_say_how_visible_it_is_to_be_is_refused() {
    let (app, simulator) = TestApp::freshdesk().await;
    for body in [
        json!({ "content": "c", "public": null }),
        json!({ "content": "c", "public": "no" }),
        json!({ "public": false }),
        json!({ "content": "c", "private": null }),
    ] {
        assert_eq!(
            app.post("/tickets/ticket_MQ/comments", body)
                .await
                .refused(400),
            "bad_request"
        );
    }
    assert_eq!(simulator.calls().len(), 0);
}

#[tokio::test]
async fn other_types_and_too_large_bodies_are_refused() {
    let (app, simulator) = TestApp::freshdesk().await;
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "",
    ] {
        let answer = app
            .as_account(Method::POST, TICKETS)
            .text(content_type, "subject=s")
            .await;
        assert_eq!(
            answer.refused(415),
            "unsupported_media_type",
            "{content_type}"
        );
    }
    assert_eq!(
        app.as_account(Method::POST, TICKETS).await.refused(415),
        "unsupported_media_type"
    );
    let large = format!(r#"{{"subject":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(
        app.as_account(Method::POST, TICKETS)
            .text("application/json", large)
            .await
            .refused(413),
        "payload_too_large"
    );
    assert_eq!(simulator.calls().len(), 0);
    let made =
        json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } })
            .to_string();
    app.as_account(Method::POST, TICKETS)
        .text("application/json;charset=utf-8", made)
        .await
        .expect(201);
}

#[tokio::test]
async fn bodies_on_reads_and_unknown_parameters_are_ignored() {
    let (app, _) = TestApp::freshdesk().await;
    app.get("/tickets?active=True&page_size=2&unknown=%zz&x")
        .json(json!({}))
        .await
        .expect(200);
    app.get("/tickets?page=1")
        .text("text/plain", "junk")
        .await
        .expect(200);
}

#[tokio::test]
async fn bad_pages_and_page_sizes_are_400() {
    let (app, simulator) = TestApp::freshdesk().await;
    for query in [
        "page_size=0",
        "page_size=1001",
        "page_size=-1",
        "page_size=x",
        "page_size=",
        "page_size=1e2",
        "page_size=99999999999",
    ] {
        assert_eq!(
            app.get(&format!("/tickets?{query}")).await.refused(400),
            "bad_request",
            "{query}"
        );
    }
    for page in ["2", "0", "x", "", "AAAA", "%00", "../..", &"A".repeat(5000)] {
        assert_eq!(
            app.get(&format!("/tickets?page={page}")).await.refused(400),
            "bad_request",
            "{page:.20}"
        );
    }
    assert_eq!(simulator.calls().len(), 0);
    let next = app.get("/tickets?page_size=3").await.expect(200)["next_page"]
        .as_str()
        .unwrap()
        .to_owned();
    app.get(&format!("/tickets?page={next}")).await.expect(200);
    app.get(&format!("/tickets?page={next}&page_size=3"))
        .await
        .expect(200);
    assert_eq!(
        app.get(&format!("/tickets?page={next}&page_size=4"))
            .await
            .refused(400),
        "bad_request"
    );
    assert_eq!(
        app.get(&format!("/tickets/ticket_MQ/comments?page={next}"))
            .await
            .refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn bad_ids_cost_no_call() {
    let (app, simulator) = TestApp::freshdesk().await;
    for id in [
        "1",
        "ticket_",
        "ticket_!",
        "ticket_MQ==",
        "ticket_MR",
        "Ticket_MQ",
        "comment_MQ",
        "ticket_/w",
        "ticket_AA",
        "%FF",
        "me",
    ] {
        let answer = app.get(&format!("/tickets/{id}")).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 404),
            "{id}: {answer}"
        );
    }
    // Well-formed, but nothing that Freshdesk could have: `1/../2`, `01`, `x`, `1?a=b`.
    for id in [
        "ticket_MS8uLi8y",
        "ticket_MDE",
        "ticket_eA",
        "ticket_MT9hPWI",
    ] {
        assert_eq!(
            app.get(&format!("/tickets/{id}")).await.refused(404),
            "not_found"
        );
        assert_eq!(
            app.delete(&format!(
                "/tickets/ticket_MQ/comments/{}",
                id.replace("ticket", "comment")
            ))
            .await
            .refused(404),
            "not_found"
        );
    }
    assert!(simulator.calls().iter().all(|call| call.path == "/api/v2/tickets/1" || call.path.ends_with("/1/conversations")));
    for account in ["x", "0", "-1", "01", "9007199254740992", "1,2", "%20"] {
        let answer = app
            .as_account(
                Method::GET,
                &format!("/v1/accounts/{account}/helpdesk/tickets"),
            )
            .await;
        assert_eq!(answer.refused(400), "bad_request", "{account}");
    }
}

#[tokio::test]
async fn unknown_addresses_and_verbs_have_the_one_shape() {
    let (app, _) = TestApp::freshdesk().await;
    for path in [
        "/",
        "/v1",
        "/v1/nothing",
        "/v2/accounts",
        "/v1/accounts/me/helpdesk",
        "/favicon.ico",
    ] {
        assert_eq!(
            app.as_account(Method::GET, path).await.refused(404),
            "not_found",
            "{path}"
        );
    }
    let path = "/v1/accounts/1/events";
    assert_eq!(
        app.as_account(Method::POST, path).await.refused(501),
        "not_implemented"
    );
    for (method, path) in [
        (Method::PUT, "/v1/accounts"),
        (Method::PUT, TICKETS),
        (Method::POST, "/healthz"),
        (Method::DELETE, "/v1/oauth/token"),
    ] {
        assert_eq!(
            app.as_account(method, path).await.refused(405),
            "method_not_allowed"
        );
    }
}

#[tokio::test]
async fn a_request_has_the_id_that_the_client_gave_if_it_is_a_sane_one() {
    let (app, _) = TestApp::freshdesk().await;
    let id_of = async |given: &str| {
        let answer = app
            .request(Method::GET, "/healthz")
            .header("x-request-id", given)
            .await;
        answer.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id_of("abc-DEF_1.2").await, "abc-DEF_1.2");
    for given in ["", "a b", "a\"b", "é", &"x".repeat(65)] {
        assert_ne!(id_of(given).await, given);
        assert_eq!(id_of(given).await.len(), 36);
    }
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused_at_once() {
    let (mut app, _) = TestApp::freshdesk().await;
    app.edge.in_flight = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    app.restart();

    let answer = app.get("/tickets").await;

    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.refused(503), "service_not_available");
}

#[tokio::test]
async fn arrays_are_not_taken_for_objects() {
    let (app, simulator) = TestApp::freshdesk().await;
    for body in [
        json!(["private thought", null]),
        json!([]),
        json!(["s", "d"]),
    ] {
        assert_eq!(
            app.post("/tickets/ticket_MQ/comments", body.clone())
                .await
                .refused(400),
            "bad_request"
        );
        assert_eq!(
            app.patch("/tickets/ticket_MQ", body.clone())
                .await
                .refused(400),
            "bad_request"
        );
        assert_eq!(app.post("/tickets", body).await.refused(400), "bad_request");
    }
    for (name, value) in [
        ("requester", json!(["1", "a@b.c"])),
        ("email_ccs", json!([["1", "a@b.c"]])),
        ("custom_properties", json!([["cf_x", 1]])),
    ] {
        let mut body =
            json!({ "subject": "s", "description": "d", "requester": { "email": "a@b.c" } });
        body[name] = value;
        assert_eq!(
            app.post("/tickets", body).await.refused(400),
            "bad_request",
            "{name}"
        );
    }
    assert_eq!(
        app.post(
            "/tickets/ticket_MQ/comments",
            json!({ "content": "c", "private": true })
        )
        .await
        .refused(400),
        "bad_request"
    );
    assert_eq!(simulator.calls().len(), 0);
}
