//! Calls on many tickets, deleted tickets, imports.

use serde_json::{Value, json};

use super::{Seen, Stage};

/// What became of a job.
async fn outcome(stage: &Stage, queued: &Seen) -> Value {
    assert_eq!(queued.status, 200, "{}", queued.text);
    let job = &queued.body["job_status"];
    assert_eq!(job["status"], "queued");
    assert_eq!(job["results"], Value::Null);
    let id = job["id"].as_str().unwrap();
    let seen = stage.get(&format!("job_statuses/{id}")).await;
    seen.body["job_status"].clone()
}

#[tokio::test]
async fn a_completed_job_can_hold_failures() {
    let stage = Stage::plain();
    let tickets = json!({"tickets": [
        {"comment": {"body": "one"}},
        {"subject": "without a text"},
        {"comment": {"body": "three"}},
    ]});
    let queued = stage.post("tickets/create_many", tickets).await;
    let job = outcome(&stage, &queued).await;

    assert_eq!(job["status"], "completed");
    assert_eq!(job["total"], 3);
    assert_eq!(job["results"][0]["index"], 0);
    assert!(job["results"][0]["id"].is_u64());
    assert_eq!(job["results"][1]["error"], "TicketCreateFailed");
}

#[tokio::test]
async fn a_job_is_carried_out_after_the_delay() {
    let stage = Stage::new(|options| {
        options.switches.job_delay = jiff::SignedDuration::from_secs(5);
    });
    let id = stage.ticket(json!({})).await;
    let queued = stage
        .put(
            &format!("tickets/update_many?ids={id}"),
            json!({"ticket": {"additional_tags": ["late"]}}),
        )
        .await;
    let working = outcome(&stage, &queued).await;
    let early = stage.get(&format!("tickets/{id}")).await;
    stage.pass(5);
    let done = outcome(&stage, &queued).await;
    let late = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(working["status"], "working");
    assert_eq!(early.body["ticket"]["tags"], json!([]));
    assert_eq!(
        done["results"],
        json!([{"action": "update", "id": id, "status": "Updated", "success": true}])
    );
    assert_eq!(late.body["ticket"]["tags"], json!(["late"]));
}

#[tokio::test]
async fn a_job_does_not_overwrite_what_came_after_it_was_asked_for() {
    let stage = Stage::new(|options| {
        options.switches.job_delay = jiff::SignedDuration::from_secs(5);
    });
    let id = stage.ticket(json!({})).await;
    let body = json!({"tickets": [{"id": id, "subject": "job"}]});
    let queued = stage.put("tickets/update_many", body).await;
    stage.pass(2);
    stage.change(id, json!({"subject": "person"})).await;
    stage.pass(3);
    let job = outcome(&stage, &queued).await;
    let shown = stage.get(&format!("tickets/{id}")).await;

    assert_eq!(job["results"][0]["error"], "UpdateConflict");
    assert_eq!(shown.body["ticket"]["subject"], "person");
}

#[tokio::test]
async fn more_than_a_hundred_are_refused() {
    let stage = Stage::plain();
    let ids: Vec<String> = (1..=101).map(|id: u32| id.to_string()).collect();
    let path = format!("tickets/destroy_many?ids={}", ids.join(","));
    let seen = stage.delete(&path).await;

    assert_eq!(seen.status, 400);
    assert_eq!(seen.body["error"], "TooManyValues");
}

#[tokio::test]
async fn a_deleted_ticket_is_gone_until_it_is_restored() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let path = format!("tickets/{id}");
    assert_eq!(stage.delete(&path).await.status, 204);

    assert_eq!(stage.get(&path).await.status, 404);
    assert_eq!(stage.delete(&path).await.status, 404);
    let list = stage
        .get("deleted_tickets?sort_by=deleted_at&sort_order=desc")
        .await;
    let row = &list.body["deleted_tickets"][0];
    assert_eq!(row["id"], id);
    assert_eq!(row["previous_state"], "new");
    assert_eq!(row["actor"]["name"], "Ada Admin");
    let restored = stage
        .put(&format!("deleted_tickets/{id}/restore"), Value::Null)
        .await;
    assert_eq!(restored.body, json!({}));
    assert_eq!(stage.get(&path).await.status, 200);
}

#[tokio::test]
async fn only_a_deleted_ticket_is_deleted_for_good() {
    let stage = Stage::plain();
    let id = stage.ticket(json!({})).await;
    let path = format!("deleted_tickets/{id}");
    assert_eq!(stage.delete(&path).await.status, 404);
    stage.delete(&format!("tickets/{id}")).await;
    let queued = stage.delete(&path).await;
    let job = outcome(&stage, &queued).await;

    assert_eq!(job["total"], Value::Null);
    assert_eq!(job["results"], json!({"success": true}));
    let restored = stage.put(&format!("{path}/restore"), Value::Null).await;
    assert_eq!(restored.status, 404);
}

#[tokio::test]
async fn merged_tickets_are_closed() {
    let stage = Stage::plain();
    let (one, other) = (stage.ticket(json!({})).await, stage.ticket(json!({})).await);
    let path = format!("tickets/{one}/merge");
    let same = stage.post(&path, json!({"ids": [one]})).await;
    let queued = stage.post(&path, json!({"ids": [other]})).await;
    outcome(&stage, &queued).await;

    assert_eq!(same.body["error"], "SourceInvalid");
    let source = stage.get(&format!("tickets/{other}")).await;
    assert_eq!(source.body["ticket"]["status"], "closed");
    let comments = stage.get(&format!("tickets/{one}/comments")).await;
    assert_eq!(comments.ids("comments").len(), 2);
    assert_eq!(comments.body["comments"][1]["public"], false);
}

#[tokio::test]
async fn an_import_keeps_its_times() {
    let stage = Stage::plain();
    let ticket = json!({
        "subject": "old", "created_at": "2020-01-01T00:00:00+01", "status": "closed",
        "requester_id": stage.customer(),
        "comments": [
            {"body": "one", "created_at": "2020-01-01T00:00:00Z"},
            {"body": "two", "created_at": "2020-01-02T00:00:00Z", "public": false},
        ],
    });
    let path = "imports/tickets?archive_immediately=true";
    let made = stage.post(path, json!({"ticket": ticket})).await;
    let id = made.body["ticket"]["id"].as_u64().unwrap();

    assert_eq!(made.status, 201);
    assert_eq!(made.body["ticket"]["created_at"], "2019-12-31T23:00:00Z");
    let comments = stage.get(&format!("tickets/{id}/comments")).await;
    assert_eq!(
        comments.body["comments"][1]["created_at"],
        "2020-01-02T00:00:00Z"
    );
    let listed = stage.get("tickets").await.ids("tickets");
    assert!(!listed.contains(&id));
    let related = stage.get(&format!("tickets/{id}/related")).await;
    assert_eq!(related.body["ticket_related"]["from_archive"], true);
}
