//! What is Freshdesk's alone: walls, costs, statuses, replies, due dates.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use deskgate::providers::freshdesk::sim::records::Ticket;
use deskgate::providers::freshdesk::sim::switches::Refusal;
use deskgate::providers::freshdesk::sim::{Simulator, Switches};
use http::{Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::contract::attributes::with;
use crate::contract::lab::{address, new_ticket, public, upstream};
use crate::support::TestApp;
use crate::support::upstream::{always, answering, in_process, reply};

/// Walks to the end; returns the tickets and the last page.
async fn walk(app: &TestApp, query: &str) -> (Vec<Value>, Value) {
    let mut tickets = Vec::new();
    let mut page = String::new();
    loop {
        let list = app
            .get(&format!("/tickets?{query}{page}"))
            .await
            .expect(200);
        tickets.extend(list["objects"].as_array().unwrap().iter().cloned());
        match list["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => return (tickets, list),
        }
    }
}

/// The help desk's numbers of tickets.
fn numbers(tickets: &[Value]) -> Vec<u64> {
    let number = |ticket: &Value| upstream(ticket).parse().unwrap();
    tickets.iter().map(number).collect()
}

/// The live tickets of a help desk for which something holds.
fn live(simulator: &Simulator, holds: impl Fn(&Ticket) -> bool) -> BTreeSet<u64> {
    simulator.inspect(|world| {
        world
            .tickets
            .values()
            .filter(|ticket| ticket.is_listable() && holds(ticket))
            .map(|ticket| ticket.id)
            .collect()
    })
}

/// How many times smaller than in the long run a large desk is.
fn scale() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let is_long = std::env::var("DESKGATE_LAW_CASES").is_ok();
    if is_long { 1 } else { 20 }
}

#[tokio::test]
async fn thirty_five_thousand_tickets_five_thousand_of_one_second_are_each_seen_once() {
    let scale = scale();
    let (app, simulator) = TestApp::freshdesk_with(0, Switches::default()).await;
    app.clock.advance(Duration::from_hours(24));
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        let now = world.now();
        for number in 0..35_000 / scale {
            let mut ticket = world.blank_ticket(requester);
            let second = if (15_000 / scale..20_000 / scale).contains(&number) {
                15_000 / scale
            } else {
                number
            };
            ticket.updated_at = now - jiff::SignedDuration::from_secs(60_000 - second);
            world.insert_ticket(ticket);
        }
    });
    app.clock.advance(Duration::from_secs(2));

    let (tickets, last) = walk(&app, "page_size=1000&fields=id").await;

    let seen = numbers(&tickets);
    let all = live(&simulator, |_| true);
    assert_eq!(seen.len(), all.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(
        !last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("crowded_second"))
    );
}

#[tokio::test]
async fn more_tickets_of_one_second_than_the_help_desk_shows_are_said_to_be_missing() {
    if scale() != 1 {
        // Some 30,000 tickets have to be walked: for the long run.
        return;
    }
    let (app, simulator) = TestApp::freshdesk_with(0, Switches::default()).await;
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        for _ in 0..30_200 {
            let ticket = world.blank_ticket(requester);
            world.insert_ticket(ticket);
        }
    });
    app.clock.advance(Duration::from_secs(5));
    simulator.change(|world| {
        let requester = *world.contacts.keys().next().unwrap();
        let ticket = world.blank_ticket(requester);
        world.insert_ticket(ticket);
    });
    app.clock.advance(Duration::from_secs(5));

    let (tickets, last) = walk(&app, "page_size=1000&fields=id").await;

    let seen: BTreeSet<_> = numbers(&tickets).into_iter().collect();
    assert!(seen.len() >= 30_000);
    assert!(
        seen.contains(live(&simulator, |_| true).last().unwrap()),
        "what comes after the crowd is listed"
    );
    assert_eq!(last["coverage"]["complete"], false);
    assert!(
        last["coverage"]["not_listed"]
            .as_array()
            .unwrap()
            .contains(&json!("crowded_second"))
    );
}

/// Verb and path of each call that the help desk has got.
fn calls(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.calls().into_iter();
    calls
        .map(|call| format!("{} {}", call.method, call.path))
        .collect()
}

