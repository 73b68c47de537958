//! Tickets.

use std::collections::BTreeSet;

use deskgate::model::id::TicketId;
use deskgate::providers::freshdesk::sim::Simulator;
use serde_json::{Value, json};

use crate::support::{PUBLIC_URL, TestApp};

/// The public id of a simulated ticket.
fn public(id: u64) -> String {
    TicketId::from_upstream(id.to_string()).to_string()
}

/// A live ticket of the simulated help desk.
fn any_ticket(simulator: &Simulator) -> u64 {
    simulator.inspect(|world| {
        world
            .tickets
            .values()
            .find(|ticket| ticket.is_listable())
            .unwrap()
            .id
    })
}

/// A ticket that a request asks for.
fn new_ticket() -> Value {
    json!({
        "subject": "Café <b>order</b> ☕", "description": "<p>Grüße 🌍 \"quoted\" \\ back</p>",
        "requester": { "email": "new.person@example.com", "name": "New Person" },
    })
}

#[tokio::test]
async fn a_walk_sees_every_ticket_of_any_age_once() {
    let (app, simulator) = TestApp::freshdesk().await;
    for page_size in [1, 7, 40, 100, 1000] {
        let mut seen = Vec::new();
        let mut page = String::new();
        loop {
            let list = app
                .get(&format!("/tickets?page_size={page_size}{page}"))
                .await
                .expect(200);
            let objects = list["objects"].as_array().unwrap();
            assert_eq!(list["count"], objects.len());
            seen.extend(
                objects
                    .iter()
                    .map(|ticket| ticket["id"].as_str().unwrap().to_owned()),
            );
            match list["next_page"].as_str() {
                Some(next) => page = format!("&page={next}"),
                None => break,
            }
            assert!(!objects.is_empty());
        }
        let live = simulator.inspect(|world| {
            let live = world.tickets.values().filter(|ticket| ticket.is_listable());
            live.map(|ticket| public(ticket.id))
                .collect::<BTreeSet<_>>()
        });
        assert_eq!(seen.len(), live.len());
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), live);
    }
}

#[tokio::test]
async fn a_list_has_names_and_descriptions_without_a_call_per_ticket() {
    let (app, simulator) = TestApp::freshdesk().await;

    let list = app.get("/tickets").await.expect(200);

    for ticket in list["objects"].as_array().unwrap() {
        assert!(
            ticket["requester"]["email"].is_string() || ticket["requester"]["name"].is_string(),
            "{ticket}"
        );
        assert!(ticket["description"].is_string());
    }
    // The list, and once in ten minutes the names of the statuses.
    let paths: BTreeSet<_> = simulator
        .calls()
        .into_iter()
        .map(|call| call.path)
        .collect();
    assert_eq!(simulator.calls().len(), 2);
    assert_eq!(
        paths,
        BTreeSet::from([
            "/api/v2/ticket_fields".to_owned(),
            "/api/v2/tickets".to_owned()
        ])
    );
}

