//! Making and changing tickets.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::{Seen, Stage};

/// The first reason of a refusal.
fn reason<'a>(seen: &'a Seen, field: &str) -> &'a str {
    assert_eq!(seen.status, 422, "{}", seen.text);
    assert_eq!(seen.body["error"], "RecordInvalid");
    seen.body["details"][field][0]["description"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn a_new_ticket_has_the_recorded_defaults() {
    let stage = Stage::plain();
    let made = stage
        .post(
            "tickets",
            json!({"ticket": {"subject": "test", "comment": {"body": "test"}}}),
        )
        .await;
    let ticket = &made.body["ticket"];
    let id = &ticket["id"];

    assert_eq!(made.status, 201);
    assert_eq!(
        made.header("location"),
        format!("http://sim.test/api/v2/tickets/{id}.json")
    );
    assert_eq!(ticket["url"], made.header("location"));
    assert_eq!(ticket["status"], "new");
    assert_eq!(ticket["priority"], Value::Null);
    assert_eq!(ticket["via"]["channel"], "api");
    assert_eq!(ticket["requester_id"], stage.me());
    let comment = &made.body["audit"]["events"][0];
    assert_eq!(comment["type"], "Comment");
    assert_eq!(
        comment["html_body"],
        "<div class=\"zd-comment\" dir=\"auto\"><p dir=\"auto\">test</p></div>"
    );
    let shown = stage.get(&format!("tickets/{id}")).await;
    assert!(shown.body.get("audit").is_none());
    let comments = stage.get(&format!("tickets/{id}/comments")).await;
    assert_eq!(comments.body["comments"][0]["id"], comment["id"]);
}

#[tokio::test]
async fn a_ticket_needs_a_text() {
    let stage = Stage::plain();
    let seen = stage
        .post("tickets", json!({"ticket": {"subject": "s"}}))
        .await;

    assert_eq!(reason(&seen, "base"), "Description: cannot be blank");
}

#[tokio::test]
async fn the_description_of_an_update_does_nothing() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let before = stage.get(&format!("tickets/{id}")).await;
    stage.pass(5);
    let seen = stage.change(id, json!({"description": "other"})).await;

    assert_eq!(seen.status, 200);
    assert_eq!(seen.body["ticket"], before.body["ticket"]);
    assert_eq!(seen.body["audit"]["events"], json!([]));
}

#[tokio::test]
async fn tags_are_replaced_and_custom_fields_merged() {
    let stage = Stage::plain();
    let [text, seats] = stage.simulator.inspect(|world| {
        let of_kind = |kind: &str| {
            let mut all = world.ticket_fields.values();
            all.find(|field| field.custom && field.kind == kind)
                .unwrap()
                .id
        };
        [of_kind("text"), of_kind("integer")]
    });
    let id = stage
        .ticket(json!({
            "tags": ["B", "a c"],
            "custom_fields": [{"id": text, "value": "x"}, {"id": seats.to_string(), "value": 3}],
        }))
        .await;
    let made = stage.get(&format!("tickets/{id}")).await;
    let change = json!({"tags": ["z"], "custom_fields": [{"id": seats, "value": 4}]});
    let seen = stage.change(id, change).await;
    let value = |wanted: u64| {
        let fields = seen.body["ticket"]["custom_fields"].as_array().unwrap();
        fields.iter().find(|one| one["id"] == wanted).unwrap()["value"].clone()
    };

    assert_eq!(made.body["ticket"]["tags"], json!(["a", "b", "c"]));
    assert_eq!(seen.body["ticket"]["tags"], json!(["z"]));
    assert_eq!(value(text), "x");
    assert_eq!(value(seats), 4);
}

#[tokio::test]
async fn an_agent_opens_a_new_ticket_and_brings_a_group() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let seen = stage.change(id, json!({"assignee_id": stage.me()})).await;
    let again = stage.change(id, json!({"status": "new"})).await;

    assert_eq!(seen.body["ticket"]["status"], "open");
    assert!(seen.body["ticket"]["group_id"].is_u64());
    let names: Vec<&Value> = seen.body["audit"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["field_name"])
        .collect();
    assert_eq!(
        names,
        ["assignee_id", "custom_status_id", "group_id", "status"]
    );
    assert_eq!(again.status, 422);
}

#[tokio::test]
async fn solving_needs_an_agent() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let refused = stage.change(id, json!({"status": "solved"})).await;
    let me = stage.me();
    let solved = stage
        .change(id, json!({"status": "solved", "assignee_id": me}))
        .await;

    assert_eq!(
        reason(&refused, "base"),
        "Assignee: is required when solving a ticket"
    );
    assert_eq!(
        refused.body["details"]["base"][0]["ticket_field_type"],
        "FieldAssignee"
    );
    assert_eq!(solved.body["ticket"]["status"], "solved");
}