/// Makes a comment of a ticket: its address.
async fn comment(app: &TestApp, ticket: &str, public: bool) -> String {
    let body = json!({ "content": "<p>c</p>", "public": public });
    let made = app
        .post(&format!("{ticket}/comments"), body)
        .await
        .expect(201);
    format!("{ticket}/comments/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_list_is_one_call_and_one_more_for_the_names_of_statuses() {
    let (app, simulator) = TestApp::freshdesk().await;

    app.get("/tickets").await.expect(200);
    let mut first = calls(&simulator);
    simulator.clear_calls();
    app.get("/tickets").await.expect(200);

    first.sort();
    assert_eq!(first, ["GET /api/v2/ticket_fields", "GET /api/v2/tickets"]);
    // The names are remembered for ten minutes.
    assert_eq!(calls(&simulator), ["GET /api/v2/tickets"]);
}

#[tokio::test]
async fn the_names_of_statuses_are_read_once_for_many_tickets() {
    let (app, simulator) = TestApp::freshdesk().await;
    for number in live(&simulator, |_| true).into_iter().take(7) {
        let path = format!("/tickets/{}", public(&number.to_string()));
        let read = app
            .get(&path)
            .header("x-kloudless-raw-data", "true")
            .await
            .expect(200);
        assert!(read["native_status"]["label"].is_string());
        assert!(read["raw"]["object"]["requester_id"].is_number());
    }
    let is_names = |line: &String| line.ends_with("/ticket_fields");
    assert_eq!(
        calls(&simulator)
            .iter()
            .filter(|line| is_names(line))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_new_ticket_has_every_detail_that_freshdesk_keeps() {
    let (app, _) = TestApp::freshdesk().await;
    let more = json!({
        "priority": "urgent", "status": "pending", "tags": ["a", "b c"], "due_at": "2026-12-24T12:00:00.5+01:00",
        "email_ccs": [{ "email": "copy@example.com" }], "ticket_type": "Question",
        "custom_properties": [{ "id": "cf_reference", "value": "ORD-1" }, { "id": "cf_seats", "value": 12 }],
        "public": false, "submitter": "1", "followers": [{ "email": "f@example.com" }],
    });

    let made = app
        .post("/tickets", with(new_ticket(), &more))
        .await
        .expect(201);

    assert_eq!(made["description"], new_ticket()["description"]);
    assert_eq!(
        made["native_status"],
        json!({ "id": "3", "label": "Pending" })
    );
    assert_eq!(made["tags"], json!(["a", "b c"]));
    assert_eq!(made["due_at"], "2026-12-24T11:00:00Z");
    assert_eq!(made["ticket_type"], "Question");
    assert_eq!(made["requester"]["name"], "New Person");
    let copy = json!([{ "user_id": null, "email": "copy@example.com", "name": null }]);
    assert_eq!(made["email_ccs"], copy);
    for property in more["custom_properties"].as_array().unwrap() {
        assert!(
            made["custom_properties"]
                .as_array()
                .unwrap()
                .contains(property),
            "{property}"
        );
    }
    // Freshdesk has none of these.
    assert_eq!(made["public"], true);
    assert_eq!(
        (&made["submitter"], &made["followers"]),
        (&Value::Null, &json!([]))
    );
}

#[tokio::test]
async fn a_closed_ticket_can_be_opened_again() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = address(&app.post("/tickets", new_ticket()).await.expect(201));
    for status in ["closed", "open", "closed", "pending", "closed", "resolved"] {
        let changed = app
            .patch(&ticket, json!({ "status": status }))
            .await
            .expect(200);
        assert_eq!(changed["status"], status);
    }
}

#[tokio::test]
async fn people_in_copy_can_be_given_at_first_and_never_changed() {
    let (app, simulator) = TestApp::freshdesk().await;
    let ticket = address(&app.post("/tickets", new_ticket()).await.expect(201));
    simulator.clear_calls();

    let patch = json!({ "email_ccs": [{ "email": "x@example.com" }] });
    let refused = app.patch(&ticket, patch).await.expect(400);

    assert_eq!(refused["error_code"], "invalid_parameters");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .starts_with("email_ccs")
    );
    assert!(
        calls(&simulator)
            .iter()
            .all(|line| line.starts_with("GET "))
    );
    app.patch(&ticket, json!({ "email_ccs": [] }))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_due_date_that_was_given_is_answered_at_once() {
    let (app, _) = TestApp::freshdesk().await;
    let ticket = address(&app.post("/tickets", new_ticket()).await.expect(201));

    let patch = json!({ "due_at": "2027-01-01T00:00:00Z" });
    let changed = app.patch(&ticket, patch).await.expect(200);

    assert_eq!(changed["due_at"], "2027-01-01T00:00:00Z");
    app.clock.advance(Duration::from_secs(2));
    assert_eq!(
        app.get(&ticket).await.expect(200)["due_at"],
        "2027-01-01T00:00:00Z"
    );
}

#[tokio::test]
async fn all_attributes_that_are_refused_are_named_at_once() {
    let (app, _) = TestApp::freshdesk().await;
    let ids = json!({ "group": "123", "assignee": "123" });

    let refused = app
        .post("/tickets", with(new_ticket(), &ids))
        .await
        .expect(400);

    assert_eq!(refused["error_code"], "request_failed");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("group: ") && message.contains("assignee: "),
        "{message}"
    );
}

#[tokio::test]
async fn replies_cannot_be_edited_and_nothing_is_tried() {
    let (app, simulator) = TestApp::freshdesk().await;
    let ticket = address(&app.post("/tickets", new_ticket()).await.expect(201));
    let reply = comment(&app, &ticket, true).await;
    let note = comment(&app, &ticket, false).await;
    simulator.clear_calls();

    let refused = app.patch(&reply, json!({ "content": "changed" })).await;

    assert_eq!(refused.refused(501), "not_implemented");
    assert!(
        calls(&simulator)
            .iter()
            .all(|line| line.starts_with("GET "))
    );
    let changed = app
        .patch(&note, json!({ "content": "changed" }))
        .await
        .expect(200);
    assert_eq!(changed["content"], "<div>changed</div>");
}

#[tokio::test]
async fn nothing_is_posted_to_a_trashed_or_spam_ticket_even_where_freshdesk_takes_it() {
    let switches = Switches {
        posting_to_trashed: Refusal::Allowed,
        trashed_conversations: Refusal::Allowed,
        ..Switches::default()
    };
    let (app, simulator) = TestApp::freshdesk_with(40, switches).await;
    for (is_spam, status, code) in [(true, 409, "conflict"), (false, 404, "not_found")] {
        let made = app.post("/tickets", new_ticket()).await.expect(201);
        let ticket = address(&made);
        let note = comment(&app, &ticket, false).await;
        let id = upstream(&made).parse().unwrap();
        simulator.change(|world| {
            let edit = |ticket: &mut Ticket| (ticket.spam, ticket.deleted) = (is_spam, !is_spam);
            assert!(world.edit_ticket(id, edit));
        });
        for public in [true, false] {
            let body = json!({ "content": "x", "public": public });
            let answer = app.post(&format!("{ticket}/comments"), body).await;
            assert_eq!(answer.refused(status), code);
        }
        let edit = app.patch(&note, json!({ "content": "x" })).await;
        assert_eq!(edit.refused(status), code);
        assert_eq!(app.delete(&note).await.refused(status), code);
        let stored = simulator.inspect(|world| world.tickets[&id].conversations.len());
        assert_eq!(stored, 1);
    }
}

#[tokio::test]
async fn attachments_are_told_with_an_address_that_needs_no_credential() {
    let (app, simulator) = TestApp::freshdesk_with(250, Switches::default()).await;
    let with_file = live(&simulator, |ticket| {
        let mut conversations = ticket.conversations.iter();
        conversations.any(|conversation| !conversation.attachments.is_empty())
    });
    let ticket = public(&with_file.first().unwrap().to_string());

    let list = app
        .get(&format!("/tickets/{ticket}/comments"))
        .await
        .expect(200);

    let comments = list["objects"].as_array().unwrap().iter();
    let mut attachments = comments.flat_map(|comment| comment["attachments"].as_array().unwrap());
    let attachment = attachments.next().unwrap();
    assert!(attachment["filename"].is_string() && attachment["size"].is_number());
    assert!(attachment["url"].as_str().unwrap().starts_with("http"));
}

#[tokio::test]
async fn a_help_desk_that_stores_another_visibility_is_found_out() {
    for (path, asked, stored) in [
        ("notes", false, Some(false)),
        ("notes", false, None),
        ("reply", true, Some(true)),
    ] {
        let (transport, received) = answering(move |request| {
            if request.uri().path().ends_with(path) {
                let made = json!({ "id": 5, "body": "x", "user_id": 1, "private": stored });
                return Ok(reply(201, made.to_string()));
            }
            Ok(reply(200, json!({ "id": 1, "spam": false }).to_string()))
        });
        let app = TestApp::over(transport).await;

        let body = json!({ "content": "x", "public": asked });
        let refused = app.post("/tickets/ticket_MQ/comments", body).await;

        assert_eq!(refused.refused(502), "bad_gateway");
        let sent = format!("POST /api/v2/tickets/1/{path}");
        assert_eq!(received.lines(), ["GET /api/v2/tickets/1".to_owned(), sent]);
    }
}

#[tokio::test]
async fn a_conversation_without_a_visibility_is_not_called_public() {
    let odd = json!([{ "id": 2, "body": "x" }, { "id": 3, "private": "odd" }]);
    let ticket = json!({ "id": 1, "conversations": odd }).to_string();
    let (transport, _) = answering(move |_| Ok(reply(200, ticket.clone())));
    let app = TestApp::over(transport).await;

    let list = app.get("/tickets/ticket_MQ/comments").await.expect(200);

    let comments = list["objects"].as_array().unwrap().iter();
    let public: Vec<_> = comments.map(|comment| &comment["public"]).collect();
    assert_eq!(public, [false, false]);
}

#[tokio::test]
async fn a_wrong_domain_is_not_taken_for_a_missing_ticket() {
    for body in ["", " ", "<html>", r#"{"message":"x"}"#] {
        let (transport, _) = answering(move |_| {
            let reply = Response::builder().status(404);
            Ok(reply.body(Bytes::from_static(body.as_bytes())).unwrap())
        });
        let app = TestApp::over(transport).await;

        let refused = app.get("/tickets/ticket_MQ").await.expect(502);

        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("check its domain"), "{message}");
        assert_eq!(refused["error_code"], "bad_gateway");
    }
}

