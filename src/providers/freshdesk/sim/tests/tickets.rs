//! Lists, due dates, files, notes and the trash.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::super::switches::{LinkBlanks, TieOrder};
use super::{Stage, ids, new_ticket};

#[tokio::test]
async fn an_unfiltered_list_shows_exactly_the_live_tickets() {
    let stage = Stage::new(|options| options.tickets = 250);
    let mut seen = Vec::new();
    for page in 1..=3 {
        let list = stage
            .get(&format!(
                "tickets?updated_since=1970-01-01&per_page=100&page={page}"
            ))
            .await;
        assert_eq!(list.header("link").is_empty(), page == 3);
        seen.extend(ids(&list));
    }

    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 250);
    let recent = stage.get("tickets?per_page=100").await;
    assert!(
        ids(&recent).len() < 100,
        "only thirty days without updated_since"
    );
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world() {
    let worlds = [7, 7, 8].map(|seed| Stage::new(|options| options.seed = seed));
    let mut texts = Vec::new();
    for world in &worlds {
        texts.push(
            world
                .get("tickets?updated_since=1970-01-01&per_page=100&include=requester,stats")
                .await
                .text,
        );
    }

    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
}

#[tokio::test]
async fn due_dates_come_a_second_after_the_create() {
    let stage = Stage::new(|_| {});
    let created = stage.post("tickets", new_ticket()).await;
    stage.pass(Duration::from_millis(1100));
    let viewed = stage.get(&format!("tickets/{}", created.body["id"])).await;

    assert_eq!(created.body["due_by"], Value::Null);
    assert!(created.body.get("requester").is_none());
    assert!(created.body.get("association_type").is_none());
    assert!(viewed.body["due_by"].is_string());
}

#[tokio::test]
async fn files_need_no_credentials_and_refuse_them() {
    let stage = Stage::new(|options| options.tickets = 60);
    let ticket = stage.simulator.inspect(|world| {
        world
            .tickets
            .values()
            .find(|ticket| !ticket.attachments.is_empty())
            .unwrap()
            .id
    });
    let viewed = stage.get(&format!("tickets/{ticket}")).await;
    let url = viewed.body["attachments"][0]["attachment_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = || Request::builder().uri(&url);

    let free = stage.ask(request().body(Body::empty()).unwrap()).await;
    let keyed = stage
        .ask(
            request()
                .header("authorization", "Basic eA==")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    stage.pass(Duration::from_secs(301));
    let late = stage.ask(request().body(Body::empty()).unwrap()).await;

    let found = [free.status, keyed.status, late.status];
    assert_eq!(
        found,
        [
            StatusCode::OK,
            StatusCode::BAD_REQUEST,
            StatusCode::FORBIDDEN
        ]
    );
}

#[tokio::test]
async fn a_note_is_private_unless_it_says_otherwise() {
    let stage = Stage::new(|_| {});
    let id = stage.some_ticket();

    let note = stage
        .post(&format!("tickets/{id}/notes"), json!({"body": "n"}))
        .await;
    let reply = stage
        .post(&format!("tickets/{id}/reply"), json!({"body": "r"}))
        .await;
    let edit = stage
        .put(
            &format!("conversations/{}", reply.body["id"]),
            json!({"body": "x"}),
        )
        .await;

    assert_eq!(note.body["private"], true);
    assert!(note.body.get("source").is_none());
    assert!(
        ["source", "private", "incoming"]
            .iter()
            .all(|key| reply.body.get(*key).is_none())
    );
    assert_eq!(edit.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        note.header("location"),
        format!("http://sim.test/api/v2/conversations/{}", note.body["id"])
    );
}

#[tokio::test]
async fn the_trash_is_readable_and_refuses_changes() {
    let stage = Stage::new(|_| {});
    let id = stage.some_ticket();
    let path = format!("tickets/{id}");

    let deleted = stage
        .send("DELETE", &path, "application/json", String::new())
        .await;
    let viewed = stage.get(&path).await;
    let updated = stage.put(&path, json!({"priority": 1})).await;
    let listed = stage.get(&format!("{path}/conversations")).await;
    let restored = stage.put(&format!("{path}/restore"), json!(null)).await;
    let bodiless = stage
        .send(
            "PUT",
            &format!("{path}/restore"),
            "application/json",
            String::new(),
        )
        .await;

    assert_eq!(
        (deleted.status, deleted.header("content-type")),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(
        (viewed.status, &viewed.body["deleted"]),
        (StatusCode::OK, &json!(true))
    );
    assert_eq!(updated.status, StatusCode::METHOD_NOT_ALLOWED);
    let message = "PUT method is not allowed. It should be one of these method(s): GET";
    assert_eq!(updated.body["message"], message);
    assert_eq!(listed.status, StatusCode::FORBIDDEN);
    assert_eq!(restored.status, StatusCode::BAD_REQUEST);
    assert_eq!(bodiless.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn ties_follow_the_switch_and_pages_the_documented_link() {
    for (ties, is_sorted) in [(TieOrder::IdAscending, true), (TieOrder::Shuffled, false)] {
        let stage = Stage::new(|options| {
            options.switches.tie_order = ties;
            options.switches.link_blanks = LinkBlanks::InsideBrackets;
        });
        stage.simulator.change(|world| {
            let all: Vec<u64> = world.tickets.keys().copied().collect();
            for id in all {
                world.edit_ticket(id, |_| {});
            }
        });
        let page = stage
            .get("tickets?order_by=updated_at&updated_since=2020-01-01&per_page=20")
            .await;

        assert_eq!(ids(&page).is_sorted(), is_sorted);
        let link = "< http://sim.test/api/v2/tickets?order_by=updated_at&updated_since=2020-01-01&per_page=20&page=2>;rel=\"next\"";
        assert_eq!(page.header("link"), link);
    }
}