#[tokio::test]
async fn closed_is_taken_and_final() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let closed = stage.change(id, json!({"status": "closed"})).await;
    let commented = stage.change(id, json!({"comment": {"body": "late"}})).await;
    let tagged = stage
        .put(&format!("tickets/{id}/tags"), json!({"tags": ["late"]}))
        .await;

    assert_eq!(closed.body["ticket"]["status"], "closed");
    assert_eq!(
        reason(&commented, "status"),
        "Status: closed prevents ticket update"
    );
    assert_eq!(tagged.status, 422);
    assert_eq!(stage.delete(&format!("tickets/{id}")).await.status, 204);
}

#[tokio::test]
async fn a_priority_cannot_be_cleared() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({"priority": "high"})).await;
    let seen = stage.change(id, json!({"priority": null})).await;

    assert_eq!(reason(&seen, "priority"), "Priority: cannot be reset");
}

#[tokio::test]
async fn an_old_stamp_is_a_conflict_and_changes_nothing() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let stamp = stage.get(&format!("tickets/{id}")).await.body["ticket"]["updated_at"].clone();
    stage.pass(3);
    let change =
        |subject: &str| json!({"subject": subject, "safe_update": true, "updated_stamp": stamp});
    let first = stage.change(id, change("one")).await;
    let second = stage.change(id, change("two")).await;
    let shown = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(first.status, 200);
    assert_eq!(second.status, 409);
    assert_eq!(second.body["error"], "UpdateConflict");
    assert_eq!(shown.body["ticket"]["subject"], "one");
}

#[tokio::test]
async fn the_same_key_makes_one_ticket() {
    let stage = Stage::plain();
    let post = |subject: &str| {
        let body = json!({"ticket": {"subject": subject, "comment": {"body": "b"}}});
        let request = Request::builder()
            .method("POST")
            .uri("/api/v2/tickets")
            .header(
                "authorization",
                "Basic bWVAZGVzay5leGFtcGxlL3Rva2VuOnNlY3JldA==",
            )
            .header("content-type", "application/json")
            .header("idempotency-key", "k1");
        stage.ask(request.body(Body::from(body.to_string())).unwrap())
    };
    let (first, again, other) = (post("s").await, post("s").await, post("t").await);
    stage.pass(7201);
    let late = post("s").await;

    assert_eq!(first.header("x-idempotency-lookup"), "miss");
    assert_eq!(again.header("x-idempotency-lookup"), "hit");
    assert_eq!(again.status, 201);
    assert_eq!(again.text, first.text);
    assert_eq!(other.status, 400);
    assert_eq!(other.body["error"], "IdempotentRequestError");
    assert_ne!(late.body["ticket"]["id"], first.body["ticket"]["id"]);
}

#[tokio::test]
async fn wrong_types_and_unknown_values_are_told_apart() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;

    let wrong = stage.change(id, json!({"assignee_id": "abc"})).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.body["error"]["title"], "Invalid attribute");
    let unknown = stage.change(id, json!({"assignee_id": 5})).await;
    assert_eq!(reason(&unknown, "assignee_id"), "Assignee: is invalid");
    let status = stage.change(id, json!({"status": "resolved"})).await;
    assert_eq!(status.body["details"]["status"][0]["error"], "InvalidValue");
    assert_eq!(stage.change(id, json!({"colour": "red"})).await.status, 200);
}

#[tokio::test]
async fn a_follow_up_inherits_tags_of_a_closed_ticket_only() {
    let stage = Stage::plain();
    let open = stage.ticket(json!({"tags": ["vip"]})).await;
    let closed = stage
        .ticket(json!({"tags": ["vip"], "status": "closed"}))
        .await;
    let none = stage.ticket(json!({"via_followup_source_id": open})).await;
    let next = stage
        .ticket(json!({"via_followup_source_id": closed}))
        .await;

    let none = stage.get(&format!("tickets/{none}")).await;
    let shown = stage.get(&format!("tickets/{next}")).await;
    let source = stage.get(&format!("tickets/{closed}")).await;
    assert_eq!(none.body["ticket"]["tags"], json!([]));
    assert_eq!(shown.body["ticket"]["tags"], json!(["vip"]));
    assert_eq!(shown.body["ticket"]["via"]["source"]["rel"], "follow_up");
    assert_eq!(source.body["ticket"]["followup_ids"], json!([next]));
}