#[tokio::test]
async fn a_ticket_is_made_as_it_was_asked_for() {
    let (app, _) = TestApp::freshdesk().await;
    let mut body = new_ticket();
    let more = json!({
        "priority": "urgent", "status": "pending", "tags": ["a", "b c"], "due_at": "2026-12-24T12:00:00.5+01:00",
        "email_ccs": [{ "email": "copy@example.com" }],
        "custom_properties": [{ "id": "cf_reference", "value": "ORD-1" }, { "id": "cf_seats", "value": 12 }],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());

    let made = app.post("/tickets", body).await.expect(201);

    let id = made["id"].as_str().unwrap();
    assert_eq!(
        made["href"],
        format!("{PUBLIC_URL}/v1/accounts/me/helpdesk/tickets/{id}")
    );
    assert_eq!(made["subject"], "Café <b>order</b> ☕");
    assert!(
        made["description"]
            .as_str()
            .unwrap()
            .contains("Grüße 🌍 \"quoted\" \\ back")
    );
    assert_eq!(
        (&made["priority"], &made["status"]),
        (&json!("urgent"), &json!("pending"))
    );
    assert_eq!(
        made["native_status"],
        json!({ "id": "3", "label": "Pending" })
    );
    assert_eq!(made["tags"], json!(["a", "b c"]));
    assert_eq!(made["due_at"], "2026-12-24T11:00:00Z");
    assert_eq!(made["requester"]["email"], "new.person@example.com");
    assert_eq!(made["requester"]["name"], "New Person");
    assert_eq!(
        made["email_ccs"],
        json!([{ "user_id": null, "email": "copy@example.com", "name": null }])
    );
    let property = |name: &str| {
        let properties = made["custom_properties"].as_array().unwrap();
        properties
            .iter()
            .find(|property| property["id"] == name)
            .unwrap()["value"]
            .clone()
    };
    assert_eq!(
        (property("cf_reference"), property("cf_seats")),
        (json!("ORD-1"), json!(12))
    );
    assert_eq!(
        app.get(&format!("/tickets/{id}")).await.expect(200)["subject"],
        made["subject"]
    );
}

#[tokio::test]
async fn defaults_are_those_of_the_api_and_what_the_help_desk_lacks_is_ignored() {
    let (app, _) = TestApp::freshdesk().await;
    let mut body = new_ticket();
    let lacking = json!({ "public": false, "submitter": "1", "followers": [{ "email": "f@example.com" }], "made_up": 1 });
    body.as_object_mut()
        .unwrap()
        .extend(lacking.as_object().unwrap().clone());

    let made = app.post("/tickets", body).await.expect(201);

    assert_eq!(
        (&made["priority"], &made["status"], &made["public"]),
        (&json!("normal"), &json!("open"), &json!(true))
    );
    assert_eq!(
        (&made["submitter"], &made["followers"]),
        (&Value::Null, &json!([]))
    );
}

#[tokio::test]
async fn all_priorities_and_statuses_survive_the_round_trip() {
    let (app, _) = TestApp::freshdesk().await;
    let id = app.post("/tickets", new_ticket()).await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for priority in ["low", "normal", "high", "urgent"] {
        for status in ["open", "pending", "resolved", "closed"] {
            let patch = json!({ "priority": priority, "status": status });
            let changed = app
                .patch(&format!("/tickets/{id}"), patch)
                .await
                .expect(200);
            assert_eq!(
                (&changed["priority"], &changed["status"]),
                (&json!(priority), &json!(status))
            );
        }
    }
}

#[tokio::test]
async fn a_patch_touches_only_what_it_names_and_null_empties() {
    let (app, simulator) = TestApp::freshdesk().await;
    let (agent, group) =
        simulator.inspect(|world| (world.me.to_string(), *world.groups.keys().next().unwrap()));
    let mut body = new_ticket();
    let more = json!({ "assignee": agent, "group": group.to_string(), "tags": ["x"], "ticket_type": "Question" });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let before = app.post("/tickets", body).await.expect(201);
    let address = format!("/tickets/{}", before["id"].as_str().unwrap());
    assert_eq!(
        (&before["assignee"], &before["group"]),
        (&json!(agent), &json!(group.to_string()))
    );

    let patch = json!({ "assignee": null, "group": null, "tags": null, "ticket_type": null, "subject": "Changed" });
    let after = app.patch(&address, patch).await.expect(200);

    assert_eq!(after["subject"], "Changed");
    assert_eq!(
        (&after["assignee"], &after["group"], &after["tags"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert_eq!(after["ticket_type"], Value::Null);
    for kept in [
        "description",
        "priority",
        "status",
        "requester",
        "email_ccs",
        "custom_properties",
        "created_at",
    ] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(
        app.patch(&address, json!({})).await.expect(200)["subject"],
        "Changed"
    );
}

#[tokio::test]
async fn what_cannot_be_emptied_or_changed_is_refused_by_name() {
    let (app, simulator) = TestApp::freshdesk().await;
    let made = app.post("/tickets", new_ticket()).await.expect(201);
    let address = format!("/tickets/{}", made["id"].as_str().unwrap());
    simulator.clear_calls();

    for name in [
        "subject",
        "description",
        "priority",
        "status",
        "requester",
        "custom_properties",
    ] {
        let refused = app.patch(&address, json!({ name: null })).await.expect(400);
        assert_eq!(refused["error_code"], "invalid_parameters");
        assert!(
            refused["message"].as_str().unwrap().starts_with(name),
            "{refused}"
        );
    }
    assert_eq!(simulator.calls().len(), 0);

    let refused = app
        .patch(
            &address,
            json!({ "email_ccs": [{ "email": "x@example.com" }] }),
        )
        .await
        .expect(400);
    assert_eq!(refused["error_code"], "invalid_parameters");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .starts_with("email_ccs")
    );
    assert!(
        simulator
            .calls()
            .iter()
            .all(|call| call.method == http::Method::GET)
    );
    app.patch(&address, json!({ "email_ccs": [] }))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_due_date_that_was_given_is_answered_at_once() {
    let (app, _) = TestApp::freshdesk().await;
    let made = app.post("/tickets", new_ticket()).await.expect(201);
    let address = format!("/tickets/{}", made["id"].as_str().unwrap());

    let changed = app
        .patch(&address, json!({ "due_at": "2027-01-01T00:00:00Z" }))
        .await
        .expect(200);

    assert_eq!(changed["due_at"], "2027-01-01T00:00:00Z");
    app.clock.advance(std::time::Duration::from_secs(2));
    assert_eq!(
        app.get(&address).await.expect(200)["due_at"],
        "2027-01-01T00:00:00Z"
    );
}

#[tokio::test]
async fn a_trashed_ticket_is_not_found_by_any_operation() {
    let (app, simulator) = TestApp::freshdesk().await;
    let made = app.post("/tickets", new_ticket()).await.expect(201);
    let address = format!("/tickets/{}", made["id"].as_str().unwrap());
    let note = app
        .post(
            &format!("{address}/comments"),
            json!({ "content": "n", "public": false }),
        )
        .await
        .expect(201);
    let comment = format!("{address}/comments/{}", note["id"].as_str().unwrap());

    app.delete(&address).await.expect(204);

    assert_eq!(app.get(&address).await.refused(404), "not_found");
    assert_eq!(
        app.patch(&address, json!({ "status": "open" }))
            .await
            .refused(404),
        "not_found"
    );
    assert_eq!(app.delete(&address).await.refused(404), "not_found");
    assert_eq!(
        app.get(&format!("{address}/comments")).await.refused(404),
        "not_found"
    );
    assert_eq!(
        app.post(&format!("{address}/comments"), json!({ "content": "x" }))
            .await
            .refused(404),
        "not_found"
    );
    assert_eq!(app.get(&comment).await.refused(404), "not_found");
    assert_eq!(
        app.patch(&comment, json!({ "content": "x" }))
            .await
            .refused(404),
        "not_found"
    );
    assert_eq!(app.delete(&comment).await.refused(404), "not_found");
    let listed = app.get("/tickets?page_size=1000").await.expect(200);
    assert!(
        listed["objects"]
            .as_array()
            .unwrap()
            .iter()
            .all(|ticket| ticket["id"] != made["id"])
    );
    let conversations = simulator.inspect(|world| {
        world
            .tickets
            .values()
            .map(|ticket| ticket.conversations.len())
            .sum::<usize>()
    });
    assert!(conversations > 0);
}

#[tokio::test]
async fn a_spam_ticket_can_be_read_and_refuses_writes() {
    let (app, simulator) = TestApp::freshdesk().await;
    let made = app.post("/tickets", new_ticket()).await.expect(201);
    let address = format!("/tickets/{}", made["id"].as_str().unwrap());
    let note = app
        .post(
            &format!("{address}/comments"),
            json!({ "content": "n", "public": false }),
        )
        .await
        .expect(201);
    let comment = format!("{address}/comments/{}", note["id"].as_str().unwrap());
    let id: TicketId = made["id"].as_str().unwrap().parse().unwrap();
    simulator.change(|world| assert!(world.mark_spam(id.upstream().parse().unwrap())));

    assert_eq!(app.get(&address).await.expect(200)["spam"], true);
    assert_eq!(
        app.get(&format!("{address}/comments")).await.expect(200)["count"],
        1
    );
    assert_eq!(
        app.patch(&address, json!({ "status": "open" }))
            .await
            .refused(409),
        "conflict"
    );
    assert_eq!(app.delete(&address).await.refused(409), "conflict");
    assert_eq!(
        app.post(&format!("{address}/comments"), json!({ "content": "x" }))
            .await
            .refused(409),
        "conflict"
    );
    assert_eq!(
        app.patch(&comment, json!({ "content": "x" }))
            .await
            .refused(409),
        "conflict"
    );
    assert_eq!(app.delete(&comment).await.refused(409), "conflict");
}

#[tokio::test]
async fn a_status_of_the_help_desks_own_is_told_beside_the_nearest() {
    let (app, simulator) = TestApp::freshdesk().await;
    let id = any_ticket(&simulator);
    let mut told = Vec::new();
    for status in [2, 3, 4, 5, 6, 7, 8] {
        simulator.change(|world| assert!(world.set_status(id, status)));
        let ticket = app
            .get(&format!("/tickets/{}", public(id)))
            .await
            .expect(200);
        told.push((
            ticket["status"].clone(),
            ticket["native_status"]["id"].clone(),
            ticket["native_status"]["label"].clone(),
        ));
    }
    let expected = [
        ("open", "2", "Open"),
        ("pending", "3", "Pending"),
        ("resolved", "4", "Resolved"),
        ("closed", "5", "Closed"),
        ("pending", "6", "Waiting on Customer"),
        ("pending", "7", "Waiting on Third Party"),
        ("open", "8", "Escalated to Engineering"),
    ];
    assert_eq!(
        told,
        expected.map(|(status, id, label)| (json!(status), json!(id), json!(label)))
    );
    // Seven reads, and one for the names.
    assert_eq!(
        simulator
            .calls()
            .iter()
            .filter(|call| call.path.ends_with("/ticket_fields"))
            .count(),
        1
    );
}

#[tokio::test]
async fn raw_data_comes_only_when_asked_for_and_on_lists_too() {
    let (app, simulator) = TestApp::freshdesk().await;
    let address = format!("/tickets/{}", public(any_ticket(&simulator)));

    let plain = app.get(&address).await.expect(200);
    let ticket = app
        .get(&address)
        .header("x-kloudless-raw-data", "true")
        .await
        .expect(200);
    let list = app
        .get("/tickets")
        .header("x-kloudless-raw-data", "True")
        .await
        .expect(200);

    assert!(plain.get("raw").is_none());
    assert!(ticket["raw"]["object"]["requester_id"].is_number());
    assert!(
        list["objects"]
            .as_array()
            .unwrap()
            .iter()
            .all(|ticket| ticket["raw"]["object"]["id"].is_number())
    );
    assert_eq!(
        app.get(&address)
            .header("x-kloudless-raw-data", "maybe")
            .await
            .refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn the_help_desks_own_refusals_are_told_in_our_names() {
    let (app, _) = TestApp::freshdesk().await;
    let mut body = new_ticket();
    body["group"] = json!("123");
    body["assignee"] = json!("123");

    let refused = app.post("/tickets", body).await.expect(400);

    assert_eq!(refused["error_code"], "request_failed");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("group: ") && message.contains("assignee: "),
        "{message}"
    );
}

#[tokio::test]
async fn addresses_work_with_and_without_slash_helpdesk_and_me() {
    let (app, simulator) = TestApp::freshdesk().await;
    let ticket = public(any_ticket(&simulator));
    let account = app.account;
    for form in ["me", &account.to_string()] {
        for below in ["helpdesk/", ""] {
            for end in ["", "/"] {
                let list = format!("/v1/accounts/{form}/{below}tickets{end}");
                app.as_account(http::Method::GET, &list).await.expect(200);
                let one = format!("/v1/accounts/{form}/{below}tickets/{ticket}{end}");
                let read = app.as_account(http::Method::GET, &one).await.expect(200);
                assert_eq!(
                    read["href"],
                    format!("{PUBLIC_URL}/v1/accounts/{form}/helpdesk/tickets/{ticket}")
                );
            }
        }
    }
}