#[tokio::test]
async fn a_404_with_the_rate_headers_of_an_account_is_a_missing_ticket() {
    for body in ["", " ", "<html>", r#"{"code":"x","message":"y"}"#, "[1]"] {
        let (transport, _) = always(404, body);
        let app = TestApp::over(transport).await;

        let read = app.get("/tickets/ticket_MQ").await;

        assert_eq!(read.refused(404), "not_found", "{body}");
    }
}

#[tokio::test]
async fn only_a_ticket_that_is_said_to_be_trashed_is_not_found() {
    for (deleted, status) in [
        (json!(true), 404),
        (json!(false), 200),
        (json!(null), 200),
        (json!("x"), 200),
        (json!("true"), 200),
        (json!(1), 200),
        (json!(7.5), 200),
        (json!(-1), 200),
        (json!(1e300), 200),
        (json!([]), 200),
        (json!([[1]]), 200),
        (json!({}), 200),
    ] {
        let ticket = json!({ "id": 1, "deleted": deleted }).to_string();
        let (transport, _) = always(200, ticket);
        let app = TestApp::over(transport).await;

        app.get("/tickets/ticket_MQ").await.expect(status);
    }
}

#[tokio::test]
async fn a_next_page_that_is_always_promised_is_not_asked_for_ever() {
    let (transport, received) = answering(|request| {
        let body = if request.uri().path().ends_with("/tickets/1") {
            r#"{"id":1,"conversations":[1,2,3,4,5,6,7,8,9,10]}"#
        } else {
            "[]"
        };
        let mut answer = reply(200, body);
        let next = r#"<http://freshdesk.test/x?page=2>; rel="next""#;
        answer.headers_mut().insert("link", next.parse().unwrap());
        Ok(answer)
    });
    let app = TestApp::over(transport).await.in_still_time();

    assert_eq!(app.get("/tickets").await.refused(502), "bad_gateway");
    app.get("/tickets/ticket_MQ/comments").await.expect(200);

    assert!(received.count() < 10, "{:?}", received.lines());
}

#[tokio::test]
async fn names_of_statuses_that_do_not_come_hold_nothing_up() {
    let (_, simulator) = TestApp::freshdesk().await;
    let desk = in_process(simulator.router());
    let transport = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let desk = desk.clone();
        async move {
            if request.uri().path().ends_with("ticket_fields") {
                std::future::pending::<()>().await;
            }
            desk.oneshot(request).await
        }
    }));
    let app = TestApp::over(transport).await.in_still_time();
    let begun = tokio::time::Instant::now();

    let made = app.post("/tickets", new_ticket()).await.expect(201);

    assert_eq!(made["native_status"], json!({ "id": "2", "label": null }));
    assert!(begun.elapsed() < Duration::from_secs(5));
}
