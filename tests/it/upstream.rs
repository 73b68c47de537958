//! Bad answers from help desks: told clearly, never passed on, never a panic.

use bytes::Bytes;
use deskgate::providers::freshdesk::sim::Fault;
use deskgate::transport::http::TransportError;
use http::Response;
use serde_json::json;

use crate::support::upstream::{always, answering, reply};
use crate::support::{TestApp, UPSTREAM_KEY};

/// What an upstream does instead of answering well.
type Failure = fn() -> Result<Response<Bytes>, TransportError>;

/// A ticket to be made.
fn new_ticket() -> serde_json::Value {
    json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } })
}

#[tokio::test]
async fn garbage_is_a_bad_gateway_and_is_not_repeated_to_the_client() {
    let secret = "INTERNAL-9a1";
    for body in [
        "",
        " ",
        "null",
        "[]",
        "5",
        "{}",
        "<html>oops INTERNAL-9a1</html>",
        "{\"id\":",
        "{\"id\":\"x\"}",
        "{\"id\":-1}",
        "{\"id\":1,\"id\":2}",
        "\u{0}",
    ] {
        let (transport, _) = always(200, body.to_owned());
        let app = TestApp::over(transport).await.in_still_time();
        let read = app.get("/tickets/ticket_MQ").await;
        assert!(!read.body.to_string().contains(secret));
        assert_eq!(read.refused(502), "bad_gateway", "{body}");
        if body != "[]" {
            assert_eq!(
                app.get("/tickets").await.refused(502),
                "bad_gateway",
                "{body}"
            );
        }
        assert_eq!(
            app.get("/tickets/ticket_MQ/comments").await.refused(502),
            "bad_gateway",
            "{body}"
        );
    }
    let invalid_utf8 = Bytes::from_static(b"{\"id\":1,\"subject\":\"\xff\xfe\"}");
    let (transport, _) = always(200, invalid_utf8);
    assert_eq!(
        TestApp::over(transport)
            .await
            .in_still_time()
            .get("/tickets/ticket_MQ")
            .await
            .refused(502),
        "bad_gateway"
    );
    // What the gateway does not read it does not refuse, however deep.
    let deep = format!(
        "{{\"id\":1,\"x\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let (transport, _) = always(200, deep);
    TestApp::over(transport)
        .await
        .in_still_time()
        .get("/tickets/ticket_MQ")
        .await
        .expect(200);
    let deep = format!("{{\"id\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let (transport, _) = always(200, deep);
    assert_eq!(
        TestApp::over(transport)
            .await
            .in_still_time()
            .get("/tickets/ticket_MQ")
            .await
            .refused(502),
        "bad_gateway"
    );
}

#[tokio::test]
async fn odd_values_never_fail_a_read() {
    let odd = [
        json!(null),
        json!("x"),
        json!(7),
        json!(7.5),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!({}),
        json!([[1]]),
        json!("2"),
    ];
    let names = [
        "subject",
        "description",
        "type",
        "status",
        "priority",
        "requester_id",
        "responder_id",
        "group_id",
        "company_id",
        "created_at",
        "updated_at",
        "due_by",
        "deleted",
        "spam",
        "custom_fields",
        "tags",
        "cc_emails",
        "requester",
    ];
    for name in names {
        for value in &odd {
            if (name, value) == ("deleted", &json!(true)) {
                continue;
            }
            let mut ticket = json!({ "id": 1, "subject": "s", "status": 2, "priority": 1, "requester_id": 5, "created_at": "2020-01-01T00:00:00Z" });
            ticket[name] = value.clone();
            let (transport, _) = answering(move |request| {
                let body = if request.uri().path().ends_with("ticket_fields") {
                    json!([])
                } else {
                    ticket.clone()
                };
                Ok(reply(200, body.to_string()))
            });
            let app = TestApp::over(transport).await.in_still_time();
            app.get("/tickets/ticket_MQ").await.expect(200);
        }
    }
}

#[tokio::test]
async fn the_help_desks_refusals_have_their_own_codes() {
    for (status, expected, code) in [
        (400, 400, "request_failed"),
        (401, 401, "service_unauthorized"),
        (403, 403, "service_forbidden"),
        (404, 404, "not_found"),
        (406, 502, "bad_gateway"),
        (409, 409, "conflict"),
        (415, 502, "bad_gateway"),
        (429, 429, "too_many_service_requests"),
        (500, 502, "bad_gateway"),
        (502, 502, "bad_gateway"),
        (503, 502, "bad_gateway"),
        (301, 502, "bad_gateway"),
        (302, 502, "bad_gateway"),
        (304, 502, "bad_gateway"),
        (307, 502, "bad_gateway"),
    ] {
        for body in [
            "",
            " ",
            "<html>",
            r#"{"code":"x","message":"said so"}"#,
            "[1]",
        ] {
            let (transport, _) = always(status, body);
            let app = TestApp::over(transport).await.in_still_time();
            assert_eq!(
                app.get("/tickets/ticket_MQ").await.refused(expected),
                code,
                "{status} {body}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_domain_is_not_taken_for_a_missing_ticket() {
    let (transport, _) = answering(|_| {
        Ok(Response::builder()
            .status(404)
            .body(Bytes::from_static(b" "))
            .unwrap())
    });
    let app = TestApp::over(transport).await.in_still_time();

    let refused = app.get("/tickets/ticket_MQ").await.expect(502);

    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("check its domain")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (transport, received) = answering(|_| {
        let reply = Response::builder()
            .status(302)
            .header("location", "http://169.254.169.254/latest/meta-data");
        Ok(reply.body(Bytes::new()).unwrap())
    });
    let app = TestApp::over(transport).await.in_still_time();

    assert_eq!(app.get("/tickets").await.refused(502), "bad_gateway");

    assert!(
        received
            .lines()
            .iter()
            .all(|line| line.starts_with("GET /api/v2/"))
    );
}

#[tokio::test]
async fn reads_are_repeated_after_trouble_and_creates_are_not() {
    let failures: [Failure; 4] = [
        || Err(TransportError::Timeout),
        || Err(TransportError::Interrupted("reset".into())),
        || Err(TransportError::TooLarge { limit: 1 }),
        || Ok(reply(500, "")),
    ];
    for (number, fail) in failures.into_iter().enumerate() {
        let (transport, received) = answering(move |_| fail());
        let app = TestApp::over(transport).await.in_still_time();

        assert_eq!(
            app.post("/tickets", new_ticket()).await.refused(504),
            "outcome_unknown"
        );
        let posts = || {
            received
                .lines()
                .into_iter()
                .filter(|line| line.starts_with("POST"))
                .count()
        };
        assert_eq!(posts(), 1, "failure {number}");

        let read = app.get("/tickets/ticket_MQ").await;
        assert!(matches!(read.status.as_u16(), 502 | 504), "{read}");
        let reads = received
            .lines()
            .iter()
            .filter(|line| *line == "GET /api/v2/tickets/1")
            .count();
        assert_eq!(reads, if number == 2 { 1 } else { 3 });
    }
}

#[tokio::test]
async fn a_create_that_certainly_did_not_happen_is_repeated() {
    let failures: [Failure; 2] = [
        || Err(TransportError::Connect("refused".into())),
        || Ok(reply(429, "")),
    ];
    for (fail, code) in failures
        .into_iter()
        .zip([(502, "bad_gateway"), (429, "too_many_service_requests")])
    {
        let (transport, received) = answering(move |_| fail());
        let app = TestApp::over(transport).await.in_still_time();

        assert_eq!(
            app.post("/tickets", new_ticket()).await.refused(code.0),
            code.1
        );

        assert_eq!(
            received
                .lines()
                .into_iter()
                .filter(|line| line.starts_with("POST"))
                .count(),
            3
        );
    }
}

#[tokio::test]
async fn a_create_whose_answer_breaks_off_is_said_to_be_unknown() {
    let (app, simulator) = TestApp::freshdesk().await;
    let app = app.in_still_time();
    simulator.fail_next([Fault::BreakAfter]);
    let before = simulator.inspect(|world| world.tickets.len());

    assert_eq!(
        app.post("/tickets", new_ticket()).await.refused(504),
        "outcome_unknown"
    );

    assert_eq!(simulator.inspect(|world| world.tickets.len()), before + 1);
}

#[tokio::test]
async fn a_written_ticket_is_answered_even_if_it_cannot_be_read_again() {
    let (app, simulator) = TestApp::freshdesk().await;
    let app = app.in_still_time();
    let trouble = || Fault::Status(500, " ".into(), Vec::new());
    app.get("/tickets/ticket_MQ").await;
    simulator.fail_next([Fault::Pass, trouble(), trouble(), trouble()]);

    let made = app.post("/tickets", new_ticket()).await.expect(201);

    assert_eq!(made["requester"]["email"], "a@example.com");
}

#[tokio::test]
async fn waiting_ends_with_the_deadline_and_retry_after_is_in_whole_seconds() {
    for (given, told) in [
        ("7", "7"),
        ("0.2", "1"),
        ("61", "61"),
        ("100000", "3600"),
        ("-5", "1"),
        ("soon", "1"),
        ("", "1"),
    ] {
        let (transport, _) = answering(move |_| {
            let reply = Response::builder()
                .status(429)
                .header("x-ratelimit-total", "5")
                .header("retry-after", given);
            Ok(reply.body(Bytes::new()).unwrap())
        });
        let app = TestApp::over(transport).await.in_still_time();
        let answer = app.get("/tickets/ticket_MQ").await;
        assert_eq!(answer.headers["retry-after"], told, "{given}");
        assert_eq!(answer.refused(429), "too_many_service_requests");
    }
}

#[tokio::test]
async fn a_help_desk_that_echoes_the_credential_does_not_tell_it_to_the_client() {
    use base64::Engine as _;
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{UPSTREAM_KEY}:X"));
    let said = format!("you sent {UPSTREAM_KEY} as Basic {token}");
    for (status, body) in [
        (
            400,
            json!({ "errors": [{ "field": said, "message": said }] }),
        ),
        (403, json!({ "message": said })),
        (200, json!({ "id": 1, "echo": said })),
    ] {
        let (transport, _) = always(status, body.to_string());
        let app = TestApp::over(transport).await.in_still_time();
        let answer = app
            .get("/tickets/ticket_MQ")
            .header("x-kloudless-raw-data", "true")
            .await;
        let text = answer.body.to_string();
        assert!(
            !text.contains(UPSTREAM_KEY) && !text.contains(&token),
            "{text}"
        );
        assert!(text.contains("[redacted]"));
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_not_asked_for_ever() {
    let (transport, received) = answering(|request| {
        let mut answer = reply(
            200,
            if request.uri().path().ends_with("/tickets/1") {
                r#"{"id":1,"conversations":[1,2,3,4,5,6,7,8,9,10]}"#
            } else {
                "[]"
            },
        );
        answer.headers_mut().insert(
            "link",
            "<http://freshdesk.test/x?page=2>; rel=\"next\""
                .parse()
                .unwrap(),
        );
        Ok(answer)
    });
    let app = TestApp::over(transport).await.in_still_time();

    assert_eq!(app.get("/tickets").await.refused(502), "bad_gateway");
    app.get("/tickets/ticket_MQ/comments").await.expect(200);

    assert!(received.count() < 10, "{:?}", received.lines());
}

#[tokio::test]
async fn names_of_statuses_that_do_not_come_hold_nothing_up() {
    let (app, simulator) = TestApp::freshdesk().await;
    let router = simulator.router();
    let transport = tower::util::BoxCloneSyncService::new(tower::service_fn(
        move |request: http::Request<Bytes>| {
            let router = router.clone();
            async move {
                use tower::ServiceExt as _;
                if request.uri().path().ends_with("ticket_fields") {
                    std::future::pending::<()>().await;
                }
                crate::support::upstream::in_process(router)
                    .oneshot(request)
                    .await
            }
        },
    ));
    drop(app);
    let app = TestApp::over(transport).await.in_still_time();
    let begun = tokio::time::Instant::now();

    let made = app.post("/tickets", new_ticket()).await.expect(201);

    assert_eq!(made["native_status"], json!({ "id": "2", "label": null }));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}
